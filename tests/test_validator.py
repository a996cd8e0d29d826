"""The prefilter before pySHACL loses nothing: the results with it are those without."""

from __future__ import annotations

from collections import Counter

import pytest
from generated import PREFIXES, VOCABULARY, shapes, statements
from hypothesis import HealthCheck, example, given, settings
from test_shapes import ENTRIES, documents, needs_suite, ours, triples

from kg.errors import InputError
from kg.shacl.index import MemoryIndex
from kg.shacl.shapes import Shapes
from kg.shacl.validator import Validator
from kg.turtle.document import parse

LOOSE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def results(shapes_text: str, data_text: str) -> tuple[object, object, int, int]:
    """Return the results of pySHACL alone, those through the prefilter, and how many nodes were selected and judged."""
    ontology = [parse(VOCABULARY, "vocabulary.ttl")]
    data = parse(PREFIXES + data_text, "data.ttl")
    made = Shapes([parse(PREFIXES + shapes_text, "shapes.ttl")])
    index = MemoryIndex(triples([data, *ontology]))
    try:
        alone: Counter[tuple[str, ...]] | None = ours(made.results(triples([data, *ontology])))
    except InputError:
        alone = None
    try:
        found = Validator(made, index).validate()
        filtered: Counter[tuple[str, ...]] | None = ours(found.results)
        selected = sum(len(nodes) for nodes in found.selected.values())
        return alone, filtered, selected, found.candidates
    except InputError:
        return alone, None, 0, 0


@settings(LOOSE, max_examples=100)
@given(shapes, statements)
def test_the_prefilter_loses_nothing(shapes_text: str, data: list[str]) -> None:
    """On random shapes and graphs the results through the prefilter are pySHACL's own, one for one.

    Where pySHACL gives up on some node (it cannot compare blank nodes), the prefilter may have let that node go.
    """
    alone, filtered, *_ = results(shapes_text, "\n".join(data))
    assert alone is None or filtered == alone


@pytest.mark.soak
@settings(LOOSE, max_examples=5_000)
@given(shapes, statements)
def test_the_prefilter_loses_nothing_ever(shapes_text: str, data: list[str]) -> None:
    """The same on many more."""
    alone, filtered, *_ = results(shapes_text, "\n".join(data))
    assert alone is None or filtered == alone


@needs_suite
@pytest.mark.parametrize(("name", "_", "data", "shapes_file"), ENTRIES, ids=[name for name, *_ in ENTRIES])
def test_w3c_through_the_prefilter(name: str, _: object, data: object, shapes_file: object) -> None:
    """On the W3C suite the results through the prefilter are those of pySHACL alone, refusals included."""
    read = documents(data)  # type: ignore[arg-type]

    def judged(prefilter: bool) -> object:
        try:
            made = Shapes(documents(shapes_file))  # type: ignore[arg-type]
            if prefilter:
                return ours(Validator(made, MemoryIndex(triples(read))).validate().results)
            return ours(made.results(triples(read)))
        except InputError:
            return None

    assert judged(prefilter=True) == judged(prefilter=False)


def test_what_surely_passes_is_not_judged() -> None:
    """The prefilter is one: of a hundred good nodes and a bad one pySHACL sees the bad one only."""
    shape = (
        ":S a sh:NodeShape ; sh:targetClass :A ; sh:property [ sh:path :p ; sh:minCount 1 ; sh:maxCount 2 ; "
        "sh:datatype xsd:integer ; sh:minInclusive 0 ] , [ sh:path ( :q :r ) ; sh:class :D ; sh:in ( :b :c ) ] ; "
        "sh:or ( [ sh:pattern '^http' ] [ sh:nodeKind sh:Literal ] ) ; sh:not [ sh:class :C ] ; "
        "sh:sparql [ sh:select '''PREFIX : <http://example.org/> SELECT $this { $this :q ?x . ?x :q+ $this }''' ] ."
    )
    good = "".join(f":g{number} a :A ; :p {number} ; :q :x{number} . :x{number} :r :b .\n" for number in range(100))
    alone, filtered, selected, judged = results(shape, good + ":b a :D . :bad a :A ; :p 'one' ; :q :y . :y :q :bad .")
    assert filtered == alone
    assert (selected, judged) == (101, 1)


@example(":Shape0 a sh:NodeShape ; sh:targetNode :n0 ; sh:property [ sh:path :p ; sh:node :Shape0 ; sh:maxCount 0 ] .")
@settings(LOOSE, max_examples=20)
@given(shapes)
def test_shapes_that_use_themselves(shapes_text: str) -> None:
    """A shape that uses itself ends, with pySHACL's results."""
    alone, filtered, *_ = results(shapes_text, ":n0 :p :n1 . :n1 :p :n0 .")
    assert filtered == alone


def test_components_of_ones_own() -> None:
    """A constraint component that the shapes define is left to pySHACL, with the whole graph."""
    text = """:C a sh:ConstraintComponent ; sh:parameter [ sh:path :limit ] ;
        sh:validator [ a sh:SPARQLAskValidator ; sh:ask "PREFIX : <http://example.org/> ASK { ?value :p $limit }" ] .
        :S a sh:NodeShape ; sh:targetClass :A ; :limit 3 ."""
    alone, filtered, _, judged = results(text, ":n0 a :A ; :p 3 . :n1 a :A ; :p 4 .")
    assert filtered == alone
    assert [each[0] for each in filtered] == ["<http://example.org/n1>"]  # type: ignore[attr-defined]
    assert judged == 2
