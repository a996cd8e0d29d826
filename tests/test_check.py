"""The check from end to end: what is found, where, and what the command leaves with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.check.change import check_change
from kg.check.finding import Finding
from kg.check.run import Request, check
from kg.commands.checking import check_command
from kg.errors import InputError

DATA = Path(__file__).parent / "data"
FOREIGN = ("dcat", "skos")


def foreign(name: str, *files: Path, folder: Path = DATA) -> Request:
    """Return the check of `files` by the shapes of the example `name`."""
    return Request(files, shapes=[DATA / name / "shapes.ttl"])


def shown(finding: Finding) -> tuple[str, int, str]:
    """Return a finding's rule, line and the words at its place."""
    line = Path(finding.source).read_text(encoding="utf-8").splitlines()[finding.span.line - 1]
    assert finding.span.line == finding.span.end_line
    return finding.rule, finding.span.line, line[finding.span.column - 1 : finding.span.end_column - 1]


@pytest.mark.parametrize("name", FOREIGN)
def test_somebody_elses_good_graph_is_clean(name: str) -> None:
    """A DCAT catalogue and a SKOS thesaurus with blank nodes pass under their own shapes, and are judged indeed."""
    report = check(foreign(name, DATA / name / "good.ttl"))
    assert report.findings == ()
    assert report.nodes >= 4


def test_a_catalogue_with_faults() -> None:
    """Each fault of the DCAT catalogue is found once, at its token."""
    report = check(foreign("dcat", DATA / "dcat" / "bad.ttl"))
    assert [shown(finding) for finding in report.findings] == [
        ("Catalogue/uniqueLang", 8, '"Streams"@en'),
        ("Catalogue/class", 9, "ex:nothing"),
        ("Dataset-distribution", 11, "a dcat:Dataset"),
        ("Dataset-title", 12, '"W"@en'),
        ("Dataset-publisher", 13, "12"),
        ("Dataset/node", 14, "["),
        ("Theme", 15, "["),
        ("Distribution/datatype", 18, '"-3"^^xsd:nonNegativeInteger'),
        ("Distribution/pattern", 19, "<http://example.org/levels.ttl>"),
        ("Dataset/minCount", 22, "a dcat:Dataset"),
    ]


def test_a_thesaurus_with_faults() -> None:
    """Each fault of the SKOS thesaurus is found once, at its token; a circle is told at both of its ends."""
    report = check(foreign("skos", DATA / "skos" / "bad.ttl"))
    assert [shown(finding) for finding in report.findings] == [
        ("Scheme", 5, "a skos:ConceptScheme"),
        ("Concept-label", 6, '"Baum"@de'),
        ("Concept-label", 7, '"oak tree"@en'),
        ("Concept/disjoint", 7, ":tree"),
        ("Concept-label", 8, "a skos:Concept"),
        ("Concept-scheme", 8, "a skos:Concept"),
        ("Concept", 8, ":elms"),
        ("Concept-scheme", 9, "a skos:Concept"),
        ("Concept", 9, ":elm"),
        ("Concept/class", 9, ":trees"),
    ]


def test_every_file_is_judged(tmp_path: Path) -> None:
    """Files that are no UTF-8 or no Turtle are findings, and do not keep the others from being judged."""
    (tmp_path / "a.ttl").write_bytes(b"\xe9")
    (tmp_path / "b.ttl").write_text("<x:s> <x:p> .", encoding="utf-8")
    (tmp_path / "c.ttl").write_bytes("\ufeff".encode() + (DATA / "skos" / "good.ttl").read_bytes())
    (tmp_path / "d.ttl").write_text("<x:d> a <http://www.w3.org/2004/02/skos/core#ConceptScheme> .", encoding="utf-8")
    report = check(foreign("skos", tmp_path))
    rules = [(Path(each.source).name, each.rule, str(each.span)) for each in report.findings]
    assert rules[:3] == [
        ("a.ttl", "encoding", "1:1-1:2"),
        ("b.ttl", "syntax", "1:13-1:14"),
        ("c.ttl", "byte-order-mark", "1:1-1:2"),
    ]
    assert {name for name, *_ in rules[3:]} == {"d.ttl"}


def test_no_vacuous_pass(tmp_path: Path) -> None:
    """Shapes that judge nothing at all fail the check; one that selects nothing, and a node of no shape, are notes."""
    other = tmp_path / "other.ttl"
    other.write_text("<x:s> a <x:Thing>, <x:Other> .\n<x:t> a <x:Thing> .", encoding="utf-8")
    report = check(foreign("skos", other))
    assert [(each.rule, each.level, str(each.span)) for each in report.findings if each.source == str(other)] == [
        ("node-without-shape", "note", "1:7-1:18"),
        ("node-without-shape", "note", "1:7-1:29"),
    ]
    assert [shown(each) for each in report.findings if each.rule == "nothing-checked"] == [
        ("nothing-checked", 11, "skos:Concept")
    ]
    notes = [shown(each) for each in report.findings if each.rule == "shape-selects-nothing"]
    assert notes == [
        ("shape-selects-nothing", 11, "skos:Concept"),
        ("shape-selects-nothing", 33, "skos:ConceptScheme"),
    ]
    assert report.failed


