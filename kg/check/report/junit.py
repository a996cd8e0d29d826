"""Findings as JUnit XML."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from kg.check.finding import Report
from kg.check.report.wording import summary, told

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Return JUnit XML: a test case for each finding, failed unless it is a note, or one that passed."""
    failures = sum(finding.level != "note" for finding in report.findings)
    counts = f'tests="{max(1, len(report.findings))}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {counts}>",
        f'  <testsuite name="mercato check" {counts} skipped="0">',
    ]
    for finding in report.findings:
        where = f"{finding.source}:{finding.span.line}:{finding.span.column}"
        name = f"{finding.rule} at {finding.span}"
        case = f"    <testcase classname={_xml_value(finding.source)} name={_xml_value(name)}"
        if finding.level == "note":
            lines.append(f"{case}><system-out>{_xml(f'{where}: {told(finding)}')}</system-out></testcase>")
        else:
            kind = f"message={_xml_value(told(finding))} type={_xml_value(finding.rule)}"
            body = f"{where}: {finding.level}: {told(finding)}\n{finding.text}"
            lines.append(f"{case}><failure {kind}>{_xml(body)}</failure></testcase>")
    if not report.findings:
        lines.append('    <testcase classname="mercato" name="check"/>')
    lines += [f"    <system-out>{_xml(summary(report))}</system-out>", "  </testsuite>", "</testsuites>"]
    return "\n".join(lines) + "\n"


def _printable(words: str) -> str:
    """Return `words` without what XML 1.0 cannot hold (section 2.2)."""
    return _NO_XML.sub("\ufffd", words)


def _xml(words: str) -> str:
    return escape(_printable(words))


def _xml_value(words: str) -> str:
    return quoteattr(_printable(words))
