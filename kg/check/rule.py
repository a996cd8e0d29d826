"""What a rule is: it finds breaches in a graph, and says which of them a change of the graph can bring about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kg.check.documents import DataGraph
from kg.check.finding import Finding
from kg.check.place import Place
from kg.shacl.index import Index
from kg.turtle.terms import Three
from kg.turtle.text import Term

About = Term | Three
"""What a breach is about: a node, or one statement."""


class Breach(NamedTuple):
    """One breach of a rule: what it is about, where it stands, and what to do."""

    about: About
    place: Place
    sentence: str


@dataclass(frozen=True)
class Change:
    """A change of a graph: the `triples` that are new or gone, and the graph `before` and `after` in one numbering."""

    triples: Collection[Three]
    before: Index
    after: Index

    @cached_property
    def subjects(self) -> set[Term]:
        """The nodes whose description changed."""
        return {triple[0] for triple in self.triples}

    @cached_property
    def lost(self) -> set[Term]:
        """The nodes that were described and are not any more."""
        before, after = self.before, self.after
        numbers = {node: after.id(node) for node in self.subjects}
        return {
            node for node, number in numbers.items() if any(before.outgoing(number)) and not any(after.outgoing(number))
        }


class Rule(NamedTuple):
    """A rule of the check.

    `find` returns the breaches on the documents of a graph; with `about`, at least those about one of these. `reach`
    returns what breaches a change can bring about can be about. `everybody` says whether it holds for any graph.
    """

    name: str
    find: Callable[[DataGraph, Collection[About] | None], Iterable[Breach]]
    reach: Callable[[Change], Iterable[About]]
    everybody: bool = False

    def findings(self, graph: DataGraph, about: Collection[About] | None = None) -> Iterator[Finding]:
        """Return the findings on the documents of `graph`, about `about` alone where given."""
        for breach in self.find(graph, about):
            if about is None or breach.about in about:
                node = breach.about[0] if isinstance(breach.about, tuple) else breach.about
                yield graph.finding(breach.place, self.name, breach.sentence, node)
