"""Findings as a SHACL validation report (SHACL, section 3.6)."""

from __future__ import annotations

import json

from kg.check.finding import Finding, Report
from kg.check.report.wording import HELP
from kg.names import VOCABULARIES

_SHACL = {"error": "Violation", "warning": "Warning", "note": "Info"}


def render(report: Report) -> str:
    """Return the SHACL validation report (SHACL, section 3.6); Mercato's own rules are constraint components in it."""
    conforms = "false" if report.failed else "true"  # as the exit status: notes do not fail a check
    prefixes = {"dcterms": VOCABULARIES["dcterms"], "sh": VOCABULARIES["sh"], "xsd": VOCABULARIES["xsd"]}
    lines = [f"@prefix {prefix}: <{iri}> ." for prefix, iri in prefixes.items()]
    lines += ["", "[]", "    a sh:ValidationReport ;", f"    sh:conforms {conforms} ;"]
    lines += [line for finding in report.findings for line in _turtle_result(finding)]
    return "\n".join([*lines, "."]) + "\n"


def _turtle_result(finding: Finding) -> list[str]:
    values = {"sourceConstraintComponent": f"<{HELP}{finding.rule}>", **dict(finding.result)}
    values["resultSeverity"] = f"sh:{_SHACL[finding.level]}"
    values.setdefault("focusNode", "[]")
    lines = ["    sh:result [", "        a sh:ValidationResult ;"]
    lines += [f"        sh:{name} {value} ;" for name, value in sorted(values.items())]
    lines.append(f"        sh:resultMessage {_quoted(finding.sentence)} ;")
    lines.append(f"        dcterms:source {_quoted(f'{finding.source}:{finding.span}')} ;")
    return [*lines, "    ] ;"]


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False).replace("\u007f", "\\u007f")
