"""Big files, whole and broken: findings or a sentence, in bounded time and memory; never a traceback or a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
MEGABYTE = 1_000_000
HEAD = b"@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix e: <http://example.org/thesaurus/> .\n"
SCHEME = b"e:scheme a skos:ConceptScheme .\n"


class Run(NamedTuple):
    """How a check went: exit code, output, wall time in seconds, peak memory in megabytes."""

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float


SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:shape:Concept> a sh:NodeShape ; sh:targetClass skos:Concept ; sh:property
    [ sh:path skos:prefLabel ; sh:minCount 1 ; sh:uniqueLang true ] ,
    [ sh:path skos:inScheme ; sh:minCount 1 ; sh:class skos:ConceptScheme ] .
<urn:shape:Scheme> a sh:NodeShape ; sh:targetClass skos:ConceptScheme ; sh:nodeKind sh:IRI .
"""


def checked(path: Path) -> Run:
    """Check `path` by the shapes in a process of its own."""
    shapes = path.with_name("shapes.ttl")
    shapes.write_text(SHAPES, encoding="utf-8")
    command = [
        sys.executable,
        "-c",
        "from kg.commands.main import main; main()",
        "check",
        str(path),
        "--shapes",
        str(shapes),
    ]
    out, err = path.with_suffix(".out"), path.with_suffix(".err")
    start = time.monotonic()
    with out.open("wb") as out_file, err.open("wb") as err_file:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, stdout=out_file, stderr=err_file, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    with out.open(encoding="utf-8") as lines:
        first = "".join(line for _, line in zip(range(50), lines, strict=False))
    return Run(process.returncode, first, err.read_text(encoding="utf-8"), seconds, usage.ru_maxrss / 1024)


def statements(size: int, end: bytes = b"\n") -> Iterator[bytes]:
    """Return about `size` bytes of concepts that break no rule."""
    yield HEAD
    yield SCHEME
    written, number = 0, 0
    while written < size:
        part = b"".join(
            b'e:c%d a skos:Concept ; skos:prefLabel "concept number %d"@en ; skos:inScheme e:scheme .' % (each, each)
            + end
            for each in range(number, number + 1000)
        )
        number += 1000
        written += len(part)
        yield part


def insert(size: int, fault: bytes, at: float) -> Iterator[bytes]:
    """Return the same with `fault` at about the part `at` of it."""
    written = 0
    for part in statements(size):
        if fault and written >= at * size:
            yield fault
            fault = b""
        written += len(part)
        yield part
    if fault:
        yield fault


def literal(megabytes: int) -> Iterator[bytes]:
    """Return a text with one literal of that size; pyoxigraph's buffer takes up to 16 MiB for one token."""
    yield from (HEAD, SCHEME, b"e:c0 a skos:Concept ; skos:inScheme e:scheme ; skos:prefLabel\n'")
    yield from [b"x" * MEGABYTE] * megabytes
    yield b"'@en ."


BIG: dict[str, tuple[Callable[[int], Iterator[bytes]], int, str]] = {
    "valid": (statements, 0, "0 errors, 0 warnings"),
    "a fault at the start": (lambda size: insert(size, b"e:x ??? .\n", 0.0), 1, "error [syntax]"),
    "a fault at the end": (lambda size: insert(size, b"e:x ??? .\n", 1.0), 1, "error [syntax]"),
    "cut at the end": (lambda size: insert(size, b"e:x skos:prefLabel 'cut", 1.0), 1, "error [syntax]"),
    "no UTF-8 at the end": (lambda size: insert(size, b"e:x skos:prefLabel '\xe9' .\n", 1.0), 1, "error [encoding]"),
    "one line": (lambda size: statements(size, b" "), 0, "0 errors, 0 warnings"),
    "one line with a fault": (
        lambda size: iter([*statements(size, b" "), b"e:x skos:prefLabel ; ."]),
        1,
        "error [syntax]",
    ),
    "a literal of 16 MB": (lambda size: literal(16), 0, "0 errors, 0 warnings"),
    "a literal of 17 MB": (lambda size: literal(17), 1, ":4:1: error [syntax] what starts here never ends, or"),
    "an open string": (lambda size: iter([HEAD, b'e:s e:p """', *statements(size)]), 1, "error [syntax]"),
    "NUL bytes": (lambda size: iter([b"\0" * MEGABYTE] * (size // MEGABYTE)), 1, "error [syntax]"),
    "nothing but faults": (lambda size: iter([b"? ] ; <a b>\n" * (size // 12)]), 1, "error [syntax]"),
    "open brackets": (lambda size: iter([HEAD, b"e:s e:p ", b"[ e:p " * (size // 6)]), 1, "error [syntax]"),
    "blanks": (lambda size: iter([b" \n" * (size // 2)]), 1, "warning [empty-file]"),
}  # fmt: skip


def judge(tmp_path: Path, kind: str, megabytes: int) -> Run:
    """Check a file of `kind` and that size, and fail unless it ends as it should."""
    make, code, words = BIG[kind]
    path = tmp_path / "big.ttl"
    with path.open("wb") as file:
        file.writelines(make(megabytes * MEGABYTE))
    run = checked(path)
    assert run.err == ""
    assert run.code == code
    assert words in run.out
    return run


@pytest.mark.parametrize("kind", BIG)
def test_a_file_of_a_megabyte(tmp_path: Path, kind: str) -> None:
    """Each kind of big file, small: the right exit code, and a finding where there is a fault."""
    judge(tmp_path, kind, 1)


@pytest.mark.soak
@pytest.mark.parametrize("kind", BIG)
def test_a_file_of_a_hundred_megabytes(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same at 100 MB (MERCATO_BIG_MEGABYTES), within ten minutes and 7 GB, the memory of a CI runner."""
    megabytes = int(os.environ.get("MERCATO_BIG_MEGABYTES", "100"))
    run = judge(tmp_path, kind, megabytes)
    with capsys.disabled():
        summary = run.out.strip().splitlines()[-1][:90]
        print(f"\n  {megabytes} MB, {kind:<24} {run.seconds:>7.1f} s {run.megabytes:>8,.0f} MB  {summary}")
    assert run.seconds < 600
    assert run.megabytes < 7000
