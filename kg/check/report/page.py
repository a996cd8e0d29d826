"""A report for a page: the first findings, each with the part of its source line that a reader looks at."""

from __future__ import annotations

import json

from kg.check.finding import LEVELS, Finding, Report

SHOWN = 200
"""Findings that a page shows."""


def listing(report: Report) -> str:
    """Return JSON: `findings`, at most `SHOWN` of them, how many `more` there are, and the counts of the report.

    Each finding has `line`, `column`, `level`, `rule`, `focus` and `sentence`, and its source line in three pieces:
    `before` the place, the `token` at it, and what comes `after`.
    """
    counts = {name: getattr(report, name) for name in ("triples", "shapes", "nodes", "scope")}
    found = {
        "findings": [_shown(finding) for finding in report.findings[:SHOWN]],
        "more": max(0, len(report.findings) - SHOWN),
        **counts,
        **{level: report.count(level) for level in LEVELS},
    }
    return json.dumps(found, ensure_ascii=False)


def _shown(finding: Finding) -> dict[str, object]:
    before, token, after = pieces(finding)
    return {
        "line": finding.span.line,
        "column": finding.span.column,
        "level": finding.level,
        "rule": finding.rule,
        "focus": _visible(finding.focus),
        "sentence": _visible(finding.sentence),
        "before": before,
        "token": token,
        "after": after,
    }


def pieces(finding: Finding) -> tuple[str, str, str]:
    """Return the source line before the place of `finding`, at it and after it, without odd characters.

    A place of several lines ends with its first; one past the end of the line is a blank.
    """
    text, (start, end) = finding.text, finding.at
    before = "…" * (finding.text_column > 1) + text[:start]
    return _visible(before), _visible(text[start:end] or " "), _visible(text[end:])


def _visible(words: str) -> str:
    """Return `words` with a mark for each character that would not be seen, or would move others (Unicode's Cf)."""
    return "".join(each if each.isprintable() or each in "\t\u200c\u200d" else "\ufffd" for each in words)
