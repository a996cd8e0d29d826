"""Where a SHACL result stands in the text: which token shows the reader what to mend.

The rules are the table of tests/data/README.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rdflib.namespace import SH
from rdflib.term import Node, URIRef

from kg.shacl.judge import Result
from kg.shacl.shapes import Shapes
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.terms import from_rdflib
from kg.turtle.text import Offsets, Span, Term, Triple

_MISSING = {SH.MinCountConstraintComponent, SH.QualifiedMinCountConstraintComponent}
_LOGICAL = {
    *(SH.NotConstraintComponent, SH.AndConstraintComponent, SH.OrConstraintComponent),
    *(SH.XoneConstraintComponent, SH.NodeConstraintComponent),
}
_EXTRA = {SH.MaxCountConstraintComponent}


@dataclass(frozen=True)
class Place:
    """A place in one of the documents."""

    document: Document
    at: Offsets

    @property
    def span(self) -> Span:
        """Its lines and columns."""
        return self.document.span(self.at)


Said = tuple[Document, Triple]


@dataclass
class Places:
    """The statements of some documents, by their nodes."""

    documents: Sequence[Document]
    _used: Counter[tuple[object, ...]] = field(default_factory=Counter)

    @cached_property
    def subjects(self) -> dict[Term, list[Said]]:
        """The statements about each node, in the order of the texts."""
        found: dict[Term, list[Said]] = {}
        for document in self.documents:
            for triple in document.triples:
                found.setdefault(triple.subject, []).append((document, triple))
        return found

    @cached_property
    def objects(self) -> dict[Term, list[Said]]:
        """The statements that each term is the object of."""
        found: dict[Term, list[Said]] = {}
        for document in self.documents:
            for triple in document.triples:
                found.setdefault(triple.object, []).append((document, triple))
        return found

    def subject(self, node: Term) -> Place | None:
        """Return the subject token of the first statement about `node`."""
        said = self.subjects.get(node)
        return Place(said[0][0], said[0][1].subject_at) if said else None

    def type(self, node: Term, classes: set[Term] | None = None) -> Place | None:
        """Return the `a Class` of `node`, of one of `classes` where it has one, or its subject token."""
        types = [said for said in self.subjects.get(node, ()) if said[1].predicate == TYPE]
        wanted = [said for said in types if classes and said[1].object in classes]
        for document, triple in wanted or types:
            return Place(document, (triple.predicate_at[0], triple.object_at[1]))
        return self.subject(node)

    def mention(self, node: Term) -> Place | None:
        """Return the first place where `node` is an object."""
        said = self.objects.get(node)
        return Place(said[0][0], said[0][1].object_at) if said else None

    def result(self, result: Result, shapes: Shapes) -> Place | None:
        """Return the place of a SHACL result, or nothing where the documents do not speak of its focus node."""
        focus = from_rdflib(result.focus)
        if focus not in self.subjects:
            value = None if result.value is None else from_rdflib(result.value)
            return (value is not None and self._value_elsewhere(focus, value)) or self.mention(focus)
        find = _BY_COMPONENT.get(result.component, Places._value)
        return find(self, focus, result, shapes) or self.type(focus, shapes.classes(result.shape))

    def _values(self, focus: Term, path: Node | None) -> list[Said]:
        """Return the statements that give `focus` its values of the property `path`."""
        if not isinstance(path, URIRef):
            return []
        predicate = from_rdflib(path)
        return [said for said in self.subjects.get(focus, ()) if said[1].predicate == predicate]

    def _value(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        """The value's token; for the node itself its subject token."""
        if result.value is None:
            return None
        value = from_rdflib(result.value)
        if result.value == result.focus and result.path is None:
            return self.subject(focus)
        said = [each for each in self._values(focus, result.path) if each[1].object == value]
        said = said or [each for each in self.subjects[focus] if each[1].object == value]
        if said:
            return Place(said[0][0], said[0][1].object_at)
        if value == focus:  # come to by a path of no length
            return self.subject(focus)
        return self._value_elsewhere(focus, value)

    def _value_elsewhere(self, focus: Term, value: Term) -> Place | None:
        """The value further along a path, or the focus node as the object of the value (an inverse path)."""
        for document, triple in self.subjects.get(value, ()):
            if triple.object == focus:
                return Place(document, triple.object_at)
        return self.mention(value)

    def _missing(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        return self.type(focus, shapes.classes(result.shape))

    def _extra(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        """The first value past what is allowed."""
        first = shapes.first_steps(result.path)
        said = [each for step in first for each in self.subjects.get(focus, ()) if each[1].predicate == step]
        distinct = list({triple.object: (document, triple) for document, triple in reversed(said)}.values())[::-1]
        allowed = shapes.count(result.shape, SH.maxCount)
        if not distinct:
            return None
        document, triple = distinct[min(allowed, len(distinct) - 1)]
        return Place(document, triple.object_at)

    def _language(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        """The second literal of a language; for the next result of the same kind, that of the next language."""
        seen: set[str] = set()
        twice: dict[str, Said] = {}
        for said in self._values(focus, result.path):
            language = getattr(said[1].object, "language", None)
            if language and language in seen:
                twice.setdefault(language, said)
            seen.add(language or "")
        key = (result.focus, result.shape, result.component)
        number, found = self._used[key], list(twice.values())
        self._used[key] += 1
        return Place(found[number][0], found[number][1].object_at) if number < len(found) else None

    def _closed(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        """The predicate that is not allowed."""
        said = self._values(focus, result.path)
        value = None if result.value is None else from_rdflib(result.value)
        for document, triple in [each for each in said if each[1].object == value] or said:
            return Place(document, triple.predicate_at)
        return None

    def _sparql(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        """The value that the query names; pySHACL gives the focus node for one that names none."""
        if result.value is None:
            return None
        value = from_rdflib(result.value)
        if value == focus:
            itself = [said for said in self.subjects[focus] if said[1].object == focus]
            return Place(itself[0][0], itself[0][1].object_at) if itself else None
        return self._value(focus, result, shapes)

    def _logical(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        """The value's token; for a node that breaks a combination of shapes its type."""
        if result.path is None and result.value == result.focus:
            return None
        return self._value(focus, result, shapes)

    def _present(self, focus: Term, result: Result, shapes: Shapes) -> Place | None:
        """For a value that must be there and is not: the node itself, or its type for a property."""
        return self.subject(focus) if result.path is None else None


_Find = Callable[[Places, Term, Result, Shapes], Place | None]
_BY_COMPONENT: dict[Node, _Find] = {
    **dict.fromkeys(_MISSING, Places._missing),
    **dict.fromkeys(_EXTRA, Places._extra),
    SH.UniqueLangConstraintComponent: Places._language,
    SH.ClosedConstraintComponent: Places._closed,
    SH.SPARQLConstraintComponent: Places._sparql,
    SH.HasValueConstraintComponent: Places._present,
    **dict.fromkeys(_LOGICAL, Places._logical),
}
