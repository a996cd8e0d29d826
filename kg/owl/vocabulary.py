"""What a vocabulary says: its terms, the classes above a class, and what a property tells of its two ends."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import pyoxigraph as ox

from kg.names import VOCABULARIES
from kg.turtle.reader import FIRST, NIL, REST, TYPE
from kg.turtle.terms import Three
from kg.turtle.text import Term

OWL, RDFS, SKOS = VOCABULARIES["owl"], VOCABULARIES["rdfs"], VOCABULARIES["skos"]
SUBCLASS = ox.NamedNode(f"{RDFS}subClassOf")
_SUBPROPERTY = ox.NamedNode(f"{RDFS}subPropertyOf")
AXIOMS = frozenset(
    ox.NamedNode(iri)
    for iri in (
        *(f"{RDFS}{name}" for name in ("subClassOf", "subPropertyOf", "domain", "range")),
        *(f"{OWL}{name}" for name in ("disjointWith", "complementOf", "inverseOf", "propertyChainAxiom", "members")),
        *(f"{OWL}{name}" for name in ("equivalentClass", "equivalentProperty")),
    )
)
"""The predicates that say something about classes and properties, wherever they stand."""

_DEFINING = {
    *(f"{OWL}{name}" for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")),
    *(
        f"{OWL}{name}"
        for name in ("TransitiveProperty", "SymmetricProperty", "AsymmetricProperty", "IrreflexiveProperty")
    ),
    f"{RDFS}Class",
    f"{VOCABULARIES['rdf']}Property",
    f"{SKOS}Concept",
}


def _owl(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"{OWL}{name}")


class Vocabulary:
    """The vocabulary in `triples`."""

    def __init__(self, triples: Iterable[Three]):
        self.triples = list(triples)
        self._values: dict[tuple[Term, Term], list[Term]] = {}
        self._pairs: dict[Term, list[tuple[Term, Term]]] = {}
        for subject, predicate, value in self.triples:
            self._values.setdefault((subject, predicate), []).append(value)
            self._pairs.setdefault(predicate, []).append((subject, value))

    def values(self, subject: Term, predicate: Term) -> list[Term]:
        """Return the values that `subject` has of `predicate`."""
        return self._values.get((subject, predicate), [])

    def pairs(self, predicate: Term) -> list[tuple[Term, Term]]:
        """Return the subjects and objects of `predicate`."""
        return self._pairs.get(predicate, [])

    def members(self, head: Term) -> list[Term]:
        """Return the members of the RDF list `head`."""
        found: list[Term] = []
        while head != NIL and len(found) < 10_000:
            found += self.values(head, FIRST)
            rest = self.values(head, REST)
            if not rest:
                break
            head = rest[0]
        return found

    @cached_property
    def terms(self) -> frozenset[str]:
        """The IRIs that the vocabulary describes."""
        return frozenset(s.value for s, _, _ in self.triples if isinstance(s, ox.NamedNode))

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces in which it defines classes, properties or concepts."""
        defined = (s.value for s, kind in self.pairs(TYPE) if isinstance(kind, ox.NamedNode) and kind.value in _DEFINING
                   and isinstance(s, ox.NamedNode))  # fmt: skip
        return frozenset(iri[: max(iri.rfind("#"), iri.rfind("/")) + 1] for iri in defined)

    @cached_property
    def _above(self) -> dict[Term, set[Term]]:
        above: dict[Term, set[Term]] = {}
        for lower, upper in self.pairs(SUBCLASS):
            above.setdefault(lower, set()).add(upper)
        for one, other in self.pairs(_owl("equivalentClass")):
            above.setdefault(one, set()).add(other)
            above.setdefault(other, set()).add(one)
        return above

    def supers(self, kind: Term) -> set[Term]:
        """Return the class `kind` and every class above it."""
        return closure(kind, self._above)

    def subs(self, kind: Term) -> set[Term]:
        """Return the class `kind` and every class below it."""
        return {kind} | {lower for lower in self._above if kind in self.supers(lower)}

    @cached_property
    def _broader(self) -> dict[Term, set[Term]]:
        broader: dict[Term, set[Term]] = {}
        for lower, upper in self.pairs(_SUBPROPERTY):
            broader.setdefault(lower, set()).add(upper)
        for one, other in self.pairs(_owl("equivalentProperty")):
            broader.setdefault(one, set()).add(other)
            broader.setdefault(other, set()).add(one)
        return broader

    def narrower(self, predicate: Term) -> set[Term]:
        """Return the property and those below it."""
        return {predicate} | {each for each in self._broader if predicate in closure(each, self._broader)}

    @cached_property
    def ends(self) -> dict[Term, tuple[set[Term], set[Term]]]:
        """For each property the classes of its subjects and of its objects.

        Broader and inverse properties and chains are followed. A chain counts for every subject of its first property
        and every object of its last, which is more than it entails.
        """
        named = {s for s, p, _ in self.triples for s in (s,) if isinstance(s, ox.NamedNode)}
        ends: dict[Term, tuple[set[Term], set[Term]]] = {each: (set(), set()) for each in named}
        for each, kind in self.pairs(ox.NamedNode(f"{RDFS}domain")):
            ends.setdefault(each, (set(), set()))[0].add(kind)
        for each, kind in self.pairs(ox.NamedNode(f"{RDFS}range")):
            ends.setdefault(each, (set(), set()))[1].add(kind)
        inverse = [*self.pairs(_owl("inverseOf")), *((b, a) for a, b in self.pairs(_owl("inverseOf")))]
        inverse += [(each, each) for each, kind in self.pairs(TYPE) if kind == _owl("SymmetricProperty")]
        chains = [(each, self.members(head)) for each, head in self.pairs(_owl("propertyChainAxiom"))]
        size = -1
        while size != (size := sum(len(a) + len(b) for a, b in ends.values())):
            for lower, uppers in self._broader.items():
                for upper in uppers:
                    _merge(ends, lower, *ends.get(upper, (set(), set())))
            for one, other in inverse:
                subjects, objects = ends.get(other, (set(), set()))
                _merge(ends, one, objects, subjects)
            for whole, parts in chains:
                if parts:
                    subjects, objects = ends.get(whole, (set(), set()))
                    _merge(ends, parts[0], subjects, set())
                    _merge(ends, parts[-1], set(), objects)
        return {each: both for each, both in ends.items() if both[0] or both[1]}

    @cached_property
    def disjoint(self) -> list[tuple[Term, Term]]:
        """The pairs of classes that share no instance."""
        pairs = self.pairs(_owl("disjointWith")) + self.pairs(_owl("complementOf"))
        for axiom, kind in self.pairs(TYPE):
            if kind == _owl("AllDisjointClasses"):
                members = [each for head in self.values(axiom, _owl("members")) for each in self.members(head)]
                pairs += [(one, other) for n, one in enumerate(members) for other in members[n + 1 :]]
        return pairs


def closure(start: Term, steps: dict[Term, set[Term]]) -> set[Term]:
    """Return `start` and all that `steps` lead to from it."""
    found, todo = {start}, [start]
    while todo:
        new = steps.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def _merge(ends: dict[Term, tuple[set[Term], set[Term]]], each: Term, subjects: set[Term], objects: set[Term]) -> None:
    mine = ends.setdefault(each, (set(), set()))
    mine[0].update(subjects)
    mine[1].update(objects)
