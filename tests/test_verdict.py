"""The sieve before pySHACL loses nothing: the verdicts with it are those without."""

from __future__ import annotations

from collections import Counter

import pytest
from generated import PREFIXES, VOCABULARY, shapes, statements
from hypothesis import HealthCheck, example, given, settings
from rdflib.term import URIRef
from test_shapes import ENTRIES, documents, needs_suite, ours, triples

from kg.errors import InputError
from kg.shacl.index import MemoryIndex
from kg.shacl.shapes import Shapes
from kg.shacl.validator import Court
from kg.turtle.document import parse

LOOSE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def verdicts(shapes_text: str, data_text: str) -> tuple[object, object, int, int]:
    """Return the results of pySHACL alone, those through the sieve, and how many nodes were selected and judged."""
    ontology = [parse(VOCABULARY, "vocabulary.ttl")]
    data = parse(PREFIXES + data_text, "data.ttl")
    made = Shapes([parse(PREFIXES + shapes_text, "shapes.ttl")], ontology)
    index = MemoryIndex(triples([data, *ontology]))  # type: ignore[arg-type]
    try:
        alone: Counter[tuple[str, ...]] | None = ours(made.judge(made.data(triples([data]))))  # type: ignore[arg-type]
    except InputError:
        alone = None
    try:
        verdict = Court(made, index).judge()
        sieved: Counter[tuple[str, ...]] | None = ours(verdict.results)
        selected = sum(len(nodes) for nodes in verdict.selected.values())
        return alone, sieved, selected, verdict.candidates
    except InputError:
        return alone, None, 0, 0


@settings(LOOSE, max_examples=100)
@given(shapes, statements)
def test_the_sieve_loses_nothing(shapes_text: str, data: list[str]) -> None:
    """On random shapes and graphs the results through the sieve are pySHACL's own, one for one.

    Where pySHACL gives up on some node (it cannot compare blank nodes), the sieve may have let that node go.
    """
    alone, sieved, *_ = verdicts(shapes_text, "\n".join(data))
    assert alone is None or sieved == alone


@pytest.mark.soak
@settings(LOOSE, max_examples=5_000)
@given(shapes, statements)
def test_the_sieve_loses_nothing_ever(shapes_text: str, data: list[str]) -> None:
    """The same on many more."""
    alone, sieved, *_ = verdicts(shapes_text, "\n".join(data))
    assert alone is None or sieved == alone


@needs_suite
@pytest.mark.parametrize(("name", "_", "data", "shapes_file"), ENTRIES, ids=[name for name, *_ in ENTRIES])
def test_w3c_through_the_sieve(name: str, _: object, data: object, shapes_file: object) -> None:
    """On the W3C suite the verdicts through the sieve are those of pySHACL alone, refusals included."""
    read = documents(data)  # type: ignore[arg-type]

    def judged(sieve: bool) -> object:
        try:
            made = Shapes(documents(shapes_file))  # type: ignore[arg-type]
            if sieve:
                return ours(Court(made, MemoryIndex(triples(read))).judge().results)  # type: ignore[arg-type]
            return ours(made.judge(made.data(triples(read))))  # type: ignore[arg-type]
        except InputError:
            return None

    assert judged(sieve=True) == judged(sieve=False)


def test_what_surely_passes_is_not_judged() -> None:
    """The sieve is one: of a hundred good nodes and a bad one pySHACL sees the bad one only."""
    shape = (
        ":S a sh:NodeShape ; sh:targetClass :A ; sh:property [ sh:path :p ; sh:minCount 1 ; sh:maxCount 2 ; "
        "sh:datatype xsd:integer ; sh:minInclusive 0 ] , [ sh:path ( :q :r ) ; sh:class :D ; sh:in ( :b :c ) ] ; "
        "sh:or ( [ sh:pattern '^http' ] [ sh:nodeKind sh:Literal ] ) ; sh:not [ sh:class :C ] ; "
        "sh:sparql [ sh:select '''PREFIX : <http://example.org/> SELECT $this { $this :q ?x . ?x :q+ $this }''' ] ."
    )
    good = "".join(f":g{number} a :A ; :p {number} ; :q :x{number} . :x{number} :r :b .\n" for number in range(100))
    alone, sieved, selected, judged = verdicts(shape, good + ":b a :D . :bad a :A ; :p 'one' ; :q :y . :y :q :bad .")
    assert sieved == alone
    assert (selected, judged) == (101, 1)


@example(":Shape0 a sh:NodeShape ; sh:targetNode :n0 ; sh:property [ sh:path :p ; sh:node :Shape0 ; sh:maxCount 0 ] .")
@settings(LOOSE, max_examples=20)
@given(shapes)
def test_shapes_that_use_themselves(shapes_text: str) -> None:
    """A shape that uses itself ends, with pySHACL's verdict."""
    alone, sieved, *_ = verdicts(shapes_text, ":n0 :p :n1 . :n1 :p :n0 .")
    assert sieved == alone


def test_components_of_ones_own() -> None:
    """A constraint component that the shapes define is left to pySHACL, with the whole graph."""
    text = """:C a sh:ConstraintComponent ; sh:parameter [ sh:path :limit ] ;
        sh:validator [ a sh:SPARQLAskValidator ; sh:ask "PREFIX : <http://example.org/> ASK { ?value :p $limit }" ] .
        :S a sh:NodeShape ; sh:targetClass :A ; :limit 3 ."""
    alone, sieved, _, judged = verdicts(text, ":n0 a :A ; :p 3 . :n1 a :A ; :p 4 .")
    assert sieved == alone
    assert [each[0] for each in sieved] == [URIRef("http://example.org/n1").n3()]  # type: ignore[attr-defined]
    assert judged == 2
