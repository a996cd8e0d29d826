"""Bad input to the check: whatever the file is, a finding or a sentence, and the right exit code."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from kg.check.finding import Finding
from kg.check.inputs import Inputs, expand, read_all, take
from kg.check.report import FORMATS
from kg.check.run import Request, check
from kg.errors import InputError
from kg.turtle.text import WIDTH

ROOT = Path(__file__).parent.parent
SHAPES = ROOT / "tests" / "data" / "skos" / "shapes.ttl"
COMMAND = shlex.join(
    [sys.executable, "-c", "from kg.commands.main import main; main()", "check", "--shapes", str(SHAPES)]
)
LESS = "-dac_override,-dac_read_search"
CONCEPT = "<x:a> a <http://www.w3.org/2004/02/skos/core#ConceptScheme> ."


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `line` in bash, `$CHECK` in it the check by the SKOS shapes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["bash", "-c", line.replace("$CHECK", COMMAND)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=cwd, env=environment)


def taken(data: bytes) -> list[tuple[str, str, str]]:
    """Return rule, place and sentence of what is found in a file that holds `data`."""
    inputs = Inputs()
    take(data, "x.ttl", inputs, "f0")
    return [(each.rule, str(each.span), each.sentence) for each in inputs.findings]


@pytest.mark.parametrize(
    ("data", "rule", "place", "words"),
    [
        ("<x:s> <x:p> 'caf\xe9' .".encode("latin-1"), "encoding", "1:17-1:18", "byte 0xe9 is no UTF-8"),
        ("<x:s> <x:p> 1 .".encode("utf-16"), "encoding", "1:1-1:2", "UTF-16 text"),
        (b"\x1f\x8b\x08\x00", "encoding", "1:2-1:3", "a compressed file"),
        (b"PK\x03\x04\x00", "syntax", "1:1-1:2", "a compressed file"),
        (b'<?xml version="1.0"?>\n<rdf:RDF/>', "syntax", "1:1-1:2", "looks like XML"),
        (b"<!DOCTYPE html>\n<html></html>", "syntax", "1:1-1:2", "looks like HTML"),
        (b'[ {"@id": "x:s"} ]', "syntax", "1:1-1:2", "looks like JSON"),
        (b"@prefix x: <x:> .\nGRAPH x:g { x:s x:p 1 }", "syntax", "1:1-1:2", "looks like TriG"),
        (b"<x:s> <x:p> 1 .\n<x:s> <x:p> \x00 .", "syntax", "2:13-2:14", "nothing starts with '\\x00'"),
        (b"<x:s> <x:p> 1 ;\r\n<x:q> 'cut", "syntax", "2:7-2:11", "restore what was cut off"),
        (b"<x:s> <x:p> <x:a b> .", "syntax", "1:13-1:20", "percent-encode"),
        (b"<x:s> <x:p> 'a\\q' .", "syntax", "1:15-1:17", "no escape of Turtle"),
        (b"<x:s> <x:p> ? .", "syntax", "1:13-1:14", "variables are SPARQL's"),
    ],
)
def test_what_is_no_turtle(data: bytes, rule: str, place: str, words: str) -> None:
    """Other encodings, other formats and broken text are findings at their place that say what to do."""
    found = taken(data)
    assert found[0][:2] == (rule, place)
    assert words in found[0][2]


def test_crlf_and_a_byte_order_mark() -> None:
    """CRLF is no fault; a mark is one, and the rest of the file is read all the same."""
    assert taken(b"<x:s>\r\n  <x:p>\r\n  1 .\r\n") == []
    inputs = Inputs()
    take(b"\xef\xbb\xbf<x:s> <x:p> 1 .", "x.ttl", inputs, "f0")
    assert [each.rule for each in inputs.findings] == ["byte-order-mark"]
    assert len(inputs.documents[0].triples) == 1


def test_an_integer_that_is_none(tmp_path: Path) -> None:
    """An ill-typed literal is a finding at its token."""
    (tmp_path / "x.ttl").write_text('<x:s> <x:p> "abc"^^<http://www.w3.org/2001/XMLSchema#integer> .')
    (found,) = check(Request([tmp_path / "x.ttl"], ontology=[SHAPES])).findings
    assert (found.rule, str(found.span)) == ("ill-typed-literal", "1:13-1:62")


@pytest.mark.parametrize("text", ["", "# a remark", "@prefix x: <x:> .\n"])
def test_a_file_that_says_nothing(tmp_path: Path, text: str) -> None:
    """A file without a triple is told and fails: passing it would say that something was judged."""
    path = tmp_path / "x.ttl"
    path.write_text(text)
    for request in (Request([path]), Request([path], shapes=[SHAPES]), Request([path], ontology=[SHAPES])):
        report = check(request)
        assert [str(each.span) for each in report.findings if each.rule == "empty-file"] == ["1:1-1:2"]
        assert report.failed


def test_what_was_not_given_is_told() -> None:
    """Shapes without a vocabulary, or a vocabulary without shapes, leave something unjudged: the report says what."""
    good = ROOT / "tests" / "data" / "skos" / "good.ttl"
    assert "no terms" not in Request([good]).without
    done = shell(f"$CHECK {good}", ROOT)
    assert "No vocabulary was given (--ontology)" in done.stdout
    assert "No shapes were given (--shapes)" in Request([good], ontology=[SHAPES]).without
    assert Request([good]).without == Request([good], shapes=[SHAPES], ontology=[SHAPES]).without == ""


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("$CHECK - < x.ttl", "<stdin>"),
        ("cat x.ttl | $CHECK - --stdin-filename 'a file.ttl'", "a file.ttl"),
        ("$CHECK /dev/stdin < x.ttl", "/dev/stdin"),
        ("$CHECK <(cat x.ttl)", "/dev/fd/"),
        ("mkfifo pipe; cat x.ttl > pipe & $CHECK pipe", "pipe"),
    ],
)
def test_what_is_read_once(tmp_path: Path, line: str, source: str) -> None:
    """Standard input, a named pipe and a process substitution are judged like files, under their names."""
    (tmp_path / "x.ttl").write_text(CONCEPT)
    done = shell(line, tmp_path)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith(source) and ":1:7: error [Scheme] " in line]


def make_loop(place: Path) -> None:
    """Make a link to itself."""
    (place / "x.ttl").symlink_to("x.ttl")


def make_dangling(place: Path) -> None:
    """Make a link to nothing."""
    (place / "x.ttl").symlink_to("nothing.ttl")


def make_locked(place: Path) -> None:
    """Make a file that nobody may read."""
    (place / "x.ttl").write_text(CONCEPT)
    (place / "x.ttl").chmod(0)


def make_locked_folder(place: Path) -> None:
    """Make a folder that nobody may list, beside a good file."""
    (place / "good.ttl").write_text(CONCEPT)
    (place / "x.ttl").mkdir(mode=0)


@pytest.mark.parametrize(
    ("make", "line", "words"),
    [
        (make_loop, "$CHECK x.ttl", "x.ttl: cannot be read (Too many levels of symbolic links): check the name"),
        (make_loop, "$CHECK .", "x.ttl: cannot be read (Too many levels of symbolic links): check the name"),
        (make_dangling, "$CHECK x.ttl", "x.ttl: this link leads to no file"),
        (make_locked, "$CHECK x.ttl", "x.ttl: cannot be read (Permission denied): check the name and its rights"),
        (make_locked_folder, "$CHECK .", "x.ttl: cannot be read (Permission denied): check the name and its rights"),
        (make_locked_folder, "$CHECK x.ttl/a.ttl", "x.ttl/a.ttl: cannot be read (Permission denied)"),
        (None, "$CHECK nowhere.ttl", "nowhere.ttl: there is no such file: check the name"),
        (None, "$CHECK .", ".: this folder holds no Turtle (*.ttl): name the files to read"),
        (None, "touch x.jsonld; $CHECK x.jsonld", "x.jsonld: this is JSON-LD by its name: convert it to Turtle first"),
        (None, "$CHECK", "there is nothing to check: name the Turtle files"),
        (None, "$CHECK ''", "this name is empty: give one, or see whether a variable of the shell is unset"),
        (None, "$CHECK ./-", "/-: there is no such file"),
        (None, "$CHECK - <&-", "standard input is closed: pipe the Turtle to this command, or name a file"),
        (None, "$CHECK - --base main", "-: this is no file that a base can hold: check it without --base"),
        (None, "mkfifo pipe; $CHECK pipe --base main", "pipe: this is no file that a base can hold"),
        (None, "$CHECK /proc/self/mem", "/proc/self/mem: cannot be read (Input/output error)"),
        (
            None,
            "mkdir old; touch $'old/\\xff.ttl'; $CHECK old --base old",
            "\\udcff.ttl: this name holds odd characters",
        ),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, make: object, line: str, words: str) -> None:
    """What cannot be opened or listed ends with exit 2 and one sentence that names it: nothing goes unread."""
    if callable(make):
        make(tmp_path)
    if os.geteuid() == 0 and make in (make_locked, make_locked_folder):  # root may read anything, but not without caps
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv (util-linux) is needed to try this as root")
        line = line.replace("$CHECK", f"setpriv --bounding-set={LESS} --inh-caps={LESS} -- $CHECK")
    done = shell(line, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "shapes",
    [
        "<x:s0> sh:targetNode <x:a> . " + "".join(f"<x:s{each}> sh:node <x:s{each + 1}> .\n" for each in range(999))
        + "<x:s999> sh:minLength 1 .",
        "<x:s> sh:property [ sh:path " + "[ sh:inversePath " * 3000 + "<x:p>" + " ]" * 3000 + " ] .",
    ],
    ids=["shapes", "path"],
)  # fmt: skip
def test_what_is_nested_too_deep(tmp_path: Path, shapes: str) -> None:
    """Shapes or paths that lead through each other without measure are told in a sentence, and are no fault of ours."""
    (tmp_path / "shapes.ttl").write_text(f"@prefix sh: <http://www.w3.org/ns/shacl#> . {shapes}")
    (tmp_path / "x.ttl").write_text(CONCEPT)
    done = shell(f"{COMMAND.replace(str(SHAPES), 'shapes.ttl')} x.ttl", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mercato: shapes, paths or a query are nested hundreds deep: make them flatter\n"


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    """A folder called `x.ttl` is a folder, and links to folders do not lead round in circles."""
    (tmp_path / "x.ttl").mkdir()
    (tmp_path / "x.ttl" / "y.ttl").write_text(CONCEPT)
    (tmp_path / "x.ttl" / "round").symlink_to(tmp_path)
    assert expand([tmp_path]) == [tmp_path / "x.ttl" / "y.ttl"]


NAMES = (b"a b.ttl", b"new\nline:1,2%.ttl", b"\xff\xe9.ttl", "é\u202e\x1b[31m.ttl".encode(), b'<&"|`*_]]>.ttl')


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a broken file under each of the odd names."""
    folder = tmp_path_factory.mktemp("odd")
    paths = [folder / os.fsdecode(name) for name in NAMES]
    for path in paths:
        path.write_text("<x:a> <x:b> ; .")
    return paths


