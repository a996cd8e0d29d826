"""What the formats share: the report in one sentence, a finding after its node, and how odd characters are shown."""

from __future__ import annotations

import json

from kg.check.finding import LEVELS, Finding, Report

HELP = "https://w3id.org/mercato/rule/"
"""Where rules have their IRIs."""

CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
# What turns the direction of the text about, so that a line reads otherwise than it is.
CONTROLS |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029), 0xFFFD)
CONTROLS_BUT_TAB = {code: shown for code, shown in CONTROLS.items() if code != 0x09}


def summary(report: Report) -> str:
    """Return the report in one sentence."""
    counts = [counted(report.count(level), level) for level in LEVELS]
    judged = f"{counted(report.triples, 'triple')} in {counted(report.files, 'file')}"
    by = f"{counted(report.shapes, 'shape')} selected {counted(report.nodes, 'node')}"
    return f"{', '.join(counts)}: {judged}; {by}." + (f" {report.scope}" if report.scope else "")


def counted(number: int, word: str) -> str:
    """Return a number of things: `1 file`, `2 files`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def told(finding: Finding) -> str:
    """Return the sentence of `finding`, after the node that it is about where that is known."""
    return f"{finding.focus}: {finding.sentence}" if finding.focus else finding.sentence


def as_text(value: object) -> str:
    """Return `value` as JSON text."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
