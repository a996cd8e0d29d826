"""What the pages ask the graph: bindings as Python values, and everything that is known of one node."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from kg.errors import InputError
from kg.sparql.engine import Query
from server.http.release import Edition

INBOUND = 1000
"""Triples pointing at a node that its description holds at most."""


@dataclass(frozen=True)
class Term:
    """One RDF term of an answer: `kind` is uri, literal or bnode."""

    kind: str
    value: str
    language: str = ""
    datatype: str = ""

    def __str__(self) -> str:
        return self.value


Row = dict[str, Term]


def term(binding: dict[str, Any]) -> Term:
    """Return the term of one binding of the SPARQL JSON results format."""
    kind = "literal" if binding["type"] == "typed-literal" else binding["type"]  # Virtuoso's word for it
    value = binding["value"]
    if not isinstance(value, str):  # an RDF 1.2 triple term
        parts = (str(term(value[part])) for part in ("subject", "predicate", "object"))
        return Term("triple", f"<< {' '.join(parts)} >>")
    return Term(kind, value, binding.get("xml:lang", ""), binding.get("datatype", ""))


def solutions(data: bytes) -> tuple[list[str], list[Row]]:
    """Return the variables and rows in an answer of the SPARQL JSON results format."""
    document = json.loads(data)
    rows = [{name: term(value) for name, value in row.items()} for row in document["results"]["bindings"]]
    return document["head"].get("vars", []), rows


def select(edition: Edition, text: str) -> list[Row]:
    """Return the rows of the SELECT query `text`."""
    return solutions(edition.engine.answer(Query(text, base=edition.base), "json").read())[1]


def triples(edition: Edition, text: str) -> list[ox.Triple]:
    """Return the graph of the CONSTRUCT or DESCRIBE query `text`."""
    data = edition.engine.answer(Query(text, base=edition.base), "nt").read()
    return [quad.triple for quad in ox.parse(data, ox.RdfFormat.N_TRIPLES)]


def iri_ref(iri: str) -> str:
    """Return `iri` as it is written in a query; raise `InputError` for what is no absolute IRI.

    The IRI comes from an address that somebody typed, so nothing else may get into the query with it.
    """
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        raise InputError(f"{iri[:200]!r} is no absolute IRI") from None
    if any(character in '<>"{}|^`\\' or character <= " " for character in iri):
        raise InputError(f"{iri[:200]!r} is no IRI: percent-encode what may not stand in one")
    return str(node)


def known(edition: Edition, iri: str) -> bool:
    """Return whether the graph says anything of `iri`."""
    ref = iri_ref(iri)
    data = edition.engine.answer(Query(f"ASK {{ {{ {ref} ?p ?o }} UNION {{ ?s ?p {ref} }} }}"), "json").read()
    return bool(json.loads(data)["boolean"])


def description(edition: Edition, iri: str) -> list[ox.Triple]:
    """Return the triples of `iri` (with the blank nodes behind it) and up to `INBOUND` that point at it, sorted."""
    ref = iri_ref(iri)
    found = triples(edition, f"DESCRIBE {ref}")
    found += triples(
        edition, f"CONSTRUCT {{ ?s ?p {ref} }} WHERE {{ ?s ?p {ref} FILTER(isIRI(?s)) }} ORDER BY ?s ?p LIMIT {INBOUND}"
    )
    return sorted(set(found), key=str)


def write(graph: Iterable[ox.Triple], format_name: str, prefixes: Mapping[str, str]) -> bytes:
    """Return the graph in the format of that short name (ttl, nt, jsonld or rdf), with the prefixes that it uses."""
    kind = {
        "ttl": ox.RdfFormat.TURTLE,
        "nt": ox.RdfFormat.N_TRIPLES,
        "jsonld": ox.RdfFormat.JSON_LD,
        "rdf": ox.RdfFormat.RDF_XML,
    }[format_name]
    listed = list(graph)
    used = {
        prefix: namespace for prefix, namespace in prefixes.items() if any(namespace in str(item) for item in listed)
    }
    data = ox.serialize(listed, format=kind, prefixes=None if format_name == "nt" else used)
    return data or b""


def parse_turtle(data: bytes) -> Iterator[ox.Triple]:
    """Yield the triples of a Turtle file of our own."""
    return (quad.triple for quad in ox.parse(data, ox.RdfFormat.TURTLE))


def graph_sizes(edition: Edition) -> dict[str, int]:
    """Return the count of triples of each named graph, by IRI; asked once for an edition."""
    if edition.graph_sizes is None:
        rows = select(edition, "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g")
        edition.graph_sizes = {row["g"].value: int(row["n"].value) for row in rows if "g" in row}
    return edition.graph_sizes


def union_size(edition: Edition) -> int:
    """Return the count of triples of the default graph; asked once for an edition."""
    if edition.size is None:
        edition.size = int(select(edition, "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")[0]["n"].value)
    return edition.size
