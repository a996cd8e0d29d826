"""Findings and counts as JSON."""

from __future__ import annotations

from kg.check.finding import LEVELS, Report
from kg.check.report.wording import as_text


def render(report: Report) -> str:
    """Return the findings and the counts as JSON."""
    findings = [
        {
            "source": finding.source,
            "line": finding.span.line,
            "column": finding.span.column,
            "endLine": finding.span.end_line,
            "endColumn": finding.span.end_column,
            "level": finding.level,
            "rule": finding.rule,
            "sentence": finding.sentence,
            "focus": finding.focus,
            "text": finding.text,
            "fingerprint": finding.fingerprint,
            "result": dict(finding.result),
        }
        for finding in report.findings
    ]
    judged: dict[str, object] = {
        name: getattr(report, name) for name in ("files", "triples", "shapes", "nodes", "scope")
    }
    judged |= {level: report.count(level) for level in LEVELS}
    return as_text({"findings": findings, "summary": judged})
