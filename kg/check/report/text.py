"""Findings for a terminal: a paragraph each, with the source line and a caret."""

from __future__ import annotations

import click

from kg.check.finding import Report
from kg.check.report.wording import CONTROLS, CONTROLS_BUT_TAB, summary, told

_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


def render(report: Report, colour: bool = False) -> str:
    """Return one paragraph for each finding, with the source line and a caret below the place.

    Control characters of a file or of its name are shown as symbols: they would do things to the terminal.
    """

    def style(words: str, **kind: object) -> str:
        return click.style(words, **kind) if colour else words  # type: ignore[arg-type]

    lines = []
    for finding in report.findings:
        span = finding.span
        where = f"{finding.source}:{span.line}:{span.column}".translate(CONTROLS)
        level = style(finding.level, fg=_COLOURS[finding.level], bold=True)
        lines.append(f"{style(where, bold=True)}: {level} [{finding.rule}] {told(finding).translate(CONTROLS)}")
        if finding.text:
            number = f"{span.line:>6}"
            start, end = finding.at
            indent = "".join(each if each == "\t" else " " for each in finding.text[:start])
            caret = style("^" * max(1, end - start), fg=_COLOURS[finding.level])
            lines += [f"{number} | {finding.text.translate(CONTROLS_BUT_TAB)}", f"       | {indent}{caret}"]
    lines.append(style(summary(report), bold=True))
    return "\n".join(lines) + "\n"