@pytest.mark.parametrize("name", FORMATS)
def test_odd_names_in_every_format(odd: list[Path], name: str) -> None:
    """Blanks, line ends, controls, markup and bytes that are no UTF-8 in a name break no format."""
    report = check(Request(odd, shapes=[SHAPES]))
    assert len(report.findings) == len(NAMES)
    words = FORMATS[name](report)
    assert words.encode()  # no surrogates
    read = {
        "json": lambda: len(json.loads(words)["findings"]),
        "sarif": lambda: len(json.loads(words)["runs"][0]["results"]),
        "junit": lambda: len(ElementTree.fromstring(words).findall(".//failure")),  # noqa: S314 - our own output
        "turtle": lambda: words.count("dcterms:source") if list(ox.parse(words, format=ox.RdfFormat.TURTLE)) else 0,
        "text": lambda: sum(": error [" in line for line in words.splitlines()),
        "github": lambda: sum(line.startswith("::error file=") for line in words.splitlines()),
        "markdown": lambda: sum(line.count(" | ") == 3 for line in words.replace("\\|", "").splitlines()) - 1,
    }
    assert read[name]() == len(NAMES)
    assert "\x1b" not in words or name in ("github", "json")


def test_sarif_names_the_file_by_its_path(odd: list[Path]) -> None:
    """A path with odd characters is a valid URI reference in SARIF."""
    results = json.loads(FORMATS["sarif"](check(Request(odd, shapes=[SHAPES]))))["runs"][0]["results"]
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results]
    assert all(uri.isascii() and uri.isprintable() and not set(' <>"|`') & set(uri) for uri in uris)
    assert any(uri.endswith("/a%20b.ttl") for uri in uris)


