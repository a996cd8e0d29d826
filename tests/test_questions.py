"""The named questions: each is asked of the whole graph and must give the answer written down for it.

The answers in `tests/data/answers/{name}.csv` were written by hand from what the articles say. Their header names the
columns that are compared; a question may give more, such as the record behind a row.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "kg" / "queries" / "questions"
ANSWERS = Path(__file__).parent / "data" / "answers"
ID = "https://w3id.org/mercato/id/"
NAMES = sorted({path.stem for path in QUESTIONS.glob("*.rq")} | {path.stem for path in ANSWERS.glob("*.csv")})
# Questions that ask for a ranking: the order of the rows is a part of the answer.
RANKINGS = {
    "corroborated-moves",
    "cuts-ranking",
    "destinations",
    "hire-shares",
    "net-flow",
    "net-flows",
    "retention-ranking",
    "round-share",
    "valuations",
}
# Questions with a row for every record: the rows written down by hand are a sample of them, and
# tests/test_analyses.py recounts the whole.
SAMPLES = {"numbers-to-passages", "trust"}
NUMERIC = {"integer", "decimal", "double", "float"}

Row = tuple[str, ...]


def number(text: str) -> str:
    """Return one spelling for every spelling of a number: `0.80` and `0.8` are one."""
    return format(Decimal(text).normalize(), "f")


def is_numeric(term: object) -> bool:
    """Return whether `term` is a literal of a numeric datatype."""
    return isinstance(term, Literal) and term.datatype.value.rpartition("#")[2] in NUMERIC


def cell(term: object) -> str:
    """Return the CSV cell of `term`: nothing for an unbound one, kind:slug for a thing's IRI, else its text."""
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return term.value.removeprefix(ID).replace("/", ":", 1)
    assert isinstance(term, Literal), "a question gives no blank nodes"
    return number(term.value) if is_numeric(term) else term.value


def ask(graph: Store, name: str) -> tuple[list[str], list[dict[str, object]]]:
    """Return the columns and the rows, `{column: term}`, of the question `name`."""
    answer = graph.query((QUESTIONS / f"{name}.rq").read_text("utf-8"), use_default_graph_as_union=True)
    assert isinstance(answer, QuerySolutions)
    columns = [variable.value for variable in answer.variables]
    return columns, [dict(zip(columns, solution, strict=True)) for solution in answer]


def distinct(rows: list[Row]) -> list[Row]:
    """Return `rows` in their order, each once."""
    return list(dict.fromkeys(rows))


@pytest.mark.parametrize("name", NAMES)
def test_answer(graph: Store, name: str) -> None:
    """A question gives the rows of its hand-written answer, in their order where it ranks."""
    lines = csv.reader((ANSWERS / f"{name}.csv").read_text("utf-8").splitlines())
    header, *wanted = [tuple(line) for line in lines]
    columns, rows = ask(graph, name)
    assert set(header) <= set(columns), f"{name} projects {columns}"
    counted = [any(is_numeric(row[column]) for row in rows) for column in header]
    found = distinct([tuple(cell(row[column]) for column in header) for row in rows])
    expected = distinct(
        [tuple(number(c) if n and c else c for c, n in zip(line, counted, strict=True)) for line in wanted]
    )
    if name in RANKINGS:
        assert found == expected
    elif name in SAMPLES:
        assert expected
        assert set(expected) <= set(found)
    else:
        assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_bound_somewhere(graph: Store, name: str) -> None:
    """No column of a question is empty in every row: it would be a misspelt term."""
    columns, rows = ask(graph, name)
    assert not rows or all(any(row[column] is not None for row in rows) for column in columns)


@pytest.mark.parametrize("name", NAMES)
def test_heading(name: str) -> None:
    """A question stands in both languages, says whom it is for, and notes come in both languages too."""
    lines = (QUESTIONS / f"{name}.rq").read_text("utf-8").splitlines()
    pairs = [line.removeprefix("# ").split(": ", 1) for line in lines if line.startswith("# ") and ": " in line]
    heading = {pair[0]: pair[1] for pair in pairs}
    assert heading["en"].endswith("?")
    assert heading["fr"].endswith(" ?")
    assert set(heading["for"].split("|")) <= {"journalist", "recruiter", "economist", "developer", "everyone"}
    assert ("note-en" in heading) == ("note-fr" in heading)


def test_names_are_contract() -> None:
    """The questions that other people's links depend on are there under their names."""
    contract = ROOT.parent / "shared" / "QUESTIONS.md"
    if not contract.is_file():
        pytest.skip("the list of questions is not beside this checkout")
    rows = [line.split("|")[1].strip() for line in contract.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert set(rows) - {"name", "---"} <= set(NAMES)
