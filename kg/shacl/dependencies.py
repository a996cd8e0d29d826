"""From shapes to automata: which triples a shape's verdict on a node can depend on, kept on disk between runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path

from rdflib import RDF
from rdflib.collection import Collection as RdfList
from rdflib.namespace import SH
from rdflib.paths import AlternativePath, InvPath, MulPath, NegatedPath, SequencePath
from rdflib.paths import Path as PropertyPath
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import BNode, Node, URIRef, Variable

from kg.files import atomic
from kg.shacl.algebra import collect, patterns_below
from kg.shacl.automaton import ANY, NOTHING, Automaton
from kg.shacl.disk import decode, encode
from kg.shacl.shapes import PATH, Shapes
from kg.shacl.sparql_prefilter import Loosened, Loosenings, loosened
from kg.turtle.reader import TYPE
from kg.turtle.terms import from_rdflib
from kg.turtle.text import Term

_NESTED = (SH.node, SH.property, SH["not"], SH.qualifiedValueShape)
_NESTED_LISTS = (SH["and"], SH["or"], SH.xone)
_PAIRS = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)
_REPEATS = {SH.zeroOrMorePath: (True, True), SH.oneOrMorePath: (False, True), SH.zeroOrOnePath: (True, False)}
_MODES = {"*": (True, True), "+": (False, True), "?": (True, False)}


class Footprints:
    """What the shapes look at, worked out once: their automata, and their queries loosened.

    An automaton's predicates are positions in `terms`.
    """

    def __init__(self, shapes: Shapes):
        self.shapes = shapes
        self.terms: list[Term] = []
        self._numbers: dict[Term, int] = {}
        self.graph = shapes.graph
        self._automata: dict[Node, Automaton] = {}
        self.loosened: Loosenings = {}

    def number(self, term: Term) -> int:
        """Return the position of `term`."""
        if term not in self._numbers:
            self._numbers[term] = len(self.terms)
            self.terms.append(term)
        return self._numbers[term]

    def id(self, node: Node) -> int:
        """Return the number of an rdflib node."""
        return self.number(from_rdflib(node))

    def fill(self, terms: list[Term], automata: dict[str, Automaton]) -> None:
        """Take up automata that were made before, `{shape: automaton}`, over their `terms`."""
        for term in terms:
            self.number(term)
        self._automata |= {shape.node: automata[str(shape.node)] for shape in self.shapes.targeted}

    def asks(self, shape: Node) -> bool:
        """Tell whether `shape` or one that it uses has sh:sparql constraints."""
        return shape in self._asking

    @cached_property
    def _asking(self) -> set[Node]:
        return {each for shape in self.shapes.asking for each in self.shapes.ancestors(shape)}

    def of(self, shape: Node) -> Automaton:
        """Return the automaton of one shape."""
        if shape not in self._automata:
            automaton = self._automata[shape] = Automaton()
            _Walk(self, automaton).shape(shape, 0)
        return self._automata[shape]


class _Walk:
    """One walk through a shape and all that it uses."""

    def __init__(self, footprints: Footprints, automaton: Automaton):
        self.shapes = footprints.shapes
        self.graph = footprints.graph
        self.number, self.id = footprints.number, footprints.id
        self.automaton = automaton
        self.known: dict[tuple[Node, int], int] = {}
        self.under_way: dict[Node, int] = {}

    def shape(self, node: Node, state: int) -> None:
        """Add what the shape `node` looks at from the focus nodes in `state`."""
        if (node, state) in self.known:
            return
        if node in self.under_way:  # a shape that uses itself: from here on as from there
            self.automaton.step(state, NOTHING, self.under_way[node])
            return
        self.known[node, state] = state
        self.under_way[node] = state
        path = self.graph.value(node, SH.path)
        end = state if path is None else self.path(path, state)
        graph, automaton = self.graph, self.automaton
        for predicate in _NESTED:
            for child in graph.objects(node, predicate):
                self.shape(child, end)
        for predicate in _NESTED_LISTS:
            for members in graph.objects(node, predicate):
                for child in RdfList(graph, members):
                    self.shape(child, end)
        if graph.value(node, SH.qualifiedValueShapesDisjoint) is not None:
            for parent in graph.subjects(SH.property, node):
                for sibling in graph.objects(parent, SH.property):
                    for child in graph.objects(sibling, SH.qualifiedValueShape):
                        self.shape(child, end)
        if graph.value(node, SH["class"]) is not None:
            automaton.step(end, self.number(TYPE))
        if graph.value(node, SH.closed) is not None:
            automaton.step(end, ANY)
        for predicate in _PAIRS:
            for other in graph.objects(node, predicate):
                automaton.step(state, self.id(other))
        for constraint in graph.objects(node, SH.sparql):
            for text in graph.objects(constraint, SH.select):
                Query(self, path).add(self.shapes.algebra(str(text)), state)
        if self.shapes.foreign(node):
            automaton.loose.add(ANY)
        del self.under_way[node]

    def path(self, node: Node, state: int, forward: bool = True) -> int:
        """Add the property path `node` (SHACL, section 2.3.1) from `state` and return the state at its end."""
        graph, automaton = self.graph, self.automaton
        if not isinstance(node, BNode):
            return automaton.step(state, self.id(node), forward=forward)
        if graph.value(node, RDF.first) is not None:
            # pySHACL, the judge, keeps the order of a sequence that it takes inversely.
            for part in RdfList(graph, node):
                state = self.path(part, state, forward)
            return state
        for predicate, value in graph.predicate_objects(node):
            if predicate == SH.inversePath:
                return self.path(value, state, not forward)
            if predicate == SH.alternativePath:
                ends = [self.path(part, state, forward) for part in RdfList(graph, value)]
                return self.join(ends)
            if predicate in _REPEATS:
                step = partial(self.path, value, forward=forward)
                return self.repeat(state, step, *_REPEATS[predicate])  # type: ignore[index]
        automaton.loose.add(ANY)
        return automaton.state()

    def join(self, ends: Iterable[int]) -> int:
        """Return one state for several."""
        joined = self.automaton.state()
        for end in ends:
            self.automaton.step(end, NOTHING, joined)
        return joined

    def repeat(self, state: int, part: Callable[[int], int], skip: bool, again: bool) -> int:
        """Add a part that may be skipped or come again, and return the state after it."""
        start = self.automaton.step(state, NOTHING)
        end = part(start)
        if again:
            self.automaton.step(end, NOTHING, start)
        return self.join([start, end] if skip else [end])


_Known = dict[Node, int]


class Query:
    """The triple patterns of one query, tied to the focus node by the variables that they share."""

    def __init__(self, walk: _Walk, path: Node | None):
        self.walk = walk
        self.path = path
        self.automaton = walk.automaton

    def add(self, algebra: CompValue, state: int) -> None:
        """Add what the query looks at from the focus nodes in `state`."""
        self.group(algebra, {Variable("this"): state})

    def group(self, node: object, known: _Known) -> None:
        """Add one group of patterns: those that must all match, then what is optional, alternative or only tested."""
        patterns: list[tuple[Node, object, Node]] = []
        inner: list[object] = []
        apart: list[object] = []
        collect(node, patterns, inner, apart)
        known = dict(known)
        for pattern in self.tie(patterns, known):
            self.loosen(pattern[1])
        for each in inner:
            self.group(each, known)
        for each in apart:
            self.all_loose(each)

    def tie(self, patterns: list[tuple[Node, object, Node]], known: _Known) -> list[tuple[Node, object, Node]]:
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

    def take(self, path: object, state: int, forward: bool) -> int:
        """Add a step along a predicate, a variable or a SPARQL property path."""
        if path == PATH and self.path is not None:
            return self.walk.path(self.path, state, forward)
        if isinstance(path, URIRef):
            return self.automaton.step(state, self.walk.id(path), forward=forward)
        if isinstance(path, InvPath):
            return self.take(path.arg, state, not forward)
        if isinstance(path, SequencePath):
            for part in path.args if forward else reversed(path.args):
                state = self.take(part, state, forward)
            return state
        if isinstance(path, AlternativePath):
            return self.walk.join([self.take(part, state, forward) for part in path.args])
        if isinstance(path, MulPath):
            return self.walk.repeat(state, lambda start: self.take(path.path, start, forward), *_MODES[str(path.mod)])
        if isinstance(path, NegatedPath):  # may go either way
            return self.walk.join([self.automaton.step(state, ANY, forward=way) for way in (True, False)])
        return self.automaton.step(state, ANY, forward=forward)

    def loosen(self, path: object) -> None:
        """Let every triple that `path` could take be loose."""
        loose = self.automaton.loose
        if path == PATH or not isinstance(path, URIRef | PropertyPath) or isinstance(path, NegatedPath):
            loose.add(ANY)
        elif isinstance(path, URIRef):
            loose.add(self.walk.id(path))
        elif isinstance(path, InvPath):
            self.loosen(path.arg)
        elif isinstance(path, MulPath):
            self.loosen(path.path)
        elif isinstance(path, SequencePath | AlternativePath):
            for part in path.args:
                self.loosen(part)

    def all_loose(self, node: object) -> None:
        """Let every pattern below `node` be loose."""
        for pattern in patterns_below(node):
            self.loosen(pattern[1])


def remember(footprints: Footprints, path: Path) -> None:
    """Fill `footprints` from the file at `path`, or work them all out and write them there.

    The path names the content of the shapes; a file that cannot be read is written anew.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        made = {
            shape: Automaton([tuple(step) for step in steps], set(loose), states)
            for shape, (steps, loose, states) in stored["automata"].items()
        }
        footprints.fill([decode(text) for text in stored["terms"]], made)
        footprints.loosened |= {
            shape: queries and [Loosened(*query) for query in queries]
            for shape, queries in ((shape, stored["loosened"][str(shape)]) for shape in footprints.shapes.asking)
        }
    except (OSError, ValueError, KeyError, TypeError):
        automata = {
            str(shape.node): [made.steps, sorted(made.loose), made.states]
            for shape in footprints.shapes.targeted
            for made in [footprints.of(shape.node)]
        }
        footprints.loosened |= {shape: loosened(footprints.shapes, shape) for shape in footprints.shapes.asking}
        text = json.dumps(
            {
                "terms": [encode(term) for term in footprints.terms],
                "automata": automata,
                "loosened": {str(shape): queries for shape, queries in footprints.loosened.items()},
            }
        )
        with atomic(path) as file:
            file.write(text.encode("utf-8"))
