"""Places in a text: offsets, lines and columns, and triples that know theirs."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

import pyoxigraph as ox

Term = ox.NamedNode | ox.BlankNode | ox.Literal

Offsets = tuple[int, int]
"""Where a token starts and ends, in characters from the start of the text; the end is the first one after it."""


WIDTH = 240
"""How many characters of a line a report shows; of a longer line those around the place."""


def cut(words: str) -> str:
    """Return `words`, the middle left out where they are too long to be read in a sentence."""
    return words if len(words) <= WIDTH else f"{words[: WIDTH * 2 // 3]} … {words[-WIDTH // 4 :]}"


class Span(NamedTuple):
    """A place in a text: lines and columns from 1, columns in characters, the end just after the last one."""

    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}-{self.end_line}:{self.end_column}"


class Text:
    """A text and its lines: turns offsets into lines and columns."""

    def __init__(self, text: str, source: str):
        self.text = text
        self.source = source

    @cached_property
    def starts(self) -> list[int]:
        """The offsets at which the lines start."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def span(self, at: Offsets) -> Span:
        """Return the lines and columns of the offsets `at`."""
        first, last = bisect_right(self.starts, at[0]), bisect_right(self.starts, at[1])
        return Span(first, at[0] - self.starts[first - 1] + 1, last, at[1] - self.starts[last - 1] + 1)

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its end, or nothing where there is none."""
        start, end = self._ends(number)
        return self.text[start:end].rstrip("\r\n")

    def excerpt(self, span: Span) -> tuple[str, int]:
        """Return the line that `span` starts on, and the column at which what is returned of it starts.

        Of a line longer than `WIDTH` only what is around the span, for a report may quote one line many times.
        """
        start, end = self._ends(span.line)
        if end - start <= WIDTH:
            return self.line(span.line), 1
        column = max(0, min(span.column - WIDTH // 4, end - start - WIDTH))
        return self.text[start + column : min(end, start + column + WIDTH)].rstrip("\r\n"), column + 1

    def _ends(self, number: int) -> Offsets:
        """Return where line `number` starts and where the next one does."""
        if not 1 <= number <= len(self.starts):
            return 0, 0
        return self.starts[number - 1], self.starts[number] if number < len(self.starts) else len(self.text)


class Triple(NamedTuple):
    """One triple, and the offsets of the tokens that say it.

    A blank node in brackets stands at its `[`, the first cell of a collection at its `(`, a later cell at its item.
    """

    subject: Term
    predicate: Term
    object: Term
    subject_at: Offsets
    predicate_at: Offsets
    object_at: Offsets
