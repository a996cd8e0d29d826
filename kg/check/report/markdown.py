"""Findings as a table for a job summary."""

from __future__ import annotations

from kg.check.finding import Report
from kg.check.report.wording import CONTROLS, summary, told

MARKDOWN_LIMIT = 200
"""Rows of a job summary; GitHub refuses one of more than a megabyte."""
_MARKDOWN = str.maketrans({**{mark: f"\\{mark}" for mark in "\\|`*_[]~$"}, "&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render(report: Report) -> str:
    """Return a table for a job summary."""
    outcome = "has findings" if report.failed else "passed"
    lines = [f"### `mercato check` {outcome}", "", summary(report), ""]
    if report.findings:
        lines += ["| where | level | rule | what to do |", "|---|---|---|---|"]
    for finding in report.findings[:MARKDOWN_LIMIT]:
        where = f"{finding.source}:{finding.span.line}:{finding.span.column}"
        cells = (where, finding.level, finding.rule, told(finding))
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    if len(report.findings) > MARKDOWN_LIMIT:
        lines += ["", f"… and {len(report.findings) - MARKDOWN_LIMIT} more."]
    return "\n".join(lines).rstrip() + "\n"


def _cell(words: str) -> str:
    """Return `words` as one cell of a table, in which nothing of them is markup."""
    return " ".join(words.split()).translate(CONTROLS).translate(_MARKDOWN)
