"""Checks in the sandbox, without a server: limits, what reports say of their ground, and what a worker cannot do."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kg import settings
from kg.check.finding import Finding, Report
from kg.check.report.page import SHOWN, listing, pieces
from kg.errors import InputError, LimitError
from kg.sandbox import check_worker, inside
from kg.sandbox.check_worker import prepared
from kg.sandbox.checks import Checks
from kg.sandbox.inside import Seal
from kg.sandbox.messages import PAGE, CheckPlan
from kg.turtle.text import Span, Text

DATA = Path(__file__).parent / "data"
SHAPES = (("shapes.ttl", str(DATA / "skos" / "shapes.ttl")),)
GOOD = str(DATA / "skos" / "good.ttl")
BASE = "https://example.org/"


def plan(*data: str, memory: int = 64, without: tuple[str, ...] = ()) -> CheckPlan:
    """Return the plan to judge by the shapes of the thesaurus."""
    return CheckPlan(SHAPES, (), data, without, BASE, memory)


@pytest.fixture
def opened() -> Iterator[Callable[..., Checks]]:
    """Opens checks for one test, and closes them."""
    with ExitStack() as stack:

        def make(made: CheckPlan, **given: object) -> Checks:
            return stack.enter_context(closing(Checks(made, settings.load(given, {}))))

        yield make


def test_each_limit_is_told_by_its_name(opened: Callable[..., Checks]) -> None:
    """Too much memory, too long a report and too long a text each raise the limit that was reached."""
    small = opened(plan(memory=16), query_size=0.01, check_length=1024)
    many = b"<x:s> <x:p> .\n" * 2_000
    for text, limit, words in (
        (b"<x:s> <x:p> " + b"(" * 500_000, "memory", "more than 16 MiB"),
        (many, "size", "report is longer than 0.01 MiB"),
        (b"#" * 2_000_000, "size", "longer than 1,048,576 bytes"),
    ):
        with pytest.raises(LimitError, match=words) as caught:
            small.report(text, "x.ttl", "json")
        assert caught.value.limit == limit
    assert small.report(b"<x:s> <x:p> .", "x.ttl", "json").counts == {"error": 1, "warning": 0, "note": 0}


def test_a_caller_who_has_gone_stops_the_check(opened: Callable[..., Checks]) -> None:
    """Where the caller has hung up nothing is judged."""
    with pytest.raises(LimitError, match="the caller has gone"):
        opened(plan()).report(b"<x:s> <x:p> 1 .", "x.ttl", "json", lambda: True)


def test_an_unknown_report_is_refused(opened: Callable[..., Checks]) -> None:
    """A format that there is not is a `ValueError` with those there are."""
    with pytest.raises(ValueError, match="text, github, sarif"):
        opened(plan()).report(b"", "x.ttl", "pdf")


def test_what_cannot_be_read_is_told_when_it_is_opened() -> None:
    """A fault of the shapes or of the data is raised with its place, under the name that reports give."""
    missing = CheckPlan((("shapes.ttl", "/no/such/file"),), (), (), (), BASE, 64)
    with pytest.raises(InputError):
        Checks(missing, settings.load({}, {}))


def test_a_graph_that_is_not_looked_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports say when the graph is too large to be referred to, or in another service; else they say nothing."""
    text = b"<x:s> <x:p> 1 ."
    assert prepared(plan(GOOD)).report(text, "x.ttl").scope == ""
    assert "another service holds it" in prepared(plan()).report(text, "x.ttl").scope
    monkeypatch.setattr(check_worker, "CONTEXT", 3)
    assert "more than 3 triples" in prepared(plan(GOOD)).report(text, "x.ttl").scope


def test_what_was_derived_is_not_referred_to(tmp_path: Path) -> None:
    """Graphs that are left out are no part of what a text may refer to; blank nodes keep apart from the text's."""
    path = tmp_path / "data.nq"
    path.write_text("_:f0 <x:p> <x:b> <x:kept> .\n<x:c> <x:p> <x:d> <x:derived> .\n", encoding="utf-8")
    context = prepared(plan(str(path), without=("x:derived",))).setup.context
    assert [[str(term) for term in triple] for triple in context] == [["_:c0f0", "<x:p>", "<x:b>"]]


def in_a_child(act: Callable[[], str]) -> str:
    """Return what `act` returns in a forked process that is pinned as a worker is."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            inside.pin(64)
            os.write(writing, act().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(child, 0)
    return said


def test_a_sealed_process_says_what_it_could_not_load() -> None:
    """A module that is not loaded is told aloud, even where a library takes its absence for granted."""

    def act() -> str:
        seal = Seal()
        with contextlib.suppress(Exception):  # as a library would
            import this  # noqa: F401 - a module that nothing has loaded
        try:
            seal.check()
        except RuntimeError as error:
            return str(error)
        return "nothing"

    assert in_a_child(act).startswith("import 'this'")


@pytest.mark.parametrize(
    ("text", "span", "shown"),
    [
        ("    a mc:Move ;", Span(1, 5, 1, 14), ("    ", "a mc:Move", " ;")),
        ("ends", Span(1, 5, 1, 6), ("ends", " ", "")),
        ("", Span(1, 1, 1, 2), ("", " ", "")),
        ("of several lines", Span(1, 4, 3, 2), ("of ", "several lines", "")),
        ("a\x00\u202eb\tc", Span(1, 2, 1, 4), ("a", "\ufffd\ufffd", "b\tc")),
        ("x" * 400 + "here" + "y" * 400, Span(1, 401, 1, 405), ("…" + "x" * 59, "here", "y" * 177)),
    ],
)
def test_pages_show_the_part_of_a_line_that_matters(text: str, span: Span, shown: tuple[str, str, str]) -> None:
    """A line comes in three pieces, long ones shortened and characters that deceive made visible."""
    line, column = Text(text, "x.ttl").excerpt(span)
    assert pieces(Finding("x.ttl", span, "rule", "sentence", text=line, text_column=column)) == shown


def test_a_page_gets_the_first_findings_and_the_number_of_the_others() -> None:
    """A listing holds at most so many findings, and counts them all."""
    findings = tuple(Finding("x.ttl", Span(n, 1, n, 2), "rule", "sentence") for n in range(1, SHOWN + 6))
    found = json.loads(listing(Report(findings)))
    assert (len(found["findings"]), found["more"], found["error"]) == (SHOWN, 5, SHOWN + 5)
    assert PAGE in check_worker.REPORTS
