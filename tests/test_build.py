"""The dataset: which graph a triple is in, what is derived, what a broken input says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from kg.errors import InputError
from kg.files import PACKAGE
from kg.publish.compose import Composition, Sources, compose, read_file

BROADER = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
    "http://www.w3.org/2000/01/rdf-schema#subClassOf",
}
EX, ID = "https://example.org/vocab#", "https://example.org/id/animal/"


def test_graphs_of_our_own(composition: Composition) -> None:
    """Things, records, the ontology, the derived facts and the claims of each article have graphs of their own."""
    base = composition.sources.base
    names = set(composition.graphs)
    assert {f"{base}graph/{name}" for name in ("things", "records", "ontology", "derived")} <= names
    claims = sorted((composition.sources.data / "claims").glob("*.ttl"))
    assert {f"{base}graph/claims/{path.stem}" for path in claims} == {n for n in names if "/claims/" in n}


def test_file_on_its_own_is_its_own_graph(small: Sources) -> None:
    """A file directly in the data folder makes a graph of its name."""
    assert "https://example.org/graph/animals" in compose(small).graphs


def test_derive_runs_after_reasoning(small: Sources) -> None:
    """A derived fact may rest on an entailment: Rex greets Felix since he knows him by symmetry."""
    derived = compose(small).derived
    greets = {(q.subject, q.object) for q in derived if q.predicate == NamedNode(EX + "greets")}
    assert (NamedNode(ID + "rex"), NamedNode(ID + "felix")) in greets
    assert {q.graph_name for q in derived} == {NamedNode("https://example.org/graph/derived")}


def test_two_compositions_agree(small: Sources) -> None:
    """Composing twice gives the same quads."""
    assert set(compose(small).quads()) == set(compose(small).quads())


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (b"@prefix ex: <https://example.org/vocab#> .\nex:a ex:b ex:c", 2, None),
        (b"@prefix ex: <https://example.org/vocab#> .\nex:a nope:b ex:c .\n", 2, 6),
        (b"\xff\xfe", 1, 1),
        (b"ok\n\xe9t\xe9", 2, 1),
    ],
)
def test_ill_formed_file_is_named(small: Sources, text: bytes, line: int, column: int | None) -> None:
    """Bytes that are no UTF-8 and text that is no Turtle are refused with file, line and column."""
    path = small.data / "broken.ttl"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        compose(small)
    assert caught.value.source == str(path)
    assert caught.value.line == line
    if column is not None:
        assert caught.value.column == column


def test_empty_folder_is_refused(small: Sources) -> None:
    """A data folder without Turtle is a mistake, not an empty graph."""
    (small.data / "animals.ttl").unlink()
    with pytest.raises(InputError, match="no Turtle"):
        compose(small)


def test_missing_file_is_refused(small: Sources) -> None:
    """A file that is not there is named."""
    with pytest.raises(InputError, match="cannot be read"):
        read_file(small.data / "nowhere.ttl")


@pytest.mark.parametrize(("query", "words"), [("SELECT * { ?s ?p ?o }", "no CONSTRUCT"), ("CONSTRUCT {", "mend")])
def test_bad_derive_query_is_named(small: Sources, query: str, words: str) -> None:
    """A derive query that is no CONSTRUCT, or no SPARQL, is refused with its file."""
    path = small.queries / "derive" / "bad.rq"
    path.write_text(query, encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        compose(small)
    assert caught.value.source == str(path)


def test_examples_of_the_vocabulary_hold(composition: Composition) -> None:
    """The example of every term of the vocabulary is Turtle, uses the term, and is a fact of the graph."""
    heads = "".join(f"@prefix {name}: <{space}> .\n" for name, space in composition.sources.prefixes().items())
    facts = {quad.triple for quad in composition.quads()}
    examples = [quad for quad in composition.ontology if quad.predicate.value.endswith("#example")]
    assert examples
    said = [quad for quad in composition.quads() if not quad.graph_name.value.endswith("/ontology")]
    in_use = {term for quad in said for term in (quad.predicate, quad.object)}
    for quad in examples:
        triples = [found.triple for found in parse(heads + quad.object.value, RdfFormat.TURTLE)]
        assert triples, quad.subject
        if quad.subject not in in_use:
            continue  # a term that no record uses yet
        assert set(triples) <= facts, quad.object.value
        used = {term for triple in triples for term in triple}
        used |= {fact.object for fact in facts if fact.subject in used and fact.predicate.value in BROADER}
        assert quad.subject in used, quad.subject


def test_every_module_of_ours_is_an_input_of_a_build(small: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build is made anew where any module of `kg` has changed, in whatever department it is."""
    read: set[Path] = set()
    original = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.add(path), original(path))[1])
    small.digest()
    assert set(PACKAGE.rglob("*.py")) <= read
    assert PACKAGE / "owl" / "reasoning.py" in read
