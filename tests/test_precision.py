"""How precisely a finding points: every finding at a place, value findings at the token, missing values at the type.

The places are known from the text alone: a mutation knows the line that it changed, and the token at a finding's place
is read by pyoxigraph and compared with the value that the finding is about. The figures are printed.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random

import pyoxigraph as ox
import pytest
from mutations import Mutation, choose, mutated, read, with_prefixes

from kg.check.finding import Finding, Report
from kg.check.inputs import Inputs, take
from kg.check.run import Request, Setup, judge, setup

ROOT = Path(__file__).parent.parent
BAD = ROOT / "tests" / "data" / "bad"
CLOSED = "<http://www.w3.org/ns/shacl#ClosedConstraintComponent>"
PREFIX = re.compile(r"@prefix [\w-]*: <[^>]*> \.")


@cache
def judges(context: Path | None) -> Setup:
    """Return our shapes and vocabulary, with what is in the folder `context` to refer to."""
    return setup(Request([], context=[context] if context else ()), [])


def judged(files: Mapping[str, bytes], made: Setup) -> Report:
    """Return what is found in the files together."""
    inputs = Inputs()
    for number, (name, data) in enumerate(files.items()):
        take(data, name, inputs, f"f{number}.")
    return judge(inputs, made, len(files))


def is_placed(finding: Finding, text: str) -> bool:
    """Tell whether a finding has a file, and a span of at least one character that begins in its text."""
    span, lines = finding.span, text.split("\n")
    if not finding.source or not 1 <= span.line <= span.end_line <= len(lines):
        return False
    return 1 <= span.column <= len(lines[span.line - 1]) + 1 and span[:2] < span[2:]


def has_value(finding: Finding) -> bool:
    """Tell whether a finding is about a value that its node has; one of a closed shape is about the property."""
    result = dict(finding.result)
    value = result.get("value")
    return value is not None and value != result["focusNode"] and result["sourceConstraintComponent"] != CLOSED


def is_exact(finding: Finding, text: str) -> bool:
    """Tell whether the token at the finding's place, read by pyoxigraph alone, is the value that it is about."""
    span = finding.span
    lines = text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    token = "\n".join(lines)[span.column - 1 :]
    alone = f"{' '.join(PREFIX.findall(text))} <x:s> <x:p> {token} ."
    try:
        quads = list(ox.parse(alone, format=ox.RdfFormat.TURTLE))
    except SyntaxError:
        return False
    return [str(quad.object) for quad in quads] == [dict(finding.result)["value"]]


def figures(what: str, report: Report, texts: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Print how many findings have a place and how many value findings stand at their token, and hold the limits."""
    placed = [is_placed(each, texts[each.source]) for each in report.findings]
    values = [each for each in report.findings if has_value(each)]
    exact = [is_exact(each, texts[each.source]) for each in values]
    with capsys.disabled():
        print(f"\n  {what}: {share(placed)} findings have file, line, column and end;"
              f" {share(exact)} value findings stand at their object's token")  # fmt: skip
    assert values
    assert all(placed)
    assert sum(exact) >= 0.99 * len(exact), [
        str(each)[:300] for each, well in zip(values, exact, strict=True) if not well
    ]


def share(told: list[bool]) -> str:
    """Return how many of `told` are true, in numbers and in percent."""
    return f"{sum(told):,} of {len(told):,} ({sum(told) / len(told):.2%})"


def test_places_of_the_fixtures(capsys: pytest.CaptureFixture[str]) -> None:
    """All bad files in one check: each finding has a place, each value finding stands at its object's token."""
    files = {path.name: path.read_bytes() for path in sorted(BAD.glob("*.ttl"))}
    report = judged(files, judges(ROOT / "tests" / "data" / "good"))
    assert len(report.findings) >= len(files)
    figures("fixtures", report, {name: data.decode("utf-8", "replace") for name, data in files.items()}, capsys)


def precision(number: int, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Make `number` mutations of our own graph, a few hundred at a time, and print and hold the figures."""
    files = {name: with_prefixes(text) for name, text in read(ROOT / "kg" / "data").items()}
    random = Random(seed)  # noqa: S311 - a choice that can be made again
    told: list[tuple[Mutation, bool]] = []
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    while len(told) < number:
        chosen = choose(files, random, min(250, number - len(told)))
        now = mutated(files, chosen)
        report = judged({name: text.encode() for name, text in now.items()}, judges(None))
        places = {(each.source, tuple(each.span)) for each in report.findings if each.level == "error"}
        told += [(each, (each.source, each.span) in places) for each in chosen]
        # Each round has its own texts: findings are kept under a name of the round.
        names = {name: f"{len(texts)} {name}" for name in now}
        texts |= {names[name]: text for name, text in now.items()}
        findings += [Finding(**{**each.__dict__, "source": names[each.source]}) for each in report.findings]
    kinds = Counter(mutation.kind for mutation, _ in told)
    with capsys.disabled():
        print(f"\n  {len(told):,} mutations of kg/data (seed {seed}), told at the very token that was changed:")
        for kind in kinds:
            print(f"    {kind:<24} {share([well for mutation, well in told if mutation.kind == kind])}")
    figures(f"{len(told):,} mutations", Report(tuple(findings)), texts, capsys)
    values = [well for mutation, well in told if mutation.kind != "missing property"]
    missing = [well for mutation, well in told if mutation.kind == "missing property"]
    assert sum(values) >= 0.99 * len(values), [mutation for mutation, well in told if not well]
    assert sum(missing) >= 0.99 * len(missing), [mutation for mutation, well in told if not well]


def test_places_of_mutations(capsys: pytest.CaptureFixture[str]) -> None:
    """200 mutations of our own graph: at least 99 % are told at the very token, what is missing at `a Class`."""
    precision(200, 1, capsys)


@pytest.mark.soak
def test_places_of_many_mutations(capsys: pytest.CaptureFixture[str]) -> None:
    """The same of 3,000 (MERCATO_MUTATIONS), another choice each time (MERCATO_FUZZ_SEED)."""
    seed = int(os.environ.get("MERCATO_FUZZ_SEED", Random().randrange(2**32)))  # noqa: S311
    precision(int(os.environ.get("MERCATO_MUTATIONS", "3000")), seed, capsys)
