"""The formats of a report: each read back by what reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from kg.check.finding import Finding, Report
from kg.check.report import FORMATS
from kg.check.report.github import render as github
from kg.check.report.markdown import render as markdown
from kg.check.report.text import render as text
from kg.check.report.wording import summary
from kg.check.run import Request, check
from kg.commands.checking import check_command
from kg.turtle.text import Span

DATA = Path(__file__).parent / "data"
SCHEMA = Path(__file__).parent.parent.parent / "shared" / "schemas" / "sarif-schema-2.1.0.json"
NASTY = Finding(
    'a b,c:d%"é\n.ttl',
    Span(3, 5, 3, 9),
    "rule",
    "<script> | & ]]> ::error::\r\n \x00 * é",
    text='\t<x> "é" \x01',
    focus="[x](y) `z`",
)


@pytest.fixture(scope="module")
def report() -> Report:
    """The report of the faulty DCAT catalogue."""
    return check(Request([DATA / "dcat" / "bad.ttl"], shapes=[DATA / "dcat" / "shapes.ttl"]))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_bytes_each_time(name: str, report: Report) -> None:
    """Two checks of the same files, read apart from each other, give the same bytes in each format."""
    again = check(Request([DATA / "dcat" / "bad.ttl"], shapes=[DATA / "dcat" / "shapes.ttl"]))
    assert FORMATS[name](again) == FORMATS[name](report)


@pytest.mark.skipif(not SCHEMA.is_file(), reason="the SARIF schema is not there (../shared/schemas)")
@pytest.mark.parametrize("findings", [(), (NASTY,), None], ids=["none", "nasty", "catalogue"])
def test_sarif_is_valid(findings: tuple[Finding, ...] | None, report: Report) -> None:
    """SARIF is valid against the published schema, and holds each finding."""
    made = report if findings is None else Report(findings)
    document = json.loads(FORMATS["sarif"](made))
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert len(document["runs"][0]["results"]) == len(made.findings)


def test_fingerprints_stay_when_lines_move(tmp_path: Path) -> None:
    """Lines above a finding do not change its fingerprint; the same words twice are told apart."""
    body = "<x:a> a skos:ConceptScheme .\n<x:b> a skos:Concept .\n"
    prints = []
    for before in ("", "# a remark\n\n"):
        path = tmp_path / "x.ttl"
        path.write_text(f"@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n{before}{body}", encoding="utf-8")
        made = check(Request([path], shapes=[DATA / "skos" / "shapes.ttl"]))
        results = json.loads(FORMATS["sarif"](made))["runs"][0]["results"]
        prints.append([each["partialFingerprints"]["mercato/v1"] for each in results])
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 3


def test_junit_is_xml() -> None:
    """JUnit is well-formed whatever the words, counts its failures, and passes when there are none."""
    suite = ElementTree.fromstring(FORMATS["junit"](Report((NASTY,))))  # noqa: S314 - our own output
    assert suite.attrib["failures"] == "1"
    assert len(suite.findall(".//failure")) == 1
    clean = ElementTree.fromstring(FORMATS["junit"](Report(())))  # noqa: S314
    assert (clean.attrib["tests"], clean.attrib["failures"]) == ("1", "0")
    assert len(clean.findall(".//testcase")) == 1


def test_github_annotations() -> None:
    """The first ten findings of a level are annotations, the rest a number; no words of a finding start a command."""
    findings = tuple(Finding("x.ttl", Span(n, 1, n, 4), "rule", "mend\n::error::it") for n in range(1, 13))
    lines = github(Report(findings, files=1)).splitlines()
    assert sum(line.startswith("::error file=x.ttl,line=") for line in lines) == 10
    assert lines[0] == "::error file=x.ttl,line=1,endLine=1,col=1,endColumn=3,title=mercato%3A rule::mend%0A::error::it"
    assert lines[10] == "2 more errors are not shown as annotations"
    assert lines[11].startswith("12 errors, 0 warnings, 0 notes")
    assert "file=a b%2Cc%3Ad%25" in github(Report((NASTY,)))
    assert len(github(Report((NASTY,))).splitlines()) == 2


@pytest.mark.parametrize("level", ["error", "note"])
def test_sarif_junit_and_markdown_name_the_node(level: str) -> None:
    """So do the formats of code scanning, test reports and job summaries; SARIF has it by itself too."""
    report = Report((Finding("x.ttl", Span(7, 3, 7, 6), "rule", "mend it", level, focus="move:a-b"),))
    (result,) = json.loads(FORMATS["sarif"](report))["runs"][0]["results"]
    assert result["message"]["text"] == "move:a-b: mend it"
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "move:a-b"}]
    assert "move:a-b: mend it" in FORMATS["junit"](report)
    assert "| move:a-b: mend it |" in markdown(report)


def test_text_and_annotations_name_the_node() -> None:
    """What a person reads names the node that a finding is about, before what to do."""
    report = Report((Finding("x.ttl", Span(7, 3, 7, 6), "rule", "mend it", focus="move:a-b"),))
    assert text(report).startswith("x.ttl:7:3: error [rule] move:a-b: mend it\n")
    assert "::move:a-b: mend it\n" in github(report)


def test_text_points_with_a_caret() -> None:
    """The text has the source line and a caret under the token, tabs kept so that it stands right."""
    finding = Finding("x.ttl", Span(7, 3, 7, 6), "rule", "mend it", text="\t:é :p .")
    lines = text(Report((finding,), files=1)).splitlines()
    assert lines[0] == "x.ttl:7:3: error [rule] mend it"
    assert lines[1].index(":é") - 1 == lines[1].index("\t")
    assert lines[2] == "       | \t ^^^"
    assert "\x1b[" not in "".join(lines)
    assert "\x1b[" in text(Report((finding,)), colour=True)


def test_markdown_keeps_its_table() -> None:
    """A row stays a row whatever the words, and a long report is cut with a number."""
    row = markdown(Report((NASTY,))).splitlines()[-1]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert "<script>" not in row
    many = markdown(Report((NASTY,) * 250))
    assert "… and 50 more." in many


def test_turtle_is_a_shacl_report(report: Report) -> None:
    """The Turtle is a validation report with a result for each finding, its terms those of pySHACL's."""
    store = ox.Store()
    store.load(FORMATS["turtle"](report).encode(), format=ox.RdfFormat.TURTLE)
    sh = "PREFIX sh: <http://www.w3.org/ns/shacl#> "
    rows = list(
        store.query(
            sh + "SELECT ?component ?value { ?report a sh:ValidationReport ; sh:conforms false ; sh:result ?result . "
            "?result sh:sourceConstraintComponent ?component ; sh:focusNode ?focus ; sh:resultSeverity sh:Violation "
            "OPTIONAL { ?result sh:value ?value } }"
        )  # type: ignore[arg-type]
    )
    assert len(rows) == len(report.findings)
    datatypes = [row["value"].value for row in rows if row["component"].value.endswith("#DatatypeConstraintComponent")]
    assert sorted(datatypes) == ["-3", "12"]
    clean = ox.Store()
    clean.load(FORMATS["turtle"](Report(())).encode(), format=ox.RdfFormat.TURTLE)
    assert bool(clean.query(sh + "ASK { ?report sh:conforms true }"))


