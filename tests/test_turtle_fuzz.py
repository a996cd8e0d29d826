"""The reader under texts that nobody would write: each is read as pyoxigraph reads it, or refused in a sentence."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from turtle_maker import Maker, corpus, kinds

from kg.check.inputs import Inputs, take
from kg.turtle.document import Document, canonical

SOURCE = "x.ttl"
KINDS = kinds(corpus())
FEW = 6
"""Blank nodes up to which graphs are compared by their canonical form, which takes exponential time at worst."""
ALL = list(HealthCheck)

texts = st.tuples(st.sampled_from(list(KINDS)), st.randoms()).map(
    lambda pair: (pair[0], KINDS[pair[0]](Maker(pair[1])))
)


def judge(data: bytes) -> str:
    """Take `data` as the check takes a file; return whether it was `read` or `refused`, and fail on anything else."""
    inputs = Inputs()
    take(data, SOURCE, inputs, "f0")
    read = inputs.documents
    lines = data.decode("utf-8", "replace").split("\n")
    for each in inputs.findings:
        span = each.span
        assert each.sentence
        assert 1 <= span.line <= span.end_line <= len(lines)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1
        assert (span.line, span.column) < (span.end_line, span.end_column)
    if not read:
        assert inputs.findings
        return "refused"
    compare(read[0])
    return "read"


def compare(document: Document) -> None:
    """Fail unless the graph is the one that pyoxigraph reads alone, and every place lies in the text."""
    ours = [triple[:3] for triple in document.triples]
    quads = ox.parse(document.text, format=ox.RdfFormat.TURTLE, base_iri=document.base)
    theirs = [(quad.subject, quad.predicate, quad.object) for quad in quads]
    blanks = {term for triple in ours for term in triple if isinstance(term, ox.BlankNode)}
    if len(blanks) <= FEW:
        assert canonical(ours) == canonical(theirs)
    assert Counter(map(nameless, ours)) == Counter(map(nameless, theirs))
    for triple in document.triples:
        for start, end in triple[3:]:
            assert 0 <= start < end <= len(document.text)


def nameless(triple: tuple[object, ...]) -> tuple[object, ...]:
    """Return `triple` with all blank nodes alike."""
    return tuple("blank" if isinstance(term, ox.BlankNode) else term for term in triple)


@settings(max_examples=400, deadline=None, suppress_health_check=ALL)
@given(texts)
def test_fuzz(made: tuple[str, bytes]) -> None:
    """Any text at all is read as pyoxigraph reads it, or refused in findings whose places are in the text."""
    judge(made[1])


def test_the_maker_makes_what_it_says() -> None:
    """Most texts by the grammar are Turtle and most damaged ones are not, so that the fuzz sees both in numbers."""
    random = Random(5)  # noqa: S311 - the same texts each time
    read = {kind: sum(judge(make(Maker(random))) == "read" for _ in range(200)) / 200 for kind, make in KINDS.items()}
    assert read["grammar"] > 0.5, read
    assert 0.02 < read["grammar, damaged"] < read["grammar"], read


@pytest.mark.soak
def test_fuzz_by_the_clock(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten minutes of texts (MERCATO_FUZZ_SECONDS), counted: no crash, no other graph than pyoxigraph's."""
    seconds = float(os.environ.get("MERCATO_FUZZ_SECONDS", "600"))
    first = int(os.environ.get("MERCATO_FUZZ_SEED", secrets.randbelow(2**32)))
    counts: Counter[tuple[str, str]] = Counter()
    start, rounds = time.monotonic(), 0
    while time.monotonic() - start < seconds:

        @seed(first + rounds)
        @settings(max_examples=500, deadline=None, database=None, suppress_health_check=ALL,
                  phases=(Phase.generate, Phase.shrink))  # fmt: skip
        @given(texts)
        def one_round(made: tuple[str, bytes]) -> None:
            kind, data = made
            counts[kind, judge(data)] += 1

        try:
            one_round()
        except BaseException:
            print(f"MERCATO_FUZZ_SEED={first + rounds}")
            raise
        rounds += 1
    with capsys.disabled():
        print(f"\n  the reader's fuzz: {time.monotonic() - start:,.0f} s, seed {first}, {rounds:,} rounds of 500")
        for kind in (*KINDS, ""):
            read, refused = (
                sum(number for (each, verdict), number in counts.items() if verdict == wanted and kind in ("", each))
                for wanted in ("read", "refused")
            )
            print(f"  {kind or 'in all':<20} {read + refused:>10,} texts  {read:>10,} Turtle  {refused:>10,} refused")
    assert all(counts[kind, "refused"] for kind in KINDS)
    assert counts["grammar", "read"]


@pytest.mark.soak
def test_fuzz_by_coverage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same, guided by what of the reader the texts reach, where Atheris is installed (the extra `fuzz`)."""
    pytest.importorskip("atheris", reason="Atheris is not installed: pip install 'mercato[fuzz]'")
    seconds = os.environ.get("MERCATO_FUZZ_SECONDS", "600")
    for number, data in enumerate(corpus()):
        (tmp_path / str(number)).write_bytes(data)
    command = [sys.executable, str(Path(__file__).with_name("coverage_fuzz.py"))]
    limits = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=4096", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run([*command, *limits, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    last = [line for line in done.stderr.splitlines() if line.startswith(("texts ", "Done "))]
    with capsys.disabled():
        print(f"\n  the reader's fuzz by coverage: {'; '.join(last[-2:])}")