def test_unknown_terms_of_somebody_elses_vocabulary(tmp_path: Path) -> None:
    """A misspelt property is found with the nearest known one; data in the same namespace is no term."""
    (tmp_path / "vocabulary.ttl").write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix ex: <http://e/> . "
        "ex:Tree a owl:Class . ex:height a owl:DatatypeProperty .",
        encoding="utf-8",
    )
    (tmp_path / "data.ttl").write_text(
        "@prefix ex: <http://e/> . ex:oak a ex:Tree ; ex:heigth 12 ; ex:height ex:elm .", encoding="utf-8"
    )
    report = check(Request([tmp_path / "data.ttl"], ontology=[tmp_path / "vocabulary.ttl"]))
    assert [shown(each) for each in report.findings] == [("unknown-term", 1, "ex:heigth")]
    assert "did you mean ex:height?" in report.findings[0].sentence


def test_disjoint_classes(tmp_path: Path) -> None:
    """What the vocabulary makes contradictory is found at the statement that does it, whatever OWL it uses."""
    axioms = (
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix ex: <http://e/> . "
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "ex:Person owl:disjointWith ex:Firm . ex:employer rdfs:range ex:Firm . ex:boss rdfs:subPropertyOf ex:employer ."
    )
    (tmp_path / "data.ttl").write_text(
        "@prefix ex: <http://e/> . ex:ann a ex:Person . ex:bob ex:boss ex:ann , ex:acme .", encoding="utf-8"
    )
    for more in ("", "ex:id a owl:FunctionalProperty ."):  # the second takes the way through owlrl alone
        (tmp_path / "vocabulary.ttl").write_text(axioms + more, encoding="utf-8")
        found = check(Request([tmp_path / "data.ttl"], ontology=[tmp_path / "vocabulary.ttl"])).findings
        assert [each.rule for each in found] == ["inconsistent"]
        assert shown(found[0])[2] == "ex:ann"


