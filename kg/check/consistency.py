"""Contradictions between the data and the vocabulary (OWL 2 RL).

owlrl is the judge, and slow: seconds for some thousand triples. It gets only the neighbourhoods of candidates, nodes
that a coarser reasoning finds to be of two disjoint classes. That reasoning gives a node at least the classes that
OWL 2 RL does as long as the vocabulary keeps to `COVERED`; with any other construct owlrl judges everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import owlrl
import pyoxigraph as ox
from rdflib import Graph

from kg.check.finding import Finding
from kg.check.place import Place
from kg.check.world import World
from kg.reader import FIRST, REST, TYPE
from kg.spans import Term
from kg.terms import Converter, Three
from kg.vocabulary import OWL, RDFS, Vocabulary, closure

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
    messages = _errors(vocabulary, near)
    named = {word.strip("(),.") for message in messages for word in message.split()}
    return [clash for clash in clashes if clash.node.value in named]


def _errors(vocabulary: Vocabulary, triples: Iterable[Three]) -> list[str]:
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


def contradictions(world: World, nodes: set[Term] | None = None) -> Iterator[Finding]:
    """Return a finding for each node that the vocabulary's axioms make contradictory, of `nodes` only where given."""
    vocabulary = world.vocabulary
    if not vocabulary.triples:
        return
    triples = list(world.triples())
    if not covered(vocabulary, triples):
        yield from _whole(world, triples)
        return
    for turn in turns(vocabulary, triples):
        place = _statement(world, turn)
        if place and (nodes is None or turn.node in nodes):
            name = world.shown(turn.property, place.document)
            sentence = f"{name} cannot hold of a thing {turn.words}: take one of the statements away"
            yield world.finding(place, "inconsistent", sentence, turn.node)
    clashes = [each for each in candidates(vocabulary, triples, nodes) if _place(world, each)]
    if not clashes:
        return
    for clash in confirmed(vocabulary, triples, clashes):
        place = _place(world, clash)
        if place:
            yield _finding(world, clash, place)


def _finding(world: World, clash: Clash, place: Place) -> Finding:
    node, one, other = (world.shown(each, place.document) for each in (clash.node, clash.one, clash.other))
    sentence = f"{node} would be both a {one} and a {other}, which nothing can be: mend its class, or this use of it"
    return world.finding(place, "inconsistent", sentence, clash.node)


def _statement(world: World, turn: Turn) -> Place | None:
    for document, triple in world.places.subjects.get(turn.node, ()):
        if (triple.predicate, triple.object) == (turn.property, turn.value):
            return Place(document, triple.object_at)
    return None


def _place(world: World, clash: Clash) -> Place | None:
    """Return the statement that makes the node one of the two classes: a use of it first, then its own properties."""
    vocabulary, places = world.vocabulary, world.places
    stated: set[Term] = set().union(*(vocabulary.supers(each) for each in world.types.get(clash.node, ())))
    wanted = {clash.one, clash.other}
    wrong = wanted - stated or wanted
    for said, end, token in ((places.objects, 1, "object_at"), (places.subjects, 0, "predicate_at")):
        for document, triple in said.get(clash.node, ()):
            kinds = vocabulary.ends.get(triple.predicate, (set(), set()))[end]
            if wrong & set[Term]().union(*(vocabulary.supers(each) for each in kinds)):
                return Place(document, getattr(triple, token))
    types = [said for said in places.subjects.get(clash.node, ()) if said[1].predicate == TYPE]
    return Place(types[-1][0], types[-1][1].object_at) if types else places.subject(clash.node)


_COMMON = re.compile(r"Disjoint classes (\S+) and (\S+) have a common individual (\S+)")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>(),]*[^\s<>(),.]")


def _whole(world: World, triples: list[Three]) -> Iterator[Finding]:
    """Return what owlrl finds in the whole graph, at the nodes that its messages name."""
    near = [each for each in triples if not isinstance(each[2], ox.Literal)]
    for message in _errors(world.vocabulary, near):
        common = _COMMON.search(message)
        if common:
            one, other, node = (ox.NamedNode(iri) for iri in common.groups())
            clash = Clash(node, one, other)
            place = _place(world, clash)
            if place:
                yield _finding(world, clash, place)
            continue
        for iri in _IRI.findall(message):
            term = ox.NamedNode(iri)
            place = world.places.subject(term) or world.places.mention(term)
            if place and iri not in world.vocabulary.terms:
                yield world.finding(place, "inconsistent", f"OWL 2 RL: {message}; mend one of the statements", term)
                break
