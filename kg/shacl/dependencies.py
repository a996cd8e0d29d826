"""What the shapes depend on: the triples that results on a node can come of, as automata, kept on disk between runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cached_property, reduce
from pathlib import Path

from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import BNode, Node, Variable

from kg.files import atomic
from kg.shacl.algebra import collect, patterns_below
from kg.shacl.automaton import ANY, NOTHING, Automaton
from kg.shacl.disk import decode, encode
from kg.shacl.parameters import sh
from kg.shacl.paths import Path as PropertyPath
from kg.shacl.paths import Repeat, Step, fold, of_sparql, reverse, steps
from kg.shacl.shapes import Shapes
from kg.shacl.sparql_prefilter import Loosened, Loosenings, loosened
from kg.turtle.reader import TYPE
from kg.turtle.text import Term

_Onward = Callable[[int], int]
"""From the state that a part of a path starts in to the state after it."""
_PAIRS = tuple(map(sh, ("equals", "disjoint", "lessThan", "lessThanOrEquals")))


class Dependencies:
    """What the shapes depend on, worked out once: their automata, and their queries loosened.

    An automaton's predicates are positions in `terms`.
    """

    def __init__(self, shapes: Shapes):
        self.shapes = shapes
        self.terms: list[Term] = []
        self._numbers: dict[Term, int] = {}
        self._automata: dict[Term, Automaton] = {}
        self.loosened: Loosenings = {}

    def number(self, term: Term) -> int:
        """Return the position of `term`."""
        if term not in self._numbers:
            self._numbers[term] = len(self.terms)
            self.terms.append(term)
        return self._numbers[term]

    def fill(self, terms: list[Term], automata: dict[str, Automaton]) -> None:
        """Take up automata that were made before, `{shape: automaton}`, over their `terms`."""
        for term in terms:
            self.number(term)
        self._automata |= {shape: automata[encode(shape)] for shape in self.shapes.targeted}

    def asks(self, shape: Term) -> bool:
        """Say whether `shape` or one that it uses has sh:sparql constraints."""
        return shape in self._asking

    @cached_property
    def _asking(self) -> set[Term]:
        return {each for shape in self.shapes.asking for each in self.shapes.ancestors(shape)}

    def of(self, shape: Term) -> Automaton:
        """Return the automaton of one shape."""
        if shape not in self._automata:
            automaton = self._automata[shape] = Automaton()
            _Walk(self, automaton).shape(shape, 0)
        return self._automata[shape]


class _Walk:
    """One walk through a shape and all that it uses."""

    def __init__(self, dependencies: Dependencies, automaton: Automaton):
        self.shapes = dependencies.shapes
        self.number = dependencies.number
        self.automaton = automaton
        self.known: set[tuple[Term, int]] = set()
        self.under_way: dict[Term, int] = {}
        self.custom = {each.node for each in self.shapes.shapes if each.custom}

    def shape(self, node: Term, state: int) -> None:
        """Add what the shape `node` looks at from the focus nodes in `state`."""
        if (node, state) in self.known:
            return
        if node in self.under_way:  # a shape that uses itself: from here on as from there
            self.automaton.step(state, NOTHING, self.under_way[node])
            return
        self.known.add((node, state))
        self.under_way[node] = state
        path = self.shapes.path(node)
        end = state if path is None else self.path(path, state)
        graph, automaton = self.shapes.graph, self.automaton
        for child in self.shapes.children(node):
            self.shape(child, end)
        if graph.value(node, sh("qualifiedValueShapesDisjoint")) is not None:
            for sibling in self.siblings(node):
                self.shape(sibling, end)
        if graph.value(node, sh("class")) is not None:
            automaton.step(end, self.number(TYPE))
        if graph.value(node, sh("closed")) is not None:
            automaton.step(end, ANY)
        for predicate in _PAIRS:
            for other in graph.values(node, predicate):
                automaton.step(state, self.number(other))
        for text in self.shapes.queries(node):
            Query(self, self.shapes.path(node, in_query=True)).add(self.shapes.algebra(text), state)
        if node in self.custom:
            automaton.loose.add(ANY)
        del self.under_way[node]

    def siblings(self, node: Term) -> Iterable[Term]:
        """Return the qualified value shapes of the property shapes beside `node` (SHACL, section 4.7.3)."""
        graph = self.shapes.graph
        beside = {each for parent, child in graph.pairs(sh("property")) if child == node
                  for each in graph.values(parent, sh("property"))}  # fmt: skip
        return [shape for each in sorted(beside, key=str) for shape in graph.values(each, sh("qualifiedValueShape"))]

    def path(self, path: PropertyPath, state: int) -> int:
        """Add `path` from `state` and return the state at its end."""

        def step(each: Step) -> _Onward:
            predicate = ANY if each.predicate is None else self.number(each.predicate)
            return lambda start: self.automaton.step(start, predicate, forward=each.forward)

        def sequence(parts: list[_Onward]) -> _Onward:
            return lambda start: reduce(lambda end, part: part(end), parts, start)

        def alternative(parts: list[_Onward]) -> _Onward:
            return lambda start: self.join([part(start) for part in parts])

        def repeat(whole: Repeat, part: _Onward) -> _Onward:
            return lambda start: self.repeat(start, part, whole)

        return fold(path, step, sequence, alternative, repeat)(state)

    def join(self, ends: Iterable[int]) -> int:
        """Return one state for several."""
        joined = self.automaton.state()
        for end in ends:
            self.automaton.step(end, NOTHING, joined)
        return joined

    def repeat(self, state: int, part: Callable[[int], int], whole: Repeat) -> int:
        """Add a part that may be skipped or come again, and return the state after it."""
        start = self.automaton.step(state, NOTHING)
        end = part(start)
        if whole.again:
            self.automaton.step(end, NOTHING, start)
        return self.join([start, end] if whole.skip else [end])


_Known = dict[Node, int]


class Query:
    """The triple patterns of one query, tied to the focus node by the variables that they share."""

    def __init__(self, walk: _Walk, path: PropertyPath | None):
        self.walk = walk
        self.given = path
        self.automaton = walk.automaton

    def add(self, algebra: CompValue, state: int) -> None:
        """Add what the query looks at from the focus nodes in `state`."""
        self.group(algebra, {Variable("this"): state})

    def group(self, node: object, known: _Known) -> None:
        """Add one group of patterns: those that must all match, then what is optional, alternative or only tested."""
        patterns: list[tuple[Node, Node, Node]] = []
        inner: list[object] = []
        apart: list[object] = []
        collect(node, patterns, inner, apart)
        known = dict(known)
        for pattern in self.tie(patterns, known):
            self.loosen(pattern[1])
        for each in inner:
            self.group(each, known)
        for each in apart:
            for below in patterns_below(each):
                self.loosen(below[1])

    def tie(self, patterns: list[tuple[Node, Node, Node]], known: _Known) -> list[tuple[Node, Node, Node]]:
        """Add each pattern that has an end in `known`, and so on; return those that nothing ties."""
        left = patterns
        while True:
            ready = next((each for each in left if each[0] in known), None)
            forward = ready is not None
            ready = ready or next((each for each in left if each[2] in known), None)
            if ready is None:
                return left
            left = [each for each in left if each is not ready]
            here, there = (ready[0], ready[2]) if forward else (ready[2], ready[0])
            end = self.take(ready[1], known[here], forward)
            if isinstance(there, Variable | BNode):
                if there in known:
                    self.automaton.step(end, NOTHING, known[there])
                else:
                    known[there] = end

    def take(self, predicate: Node, state: int, forward: bool) -> int:
        """Add a step along a predicate, a variable or a property path."""
        path = of_sparql(predicate, self.given)
        if path is None:
            if not isinstance(predicate, Variable):
                self.automaton.loose.add(ANY)
            path = Step(None)
        return self.walk.path(path if forward else reverse(path), state)

    def loosen(self, predicate: Node | None) -> None:
        """Let every triple that `predicate` could take be loose."""
        path = of_sparql(predicate, self.given) if predicate is not None else None
        for each in [Step(None)] if path is None else steps(path):
            self.automaton.loose.add(ANY if each.predicate is None else self.walk.number(each.predicate))


def remember(dependencies: Dependencies, path: Path) -> None:
    """Fill `dependencies` from the file at `path`, or work them all out and write them there.

    The path names the content of the shapes; a file that cannot be read is written anew.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        made = {
            shape: Automaton([tuple(step) for step in steps], set(loose), states)
            for shape, (steps, loose, states) in stored["automata"].items()
        }
        dependencies.fill([decode(text) for text in stored["terms"]], made)
        dependencies.loosened |= {
            shape: queries and [Loosened(*query) for query in queries]
            for shape, queries in ((shape, stored["loosened"][encode(shape)]) for shape in dependencies.shapes.asking)
        }
    except (OSError, ValueError, KeyError, TypeError):
        automata = {
            encode(shape): [made.steps, sorted(made.loose), made.states]
            for shape in dependencies.shapes.targeted
            for made in [dependencies.of(shape)]
        }
        dependencies.loosened |= {shape: loosened(dependencies.shapes, shape) for shape in dependencies.shapes.asking}
        text = json.dumps(
            {
                "terms": [encode(term) for term in dependencies.terms],
                "automata": automata,
                "loosened": {encode(shape): queries for shape, queries in dependencies.loosened.items()},
            }
        )
        with atomic(path) as file:
            file.write(text.encode("utf-8"))
