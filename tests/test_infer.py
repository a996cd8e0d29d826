"""What reasoning adds, what it keeps to itself, and how a clash reads."""

from __future__ import annotations

from pyoxigraph import Quad, RdfFormat, Triple, parse

from kg.names import MC
from kg.owl.reasoning import Inference, infer, vocabulary
from kg.publish.compose import Composition
from tests.conftest import SMALL_DATA, SMALL_ONTOLOGY

EX, ID = "https://example.org/vocab#", "https://example.org/id/animal/"
HEAD = f"@prefix ex: <{EX}> . @prefix id: <{ID}> .\n"


def triples(text: str) -> list[Triple]:
    """Return the triples of a Turtle text."""
    return [quad.triple for quad in parse(text, RdfFormat.TURTLE)]


def entailments(data: str) -> Inference:
    """Return what follows from `data` under the small vocabulary."""
    return infer(triples(data), triples(SMALL_ONTOLOGY))


def test_superclass_and_symmetry() -> None:
    """Membership of the superclass and the other direction of a symmetric property follow (cax-sco, prp-symp)."""
    found = {str(triple) for triple in entailments(SMALL_DATA).entailed}
    assert f"<{ID}rex> <{EX}knows> <{ID}felix>" in found
    assert f"<{ID}felix> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{EX}Animal>" in found


def test_only_our_terms_come_out() -> None:
    """No sameAs, no owl:Thing, nothing about literals and nothing that was stated already."""
    result = entailments(SMALL_DATA)
    assert result.clashes == []
    assert all("http://www.w3.org/2002/07/owl#" not in str(triple) for triple in result.entailed)
    assert not set(result.entailed) & set(triples(SMALL_DATA))


def test_disjoint_classes_clash() -> None:
    """One thing in two disjoint classes is a clash that names the thing (cax-dw)."""
    clashes = entailments(HEAD + "id:felix a ex:Cat , ex:Dog .").clashes
    assert any("felix" in sentence for sentence in clashes)


def test_vocabulary_is_what_the_ontology_declares() -> None:
    """The vocabulary is the classes and properties, not whatever else is mentioned."""
    assert vocabulary(triples(SMALL_ONTOLOGY)) == {EX + name for name in ("Animal", "Cat", "Dog", "knows", "greets")}


def test_own_graph_is_consistent(composition: Composition) -> None:
    """Mercato's own data does not clash with its vocabulary."""
    assert composition.clashes == []


def test_own_graph_involves(composition: Composition) -> None:
    """Every person of a move is involved in it: a subproperty fires on the real data (prp-spo1)."""
    moves = {q.triple for q in composition.curated if q.predicate.value == str(MC) + "person"}
    derived = {(q.subject, q.object) for q in composition.derived if q.predicate.value == str(MC) + "involves"}
    assert moves
    assert {(t.subject, t.object) for t in moves} <= derived


def test_a_disjointness_of_ours_fires(composition: Composition) -> None:
    """A person that is also an organisation clashes under Mercato's own vocabulary."""
    text = f"@prefix mc: <{MC}> . <{ID}x> a mc:Person , mc:Organisation ."
    ontology = [quad.triple for quad in composition.ontology if isinstance(quad, Quad)]
    assert infer(triples(text), ontology).clashes