def test_a_line_too_long_to_print(tmp_path: Path) -> None:
    """Of a huge line the text shows what is around the place, the caret below it, and no finding holds it whole."""
    path = tmp_path / "x.ttl"
    many = "".join(f"<x:s{number}> <x:p> 1 . " for number in range(50_000))
    path.write_text(f"{many}<x:s> <x:p> ; . {many}")
    report = check(Request([path], shapes=[SHAPES]))
    (found,) = report.findings
    assert found.span.column == len(many) + 13
    assert len(found.text) == WIDTH
    line, caret = FORMATS["text"](report).splitlines()[1:3]
    assert line[caret.index("^")] == ";"
    assert caret.count("^") == 1


def test_a_token_too_long_for_a_sentence(tmp_path: Path) -> None:
    """A sentence that names a huge token leaves out its middle."""
    path = tmp_path / "x.ttl"
    path.write_text(f'<x:s> <x:p> "{"y" * 100_000}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n<x:s> <x:p> 1 .')
    (found,) = check(Request([path], ontology=[SHAPES])).findings
    assert len(found.sentence) < 2 * WIDTH
    assert str(found.span) == f"1:13-1:{13 + 100_000 + 2 + 2 + 42}"
    path.write_text("z" * 100_000)
    assert all(len(each.sentence) < 2 * WIDTH for each in check(Request([path], ontology=[SHAPES])).findings)


