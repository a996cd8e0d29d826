"""What the endpoint says of itself: SPARQL 1.1 Service Description (https://www.w3.org/TR/sparql11-service-description/)."""

from __future__ import annotations

import pyoxigraph as ox

from kg.formats import FORMATS
from kg.names import VOCABULARIES
from server.graph import graph_sizes, union_size, write
from server.http.release import Edition

SD, VOID, RDF, XSD = (VOCABULARIES[name] for name in ("sd", "void", "rdf", "xsd"))

FILE_FORMATS = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "ttl": "Turtle",
    "nt": "N-Triples",
    "jsonld": "JSON-LD",
    "rdf": "RDF_XML",
}
"""The name of each result format among https://www.w3.org/ns/formats/."""

PREFIXES = {name: VOCABULARIES[name] for name in ("sd", "void", "xsd")} | {"formats": "http://www.w3.org/ns/formats/"}


def service_description(endpoint: str, edition: Edition, format_name: str) -> bytes:
    """Return the description of the service at the address `endpoint`, in the graph format of that short name."""
    service, dataset, default = (ox.NamedNode(f"{endpoint}#{part}") for part in ("service", "dataset", "default-graph"))
    found: list[ox.Triple] = []

    def say(subject: ox.NamedNode, predicate: str, value: ox.NamedNode | ox.Literal) -> None:
        found.append(ox.Triple(subject, ox.NamedNode(predicate), value))

    def count(subject: ox.NamedNode, number: int) -> None:
        say(subject, f"{VOID}triples", ox.Literal(str(number), datatype=ox.NamedNode(f"{XSD}integer")))

    a = f"{RDF}type"
    say(service, a, ox.NamedNode(f"{SD}Service"))
    say(service, f"{SD}endpoint", ox.NamedNode(endpoint))
    say(service, f"{SD}supportedLanguage", ox.NamedNode(f"{SD}SPARQL11Query"))
    say(service, f"{SD}feature", ox.NamedNode(f"{SD}UnionDefaultGraph"))
    say(service, f"{SD}defaultEntailmentRegime", ox.NamedNode("http://www.w3.org/ns/entailment/Simple"))
    for name in FORMATS:
        say(service, f"{SD}resultFormat", ox.NamedNode(f"http://www.w3.org/ns/formats/{FILE_FORMATS[name]}"))
    say(service, f"{SD}defaultDataset", dataset)
    say(dataset, a, ox.NamedNode(f"{SD}Dataset"))
    say(dataset, f"{SD}defaultGraph", default)
    say(default, a, ox.NamedNode(f"{SD}Graph"))
    count(default, union_size(edition))
    for number, (name, size) in enumerate(graph_sizes(edition).items(), 1):
        if name.startswith("_:"):
            continue
        named, graph = ox.NamedNode(f"{endpoint}#named-graph-{number}"), ox.NamedNode(f"{endpoint}#graph-{number}")
        say(dataset, f"{SD}namedGraph", named)
        say(named, a, ox.NamedNode(f"{SD}NamedGraph"))
        say(named, f"{SD}name", ox.NamedNode(name))
        say(named, f"{SD}graph", graph)
        say(graph, a, ox.NamedNode(f"{SD}Graph"))
        count(graph, size)
    return write(found, format_name, PREFIXES)
