"""Finding nodes by their names: an index of labels, made once for an edition, and what classes there are."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field

from kg.names import VOCABULARIES
from server.graph import iri_ref, select
from server.http.release import Edition
from server.site.hierarchy import narrowest
from server.site.thing_view import LABELS, Labels, Value

ALTERNATIVES = (*LABELS, f"{VOCABULARIES['skos']}altLabel", f"{VOCABULARIES['schema']}alternateName")
"""The properties whose values are searched: the names, and under which other ones a node is known."""

LARGEST = 200_000
"""Labels that the index holds at most; in a larger graph the rest is found by SPARQL alone."""

FOUND = 50
"""Nodes that a search returns at most."""


@dataclass(frozen=True)
class Found:
    """One node that a search found: its IRI, the name that matched and the name of its class."""

    iri: str
    name: str
    kind: str


@dataclass(frozen=True)
class Index:
    """Every label, folded for comparison, and as it is written."""

    entries: list[tuple[str, str, str]] = field(default_factory=list)
    """Folded label, label, IRI; sorted."""


def fold(text: str) -> str:
    """Return `text` without accents, case and doubled blanks, for comparison."""
    plain = unicodedata.normalize("NFKD", text)
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().split())


def index(edition: Edition) -> Index:
    """Return the index of the edition, made when it is first asked for."""
    if edition.index is None:
        properties = " ".join(f"<{iri}>" for iri in ALTERNATIVES)
        rows = select(
            edition,
            f"SELECT DISTINCT ?node ?label WHERE {{ VALUES ?p {{ {properties} }} ?node ?p ?label"
            f" FILTER(isIRI(?node) && isLiteral(?label)) }} LIMIT {LARGEST}",
        )
        entries = sorted((fold(row["label"].value), row["label"].value, row["node"].value) for row in rows)
        edition.index = Index(entries)
    found: Index = edition.index
    return found


def find(edition: Edition, text: str) -> list[Found]:
    """Return the nodes whose names have every word of `text`: whole names first, then beginnings, then the rest."""
    wanted = fold(text)
    words = wanted.split()
    matches: dict[str, tuple[tuple[int, int, str], str]] = {}
    for folded, label, iri in index(edition).entries:
        if not all(word in folded for word in words):
            continue
        closeness = 0 if folded == wanted else 1 if folded.startswith(wanted) else 2
        rank = (closeness, len(folded), folded)
        if iri not in matches or rank < matches[iri][0]:
            matches[iri] = rank, label
    best = sorted(matches.items(), key=lambda item: (item[1][0], item[0]))[:FOUND]
    kinds = _kinds(edition, [iri for iri, _ in best])
    return [Found(iri, label, kinds.get(iri, "")) for iri, (_, label) in best]


def _kinds(edition: Edition, iris: list[str]) -> dict[str, str]:
    """Return the name of the narrowest class of each node."""
    if not iris:
        return {}
    nodes = " ".join(iri_ref(iri) for iri in iris)
    types: dict[str, set[str]] = defaultdict(set)
    for row in select(edition, f"SELECT ?node ?type WHERE {{ VALUES ?node {{ {nodes} }} ?node a ?type }}"):
        types[row["node"].value].add(row["type"].value)
    found = {iri: min(narrowest(edition, kinds)) for iri, kinds in types.items()}
    labels = Labels(edition, found.values())
    return {iri: labels.name(kind) for iri, kind in found.items()}


SCHEMA = tuple(VOCABULARIES[name] for name in ("owl", "rdf", "rdfs", "sh", "skos"))
"""Classes of these vocabularies are about the vocabulary, not about what the graph tells."""


def class_counts(edition: Edition) -> list[tuple[Value, int]]:
    """Return the classes with their numbers of instances, the largest first; asked once for an edition.

    A class that another one is narrower than is left out, and so are the classes that vocabularies are made of.
    """
    if edition.classes is None:
        rows = select(
            edition,
            "SELECT ?class (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?class FILTER(isIRI(?class)) }"
            " GROUP BY ?class ORDER BY DESC(?n) ?class LIMIT 200",
        )
        counted = [(row["class"].value, int(row["n"].value)) for row in rows if "class" in row]
        telling = narrowest(edition, (iri for iri, _ in counted if not iri.startswith(SCHEMA)))
        edition.classes = [item for item in counted if item[0] in telling] or counted
    labels = Labels(edition, (iri for iri, _ in edition.classes))
    return [(labels.node(iri), count) for iri, count in edition.classes]