def test_controls_do_nothing_to_a_terminal() -> None:
    """Escape sequences, overrides and line ends in a file are shown as symbols, one for one, so that carets stand."""
    inputs = Inputs()
    take("<x:s> <x:p> '\x1b[2J\u202e\x07' ; ; ] .".encode(), "x.ttl", inputs, "f0")
    from kg.check.finding import Report

    (finding, *_) = inputs.findings
    words = FORMATS["text"](Report((finding,)))
    assert words.isprintable() or set(words) - {"\n"} == {each for each in words if each.isprintable()}
    line, caret = words.splitlines()[1:3]
    assert line[caret.index("^")] == finding.text[finding.span.column - 1]


def test_read_all_names_what_it_cannot_open(tmp_path: Path) -> None:
    """A file that goes away between listing and reading is named."""
    with pytest.raises(InputError, match=r"gone.ttl: cannot be read \(No such file"):
        read_all([tmp_path / "gone.ttl"])


def test_findings_compare_without_their_text() -> None:
    """Two findings that differ in the excerpt alone are one."""
    inputs = Inputs()
    take(b"<x:s> <x:p> ; .", "x.ttl", inputs, "f0")
    (one,) = inputs.findings
    assert Finding(one.source, one.span, one.rule, one.sentence, text="other", text_column=9) == one
