"""Each bad file is found out: by its rule, at its span, and for nothing else; the good graph is clean."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from kg.check.run import Request, Setup, check, check_text, setup

DATA = Path(__file__).parent / "data"
BAD = sorted((DATA / "bad").glob("*.ttl"))
HEADER = re.compile(rb"(?:\xef\xbb\xbf)?# breaks: (\S+)\r?\n# at: (\d+:\d+-\d+:\d+)\r?\n")


@cache
def judges() -> Setup:
    """Return our shapes and vocabulary, with the good graph as the context."""
    return setup(Request([], context=[DATA / "good"]), [])


def test_there_are_enough() -> None:
    """At least 150 files, and every rule of Mercato's own that Turtle can break has one."""
    assert len(BAD) >= 150
    broken = {HEADER.match(path.read_bytes())[1].decode() for path in BAD}  # type: ignore[index]
    assert broken >= {
        *("encoding", "byte-order-mark", "syntax", "ill-typed-literal", "unknown-term", "blank-node", "unknown-kind"),
        *("dangling-reference", "duplicate-thing", "record-without-claim", "inconsistent"),
        "node-without-shape",
    }


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_one_finding_at_its_place(path: Path) -> None:
    """The file's header names the rule and the span, and exactly that is found."""
    header = HEADER.match(path.read_bytes())
    assert header, "the first two lines name the rule and the span (tests/data/README.md)"
    report = check_text(path.read_bytes(), path.as_posix(), judges())
    found = [(each.rule, str(each.span)) for each in report.findings if each.level != "note"]
    assert found == [(header[1].decode(), header[2].decode())]


def test_the_good_graph_is_clean() -> None:
    """The good graph has no finding, and every shape for data selects something in it."""
    report = check(Request([DATA / "good"], context=[]))
    assert [(each.rule, each.source, str(each.span)) for each in report.findings if each.level != "note"] == []
