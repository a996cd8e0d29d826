"""A finding: what is wrong, where, under which rule, and what to do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from kg.turtle.text import Span, Text

LEVELS = ("error", "warning", "note")
"""From the gravest; errors and warnings fail a check, notes do not."""


@dataclass(frozen=True, order=True)
class Finding:
    """One breach of one rule at one place; findings sort by file, place and rule.

    `rule` is an id of ours or of a shape (tests/data/README.md), `sentence` says what to do, `focus` is the node it is
    about as a reader would write it, `text` the source line, of a long one what is around the place, from the column
    `text_column` on. Of a SHACL result, `result` has the terms in N-Triples syntax by the names of their properties in
    the SHACL namespace (SHACL, section 3.6.2).
    """

    source: str
    span: Span
    rule: str
    sentence: str
    level: str = "error"
    focus: str = ""
    text: str = field(default="", compare=False)
    result: tuple[tuple[str, str], ...] = ()
    text_column: int = field(default=1, compare=False)

    @classmethod
    def on(
        cls,
        lines: Text,
        span: Span,
        rule: str,
        sentence: str,
        level: str = "error",
        focus: str = "",
        result: tuple[tuple[str, str], ...] = (),
    ) -> Finding:
        """Return a finding on `span` of the text `lines`, quoting what is there."""
        text, column = lines.excerpt(span)
        return cls(lines.source, span, rule, sentence, level, focus, text, result, column)

    @property
    def at(self) -> tuple[int, int]:
        """Where in `text` the place starts and ends; one of several lines ends with the first."""
        last = self.span.end_column - self.text_column if self.span.end_line == self.span.line else len(self.text)
        start = min(self.span.column - self.text_column, len(self.text))
        return start, max(start, min(last, len(self.text)))

    @property
    def fingerprint(self) -> str:
        """A digest that stays the same when lines move: of the rule, the file, the node and the words at the place."""
        words = self.text.strip()
        parts = (self.rule, self.source, self.focus, self.sentence, words)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Report:
    """What a check found: the findings in order, and how much was judged.

    `shapes` is how many shapes selected something, `nodes` how many nodes they selected, `scope` says in a sentence
    what was judged when that was not everything.
    """

    findings: tuple[Finding, ...]
    files: int = 0
    triples: int = 0
    shapes: int = 0
    nodes: int = 0
    scope: str = ""

    def count(self, level: str) -> int:
        """Return how many findings have `level`."""
        return sum(finding.level == level for finding in self.findings)

    @property
    def failed(self) -> bool:
        """Whether an error or a warning was found."""
        return any(finding.level != "note" for finding in self.findings)
