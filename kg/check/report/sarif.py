"""Findings as SARIF 2.1.0 (OASIS)."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote

from kg.check.finding import Report
from kg.check.report.wording import as_text, told


def render(report: Report) -> str:
    """Return SARIF 2.1.0 (OASIS), with fingerprints that stay when lines move."""
    rules = sorted({finding.rule for finding in report.findings})
    seen: Counter[str] = Counter()
    results = []
    for finding in report.findings:
        seen[finding.fingerprint] += 1
        span = finding.span
        region: dict[str, object] = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
        if finding.text:
            region["snippet"] = {"text": finding.text}
        location: dict[str, object] = {
            "physicalLocation": {"artifactLocation": {"uri": _uri(finding.source)}, "region": region}
        }
        if finding.focus:
            location["logicalLocations"] = [{"fullyQualifiedName": finding.focus}]
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": rules.index(finding.rule),
                "level": finding.level,
                "message": {"text": told(finding)},
                "locations": [location],
                "partialFingerprints": {"mercato/v1": f"{finding.fingerprint}:{seen[finding.fingerprint]}"},
            }
        )
    driver = {
        "name": "mercato",
        "version": _version(),
        "informationUri": "https://w3id.org/mercato/",
        "rules": [{"id": rule, "shortDescription": {"text": rule.replace("-", " ")}} for rule in rules],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return as_text({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _uri(source: str) -> str:
    return quote(source, safe="/:@")


@cache
def _version() -> str:
    try:
        return version("mercato")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
