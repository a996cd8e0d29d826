"""Validation of a graph of any size: the prefilter lets go what surely passes, pySHACL judges the rest.

pySHACL gets a plain rdflib graph of only those triples that its results on the candidates can depend on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from kg.owl.vocabulary import AXIOMS
from kg.shacl.automaton import Automaton
from kg.shacl.dependencies import Dependencies
from kg.shacl.index import BLANK, Index, MemoryIndex, kind
from kg.shacl.judge import Result
from kg.shacl.prefilter import Prefilter, subclasses
from kg.shacl.shapes import Shapes
from kg.shacl.sparql_prefilter import candidates as candidates_by_query
from kg.turtle.reader import TYPE
from kg.turtle.terms import Three, quiet
from kg.turtle.text import Term


@dataclass
class Validation:
    """The results, and the nodes that each shape selected (of those that were asked about)."""

    results: list[Result] = field(default_factory=list)
    selected: dict[Term, set[int]] = field(default_factory=dict)
    candidates: int = 0


class _Numbers(NamedTuple):
    nodes: set[int]
    classes: set[int]
    objects_of: list[int]
    subjects_of: list[int]


class Part:
    """Some triples of an index: their ends and their predicates."""

    def __init__(self, triples: Set[tuple[int, int, int]]):
        self.triples = triples
        self.ends = {end for subject, _, value in triples for end in (subject, value)}
        self.predicates = {predicate for _, predicate, _ in triples}


class Validator:
    """The shapes over one index, which has the triples of the vocabulary too."""

    def __init__(self, shapes: Shapes, index: Index, dependencies: Dependencies | None = None):
        self.shapes = shapes
        self.index = index
        self.dependencies = dependencies or Dependencies(shapes)
        self._automata: dict[Term, Automaton] = {}
        self._targets: dict[Term, _Numbers] = {}
        self._types: dict[int, Collection[int]] = {}
        self._type = index.id(TYPE)

    def automaton(self, shape: Term) -> Automaton:
        """Return the automaton of `shape` in the numbers of the index."""
        if shape not in self._automata:
            self._automata[shape] = self.dependencies.of(shape).renumbered(self.dependencies.terms, self.index.id)
        return self._automata[shape]

    def selects(self, shape: Term) -> set[int]:
        """Return the nodes that `shape` selects (SHACL, section 2.1.3)."""
        index, target = self.index, self.target(shape)
        found = set(target.nodes)
        for each in target.classes:
            found.update(index.sources(self._type, each))
        for predicate in target.objects_of:
            found.update(value for _, value in index.pairs(predicate))
        for predicate in target.subjects_of:
            found.update(subject for subject, _ in index.pairs(predicate))
        return found

    def target(self, shape: Term) -> _Numbers:
        """Return what `shape` selects by numbers, classes with those below them."""
        known = self._targets.get(shape)
        if known is None:
            number = self.index.id
            nodes, classes, objects_of, subjects_of = (
                [number(each) for each in terms] for terms in self.shapes.targeted[shape].target
            )
            below = {each for top in classes for each in subclasses(self.index, top)}
            known = self._targets[shape] = _Numbers(set(nodes), below, objects_of, subjects_of)
        return known

    def types(self, node: int) -> Collection[int]:
        """Return the classes that `node` is said to be of."""
        known = self._types.get(node)
        if known is None:
            known = self._types[node] = self.index.values(node, self._type)
        return known

    def is_target(self, shape: Term, node: int) -> bool:
        """Say whether `shape` selects `node`."""
        index, target = self.index, self.target(shape)
        return (
            node in target.nodes
            or (bool(target.classes) and not target.classes.isdisjoint(self.types(node)))
            or any(index.source(predicate, node) is not None for predicate in target.objects_of)
            or any(index.values(node, predicate) for predicate in target.subjects_of)
        )

    def selects_any(self, shape: Term) -> bool:
        """Say whether `shape` selects anything at all."""
        index, target = self.index, self.target(shape)
        return (
            bool(target.nodes)
            or any(index.source(self._type, each) is not None for each in target.classes)
            or any(True for predicate in (*target.objects_of, *target.subjects_of) for _ in index.pairs(predicate))
        )

    @cached_property
    def _classes(self) -> set[int]:
        return set().union(*(self.target(shape).classes for shape in self.shapes.targeted))

    def is_covered(self, node: int) -> bool:
        """Say whether any shape selects `node`."""
        if not self._classes.isdisjoint(self.index.values(node, self._type)):
            return True
        return any(self.is_target(shape, node) for shape in self.shapes.targeted)

    def touched_by(self, shape: Term, changed: Collection[tuple[int, int, int]], old: Index) -> tuple[set[int], bool]:
        """Return the nodes whose results under `shape` a change can touch, and whether that is all it selects.

        `changed` are the triples added or removed, `old` the graph before (in the same numbers).
        """
        automaton = self.automaton(shape)
        reached = automaton.reached(changed, old, self.index)
        if reached is None:
            return self.selects(shape), True
        reached |= {end for triple in changed for end in (triple[0], triple[2])}
        target = self.target(shape)
        if target.objects_of or target.subjects_of:
            return {node for node in reached if self.is_target(shape, node)}, False
        by_class = (node for node in reached if not target.classes.isdisjoint(self.types(node)))
        return (reached & target.nodes).union(by_class if target.classes else ()), False

    def having_part(self, shape: Term, part: Part) -> set[int]:
        """Return the nodes that `shape` selects and whose results can depend on a triple of `part`.

        The same nodes as `touched_by` finds, from whichever side has less to walk.
        """
        selected = self.selects(shape)
        outside = selected - part.ends
        if len(outside) > len(part.triples):
            return self.touched_by(shape, part.triples, self.index)[0]
        automaton = self.automaton(shape)
        if automaton.unbounded or not automaton.loose.isdisjoint(part.predicates):
            return selected
        return selected - {node for node in outside if part.triples.isdisjoint(automaton.touched((node,), self.index))}

    def validate(self, focus: Mapping[Term, Iterable[int]] | None = None) -> Validation:
        """Return the validation of the nodes of `focus`, `{shape: nodes}`, or of all that the shapes select."""
        whole = focus is None
        if focus is None:
            focus = {shape: self.selects(shape) for shape in self.shapes.targeted}
        selected = {shape: set(nodes) for shape, nodes in focus.items()}
        found = Validation(selected=selected)
        with quiet():
            prefilter = Prefilter(self.shapes, self.index, self.by_query(selected, whole))
            candidates = {shape: prefilter.candidates(shape, nodes) for shape, nodes in selected.items() if nodes}
        candidates = {shape: nodes for shape, nodes in candidates.items() if nodes}
        found.candidates = sum(len(nodes) for nodes in candidates.values())
        if candidates:
            nodes_of = {shape: [self.index.term(node) for node in nodes] for shape, nodes in candidates.items()}
            found.results = self.shapes.results(self.slice(candidates), nodes_of)  # the index has the vocabulary too
        return found

    def by_query(self, selected: Mapping[Term, set[int]], whole: bool) -> dict[Term, Collection[int]]:
        """Return the nodes that may break sh:sparql constraints, looked for in the whole or among the selected."""
        asked = [shape for shape, nodes in selected.items() if nodes and self.dependencies.asks(shape)]
        if not asked:
            return {}
        if whole:
            return candidates_by_query(self.shapes, self.index, self.dependencies.loosened)
        part = MemoryIndex(self.slice({shape: selected[shape] for shape in asked}))
        found = candidates_by_query(self.shapes, part, self.dependencies.loosened, asked)
        return {shape: {self.index.id(part.term(node)) for node in nodes} for shape, nodes in found.items()}

    def spell_out(self, found: set[tuple[int, int, int]], nodes: Iterable[int]) -> None:
        """Add what is said of the blank nodes in `found` and `nodes`: pySHACL's messages spell them out."""
        index = self.index
        ends = {*nodes, *(triple[0] for triple in found), *(triple[2] for triple in found)}
        todo = [node for node in ends if kind(index.term(node)) == BLANK]
        seen = set(todo)
        while todo:
            node = todo.pop()
            for predicate, value in index.outgoing(node):
                found.add((node, predicate, value))
                if value not in seen and kind(index.term(value)) == BLANK:
                    seen.add(value)
                    todo.append(value)

    def slice(self, candidates: Mapping[Term, Iterable[int]]) -> Iterable[Three]:
        """Return the triples that the results on the candidates can depend on."""
        index = self.index
        automata = {shape: self.automaton(shape) for shape in candidates}
        if any(automaton.unbounded for automaton in automata.values()):
            triples: Iterable[tuple[int, int, int]] = index.triples()
        else:
            found: set[tuple[int, int, int]] = set()
            for shape, nodes in candidates.items():
                found |= automata[shape].touched(nodes, index)
            loose = set().union(*(automaton.loose for automaton in automata.values()))
            loose |= {index.id(axiom) for axiom in AXIOMS}
            for predicate in loose:
                found |= {(subject, predicate, value) for subject, value in index.pairs(predicate)}
            self.spell_out(found, (node for nodes in candidates.values() for node in nodes))
            triples = found
        return ((index.term(s), index.term(p), index.term(o)) for s, p, o in triples)
