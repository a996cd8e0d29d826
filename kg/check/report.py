"""Findings for terminals, CI systems and machines; each format is a function of the report alone, byte for byte."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import click

from kg.check.finding import LEVELS, Finding, Report
from kg.names import VOCABULARIES

GITHUB_LIMIT = 10
"""GitHub shows this many annotations of each level for a step, and drops the rest."""
MARKDOWN_LIMIT = 200
"""Rows of a job summary; GitHub refuses one of more than a megabyte."""
HELP = "https://w3id.org/mercato/rule/"
"""Where rules have their IRIs."""

_CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
# What turns the direction of the text about, so that a line reads otherwise than it is.
_CONTROLS |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029), 0xFFFD)
_CONTROLS_BUT_TAB = {code: shown for code, shown in _CONTROLS.items() if code != 0x09}
_MARKDOWN = str.maketrans({**{mark: f"\\{mark}" for mark in "\\|`*_[]~$"}, "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}
_SHACL = {"error": "Violation", "warning": "Warning", "note": "Info"}


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


def text(report: Report, colour: bool = False) -> str:
    """Return one paragraph for each finding, with the source line and a caret below the place.

    Control characters of a file or of its name are shown as symbols: they would do things to the terminal.
    """

    def style(words: str, **kind: object) -> str:
        return click.style(words, **kind) if colour else words  # type: ignore[arg-type]

    lines = []
    for finding in report.findings:
        span = finding.span
        where = f"{finding.source}:{span.line}:{span.column}".translate(_CONTROLS)
        level = style(finding.level, fg=_COLOURS[finding.level], bold=True)
        lines.append(f"{style(where, bold=True)}: {level} [{finding.rule}] {told(finding).translate(_CONTROLS)}")
        if finding.text:
            number = f"{span.line:>6}"
            start, end = finding.at
            indent = "".join(each if each == "\t" else " " for each in finding.text[:start])
            caret = style("^" * max(1, end - start), fg=_COLOURS[finding.level])
            lines += [f"{number} | {finding.text.translate(_CONTROLS_BUT_TAB)}", f"       | {indent}{caret}"]
    lines.append(style(summary(report), bold=True))
    return "\n".join(lines) + "\n"


def github(report: Report) -> str:
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


def sarif(report: Report) -> str:
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
    return _json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _uri(source: str) -> str:
    return quote(source, safe="/:@")


@cache
def _version() -> str:
    try:
        return version("mercato")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"


def junit(report: Report) -> str:
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


def as_json(report: Report) -> str:
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
    return _json({"findings": findings, "summary": judged})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def markdown(report: Report) -> str:
    """Return a table for a job summary."""
    verdict = "has findings" if report.failed else "passed"
    lines = [f"### `mercato check` {verdict}", "", summary(report), ""]
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
    return " ".join(words.split()).translate(_CONTROLS).translate(_MARKDOWN)


def turtle(report: Report) -> str:
    """Return the SHACL validation report (SHACL, section 3.6); Mercato's own rules are constraint components in it."""
    conforms = "false" if report.findings else "true"
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


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text,
    "github": github,
    "sarif": sarif,
    "junit": junit,
    "json": as_json,
    "markdown": markdown,
    "turtle": turtle,
}
"""The formats by name."""