def test_a_contradiction_beside_an_ill_typed_literal(tmp_path: Path) -> None:
    """What a contradictory thing's literals are does not matter to the reasoner, which fails on ill-typed ones."""
    (tmp_path / "vocabulary.ttl").write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix ex: <http://e/> . ex:pay a owl:DatatypeProperty . "
        "ex:Person a owl:Class ; owl:disjointWith ex:Firm . ex:Firm a owl:Class .",
        encoding="utf-8",
    )
    (tmp_path / "data.ttl").write_text(
        "@prefix ex: <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
        'ex:a a ex:Person , ex:Firm ; ex:pay "x"^^xsd:decimal .',
        encoding="utf-8",
    )
    report = check(Request([tmp_path / "data.ttl"], ontology=[tmp_path / "vocabulary.ttl"]))
    assert [each.rule for each in report.findings] == ["inconsistent", "ill-typed-literal"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere.ttl", "no such file"), ("x.jsonld", "JSON-LD by its name"), ("x.gz", "compressed"), ("", "no Turtle")],
)
def test_input_that_cannot_be_read(tmp_path: Path, name: str, words: str) -> None:
    """A missing file, an empty folder and a file of another format are refused in a sentence (exit 2)."""
    if name.startswith("x"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(InputError, match=words) as raised:
        check(foreign("skos", tmp_path / name))
    assert raised.value.exit_code == 2


def test_faulty_shapes_are_a_wrong_call(tmp_path: Path) -> None:
    """Shapes that are no Turtle are named with their line: they are not what is judged."""
    (tmp_path / "shapes.ttl").write_text("@prefix sh: <http://www.w3.org/ns/shacl#> .\nsh: sh: .", encoding="utf-8")
    with pytest.raises(InputError, match=r"shapes.ttl:2:"):
        check(Request([DATA / "skos" / "good.ttl"], shapes=[tmp_path / "shapes.ttl"]))


def test_the_command_leaves_with_the_verdict() -> None:
    """The command leaves with 0 when clean and 1 with findings."""

    def code(name: str) -> object:
        arguments = [str(DATA / "skos" / name), "--shapes", str(DATA / "skos" / "shapes.ttl")]
        return CliRunner().invoke(check_command, arguments, standalone_mode=False).return_value

    assert code("good.ttl") == 0
    assert code("bad.ttl") == 1


def test_a_file_of_ten_thousand_errors(tmp_path: Path) -> None:
    """10,000 breaches in one file are 10,000 findings."""
    lines = ["@prefix skos: <http://www.w3.org/2004/02/skos/core#> ."]
    lines += [f"<x:{number}> a skos:ConceptScheme ." for number in range(10_000)]
    (tmp_path / "x.ttl").write_text("\n".join(lines), encoding="utf-8")
    report = check(foreign("skos", tmp_path / "x.ttl"))
    assert [each.span.line for each in report.findings if each.rule == "Scheme"] == list(range(2, 10_002))


@pytest.mark.parametrize("count", [5, 2000])
def test_each_namesake_is_told_once(tmp_path: Path, count: int) -> None:
    """Each but the first is told of the first; of many, not every pair is made, which would take without end."""
    path = tmp_path / "people.ttl"
    people = "".join(
        f'person:p{number:04}\n    a mc:Person ;\n    rdfs:label "Jo March"@en , "Jo March"@fr ;\n.\n'
        for number in range(count)
    )
    names = {"mc": "ontology#", "person": "id/person/"}
    head = "".join(f"@prefix {prefix}: <https://w3id.org/mercato/{rest}> .\n" for prefix, rest in names.items())
    path.write_text(f"{head}@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n{people}", encoding="utf-8")
    alike = [each for each in check(Request([path], context=[])).findings if each.rule == "duplicate-thing"]
    assert [each.focus for each in alike] == [f"person:p{number:04}" for number in range(1, count)]
    assert {each.sentence.split(":")[1].split()[0] for each in alike} == {"p0000"}


def by_shapes(tmp_path: Path, shapes: str, data: str) -> list[Finding]:
    """Return the errors in `data` under `shapes`, both with the prefixes `:` and `sh:`."""
    prefixes = "@prefix : <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    for name, text in (("shapes.ttl", shapes), ("data.ttl", data)):
        (tmp_path / name).write_text(prefixes + text, encoding="utf-8")
    report = check(Request([tmp_path / "data.ttl"], shapes=[tmp_path / "shapes.ttl"]))
    return [each for each in report.findings if each.level == "error"]


def test_a_query_that_tests_an_expression(tmp_path: Path) -> None:
    """A constraint by query may compare what a function gives; without a message it has a sentence of its own."""
    query = "SELECT $this ?value { $this <http://example.org/name> ?value . FILTER(lang(?value) != 'fr') }"
    shapes = f':S a sh:NodeShape ; sh:targetClass :City ; sh:sparql [ sh:select """{query}""" ] .'
    (found,) = by_shapes(tmp_path, shapes, ':a a :City ; :name "Rome"@fr , "Roma"@it .')
    assert shown(found)[2] == '"Roma"@it'
    assert found.sentence.startswith("the query of :S finds a fault here")


def test_shapes_alone_judge_no_consistency(tmp_path: Path) -> None:
    """Without a vocabulary nothing is judged by one, though the data say what classes are disjoint."""
    owl = "<http://www.w3.org/2002/07/owl#disjointWith>"
    shapes = ":S a sh:NodeShape ; sh:targetClass :City ; sh:nodeKind sh:IRI ."
    assert by_shapes(tmp_path, shapes, f":City {owl} :River . :a a :City , :River .") == []


def test_a_value_that_python_holds_for_false_is_kept(tmp_path: Path) -> None:
    """The value of a result is in it, be it nought, false or empty."""
    shapes = ":S a sh:NodeShape ; sh:targetClass :City ; sh:property [ sh:path :size ; sh:nodeKind sh:IRI ] ."
    found = by_shapes(tmp_path, shapes, ':a a :City ; :size 0 , false , "" .')
    assert sorted(dict(each.result)["value"][:7] for each in found) == ['""', '"0"^^<h', '"false"']


@pytest.mark.parametrize("base", [None, "old"])
def test_a_file_that_is_context_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str | None) -> None:
    """A file given beside the folder that it lies in is read once: its blank nodes are not there twice."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("data", "old"):
        (tmp_path / name).mkdir()
    (tmp_path / "shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<x:S> a sh:NodeShape ; sh:targetClass <x:C> ; sh:property <x:P> .\n"
        "<x:P> sh:path <x:p> ; sh:minCount 1 ; sh:maxCount 1 ; sh:class <x:D> .",
        encoding="utf-8",
    )
    file = tmp_path / "data" / "a.ttl"
    file.write_text("<x:s> a <x:C> ; <x:p> [ a <x:D> ] . <x:t> a <x:C> ; <x:p> <x:d> .", encoding="utf-8")
    (tmp_path / "data" / "b.ttl").write_text("<x:d> a <x:D> .", encoding="utf-8")
    request = Request([file], [tmp_path / "shapes.ttl"], context=[tmp_path / "data"])
    report = check(request) if base is None else check_change(request, str(tmp_path / base))
    assert [each for each in report.findings if each.level == "error"] == []
    alone = check(replace(request, context=[]))
    assert [each.focus for each in alone.findings if each.level == "error"] == ["<x:t>"]


def test_an_empty_base_is_refused() -> None:
    """`--base "$VARIABLE"` with nothing in it is a wrong call, not a full check."""
    done = CliRunner().invoke(check_command, [str(DATA / "good" / "records.ttl"), "--base", ""])
    assert (done.exit_code, "--base is empty" in done.output) == (2, True)
