"""The one table of settings, and those who read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SettingError
from kg.settings import SETTINGS, load

ROOT = Path(__file__).parent.parent


def test_order_of_precedence() -> None:
    """What is given wins over the environment, which wins over the default."""
    assert load(environ={})["port"] == 8000
    assert load(environ={"MERCATO_PORT": "9000"})["port"] == 9000
    assert load({"port": 1}, environ={"MERCATO_PORT": "9000"})["port"] == 1


@pytest.mark.parametrize(
    ("given", "environ", "words"),
    [
        ({"prot": 1}, {}, "no setting 'prot'"),
        ({}, {"MERCATO_PORT": "eighty"}, "MERCATO_PORT is 'eighty'"),
        ({"query_timeout": -1.0}, {}, "query_timeout is -1.0: give a number from 0.01 to 86,400"),
        ({"query_timeout": float("nan")}, {}, "query_timeout is nan"),
        ({}, {"MERCATO_QUERY_WORKERS": "0"}, "query_workers is 0: give a number from 1 to 256"),
    ],
)
def test_wrong_setting_is_named(given: dict[str, object], environ: dict[str, str], words: str) -> None:
    """A name that is no setting, and a value of another type or out of its bounds, are refused by name."""
    with pytest.raises(SettingError, match=words):
        load(given, environ)


def test_every_setting_is_documented() -> None:
    """The README's table has a row for each setting, with its variable and its default."""
    rows = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    cells = {row.split("|")[1].strip(" `"): row for row in rows}
    for setting in SETTINGS:
        row = cells.get(setting.name, "")
        assert f"`{setting.variable}`" in row, setting.name
        assert f"`{setting.default}`" in row or not setting.default, setting.name
        assert setting.help in row, setting.name


def test_names_are_unique() -> None:
    """No setting stands in the table twice."""
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
