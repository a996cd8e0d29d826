"""The statements of some documents, by the node that they are about and by the node that they mention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from kg.turtle.document import Document
from kg.turtle.text import Term, Triple


class Statement(NamedTuple):
    """A triple, and the document that states it."""

    document: Document
    triple: Triple


class Statements:
    """The statements of `documents`, in the order of the texts."""

    def __init__(self, documents: Sequence[Document]):
        self.documents = documents

    def __iter__(self) -> Iterator[Statement]:
        for document in self.documents:
            for triple in document.triples:
                yield Statement(document, triple)

    @cached_property
    def about(self) -> dict[Term, list[Statement]]:
        """The statements about each node."""
        found: dict[Term, list[Statement]] = {}
        for each in self:
            found.setdefault(each.triple.subject, []).append(each)
        return found

    @cached_property
    def mentions(self) -> dict[Term, list[Statement]]:
        """The statements that have each term as their object."""
        found: dict[Term, list[Statement]] = {}
        for each in self:
            found.setdefault(each.triple.object, []).append(each)
        return found
