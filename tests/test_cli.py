"""The command as a person meets it: a real process, its exit code, and what it says when the call is wrong."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kg.publish.compose import Sources

ROOT = Path(__file__).parent.parent


def mercato(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own and return how it went."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-c",
        "from kg.commands.main import main; main(prog_name='mercato')",
        *map(str, arguments),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=cwd)


def folders(small: Sources) -> list[str]:
    """Return the options that name the small graph's folders."""
    places = {"data": small.data, "ontology": small.ontology, "shapes": small.shapes, "queries": small.queries}
    return [word for kind, place in places.items() for word in (f"--{kind}", str(place))] + ["--base", small.base]


def test_build_then_nothing_to_do(small: Sources, tmp_path: Path) -> None:
    """The first build writes, the second says that nothing changed, and a pipe gets no progress bar."""
    out = tmp_path / "out"
    first = mercato("build", "--out", out, *folders(small))
    assert (first.returncode, first.stderr) == (0, "")
    assert "(written)" in first.stdout
    assert "(unchanged)" in mercato("build", "--out", out, *folders(small)).stdout
    assert "(written)" in mercato("build", "--force", "--out", out, *folders(small)).stdout


def published(out: Path) -> dict[str, str]:
    """Return the hash of each published file."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(out.iterdir()) if p.is_file()}


BROKEN = {
    "a clash": ("@prefix e: <https://example.org/vocab#> . <https://example.org/x> a e:Cat , e:Dog .", "x"),
    "a shape": ("@prefix e: <https://example.org/vocab#> . <https://example.org/x> a e:Cat .", "label"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_findings_stop_the_build(small: Sources, tmp_path: Path, kind: str) -> None:
    """A clash or a violated shape ends the build with the finding and exit 1, and leaves the dumps as they were."""
    out = tmp_path / "out"
    assert mercato("build", "--out", out, *folders(small)).returncode == 0
    before = published(out)
    text, word = BROKEN[kind]
    (small.data / "bad.ttl").write_text(text, encoding="utf-8")
    done = mercato("build", "--out", out, *folders(small))
    assert done.returncode == 1
    assert word in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert published(out) == before


def test_ill_formed_data_stops_the_build(small: Sources, tmp_path: Path) -> None:
    """A syntax error is a sentence with file, line and column, exit 2, and nothing is written."""
    (small.data / "bad.ttl").write_text("@prefix e: <https://example.org/> .\ne:a e:b .\n", encoding="utf-8")
    done = mercato("build", "--out", tmp_path / "out", *folders(small))
    assert done.returncode == 2
    assert f"{small.data / 'bad.ttl'}:2:" in done.stderr
    assert "Parser error" not in done.stderr  # the place is told once
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "mercato: no such command 'nonsense' (see mercato --help)"),
        (["build", "--colour"], "mercato: no such option '--colour'"),
        (["check", "--format", "pdf", "x.ttl"], "mercato: invalid value for '--format': 'pdf' is not one of 'text',"),
        (["check", "-", "-"], "standard input can be read once: give - once"),
        (["serve", "--port", "x"], "mercato: invalid value for '--port'"),
        (["build", "--data", "/nowhere"], "there is no folder /nowhere"),
        (["build", "--out", "/dev/null/out"], "cannot be written"),
        (["sources", "verify", "/nowhere"], "is no folder"),
        (["sources", "locate", "/nowhere.txt", "x"], "cannot be read"),
        (["format", "/nowhere.ttl"], "cannot be read"),
        (["ask", "no-such-question"], "no-such-question"),
        (["query", "ASK {}", "--out", "/nowhere"], "there is no build"),
        (["query", "SELECT * {", "--file", "tests/data/serve/market.trig"], "1:"),
    ],
)
def test_wrong_calls(arguments: list[str], words: str) -> None:
    """A wrong call is told in one line, Click's own complaints too, and leaves with 2."""
    done = mercato(*arguments, cwd=ROOT)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_lists_every_command() -> None:
    """The help names each command of the design, those of the server too."""
    done = mercato("--help")
    assert done.returncode == 0
    names = {line.split()[0] for line in done.stdout.split("Commands:")[1].splitlines() if line.strip()}
    assert {"ask", "build", "check", "diff", "format", "push", "query", "serve", "sources"} <= names


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`mercato … | head -0` ends quietly."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = f"{sys.executable} -c 'from kg.commands.main import main; main()' --help | head -c 0"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == ""


def test_format_is_idempotent_and_keeps_comments_safe(tmp_path: Path) -> None:
    """Formatting writes the one form, then has nothing to do; a file with comments is refused as it is."""
    path = tmp_path / "a.ttl"
    path.write_text("<https://example.org/a>   <https://example.org/p> 1 .", encoding="utf-8")
    assert mercato("format", "--check", path).returncode == 1
    assert mercato("format", path).returncode == 0
    assert mercato("format", "--check", path).returncode == 0
    path.write_text("# why\n<https://example.org/a>   <https://example.org/p> 1 .", encoding="utf-8")
    assert mercato("format", path).returncode == 2
    assert path.read_text(encoding="utf-8").startswith("# why")


WRONG = {
    "a base that is no IRI": (("build", "--base", "here"), "base is 'here': give an http(s) IRI that ends in a slash"),
    "an empty query": (("query", ""), "query: is empty: write SPARQL"),
    "an update": (("query", "DROP ALL"), "query:1:1: DROP is an update"),
    "a folder of questions that is not there": (("ask", "--queries", "nowhere"), "nowhere: there is no folder nowhere"),
    "a name like none": (("ask", "zzzz"), "there is no question 'zzzz': `mercato ask` lists"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_call_is_told_in_one_sentence(tmp_path: Path, kind: str) -> None:
    """A call that cannot be meant ends with exit 2 and one sentence, and writes nothing."""
    arguments, words = WRONG[kind]
    done = mercato(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("redirection", "words"),
    [
        (">/dev/full", "cannot be read or written (No space left on device)"),
        (">&-", "an output is closed"),
    ],
)
def test_an_output_that_takes_nothing(redirection: str, words: str) -> None:
    """A full disk or a closed standard output is exit 2 and one sentence, no fault of the program."""
    command = f"{sys.executable} -c 'from kg.commands.main import main; main()' ask {redirection}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_leaves_the_build_as_it_was(small: Sources, tmp_path: Path) -> None:
    """Where a dump cannot be written whole the build says so with exit 2, and what was published stays."""
    out = tmp_path / "out"
    assert mercato("build", "--out", out, *folders(small)).returncode == 0
    before = published(out)
    # A limit on the size of a file stands for a disk that runs full; Python ignores the signal that comes with it.
    command = [sys.executable, "-c", "from kg.commands.main import main; main()", "build", "--force", "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = f"ulimit -f 1; {shlex.join([*command, *folders(small)])}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"mercato: {out}: cannot be written (File too large)" in done.stderr
    assert published(out) == before
    assert [path.name for path in (out / "versions").iterdir() if path.name.startswith(".")] == []
