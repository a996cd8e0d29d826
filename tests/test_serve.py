"""The command: what it says when it cannot start, and how it is operated."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from serving import COMMAND, MARKET, ROOT, Serving, serving

from kg.settings import SETTINGS


def attempt(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Return what `mercato serve` says and how it ends where it cannot start."""
    return subprocess.run(
        [*COMMAND, "serve", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, **env},
        check=False,
    )


def test_a_port_in_use(market: Serving) -> None:
    """A port that is taken is one sentence and exit 2."""
    result = attempt(str(MARKET), "--port", str(market.port))
    assert result.returncode == 2
    assert f"127.0.0.1:{market.port}" in result.stderr
    assert "--port" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("/no/such/file.ttl",), "/no/such/file.ttl"),
        ((str(ROOT / "pyproject.toml"),), "pyproject.toml"),
        ((str(MARKET), "--port", "99999"), "port"),
        ((str(MARKET), "--host", "256.1.1.1"), "256.1.1.1"),
        ((str(MARKET), "--base", "not an iri"), "base"),
        ((str(MARKET), "--threads", "0"), "threads"),
        ((str(MARKET), "--rate", "-1"), "rate"),
        ((str(MARKET), "--access-log", "/no/such/folder/log"), "/no/such/folder/log"),
        (("--data", "/no/such/folder", "--out", "/no/such/out"), "/no/such/folder"),
    ],
    ids=lambda part: part if isinstance(part, str) and "/" not in part else "",
)
def test_bad_calls_are_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    """What cannot be served is one sentence on standard error, exit 2, no traceback."""
    result = attempt(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_no_rdf(tmp_path: Path) -> None:
    """A file with a syntax error is named with line and column."""
    bad = tmp_path / "bad.ttl"
    bad.write_text("<http://example.org/a> <http://example.org/b>\n  oops .\n")
    result = attempt(str(bad))
    assert result.returncode == 2
    assert f"{bad}:2:" in result.stderr


def test_graceful_stop() -> None:
    """SIGTERM ends the server at once where nothing is under way, with exit code 0 and no process left."""
    with serving(str(MARKET)) as server:
        assert server.query("ASK {}").status == 200
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_health(market: Serving) -> None:
    """/health names the version that is served."""
    reply = market.ask("/health")
    assert (reply.status, reply.json()["status"]) == (200, "ok")
    assert reply.json()["version"] in market.ask("/", accept="text/html").text
    assert reply.headers["Cache-Control"] == "no-store"


def test_metrics(market: Serving) -> None:
    """/metrics counts requests by area and status in the Prometheus text format."""

    def count() -> float:
        lines = market.ask("/metrics").text.splitlines()
        start = 'mercato_requests_total{area="questions",status="404"} '
        return next((float(line.removeprefix(start)) for line in lines if line.startswith(start)), 0.0)

    before = count()
    assert market.ask("/questions/none").status == 404
    assert count() == before + 1
    assert 'mercato_problems_total{problem="not-found"}' in market.ask("/metrics").text


def test_access_log(tmp_path: Path) -> None:
    """The access log has one JSON object for each request."""
    log = tmp_path / "access.log"
    with serving(str(MARKET), "--access-log", str(log)) as server:
        server.query("ASK {}")
        server.ask("/nowhere")
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(entry["path"], entry["status"]) for entry in entries] == [("/sparql", 200), ("/nowhere", 404)]
    assert {"time", "client", "method", "query", "bytes", "seconds", "cached"} <= set(entries[0])


def test_rate_limit() -> None:
    """A client above its rate gets 429 with Retry-After as problem+json, and the next second does not help it."""
    with serving(str(MARKET), "--rate", "5") as server:
        replies = [server.query("ASK {}") for _ in range(7)]
    assert [reply.status for reply in replies] == [200] * 5 + [429] * 2
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert (replies[-1].media, replies[-1].json()["status"]) == ("application/problem+json", 429)
    assert replies[-1].headers["Access-Control-Allow-Origin"] == "*"


DOCS = ROOT / "docs"


def test_the_unit_and_the_container_name_settings_that_exist() -> None:
    """The examples in docs/ set only variables of the table of settings, and each limit there is one of them."""
    known = {setting.variable for setting in SETTINGS}
    for name in ("mercato.service", "Containerfile", "operating.md"):
        named = set(re.findall(r"MERCATO_[A-Z_]+", (DOCS / name).read_text(encoding="utf-8")))
        assert named
        assert named <= known, name


def test_the_unit_is_one() -> None:
    """systemd finds nothing wrong with the unit but the paths of another machine."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    result = subprocess.run([program, "verify", DOCS / "mercato.service"], capture_output=True, text=True, check=False)
    complaints = [line for line in result.stderr.splitlines() if "mercato.service" in line and "executable" not in line]
    assert complaints == []


def test_metrics_in_the_manual_are_counted(market: Serving) -> None:
    """Every figure that the manual names is one that /metrics has."""
    named = set(re.findall(r"`(mercato_[a-z_]+)`", (DOCS / "operating.md").read_text(encoding="utf-8")))
    text = market.ask("/metrics").text
    assert named
    assert [name for name in sorted(named) if f"# TYPE {name} " not in text] == []


def test_another_service_is_served(market: Serving) -> None:
    """With the address of a SPARQL service as its store, the server answers from there, pages included."""
    with serving("--store", f"{market.url}/sparql", "--out", "/no/such/folder") as server:
        text = "SELECT ?name { <https://w3id.org/mercato/id/person/jan-leike> ?p ?name FILTER(isLiteral(?name)) }"
        reply = server.query(text, accept="text/csv")
        assert (reply.status, reply.text.split()) == (200, ["name", "Jan", "Leike"])
        assert "only in the conditional" in server.ask("/page/person/jan-leike").text
        assert reply.headers["Cache-Control"] == "no-store"
    market_is_gone = f"http://127.0.0.1:{server.port}/sparql"
    with serving("--store", market_is_gone, "--out", "/no/such/folder") as server:
        reply = server.query("ASK {}")
        assert (reply.status, reply.media) == (503, "application/problem+json")
        assert server.ask("/health").status == 503


def test_a_folder_as_store(tmp_path: Path) -> None:
    """With a folder as its store, the files are loaded there and answers come from it."""
    with serving(str(MARKET), "--store", str(tmp_path / "store")) as server:
        assert server.query("ASK { ?s ?p 'Jan Leike' }").json()["boolean"] is True
        assert (tmp_path / "store").is_dir()
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
