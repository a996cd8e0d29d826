"""The description of the interface, and fuzzers that run from it and from the questions."""

from __future__ import annotations

import http.client
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from serving import MARKET, ROOT, Serving, serving

from kg.settings import load
from kg.sparql.local import open_engine
from server import create_app
from server.config import Config
from server.http.release import Edition, Published

QUESTIONS = sorted((ROOT / "kg" / "queries" / "questions").glob("*.rq"))
LIMITS = {"time-limit", "memory-limit", "busy"}


@pytest.fixture(scope="module")
def target(built: Path) -> Iterator[Serving]:
    """Return a server of Mercato's own graph for the fuzzers."""
    with serving("--out", str(built)) as server:
        yield server


def test_every_path_is_described_and_every_description_is_served() -> None:
    """The document and the application's routes name the same paths."""
    engine = open_engine("memory", [MARKET])
    server = create_app(Config.read(load(environ={})), Published(Edition("1", "https://w3id.org/mercato/", engine)))
    served = {re.sub(r"<(?:path:)?(.*?)>", "{}", rule.rule) for rule in server.app.url_map.iter_rules()}
    environ = {"mercato.edition": server.published.take()}
    document = server.app.test_client().get("/openapi.json", environ_overrides=environ).json
    described = {re.sub(r"\{.*?\}", "{}", path) for path in document["paths"]}
    same = {"/sparql/": "/sparql", "/questions/": "/questions", "/data/{}": "/data/{}.{}"}
    assert {same.get(path, path) for path in served} - {"/static/{}"} == described


@pytest.mark.parametrize("examples", [4, pytest.param(400, marks=pytest.mark.soak)])
def test_schemathesis_finds_nothing(
    target: Serving, capsys: pytest.CaptureFixture[str], tmp_path: Path, examples: int
) -> None:
    """Schemathesis, from our own description, finds no 5xx, no undescribed status or type, no ill-formed body."""
    checks = "not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{target.url}/openapi.json", "--checks", checks]
    command += ["--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", str(examples), "--no-color"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    found = re.search(r"(\d+) generated, (\d+) passed", result.stdout)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
    assert found
    with capsys.disabled():
        print(f"\nschemathesis: {found[0]}")
    assert found[1] == found[2]
    assert int(found[1]) > 200


STRANGE = ("", "\x00", "{", "}", "\ufffe", "SERVICE", "<", '"', "*", "é", "?x", "9" * 400)


def mutated(text: str, chance: random.Random) -> str:
    """Return `text` with some of its pieces dropped, doubled, swapped or replaced."""
    pieces = re.findall(r"\w+|\s+|.", text)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(pieces))
        pieces[place] = chance.choice([*STRANGE, pieces[place] * 2, chance.choice(pieces)])
    return "".join(pieces)


@pytest.mark.parametrize("count", [300, pytest.param(6000, marks=pytest.mark.soak)])
def test_mutated_queries_never_break_anything(target: Serving, capsys: pytest.CaptureFixture[str], count: int) -> None:
    """Queries made of our own by mutation get an answer, a 4xx that says what, or one of the limits; never a 500."""
    chance = random.Random(20250701)  # noqa: S311 - the same texts in every run
    texts = [path.read_text(encoding="utf-8") for path in QUESTIONS] or ["SELECT * WHERE { ?s ?p ?o }"]
    outcomes: Counter[str] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=30)
    for number in range(count):
        text = mutated(chance.choice(texts), chance)
        if number % 2:
            connection.request("GET", "/sparql?" + urlencode({"query": text})[:8000])
        else:
            headers = {
                "Content-Type": "application/sparql-query",
                "Accept": chance.choice(["*/*", "text/html", "text/csv"]),
            }
            connection.request("POST", "/sparql", text.encode("utf-8", "surrogatepass"), headers)
        reply = connection.getresponse()
        body = reply.read()
        outcomes[str(reply.status)] += 1
        if reply.status >= 500:
            assert any(name.encode() in body for name in LIMITS), (reply.status, text)
    connection.close()
    with capsys.disabled():
        print(f"\n{count} mutated queries: {dict(outcomes)}")
    assert outcomes["200"] > 0
    assert outcomes["400"] > 0
