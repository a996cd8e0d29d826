"""Charts of answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.sparql.questions import Question, read_questions
from server.graph import Row, Term, solutions
from server.site.charts import marks

QUESTIONS: Mapping[str, Question] = read_questions(Path(__file__).parent.parent / "kg" / "queries")
CHARTED = sorted(name for name, question in QUESTIONS.items() if "chart" in question.wording)


def row(**values: str) -> Row:
    """Return a row of plain literals."""
    return {name: Term("literal", value) for name, value in values.items()}


def test_bars_are_shares_of_the_longest() -> None:
    """Each bar is as long as its share of the largest value, and each row has its own, equal ones too."""
    rows = [row(who="a", n="300000000000"), row(who="b", n="61500000000"), row(who="b", n="61500000000")]
    drawn = marks(rows, "bar label=?who value=?n")
    assert [(mark.label, mark.value, mark.length) for mark in drawn] == [
        ("a", "300,000,000,000", 100.0),
        ("b", "61,500,000,000", 20.5),
        ("b", "61,500,000,000", 20.5),
    ]


def test_a_label_names_every_naming_column() -> None:
    """Two rows that differ in their second name only are told apart; bound, unit and what else is counted are said."""
    rows = [row(a="OpenAI", b="Google", n="1", c="More Than", g="2"), row(a="OpenAI", b="Anthropic", n="4", g="0")]
    drawn = marks(rows, "bar label=?a,?b value=?n bound=?c unit=people also=?g")
    assert [(mark.label, mark.value) for mark in drawn] == [
        ("OpenAI · Google", "More Than 1 people · g 2"),
        ("OpenAI · Anthropic", "4 people"),
    ]


def test_ranges_lie_on_a_logarithmic_axis() -> None:
    """A span reaches from its low to its high end; one without a high end is open and has none drawn."""
    rows = [row(k="a", low="100", high="10000"), row(k="b", low="1000"), row(k="c", high="5")]
    drawn = marks(rows, "range label=?k low=?low high=?high")
    assert [(mark.value, mark.start, mark.length, mark.is_open) for mark in drawn] == [
        ("100 – 10,000", 0.0, 100.0, False),
        ("1,000 –", 50.0, 0.6, True),
    ]


def test_what_is_no_number_has_no_mark() -> None:
    """Missing and wordy values, and values that are no finite number, have none; a negative one is marked as such."""
    rows = [row(who="a", n="many"), row(who="b"), row(who="c", n="-1"), row(who="d", n="NaN"), row(who="e", n="0")]
    assert [(mark.label, mark.is_negative) for mark in marks(rows, "bar label=?who value=?n")] == [
        ("c", True),
        ("e", False),
    ]


def test_an_unknown_chart_is_none() -> None:
    """A specification that names no kind of ours, or leaves out what the kind needs, draws nothing."""
    assert marks([row(who="a", n="1")], "pie label=?who value=?n") == []
    assert marks([row(who="a", n="1")], "bar label=?who") == []
    assert marks([row(who="a", n="1")], "") == []


@pytest.mark.parametrize("name", CHARTED)
def test_a_chart_has_a_mark_for_each_row_with_a_number(graph: ox.Store, name: str) -> None:
    """The charts of the named questions leave nothing out and tell all marks apart."""
    chart = QUESTIONS[name].wording["chart"]
    answer = graph.query(QUESTIONS[name].text, use_default_graph_as_union=True)
    assert isinstance(answer, ox.QuerySolutions)
    rows = solutions(answer.serialize(format=ox.QueryResultsFormat.JSON) or b"")[1]
    value = next(part for part in chart.split() if part.startswith(("value=", "low="))).partition("=?")[2]
    drawn = marks(rows, chart)
    assert drawn
    assert len(drawn) == sum(value in each for each in rows)
    assert len({(mark.label, mark.value) for mark in drawn}) == len(drawn)
