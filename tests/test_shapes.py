"""The judge: on the W3C SHACL suite our path gives the verdicts that pySHACL gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from pyshacl.monkey import rdflib_bool_patch, rdflib_bool_unpatch
from rdflib import RDF, Graph, Namespace
from rdflib.namespace import SH
from rdflib.term import BNode, Node

from kg.errors import InputError
from kg.shacl.judge import Result
from kg.shacl.parameters import sh
from kg.shacl.shapes import Shapes
from kg.turtle.document import Document, parse, read
from kg.turtle.terms import Three
from kg.turtle.text import Term

SUITE = Path(__file__).parent.parent.parent / "shared" / "w3c" / "shacl"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
PREFIXES = """@prefix : <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

# Where pySHACL's verdict is not the suite's; ours is pySHACL's.
KNOWN_DIFFERENCES: dict[str, str] = {
    "sparql/pre-binding/shapesGraph-001": "pySHACL does not bind $shapesGraph and refuses the shape; so do we",
}


def entries() -> list[tuple[str, Path, Path, Path]]:
    """Return the suite's validation tests: name, manifest, data file and shapes file."""
    found = []
    for path in sorted(SUITE.rglob("*.ttl")):
        graph = Graph().parse(path, publicID=path.as_uri())
        for test in graph.subjects(RDF.type, SHT.Validate):
            action = graph.value(test, MF.action)
            files = [
                Path(str(graph.value(action, part)).removeprefix("file://"))
                for part in (SHT.dataGraph, SHT.shapesGraph)
            ]
            found.append((f"{path.parent.parent.name}/{path.parent.name}/{str(test).rpartition('/')[2]}", path, *files))
    return found


def plain(node: Node | None) -> str:
    """Return a node so that two readings of one file give the same: blank nodes have no name."""
    return "" if node is None else "a blank node" if isinstance(node, BNode) else node.n3()  # type: ignore[attr-defined]


def ours(results: list[Result]) -> Counter[tuple[str, ...]]:
    """Return our results as a multiset."""

    def plain(term: Term | None) -> str:
        return "" if term is None else "a blank node" if isinstance(term, ox.BlankNode) else str(term)

    return Counter(
        tuple(plain(term) for term in (each.focus, each.path, each.value, each.component, each.shape, each.severity))
        for each in results
    )


def reported(graph: Graph, report: Node | None = None) -> Counter[tuple[str, ...]]:
    """Return the results of a SHACL report as a multiset."""
    properties = (
        *(SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent, SH.sourceShape, SH.resultSeverity),
    )
    return Counter(
        tuple(plain(graph.value(result, each)) for each in properties) for result in graph.objects(report, SH.result)
    )


def as_written(path: Path) -> Graph:
    """Return the graph in a file, read by rdflib with its literals as they are written."""
    rdflib.NORMALIZE_LITERALS = False
    try:
        return Graph().parse(path, publicID=path.as_uri())
    finally:
        rdflib.NORMALIZE_LITERALS = True


def theirs(data: Path, shapes: Path) -> Graph | None:
    """Return the report of `pyshacl.validate`, literals as written, or nothing where it refuses the shapes."""
    graph = as_written(data)
    rdflib_bool_patch()  # as it does itself for shapes that it reads from a file
    shacl = Graph().parse(shapes, publicID=shapes.as_uri())
    rdflib_bool_unpatch()
    try:
        _, report, _ = pyshacl.validate(graph, shacl_graph=shacl)
    except NotImplementedError:
        return None
    return report if isinstance(report, Graph) else None


def documents(path: Path) -> list[Document]:
    """Return the file as a document, its relative IRIs against its own place."""
    return [read(path, base=path.as_uri())]


def triples(documents: list[Document]) -> Iterator[Three]:
    """Return the triples of the documents."""
    return (triple[:3] for document in documents for triple in document.triples)


ENTRIES = entries() if SUITE.is_dir() else []
needs_suite = pytest.mark.skipif(not ENTRIES, reason="the W3C SHACL suite is not there (../shared/w3c/shacl)")


@needs_suite
def test_the_suite_is_whole() -> None:
    """The W3C suite has 98 core and 23 SPARQL validation tests; fewer would be a suite cut short."""
    assert Counter(name.split("/")[0] for name, *_ in ENTRIES) == {"core": 98, "sparql": 23}


