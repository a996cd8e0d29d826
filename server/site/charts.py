"""Charts of answers, as what the templates draw: one mark for each row that has a number, and no other.

A question says how it is drawn in its `# chart:` line: the kind, then what stands where, as `name=value` pairs.

- `bar label=?a,?b value=?n` draws a bar for each row; a value below zero has its bar marked as such.
- `range label=?a low=?n high=?m` draws spans on a logarithmic axis; a span without a high end stays open.

Both take `bound=?b` (a word such as “more than”, before the value), `unit=?u` (a column or a word, after it) and
`also=?x,?y` (columns whose numbers are written beside the value where they are not 0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from server.graph import Row

KINDS = {"bar": {"label", "value"}, "range": {"label", "low", "high"}}
"""The kinds of charts, and what each needs to be told."""


@dataclass(frozen=True)
class Mark:
    """One mark: what it stands for, its value in words, and where it begins and how long it is (0 to 100 each)."""

    label: str
    value: str
    start: float
    length: float
    is_open: bool = False
    is_negative: bool = False


def marks(rows: Sequence[Row], specification: str) -> list[Mark]:
    """Return the marks that `specification` makes of `rows`, one for each row with a number, in their order.

    What is no such specification, or names no column that has numbers, draws nothing.
    """
    kind, _, rest = specification.partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split() if "=" in part)
    if not KINDS.get(kind, {""}) <= set(parts):
        return []
    found = [(row, _number(row, parts.get("value", parts.get("low", ""))), _number(row, parts.get("high", "")))
             for row in rows]  # fmt: skip
    drawn = [(row, low, high) for row, low, high in found if low is not None and (kind == "bar" or low > 0)]
    if not drawn:
        return []
    ends = [abs(end) for _, low, high in drawn for end in (low, high) if end is not None]
    return [_mark(row, low, high, kind, parts, (min(ends), max(ends))) for row, low, high in drawn]


def _mark(
    row: Row, low: Decimal, high: Decimal | None, kind: str, parts: dict[str, str], scale: tuple[Decimal, Decimal]
) -> Mark:
    is_range = kind == "range"
    start, end = (_place(low, scale), _place(high or low, scale)) if is_range else (0.0, _share(low, scale[1]))
    text = _readable(low)
    if is_range and high != low:
        text = f"{text} – {_readable(high)}" if high else f"{text} –"
    unit = parts.get("unit", "")
    words = [_cell(row, parts.get("bound", "")), text, _cell(row, unit) if unit.startswith("?") else unit]
    words += [f"· {name.lstrip('?')} {_readable(number)}" for name in parts.get("also", "").split(",")
              if (number := _number(row, name))]  # fmt: skip
    return Mark(
        label=" · ".join(filter(None, (_cell(row, name) for name in parts["label"].split(",")))),
        value=" ".join(filter(None, words)),
        start=round(start, 2),
        length=round(max(end - start, 0.6 if is_range else 0.0), 2),
        is_open=is_range and high is None,
        is_negative=low < 0,
    )


def _cell(row: Row, name: str) -> str:
    term = row.get(name.lstrip("?"))
    return term.value if term else ""


def _number(row: Row, name: str) -> Decimal | None:
    try:
        number = Decimal(_cell(row, name))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _share(number: Decimal, largest: Decimal) -> float:
    return float(abs(number) / largest * 100) if largest else 0.0


def _place(number: Decimal, scale: tuple[Decimal, Decimal]) -> float:
    """Return where `number` lies between whole powers of ten around `scale`, in hundredths."""
    low, high = (math.floor(math.log10(scale[0])), math.ceil(math.log10(scale[1])))
    return (math.log10(number) - low) / max(high - low, 1) * 100


def _readable(number: Decimal) -> str:
    """Return the number with its thousands apart and no zeros that say nothing."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