def test_notes_do_not_keep_a_graph_from_conforming() -> None:
    """`sh:conforms` says what the exit status says: a report of notes alone conforms."""
    note = Finding("x.ttl", Span(1, 1, 1, 2), "rule", "know it", "note")
    assert "sh:conforms true ;" in FORMATS["turtle"](Report((note,)))


def test_json_has_everything(report: Report) -> None:
    """The JSON has each finding with its place, and the counts."""
    found = json.loads(FORMATS["json"](report))
    assert [(each["line"], each["rule"]) for each in found["findings"]] == [
        (each.span.line, each.rule) for each in report.findings
    ]
    assert found["summary"]["error"] == len(report.findings)


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    """`--output` writes the report to a file and nothing to the terminal."""
    path = tmp_path / "report.sarif"
    arguments = [str(DATA / "dcat" / "bad.ttl"), "--shapes", str(DATA / "dcat" / "shapes.ttl"), "--format", "sarif"]
    result = CliRunner().invoke(check_command, [*arguments, "--output", str(path)], standalone_mode=False)
    assert (result.return_value, result.output) == (1, "")
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == "2.1.0"


DOCUMENT = Path(__file__).parent.parent / "docs" / "check.md"


@pytest.mark.parametrize("name", FORMATS)
def test_the_documents_examples_are_real(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of each format in docs/check.md is what its command prints."""
    monkeypatch.chdir(DOCUMENT.parent.parent)
    pattern = rf"### {name}\n\n`mercato check ([^`]*)`\n\n```\w+\n(.*?)```\n(?:\n###|\Z)"
    found = re.search(pattern, DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    result = CliRunner().invoke(check_command, found[1].split(), standalone_mode=False)
    version = re.compile(r'"version": "[^"]*",\n +"informationUri"')
    assert version.sub("", result.output) == version.sub("", found[2])


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 triples in 0 files; 0 shapes selected 0 nodes."),
        (1, "1 triple in 1 file; 1 shape selected 1 node."),
        (1234, "1,234 triples in 1,234 files; 1,234 shapes selected 1,234 nodes."),
    ],
)
def test_one_and_many(number: int, words: str) -> None:
    """The summary says one triple and two triples, with thousands apart."""
    assert summary(Report((), number, number, number, number)) == f"0 errors, 0 warnings, 0 notes: {words}"