@needs_suite
@pytest.mark.parametrize(("name", "manifest", "data", "shapes"), ENTRIES, ids=[name for name, *_ in ENTRIES])
def test_w3c_shacl(name: str, manifest: Path, data: Path, shapes: Path) -> None:
    """Our results are those of `pyshacl.validate`, one for one, and the suite's but for the list above."""
    report = theirs(data, shapes)
    expected = as_written(manifest)
    wanted = expected.value(expected.value(None, RDF.type, SHT.Validate), MF.result)
    try:
        made = Shapes(documents(shapes))
        results: list[Result] | None = made.results(triples(documents(data)))
    except InputError:
        results = None
    if report is None:
        assert results is None, "pySHACL refuses these shapes"
        assert wanted == SHT.Failure or name in KNOWN_DIFFERENCES
        return
    assert results is not None
    assert ours(results) == reported(report)
    if name not in KNOWN_DIFFERENCES:
        assert wanted != SHT.Failure
        assert ours(results) == reported(expected, wanted)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this { SERVICE <http://127.0.0.1:1/> { ?s ?p $this } }",
        "SELECT $this FROM <file:///etc/passwd> { $this ?p ?o }",
    ],
)
def test_queries_that_reach_out_are_refused(query: str) -> None:
    """rdflib would open the address; a shape that has SERVICE or FROM is refused before anything runs."""
    text = PREFIXES + f':S a sh:NodeShape ; sh:targetNode :x ; sh:sparql [ sh:select """{query}""" ] .'
    with pytest.raises(InputError, match="reads from elsewhere"):
        Shapes([parse(text, "shapes.ttl")])


def test_the_word_from_alone_is_no_reason() -> None:
    """A query that only mentions the word, in a string or a name, is run."""
    query = "SELECT $this { $this :from ?value FILTER(?value = 'FROM <x>') }"
    text = (
        PREFIXES
        + f''':S a sh:NodeShape ; sh:targetNode :x ; sh:sparql [ sh:prefixes : ; sh:select """{query}""" ] .
    : sh:declare [ sh:prefix "" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .'''
    )
    shapes = Shapes([parse(text, "shapes.ttl")])
    data = parse(PREFIXES + ':x :from "FROM <x>" .', "data.ttl")
    assert [each.focus for each in shapes.results(triples([data]))] == [ox.NamedNode("http://example.org/x")]


@pytest.mark.parametrize(
    "shape",
    [
        ":S a sh:NodeShape ; sh:targetNode :x ; sh:property [ sh:minCount 1 ] .",
        ":S a sh:NodeShape ; sh:targetNode :x ; sh:minLength :x .",
        ":S a sh:NodeShape ; sh:targetNode :x ; sh:sparql [ sh:select 'SELECT $this {' ] .",
    ],
)
def test_shapes_that_cannot_be_used(shape: str) -> None:
    """A shape that pySHACL cannot load or run is a wrong call, told in a sentence."""
    with pytest.raises(InputError, match="the shapes cannot be used"):
        Shapes([parse(PREFIXES + shape, "shapes.ttl")]).results(())


def test_rule_ids() -> None:
    """A rule is named after the shape, or for a nameless one after the nearest named one and the constraint."""
    text = (
        PREFIXES
        + ":Person sh:targetClass :P ; sh:property [ sh:path :q ; sh:or ( [ sh:minCount 1 ] ) ] , :Person-name ."
    )
    shapes = Shapes([parse(text, "shapes.ttl")])
    nameless, _ = next(shapes.graph.pairs(sh("minCount")))
    assert shapes.rule(nameless, sh("MinCountConstraintComponent")) == "Person/minCount"
    named = ox.NamedNode("http://example.org/Person-name")
    assert shapes.rule(named, sh("MinCountConstraintComponent")) == "Person-name"


INCOMPARABLE = (
    *('"abc"^^xsd:integer', '"abc"^^xsd:decimal', '"NaN"^^xsd:double', '"2024Z"^^xsd:gYear', '"2024-13-01"^^xsd:date'),
    *('"x"^^xsd:dateTime', '"P"^^xsd:duration', '"zz"^^xsd:hexBinary', '"maybe"^^xsd:boolean'),
)


@pytest.mark.parametrize("value", INCOMPARABLE)
def test_values_that_cannot_be_compared(value: str) -> None:
    """pySHACL judges a value that rdflib cannot compare with another; it raised an error of Python before."""
    text = f""":S sh:targetNode :x ; sh:property [ sh:path :p ; sh:lessThan :q ; sh:lessThanOrEquals :q ;
        sh:minInclusive 1.5 ; sh:maxExclusive 9 ; sh:minExclusive {value} ; sh:maxInclusive {value} ] ."""
    shapes = Shapes([parse(PREFIXES + text, "shapes.ttl")])
    for other in ("1.5", '"2024"^^xsd:gYear', "true", '"2024-01-01T00:00:00Z"^^xsd:dateTime', "'words'", value):
        for left, right in ((value, other), (other, value)):
            data = parse(PREFIXES + f":x :p {left} ; :q {right} .", "data.ttl")
            assert shapes.results(triples([data]))
