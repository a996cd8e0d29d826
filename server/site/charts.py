"""Charts of answers, as what the templates draw: bars with their shares of the longest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from server.graph import Row


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, its value as written and its length, 0 to 100."""

    label: str
    value: str
    length: float


def bars(rows: Sequence[Row], specification: str) -> list[Bar]:
    """Return the bars that `specification` (`bar ?label ?value`) makes of `rows`, each pair of them once.

    Rows without a number of at least 0 there have no bar; anything that is no such specification has none at all.
    """
    words = specification.split()
    if len(words) != 3 or words[0] != "bar":
        return []
    label, value = (name.lstrip("?$") for name in words[1:])
    found: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        if label in row and value in row:
            try:
                number = Decimal(row[value].value)
            except InvalidOperation:
                continue
            if number.is_finite() and number >= 0:
                found[row[label].value, _readable(number)] = number
    longest = max(found.values(), default=Decimal(0)) or Decimal(1)
    return [Bar(name, text, round(float(number / longest * 100), 2)) for (name, text), number in found.items()]


def _readable(number: Decimal) -> str:
    """Return the number with its thousands apart and no zeros that say nothing."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
