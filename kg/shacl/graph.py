"""The shapes graph (SHACL, section 1.2): its statements by subject and property, with their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import pyoxigraph as ox

from kg.shacl.parameters import sh
from kg.shacl.paths import Alternative, Path, Repeat, Step
from kg.shacl.paths import Sequence as SequencePath
from kg.turtle.document import Document
from kg.turtle.reader import FIRST, NIL, REST
from kg.turtle.statements import Statement, Statements
from kg.turtle.text import Term

_REPEATS = {"zeroOrMorePath": (True, True), "oneOrMorePath": (False, True), "zeroOrOnePath": (True, False)}


class PathError(ValueError):
    """A node is no property path (SHACL, section 2.3.1)."""


class ShapesGraph(Statements):
    """The statements of the files of shapes."""

    def __init__(self, documents: Sequence[Document]):
        super().__init__(documents)
        self._paths: dict[tuple[Term, bool], Path] = {}

    @cached_property
    def properties(self) -> dict[Term, dict[Term, list[Statement]]]:
        """The statements by subject and predicate."""
        found: dict[Term, dict[Term, list[Statement]]] = {}
        for each in self:
            found.setdefault(each.triple.subject, {}).setdefault(each.triple.predicate, []).append(each)
        return found

    def statements(self, subject: Term, predicate: Term) -> list[Statement]:
        """Return the statements that give `subject` a value of `predicate`."""
        return self.properties.get(subject, {}).get(predicate, [])

    def values(self, subject: Term, predicate: Term) -> list[Term]:
        """Return the distinct values that `subject` has of `predicate`."""
        return list(dict.fromkeys(each.triple.object for each in self.statements(subject, predicate)))

    def value(self, subject: Term, predicate: Term) -> Term | None:
        """Return the first of the values that `subject` has of `predicate`, if it has any."""
        return next(iter(self.values(subject, predicate)), None)

    def pairs(self, predicate: Term) -> Iterator[tuple[Term, Term]]:
        """Return subject and object of each statement with `predicate`."""
        for subject, properties in self.properties.items():
            yield from ((subject, each.triple.object) for each in properties.get(predicate, ()))

    def cells(self, head: Term) -> list[Statement] | None:
        """Return the statements of a list's members, or nothing where it is no list (SHACL, section 1.1)."""
        found: list[Statement] = []
        seen = set()
        while head != NIL:
            first, rest = self.statements(head, FIRST), self.statements(head, REST)
            if head in seen or len(first) != 1 or len(rest) != 1:
                return None
            seen.add(head)
            found.append(first[0])
            head = rest[0].triple.object
        return found

    def members(self, head: Term) -> list[Term]:
        """Return the members of a list; what is no list has none."""
        return [each.triple.object for each in self.cells(head) or ()]

    def path(self, node: Term, in_query: bool = False) -> Path:
        """Return the property path `node`; raise `PathError` for what is none.

        pySHACL takes the parts of a sequence inside `sh:inversePath` in their order, but not in a query's `$PATH`.
        """
        if (node, in_query) not in self._paths:
            self._paths[node, in_query] = self._path(node, (), not in_query)
        return self._paths[node, in_query]

    def _path(self, node: Term, around: tuple[Term, ...], in_order: bool, forward: bool = True) -> Path:
        if isinstance(node, ox.NamedNode) and node != NIL:
            return Step(node, forward)
        if node in around or not isinstance(node, ox.BlankNode):
            raise PathError(node)
        around = (*around, node)

        def part(each: Term, way: bool = forward) -> Path:
            return self._path(each, around, in_order, way)

        if FIRST in self.properties.get(node, {}):
            parts = self._parts(node)
            ordered = parts if forward or in_order else parts[::-1]
            return SequencePath(tuple(part(each) for each in ordered))
        kinds = [(name, value) for name in ("inversePath", "alternativePath", *_REPEATS)
                 for value in self.values(node, sh(name))]  # fmt: skip
        if len(kinds) != 1:
            raise PathError(node)
        ((kind, value),) = kinds
        if kind == "inversePath":
            return part(value, not forward)
        if kind == "alternativePath":
            return Alternative(tuple(part(each) for each in self._parts(value)))
        return Repeat(part(value), *_REPEATS[kind])

    def _parts(self, head: Term) -> list[Term]:
        members = self.members(head)
        if len(members) < 2:
            raise PathError(head)
        return members

    def turtle(self, node: Term) -> str:
        """Return `node` as Turtle, a blank node with what it says: a path, most often."""
        if not isinstance(node, ox.BlankNode):
            return str(node)
        if self.statements(node, FIRST):
            return f"( {' '.join(map(self.turtle, self.members(node)))} )"
        parts = sorted((str(name), self.turtle(each.triple.object))
                       for name, said in self.properties.get(node, {}).items() for each in said)  # fmt: skip
        return f"[ {' ; '.join(f'{name} {value}' for name, value in parts)} ]"
