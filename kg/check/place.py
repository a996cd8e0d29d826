"""Where a finding stands in the text: which token shows the reader what to mend.

The places of SHACL results are the table of tests/data/README.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pyoxigraph as ox

from kg.shacl.judge import Result
from kg.shacl.parameters import sh
from kg.shacl.paths import first_steps
from kg.shacl.shapes import Shapes
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.statements import Statement, Statements
from kg.turtle.text import Offsets, Span, Term


class Place(NamedTuple):
    """A place in one of the documents."""

    document: Document
    at: Offsets

    @property
    def span(self) -> Span:
        """Its lines and columns."""
        return self.document.span(self.at)


def at_object(said: Statement) -> Place:
    """Return the object token of a statement."""
    return Place(said.document, said.triple.object_at)


def at_subject(statements: Statements, node: Term) -> Place | None:
    """Return the subject token of the first statement about `node`."""
    said = statements.about.get(node)
    return Place(said[0].document, said[0].triple.subject_at) if said else None


def at_type(statements: Statements, node: Term, classes: Iterable[Term] = ()) -> Place | None:
    """Return the `a Class` of `node`, of one of `classes` where it has one, or its subject token."""
    types = [said for said in statements.about.get(node, ()) if said.triple.predicate == TYPE]
    wanted = [said for said in types if said.triple.object in classes]
    for document, triple in wanted or types:
        return Place(document, (triple.predicate_at[0], triple.object_at[1]))
    return at_subject(statements, node)


def at_mention(statements: Statements, node: Term) -> Place | None:
    """Return the first place where `node` is an object."""
    said = statements.mentions.get(node)
    return at_object(said[0]) if said else None


class ResultPlaces:
    """The places of the SHACL results of `shapes` in some statements."""

    def __init__(self, statements: Statements, shapes: Shapes):
        self.statements = statements
        self.shapes = shapes
        self._used: Counter[tuple[Term, ...]] = Counter()

    def find(self, result: Result) -> Place | None:
        """Return the place of a SHACL result, or nothing where the statements do not speak of its focus node."""
        focus, value = result.focus, result.value
        if focus not in self.statements.about:
            return (value is not None and self._value_elsewhere(focus, value)) or at_mention(self.statements, focus)
        find = _BY_COMPONENT.get(result.component, ResultPlaces._value)
        return find(self, result) or self._type(result)

    def _values(self, result: Result) -> list[Statement]:
        """Return the statements that give the focus node its values of the result's path, a property."""
        return [said for said in self.statements.about.get(result.focus, ()) if said.triple.predicate == result.path]

    def _value(self, result: Result) -> Place | None:
        """The value's token; for the node itself its subject token."""
        focus, value = result.focus, result.value
        if value is None:
            return None
        if value == focus and result.path is None:
            return at_subject(self.statements, focus)
        said = [each for each in self._values(result) if each.triple.object == value]
        said = said or [each for each in self.statements.about[focus] if each.triple.object == value]
        if said:
            return at_object(said[0])
        if value == focus:  # come to by a path of no length
            return at_subject(self.statements, focus)
        return self._value_elsewhere(focus, value)

    def _value_elsewhere(self, focus: Term, value: Term) -> Place | None:
        """The value further along a path, or the focus node as the object of the value (an inverse path)."""
        said = next((each for each in self.statements.about.get(value, ()) if each.triple.object == focus), None)
        return at_object(said) if said else at_mention(self.statements, value)

    def _type(self, result: Result) -> Place | None:
        """The class by which the shape selects the focus node."""
        return at_type(self.statements, result.focus, self.shapes.classes(result.shape))

    def _extra(self, result: Result) -> Place | None:
        """The first value past what is allowed."""
        path = self.shapes.path(result.shape)
        first = first_steps(path) if path else []
        about = self.statements.about[result.focus]
        said = [each for step in first for each in about if each.triple.predicate == step]
        distinct = list({each.triple.object: each for each in reversed(said)}.values())[::-1]
        allowed = self.shapes.graph.value(result.shape, sh("maxCount"))
        number = int(allowed.value) if allowed is not None and allowed.value.isdigit() else 0
        return at_object(distinct[min(number, len(distinct) - 1)]) if distinct else None

    def _language(self, result: Result) -> Place | None:
        """The second literal of a language; for the next result of the same kind, that of the next language."""
        seen: set[str] = set()
        twice: dict[str, Statement] = {}
        for said in self._values(result):
            value = said.triple.object
            if isinstance(value, ox.Literal) and (language := value.language):
                if language in seen:
                    twice.setdefault(language, said)
                seen.add(language)
        key = (result.focus, result.shape, result.component)
        number, found = self._used[key], list(twice.values())
        self._used[key] += 1
        return at_object(found[number]) if number < len(found) else None

    def _closed(self, result: Result) -> Place | None:
        """The predicate that is not allowed."""
        said = self._values(result)
        for document, triple in [each for each in said if each.triple.object == result.value] or said:
            return Place(document, triple.predicate_at)
        return None

    def _sparql(self, result: Result) -> Place | None:
        """The value that the query names; pySHACL gives the focus node for one that names none."""
        if result.value == result.focus:
            about = self.statements.about[result.focus]
            return next((at_object(said) for said in about if said.triple.object == result.focus), None)
        return self._value(result)

    def _logical(self, result: Result) -> Place | None:
        """The value's token; for a node that breaks a combination of shapes its type."""
        return None if result.path is None and result.value == result.focus else self._value(result)

    def _present(self, result: Result) -> Place | None:
        """For a value that must be there and is not: the node itself, or its type for a property."""
        return at_subject(self.statements, result.focus) if result.path is None else None


_BY_COMPONENT: dict[Term, Callable[[ResultPlaces, Result], Place | None]] = {
    sh(f"{name}ConstraintComponent"): find
    for names, find in (
        ("MinCount QualifiedMinCount", ResultPlaces._type),
        ("MaxCount", ResultPlaces._extra),
        ("UniqueLang", ResultPlaces._language),
        ("Closed", ResultPlaces._closed),
        ("SPARQL", ResultPlaces._sparql),
        ("HasValue", ResultPlaces._present),
        ("Not And Or Xone Node", ResultPlaces._logical),
    )
    for name in names.split()
}
