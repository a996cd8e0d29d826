"""`mercato query` and `mercato ask`, as a user starts them."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kg.commands.asking import table
from kg.commands.main import main
from kg.formats import FORMATS
from kg.sparql.questions import read_question, read_questions

A = "http://a.example"
QUADS = f"""\
<{A}/s> <{A}/p> "1" <{A}/g1> .
<{A}/s> <{A}/q> "Grüße\\n\\u001B[31m"@de <{A}/g2> .
"""


@pytest.fixture
def quads(tmp_path: Path) -> Path:
    """A file of two quads."""
    path = tmp_path / "data.nq"
    path.write_text(QUADS, encoding="utf-8")
    return path


def mercato(*words: str | Path, given: str = "") -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(map(str, words)), input=given)


def test_a_query_is_a_text_a_file_or_standard_input(quads: Path, tmp_path: Path) -> None:
    """The three ways to give a query have the same answer, in CSV where no terminal reads it."""
    text = f"SELECT ?o {{ <{A}/s> <{A}/p> ?o }}"
    file = tmp_path / "my query.rq"
    file.write_text(text, encoding="utf-8")
    for words, given in ((text, ""), (file, ""), ("-", text)):
        done = mercato("query", words, "--file", quads, given=given)
        assert (done.exit_code, done.stderr) == (0, "")
        assert list(csv.reader(io.StringIO(done.stdout))) == [["o"], ["1"]]


@pytest.mark.parametrize("name", ["table", *FORMATS])
def test_every_format_is_written(quads: Path, name: str) -> None:
    """Each format answers the form it serves, and refuses the other with the formats that fit."""
    select, construct = "SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"
    is_graph = name in FORMATS and FORMATS[name].is_graph
    done = mercato("query", construct if is_graph else select, "--file", quads, "--format", name)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{A}/s" in done.stdout
    if name != "table":
        other = mercato("query", select if is_graph else construct, "--file", quads, "--format", name)
        assert other.exit_code == 2
        assert f"cannot be written as {name}" in other.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["SELECT * {\n ?s ?p }", "--file", "data.nq"], 2, "query:2:"),
        (["INSERT DATA { <a> <b> <c> }"], 2, "INSERT is an update"),
        (["SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }"], 2, "SERVICE is not allowed"),
        (["no-such-file.rq"], 2, "no-such-file.rq"),
        (["ASK {}", "--file", "no-such-file.nq"], 2, "no-such-file.nq"),
        (["ASK {}", "--out", "no-such-folder"], 2, "run `mercato build`"),
        (["ASK {}", "--store", "no-such-store"], 2, "run `mercato build`"),
        (["ASK {}", "--store", "http://127.0.0.1:9/"], 2, "is it up"),
        (["ASK {}", "--format", "pdf"], 2, "pdf"),
    ],
)
def test_faults_are_one_sentence(
    words: list[str], code: int, told: str, quads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong query or call is told in a sentence that says where, with exit code 2 and no traceback."""
    monkeypatch.chdir(quads.parent)
    done = mercato("query", *words)
    assert done.exit_code == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_terminal_gets_a_table(quads: Path) -> None:
    """On a terminal the answer is a table, and the data's control characters do not reach it."""
    main_end, other_end = pty.openpty()
    code = "from kg.commands.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "query", "SELECT * { ?s ?p ?o }", "--file", str(quads)], stdout=other_end
    )
    process.wait(60)
    os.close(other_end)
    shown = os.read(main_end, 65536).decode()
    os.close(main_end)
    assert "┌" in shown
    assert "Grüße  [31m @de" in shown
    assert "\x1b" not in shown
    assert "2 rows" in shown


def results(*bindings: dict[str, Any]) -> dict[str, Any]:
    """Return SPARQL JSON results of the variables a and b."""
    return {"head": {"vars": ["a", "b"]}, "results": {"bindings": list(bindings)}}


def test_a_table_shortens_and_keeps_holes() -> None:
    """The longest namespace wins, an unbound variable is empty, an unknown IRI stays whole."""
    shown = table(
        results(
            {"a": {"type": "uri", "value": f"{A}/x/y"}, "b": {"type": "literal", "value": "1"}},
            {"a": {"type": "uri", "value": "http://b.example/"}},
            {"b": {"type": "bnode", "value": "n"}},
        ),
        {"a": f"{A}/", "x": f"{A}/x/"},
    )
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown.splitlines() if line[0] == "│"]
    assert cells == [["a", "b"], ["x:y", "1"], ["<http://b.example/>", ""], ["", "_:n"]]
    assert shown.endswith("3 rows")
    assert table({"head": {}, "boolean": True}, {}) == "yes"


def test_every_question_is_listed_and_one_is_answered(quads: Path) -> None:
    """Without a name the questions are listed with what they ask; a wrong name is offered the nearest."""
    listed = mercato("ask")
    known = read_questions()
    assert known
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(known)
    assert all(question.title() in listed.stdout for question in known.values())
    done = mercato("ask", "valuations", "--file", quads, "--format", "json")
    assert json.loads(done.stdout)["results"]["bindings"] == []
    wrong = mercato("ask", "valuation")
    assert wrong.exit_code == 2
    assert "did you mean valuations" in wrong.stderr


def test_a_question_has_its_words_in_both_languages(tmp_path: Path) -> None:
    """The first comment lines say what is asked; a line without a language goes on with the one before."""
    path = tmp_path / "who.rq"
    path.write_text("# en: Who\n# moved?\n# fr: Qui est parti ?\n# note-en: By name.\nASK {}", encoding="utf-8")
    question = read_question(path)
    assert (question.title(), question.title("fr"), question.title("de")) == (
        "Who moved?",
        "Qui est parti ?",
        "Who moved?",
    )
    assert question.wording["note-en"] == "By name."
