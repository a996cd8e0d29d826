"""Reasoning: what follows from the vocabulary alone, by the OWL 2 RL rules (OWL 2 Profiles, section 4.3).

owlrl is slow on literals and on provenance, and neither has rules to fire: only type and object-property triples
go in, and only entailments in the vocabulary's own terms come out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.names import VOCABULARIES

RDF, RDFS, OWL = (VOCABULARIES[name] for name in ("rdf", "rdfs", "owl"))
TYPE = NamedNode(RDF + "type")
_META = (RDF, RDFS, OWL)
_TERM_CLASSES = {OWL + name for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")}
# Terms that only document: no rule of OWL 2 RL fires on them.
_SILENT = {RDFS + name for name in ("label", "comment", "isDefinedBy", "seeAlso")}


@dataclass(frozen=True)
class Inference:
    """What reasoning found: `entailed` triples that were not stated, and `clashes`, a sentence for each."""

    entailed: list[Triple]
    clashes: list[str]


def vocabulary(ontology: Iterable[Triple]) -> set[str]:
    """Return the IRIs of the classes and properties that the ontology defines."""
    return {
        triple.subject.value
        for triple in ontology
        if triple.predicate == TYPE and isinstance(triple.object, NamedNode) and triple.object.value in _TERM_CLASSES
        if isinstance(triple.subject, NamedNode)
    }


def infer(data: Iterable[Triple], ontology: Iterable[Triple]) -> Inference:
    """Return what follows from `data` under `ontology` by OWL 2 RL, in the ontology's own terms.

    A clash (two disjoint classes for one thing, a property against its own characteristics) is a sentence in
    `clashes`; it names the nodes.
    """
    # Both take a quarter of a second to import: only a build that reasons pays for it.
    import owlrl
    from rdflib import BNode, Graph, URIRef
    from rdflib.term import Node

    def node(term: object) -> Node:
        return BNode(term.value) if isinstance(term, BlankNode) else URIRef(getattr(term, "value", str(term)))

    ontology = list(ontology)
    own = vocabulary(ontology)
    axioms = [triple for triple in ontology if _fires(triple, own)]
    properties = _with_rules(axioms)
    facts = [triple for triple in data if triple.predicate == TYPE or triple.predicate.value in properties]
    graph = Graph()
    for triple in axioms + [triple for triple in facts if not isinstance(triple.object, Literal)]:
        graph.add((node(triple.subject), URIRef(triple.predicate.value), node(triple.object)))
    stated = {(str(s), str(p), str(o)) for s, p, o in graph}
    subjects = {triple.subject.value for triple in facts if isinstance(triple.subject, NamedNode)}
    closure = owlrl.OWLRL_Semantics(graph, axioms=False, daxioms=False, rdfs=False)
    closure.closure()
    entailed = [
        Triple(NamedNode(s), NamedNode(p), NamedNode(o))
        for s, p, o in ((str(s), str(p), str(o)) for s, p, o in graph if isinstance(o, URIRef))
        if s in subjects and (p in own or (p == TYPE.value and o in own)) and (s, p, o) not in stated
    ]
    return Inference(sorted(entailed, key=str), sorted(closure.error_messages))


def _fires(triple: Triple, own: set[str]) -> bool:
    """Say whether an axiom can take part in a rule: a statement of RDF, RDFS or OWL about terms."""
    predicate = triple.predicate.value
    if isinstance(triple.object, Literal) or predicate in _SILENT:
        return False
    if not predicate.startswith(_META):
        return False
    return not (isinstance(triple.object, NamedNode) and triple.object.value == OWL + "Ontology")


def _with_rules(axioms: list[Triple]) -> set[str]:
    """Return the object properties that some axiom speaks of, beyond being declared."""
    plain = {OWL + "ObjectProperty", OWL + "DatatypeProperty"}
    spoken = set()
    for triple in axioms:
        declared = triple.predicate == TYPE and isinstance(triple.object, NamedNode) and triple.object.value in plain
        if not declared and isinstance(triple.subject, NamedNode):
            spoken.add(triple.subject.value)
    return spoken
