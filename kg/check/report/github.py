"""Findings as GitHub workflow commands."""

from __future__ import annotations

from kg.check.finding import LEVELS, Report
from kg.check.report.wording import summary, told

GITHUB_LIMIT = 10
"""GitHub shows this many annotations of each level for a step, and drops the rest."""
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report) -> str:
    """Return GitHub workflow commands: annotations for the first ten findings of each level, and a summary line."""
    lines = []
    for level in LEVELS:
        found = [each for each in report.findings if each.level == level]
        for finding in found[:GITHUB_LIMIT]:
            span = finding.span
            values = {"file": finding.source, "line": span.line, "endLine": span.end_line}
            if span.line == span.end_line:  # columns are for annotations of one line only, the end inclusive
                values |= {"col": span.column, "endColumn": max(span.column, span.end_column - 1)}
            values["title"] = f"mercato: {finding.rule}"
            properties = ",".join(f"{name}={_github_escape(str(value), True)}" for name, value in values.items())
            lines.append(f"::{_GITHUB[level]} {properties}::{_github_escape(told(finding), False)}")
        if len(found) > GITHUB_LIMIT:
            lines.append(f"{len(found) - GITHUB_LIMIT} more {level}s are not shown as annotations")
    return "\n".join([*lines, summary(report)]) + "\n"


def _github_escape(words: str, is_property: bool) -> str:
    words = words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return words.replace(":", "%3A").replace(",", "%2C") if is_property else words
