"""What a shape can look at, as an automaton that walks a graph.

Its states are what a path from the focus node has come to, its steps are triples taken in either direction. Walked
forward from a focus node it collects every triple that the shape's results on the node can depend on; walked
backward from a changed triple it comes to every focus node whose results the change can touch. Both may be more than
needed and are never less. What cannot be bounded so (a query part that nothing ties to the focus node, a component
of somebody's own) is `loose`: a change there touches every focus node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kg.shacl.index import Index
from kg.turtle.text import Term

ANY = -1
"""Any predicate."""
NOTHING = -2
"""No triple at all: a step from state to state on the spot."""

Spot = tuple[int, int]
"""A node and a state."""


@dataclass
class Automaton:
    """States are numbers, 0 the focus node; `steps` are (from, predicate, forward, to)."""

    steps: list[tuple[int, int, bool, int]] = field(default_factory=list)
    loose: set[int] = field(default_factory=set)
    states: int = 1

    def state(self) -> int:
        """Return a new state."""
        self.states += 1
        return self.states - 1

    def step(self, start: int, predicate: int, end: int | None = None, forward: bool = True) -> int:
        """Add a step from `start` and return the state that it leads to, a new one if `end` is not given."""
        end = self.state() if end is None else end
        self.steps.append((start, predicate, forward, end))
        return end

    @property
    def unbounded(self) -> bool:
        """Whether anything at all can touch any focus node."""
        return ANY in self.loose

    def renumbered(self, terms: Sequence[Term], number: Callable[[Term], int]) -> Automaton:
        """Return the automaton with each predicate, a position in `terms`, as its number."""
        names = {position: number(terms[position]) for _, position, _, _ in self.steps if position >= 0}
        names |= {position: number(terms[position]) for position in self.loose if position >= 0}
        steps = [(start, names.get(each, each), forward, end) for start, each, forward, end in self.steps]
        return Automaton(steps, {names.get(each, each) for each in self.loose}, self.states)

    @cached_property
    def _onward(self) -> dict[int, list[tuple[int, bool, int]]]:
        """The steps from each state, as they are at the first walk: then the automaton is whole."""
        found: dict[int, list[tuple[int, bool, int]]] = {}
        for start, predicate, forward, end in self.steps:
            found.setdefault(start, []).append((predicate, forward, end))
        return found

    def touched(self, nodes: Iterable[int], index: Index) -> set[tuple[int, int, int]]:
        """Return the triples of `index` that results on `nodes` can depend on, without the loose ones."""
        onward = self._onward
        todo: list[Spot] = [(node, 0) for node in nodes]
        seen = set(todo)
        found: set[tuple[int, int, int]] = set()
        while todo:
            node, state = todo.pop()
            for predicate, forward, end in onward.get(state, ()):
                if predicate == NOTHING:
                    reached: list[int] = [node]
                else:
                    triples = _taken(node, predicate, forward, index)
                    found.update(triples)
                    reached = [triple[2] if forward else triple[0] for triple in triples]
                for each in reached:
                    spot = (each, end)
                    if spot not in seen:
                        seen.add(spot)
                        todo.append(spot)
        return found

    def reached(self, triples: Iterable[tuple[int, int, int]], *graphs: Index) -> set[int] | None:
        """Return the focus nodes that a change of `triples` can touch, walking over all of `graphs` as one.

        Nothing (None) stands for every focus node: one of the triples is loose.
        """
        by_predicate: dict[int, list[tuple[int, bool]]] = {}
        for start, predicate, forward, _ in self.steps:
            by_predicate.setdefault(predicate, []).append((start, forward))
        everything, loose, always = self.unbounded, self.loose, by_predicate.get(ANY, [])
        todo: list[Spot] = []
        for subject, predicate, value in triples:
            if everything or predicate in loose:
                return None
            for start, forward in (*by_predicate.get(predicate, ()), *always):
                todo.append((subject if forward else value, start))
        if not todo:
            return set()
        back: dict[int, list[tuple[int, bool, int]]] = {}
        for start, predicate, forward, end in self.steps:
            back.setdefault(end, []).append((predicate, forward, start))
        seen = set(todo)
        while todo:
            node, state = todo.pop()
            for predicate, forward, start in back.get(state, ()):
                if predicate == NOTHING:
                    reached = [node]
                else:
                    reached = [
                        triple[0] if forward else triple[2]
                        for index in graphs
                        for triple in _taken(node, predicate, not forward, index)
                    ]
                for each in reached:
                    spot = (each, start)
                    if spot not in seen:
                        seen.add(spot)
                        todo.append(spot)
        return {node for node, state in seen if state == 0}


def _taken(node: int, predicate: int, forward: bool, index: Index) -> list[tuple[int, int, int]]:
    """Return the triples that a step from `node` takes."""
    if predicate == ANY:
        if forward:
            return [(node, p, value) for p, value in index.outgoing(node)]
        return [(subject, p, node) for subject, p in index.incoming(node)]
    if forward:
        return [(node, predicate, value) for value in index.values(node, predicate)]
    return [(subject, predicate, node) for subject in index.sources(predicate, node)]
