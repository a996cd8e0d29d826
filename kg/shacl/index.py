"""A graph as numbers: each term has one, and neighbours are looked up by them.

Hashing terms again and again is what costs time in Python; here each is hashed once, when it comes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import pyoxigraph as ox

from kg.turtle.terms import Three
from kg.turtle.text import Term

IRI, BLANK, LITERAL = range(3)
_FEW = 50
"""Up to so many values a list is looked through as fast as a set."""


class Index(Protocol):
    """A graph that can be asked from either end of a triple; a triple that is there twice counts once."""

    def id(self, term: Term) -> int:
        """Return the number of `term`; one that is new to the graph gets a new number."""

    def term(self, number: int) -> Term:
        """Return the term of a number."""

    def values(self, subject: int, predicate: int) -> Sequence[int]:
        """Return the objects of `subject`'s triples with `predicate`, each once."""

    def sources(self, predicate: int, value: int) -> Sequence[int]:
        """Return the subjects of the triples with `predicate` and the object `value`, each once."""

    def source(self, predicate: int, value: int) -> int | None:
        """Return one of the subjects of the triples with `predicate` and the object `value`, if there is any."""

    def outgoing(self, subject: int) -> Iterable[tuple[int, int]]:
        """Return predicate and object of each triple of `subject`."""

    def incoming(self, value: int) -> Iterable[tuple[int, int]]:
        """Return subject and predicate of each triple with the object `value`."""

    def pairs(self, predicate: int) -> Iterable[tuple[int, int]]:
        """Return subject and object of each triple with `predicate`."""

    def triples(self) -> Iterable[tuple[int, int, int]]:
        """Return every triple."""


def kind(term: Term) -> int:
    """Return which of the three kinds `term` is of."""
    return IRI if isinstance(term, ox.NamedNode) else BLANK if isinstance(term, ox.BlankNode) else LITERAL


class MemoryIndex:
    """An index in memory."""

    def __init__(self, triples: Iterable[Three] = ()):
        self._ids: dict[Term, int] = {}
        self._terms: list[Term] = []
        self._by: dict[int, dict[int, list[int]]] = {}
        self._into: dict[int, dict[int, list[int]]] = {}
        self._predicates: dict[int, list[int]] = {}
        self.add(triples)

    def add(self, triples: Iterable[Three]) -> None:
        """Add triples; those that are there already change nothing."""
        ids, by = self._ids, self._by
        many: dict[tuple[int, int], set[int]] = {}  # the values of what has too many to look through
        for subject, predicate, value in triples:
            s, p, o = ids.get(subject), ids.get(predicate), ids.get(value)
            if s is None:
                s = self.id(subject)
            if p is None:
                p = self.id(predicate)
            if o is None:
                o = self.id(value)
            of = by.get(p)
            if of is None:
                of = by[p] = {}
            values = of.get(s)
            if values is None:
                of[s] = [o]
            elif len(values) < _FEW:
                if o not in values:
                    values.append(o)
            else:
                several = many.get((p, s))
                if several is None:
                    several = many[p, s] = set(values)
                if o not in several:
                    several.add(o)
                    values.append(o)
        self._into.clear()
        self._predicates.clear()

    def id(self, term: Term) -> int:
        """Return the number of `term`, a new one if need be."""
        known = self._ids.get(term)
        if known is None:
            known = self._ids[term] = len(self._terms)
            self._terms.append(term)
        return known

    def term(self, number: int) -> Term:
        """Return the term of a number."""
        return self._terms[number]

    def values(self, subject: int, predicate: int) -> Sequence[int]:
        """Return the objects of `subject`'s triples with `predicate`."""
        of = self._by.get(predicate)
        return of.get(subject, ()) if of else ()

    def sources(self, predicate: int, value: int) -> Sequence[int]:
        """Return the subjects of the triples with `predicate` and `value`."""
        into = self._into.get(predicate)
        if into is None:
            into = self._into[predicate] = {}
            for subject, values in self._by.get(predicate, {}).items():
                for each in values:
                    into.setdefault(each, []).append(subject)
        return into.get(value, ())

    def source(self, predicate: int, value: int) -> int | None:
        """Return one of the subjects of the triples with `predicate` and the object `value`, if there is any."""
        return next(iter(self.sources(predicate, value)), None)

    def outgoing(self, subject: int) -> Iterator[tuple[int, int]]:
        """Return predicate and object of each triple of `subject`."""
        if not self._predicates:
            for predicate, of in self._by.items():
                for each in of:
                    self._predicates.setdefault(each, []).append(predicate)
        for predicate in self._predicates.get(subject, ()):
            for value in self._by[predicate][subject]:
                yield predicate, value

    def incoming(self, value: int) -> Iterator[tuple[int, int]]:
        """Return subject and predicate of each triple with the object `value`."""
        for predicate in list(self._by):
            for subject in self.sources(predicate, value):
                yield subject, predicate

    def pairs(self, predicate: int) -> Iterator[tuple[int, int]]:
        """Return subject and object of each triple with `predicate`."""
        for subject, values in self._by.get(predicate, {}).items():
            for value in values:
                yield subject, value

    def triples(self) -> Iterator[tuple[int, int, int]]:
        """Return every triple."""
        for predicate in self._by:
            for subject, value in self.pairs(predicate):
                yield subject, predicate, value
