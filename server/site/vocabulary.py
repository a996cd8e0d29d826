"""`/ontology` and `/catalog`: documentation for a browser, RDF for everything else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox
from flask import Blueprint

from kg.names import VOCABULARIES
from server.graph import parse_turtle
from server.http.current import edition
from server.http.response import Response
from server.site.dumps import media_type, turtle_dump
from server.site.links import page_path, short
from server.site.texts import language

bp = Blueprint("vocabulary", __name__)

RDF, RDFS, SKOS, OWL = (VOCABULARIES[name] for name in ("rdf", "rdfs", "skos", "owl"))

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Classes", (f"{OWL}Class", f"{RDFS}Class")),
    ("Properties", (f"{OWL}ObjectProperty", f"{OWL}DatatypeProperty", f"{OWL}AnnotationProperty", f"{RDF}Property")),
    ("Concepts", (f"{SKOS}Concept",)),
)
"""The parts of the documentation, and the types whose terms each holds."""


@dataclass
class TermEntry:
    """One term of the vocabulary as its page shows it."""

    iri: str
    name: str
    label: str = ""
    definition: str = ""
    examples: list[str] = field(default_factory=list)
    parents: list[tuple[str, str]] = field(default_factory=list)
    """Prefixed name and path of each class or property that it lies under."""


def _spoken(literals: list[ox.Literal]) -> str:
    """Return the literal in the reader's language, else one in English or none, else any."""
    order = {language(): 0, "en": 1, "": 2}
    best = min(literals, key=lambda literal: (order.get(literal.language or "", 3), literal.value), default=None)
    return best.value if best else ""


def _path(iri: str, described: Mapping[str, object]) -> str:
    """Return where a term is explained: on this page, or on a page of its own."""
    return f"#{iri.rpartition('#')[2]}" if iri in described and "#" in iri else page_path(edition().base, iri)


def sections(data: bytes) -> list[tuple[str, list[TermEntry]]]:
    """Return the terms in the Turtle `data` of a vocabulary, by section and by name."""
    said: dict[str, dict[str, list[ox.Literal]]] = defaultdict(lambda: defaultdict(list))
    types: dict[str, set[str]] = defaultdict(set)
    parents: dict[str, list[str]] = defaultdict(list)
    for triple in parse_turtle(data):
        if not isinstance(triple.subject, ox.NamedNode):
            continue
        subject, predicate = triple.subject.value, triple.predicate.value
        if isinstance(triple.object, ox.Literal):
            said[subject][predicate].append(triple.object)
        elif isinstance(triple.object, ox.NamedNode) and predicate == f"{RDF}type":
            types[subject].add(triple.object.value)
        elif isinstance(triple.object, ox.NamedNode) and predicate in (f"{RDFS}subClassOf", f"{RDFS}subPropertyOf"):
            parents[subject].append(triple.object.value)
    found = []
    for title, wanted in SECTIONS:
        entries = []
        for iri in sorted(iri for iri, kinds in types.items() if kinds & set(wanted)):
            literals = said[iri]
            names = literals[f"{RDFS}label"] or literals[f"{SKOS}prefLabel"]
            meanings = literals[f"{SKOS}definition"] or literals[f"{RDFS}comment"]
            examples = [literal.value for literal in literals[f"{SKOS}example"]]
            name = iri.rpartition("#")[2].rpartition("/")[2]
            above = [(short(edition().prefixes, each), _path(each, types)) for each in sorted(parents[iri])]
            entries.append(TermEntry(iri, name, _spoken(names), _spoken(meanings), examples, above))
        if entries:
            found.append((title, entries))
    return found


@bp.get("/ontology")
def ontology() -> Response:
    """The vocabulary."""
    return turtle_dump("ontology.ttl", "ontology.html", values=lambda data: {"sections": sections(data)})


@bp.get("/catalog")
def catalog() -> Response:
    """The catalogue of the dataset: DCAT and VoID."""
    files = sorted(edition().dumps.values(), key=lambda dump: dump.name)
    return turtle_dump("catalog.ttl", "dumps.html", values=lambda _: {"files": files, "media_type": media_type})


@bp.get("/shapes")
def shapes() -> Response:
    """The SHACL shapes that new triples are checked against."""
    return turtle_dump("shapes.ttl", "shapes.html", values=lambda data: {"turtle": data.decode()})
