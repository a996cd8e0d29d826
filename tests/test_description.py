"""What the endpoint says of itself, against the SPARQL 1.1 Service Description recommendation."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from serving import Serving

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID = Namespace("http://rdfs.org/ns/void#")

# Sections 3.2 to 3.4: domain and range of each property; None is a node that is described elsewhere.
SCHEMA: dict[URIRef, tuple[URIRef, URIRef | None]] = {
    SD.endpoint: (SD.Service, None),
    SD.feature: (SD.Service, SD.Feature),
    SD.defaultEntailmentRegime: (SD.Service, None),
    SD.supportedLanguage: (SD.Service, SD.Language),
    SD.resultFormat: (SD.Service, None),
    SD.inputFormat: (SD.Service, None),
    SD.defaultDataset: (SD.Service, SD.Dataset),
    SD.availableGraphs: (SD.Service, None),
    SD.defaultGraph: (SD.Dataset, SD.Graph),
    SD.namedGraph: (SD.Dataset, SD.NamedGraph),
    SD.name: (SD.NamedGraph, None),
    SD.graph: (SD.NamedGraph, SD.Graph),
}
INSTANCES = {SD.SPARQL11Query: SD.Language, SD.UnionDefaultGraph: SD.Feature}
FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}


@pytest.fixture(params=FORMATS)
def described(mercato: Serving, request: pytest.FixtureRequest) -> Graph:
    """Return the service description as it comes in one of the formats."""
    reply = mercato.ask("/sparql", accept=request.param)
    assert (reply.status, reply.media) == (200, request.param)
    triples = (f"{quad.triple} ." for quad in ox.parse(reply.body, FORMATS[request.param]))
    return Graph().parse(data="\n".join(triples), format="nt")


def test_a_description_comes_back_and_names_the_endpoint(mercato: Serving, described: Graph) -> None:
    """One service is described, and its endpoint is the address that was asked."""
    services = list(described.subjects(RDF.type, SD.Service))
    assert len(services) == 1
    assert list(described.objects(services[0], SD.endpoint)) == [URIRef(f"{mercato.url}/sparql")]


def test_it_conforms_to_the_schema(described: Graph) -> None:
    """Each property of the vocabulary is one that it has, on a node of its domain, with a value of its range."""
    used = [(s, p, o) for s, p, o in described if str(p).startswith(str(SD))]
    assert used
    for subject, predicate, value in used:
        domain, extent = SCHEMA[predicate]
        assert (subject, RDF.type, domain) in described, predicate
        assert not isinstance(value, Literal)
        if extent is not None:
            assert (value, RDF.type, extent) in described or INSTANCES.get(value) == extent, predicate
    classes = {kind for kind in described.objects(None, RDF.type) if str(kind).startswith(str(SD))}
    assert classes <= {SD.Service, SD.Dataset, SD.Graph, SD.NamedGraph}


def test_its_counts_are_those_of_the_graph(mercato: Serving, described: Graph) -> None:
    """The triples that it claims for the default graph and for each named graph are there."""
    text = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    rows = mercato.query(text).json()["results"]["bindings"]
    counted = {row["g"]["value"]: int(row["n"]["value"]) for row in rows}
    claimed = {
        str(described.value(named, SD.name)): described.value(described.value(named, SD.graph), VOID.triples).toPython()
        for named in described.objects(None, SD.namedGraph)
    }
    assert claimed == counted
    assert len(claimed) > 3
    default = next(described.objects(None, SD.defaultGraph))
    total = mercato.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").json()["results"]["bindings"][0]["n"]["value"]
    assert described.value(default, VOID.triples).toPython() == int(total)
