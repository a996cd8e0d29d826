"""Contradictions between triples and the vocabulary (OWL 2 RL), as the terms that clash.

owlrl is the judge, and slow: seconds for some thousand triples. It gets only the neighbourhoods of candidates, nodes
that a coarser reasoning finds to be of two disjoint classes. That reasoning gives a node at least the classes that
OWL 2 RL does as long as the vocabulary keeps to `COVERED`; with any other construct owlrl judges everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import owlrl
import pyoxigraph as ox
from rdflib import Graph

from kg.owl.vocabulary import OWL, RDFS, Vocabulary, closure
from kg.turtle.reader import FIRST, REST, TYPE
from kg.turtle.terms import Converter, Three
from kg.turtle.text import Term

_ERROR = "http://www.daml.org/2002/03/agents/agent-ont#error"


COVERED = frozenset(
    f"{OWL}{name}"
    for name in (
        *("disjointWith", "complementOf", "members", "inverseOf", "propertyChainAxiom", "equivalentClass"),
        *("equivalentProperty", "differentFrom", "versionIRI", "versionInfo", "deprecated", "imports", "priorVersion"),
    )
)
"""The OWL predicates that the coarser reasoning follows, or that entail nothing about classes."""


_KINDS = frozenset(
    f"{OWL}{name}"
    for name in (
        *("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "Ontology", "NamedIndividual"),
        *("AllDisjointClasses", "SymmetricProperty", "TransitiveProperty", "IrreflexiveProperty", "AsymmetricProperty"),
    )
)


@dataclass(frozen=True)
class Clash:
    """Two disjoint classes that `node` is of."""

    node: Term
    one: Term
    other: Term


def covered(vocabulary: Vocabulary, data: Iterable[Three] = ()) -> bool:
    """Tell whether the vocabulary and the data use no OWL beyond what the coarser reasoning follows."""
    for triples in (vocabulary.triples, data):
        for _, predicate, value in triples:
            word = value if predicate == TYPE else predicate
            known = _KINDS if predicate == TYPE else COVERED
            if isinstance(word, ox.NamedNode) and word.value.startswith(OWL) and word.value not in known:
                return False
    return True


def candidates(vocabulary: Vocabulary, triples: Iterable[Three], nodes: set[Term] | None = None) -> list[Clash]:
    """Return the clashes that the coarser reasoning sees, of `nodes` only where given."""
    disjoint = vocabulary.disjoint
    if not disjoint:
        return []
    supers = {kind: frozenset(vocabulary.supers(kind)) for pair in disjoint for kind in pair}
    classes: dict[Term, set[Term]] = {}
    ends = vocabulary.ends
    for subject, predicate, value in triples:
        if predicate == TYPE:
            classes.setdefault(subject, set()).add(value)
            continue
        both = ends.get(predicate)
        if both:
            if both[0]:
                classes.setdefault(subject, set()).update(both[0])
            if both[1] and not isinstance(value, ox.Literal):
                classes.setdefault(value, set()).update(both[1])
    found: list[Clash] = []
    known: dict[frozenset[Term], tuple[Term, Term] | None] = {}
    for node, direct in classes.items():
        if nodes is not None and node not in nodes:
            continue
        key = frozenset(direct)
        if key not in known:
            every = frozenset[Term]().union(*(supers.get(each) or vocabulary.supers(each) for each in key))
            known[key] = next(((a, b) for a, b in disjoint if a in every and b in every), None)
        pair = known[key]
        if pair:
            found.append(Clash(node, *pair))
    return found


@dataclass(frozen=True)
class Turn:
    """A statement that its property forbids: of a node to itself, round a circle, or both ways round."""

    node: Term
    property: Term
    value: Term
    words: str


def turns(vocabulary: Vocabulary, triples: Iterable[Three]) -> list[Turn]:
    """Return the statements that irreflexive and asymmetric properties forbid (rules prp-irp and prp-asyp)."""
    forbidden = {kind: [each for each, other in vocabulary.pairs(TYPE) if other == ox.NamedNode(f"{OWL}{kind}")]
                 for kind in ("IrreflexiveProperty", "AsymmetricProperty", "TransitiveProperty")}  # fmt: skip
    irreflexive, asymmetric, transitive = forbidden.values()
    below = {each: vocabulary.narrower(each) for each in {*irreflexive, *asymmetric}}
    wanted = set().union(*below.values())
    edges: dict[Term, list[tuple[Term, Term]]] = {}
    for subject, predicate, value in triples:
        if predicate in wanted:
            edges.setdefault(predicate, []).append((subject, value))
    found: dict[tuple[Term, Term], Turn] = {}
    for each in irreflexive:
        pairs = {pair: narrow for narrow in below[each] for pair in edges.get(narrow, ())}
        circles = _round(pairs) if set(transitive) & below[each] else set()
        for (a, b), narrow in pairs.items():
            if a == b or (a, b) in circles:
                found.setdefault((a, b), Turn(a, narrow, b, "to itself"))
    for each in asymmetric:
        pairs = {pair: narrow for narrow in below[each] for pair in edges.get(narrow, ())}
        for (a, b), narrow in pairs.items():
            if (b, a) in pairs and str(a) < str(b):
                found.setdefault((a, b), Turn(a, narrow, b, "both ways round"))
    return list(found.values())


def _round(pairs: Iterable[tuple[Term, Term]]) -> set[tuple[Term, Term]]:
    """Return one pair of each circle, that of its first node."""
    left = set(pairs)
    while True:  # nodes that nothing comes to, or that nothing leaves, are on none
        sources, targets = {a for a, _ in left}, {b for _, b in left}
        stay = {(a, b) for a, b in left if a in targets and b in sources}
        if stay == left:
            break
        left = stay
    steps: dict[Term, set[Term]] = {}
    for a, b in left:
        steps.setdefault(a, set()).add(b)
    circles: dict[frozenset[Term], tuple[Term, Term]] = {}
    for a, b in sorted(left, key=str):
        if a in closure(b, steps):
            circles.setdefault(frozenset(each for each in closure(a, steps) if a in closure(each, steps)), (a, b))
    return set(circles.values())


def confirmed(vocabulary: Vocabulary, triples: Iterable[Three], clashes: list[Clash]) -> list[Clash]:
    """Return those of `clashes` that owlrl finds too, given the neighbourhood of each."""
    nodes = {clash.node for clash in clashes}
    near = [each for each in triples if each[0] in nodes or each[2] in nodes]
    messages = errors(vocabulary, near)
    named = {word.strip("(),.") for message in messages for word in message.split()}
    return [clash for clash in clashes if clash.node.value in named]


def errors(vocabulary: Vocabulary, triples: Iterable[Three]) -> list[str]:
    """Return what owlrl says is wrong with the triples under the vocabulary's axioms.

    Every literal is the same to it: a value may tell the class of its subject, but owlrl fails on some ill-typed ones.
    """
    converter = Converter()
    axioms = [each for each in vocabulary.triples if _is_axiom(each)]
    plain = ((s, p, _SOME if isinstance(o, ox.Literal) else o) for s, p, o in triples)
    graph: Graph = converter.graph([*axioms, *plain])
    # Its own reading of literals would stay behind in rdflib and change what later checks in this process find.
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, improved_datatypes=False).expand(graph)
    return sorted(str(value) for _, predicate, value in graph if str(predicate) == _ERROR)


_SOME = ox.Literal("")


_AXIOMS = (OWL, f"{RDFS}sub", f"{RDFS}domain", f"{RDFS}range")


def _is_axiom(triple: Three) -> bool:
    _, predicate, value = triple
    if isinstance(value, ox.Literal) or not isinstance(predicate, ox.NamedNode):
        return False
    return predicate in (TYPE, FIRST, REST) or predicate.value.startswith(_AXIOMS)
