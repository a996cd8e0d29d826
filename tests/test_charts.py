"""Charts of answers."""

from __future__ import annotations

from server.graph import Term
from server.site.charts import bars


def row(**values: str) -> dict[str, Term]:
    """Return a row of plain literals."""
    return {name: Term("literal", value) for name, value in values.items()}


def test_bars_are_shares_of_the_longest() -> None:
    """Each bar is as long as its share of the largest value; the same pair of label and value is drawn once."""
    rows = [row(who="a", n="300000000000"), row(who="b", n="61500000000"), row(who="b", n="61500000000")]
    drawn = bars(rows, "bar ?who ?n")
    assert [(bar.label, bar.value, bar.length) for bar in drawn] == [
        ("a", "300,000,000,000", 100.0),
        ("b", "61,500,000,000", 20.5),
    ]


def test_what_is_no_number_has_no_bar() -> None:
    """Missing, negative and wordy values, and values that are no finite number, are left out."""
    rows = [row(who="a", n="many"), row(who="b"), row(who="c", n="-1"), row(who="d", n="NaN"), row(who="e", n="0")]
    assert [bar.label for bar in bars(rows, "bar ?who ?n")] == ["e"]


def test_an_unknown_chart_is_none() -> None:
    """A specification that names no kind of ours draws nothing."""
    assert bars([row(who="a", n="1")], "pie ?who ?n") == []
    assert bars([row(who="a", n="1")], "bar ?who") == []
