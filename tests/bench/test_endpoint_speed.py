"""Requests a second of four endpoints side by side, on the same questions of the same graph, with wrk.

The others are rdflib-endpoint and `oxigraph serve` from PyPI, and our own application on granian in place of gunicorn.
Every question is asked of all of them first: an endpoint that answers otherwise would be compared for nothing.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from serving import ROOT, serving

RUNS, SECONDS, CONNECTIONS = 5, 3, 8
PATIENCE = 10
"""Seconds that an endpoint has for one question; what one of them does not answer by then is left out."""

NONE = "no answer"
QUESTIONS = sorted((ROOT / "kg" / "queries" / "questions").glob("*.rq"))
POINT = "SELECT ?p ?o WHERE { <https://w3id.org/mercato/id/person/jan-leike> ?p ?o }"
SCRIPT = """
local queries = { %s }
local number, salt, path, fresh = 0, 0, "", false
function init(args)
  path, fresh, salt = args[1], args[2] == "fresh", args[3]
end
function request()
  number = number + 1
  local query = queries[number %% #queries + 1]
  if fresh then query = query .. "%%0A%%23%%20" .. salt .. "-" .. number end
  return wrk.format("GET", path .. "?query=" .. query, { Accept = "application/sparql-results+json" })
end
"""
GRANIAN = """
import sys
from pathlib import Path
from granian import Granian
from granian.constants import Interfaces

def make():
    from kg.settings import load
    from server import create_app
    from server.config import Config
    from server.edition import Published
    from server.serve import open_edition
    values = load({"out": sys.argv[1], "rate": 0, "access_log": ""}, environ={})
    config = Config.read(values)
    return create_app(config, Published(open_edition(config, values, ()))).wsgi

Granian("bench", "127.0.0.1", int(sys.argv[2]), interface=Interfaces.WSGI, blocking_threads=64, websockets=False).serve(
    target_loader=lambda *_: make(), wrap_loader=False
)
"""


@dataclass(frozen=True)
class Endpoint:
    """One server: its name, its port and the path of its endpoint."""

    name: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return f"http://127.0.0.1:{self.port}{self.path}"


def program(name: str) -> str | None:
    """Return the command `name` that was installed with this interpreter, or any other."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def answer(endpoint: Endpoint, text: str) -> list[str]:
    """Return the rows of an answer, sorted, numbers in one spelling; only the status of one that is an error."""
    request = urllib.request.Request(
        f"{endpoint.url}?query={quote(text)}", headers={"Accept": "application/sparql-results+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            rows = json.load(reply)["results"]["bindings"]
    except urllib.error.HTTPError as error:
        return [f"HTTP {error.code}"]
    except OSError:
        return [NONE]
    plain = [
        {name: re.sub(r"(\.\d*?)0+$", r"\1", cell["value"]).rstrip(".") for name, cell in row.items()} for row in rows
    ]
    return sorted(json.dumps(row, sort_keys=True) for row in plain)


@dataclass
class Peer:
    """Another server, which can be started again: a query that it never ends blocks some of them for good."""

    endpoint: Endpoint
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, start_new_session=True
        )
        deadline = time.monotonic() + 90
        while answer(self.endpoint, POINT) == [NONE]:
            assert self.process.poll() is None, f"{self.endpoint.name} ended with {self.process.returncode}"
            assert time.monotonic() < deadline, f"{self.endpoint.name} does not answer"
            time.sleep(0.2)

    def stop(self) -> None:
        """End it, whatever it is at."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None


@contextmanager
def running(name: str, command: list[str], port: int, path: str) -> Iterator[Peer]:
    """Run another server until the block ends."""
    peer = Peer(Endpoint(name, port, path), command)
    try:
        peer.start()
        yield peer
    finally:
        peer.stop()


def rate(endpoint: Endpoint, script: Path, mode: str, turn: int, seconds: float) -> float:
    """Return the good answers a second that wrk counts, begun when nothing is left of the load before."""
    while answer(endpoint, POINT) == [NONE]:
        time.sleep(0.2)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", "-s", str(script)]
    command += [f"http://127.0.0.1:{endpoint.port}/", "--", endpoint.path, mode, str(turn)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    assert bad is None, f"{endpoint.name}: {bad[1]} answers of {said} are errors" if bad else ""
    return done


@pytest.fixture
def peers(built: Path) -> Iterator[dict[str, Peer]]:
    """Return every endpoint that is installed, running."""
    if shutil.which("wrk") is None:
        pytest.skip("wrk (Debian package wrk) is not installed")
    quads = built / "mercato.nq"
    with ExitStack() as stack:
        server = stack.enter_context(serving("--out", str(built), "--access-log", ""))
        found = {"mercato": Peer(Endpoint("mercato", server.port, "/sparql"), [])}
        if oxigraph := program("oxigraph"):
            place = built / "oxigraph"
            subprocess.run([oxigraph, "load", "--location", place, "--file", quads], check=True, capture_output=True)
            port = free_port()
            command = [oxigraph, "serve-read-only", "--location", str(place), "--union-default-graph"]
            command += ["--bind", f"127.0.0.1:{port}"]
            found["oxigraph serve"] = stack.enter_context(running("oxigraph serve", command, port, "/query"))
        if rdflib_endpoint := program("rdflib-endpoint"):
            port = free_port()
            command = [rdflib_endpoint, "serve", "--host", "127.0.0.1", "--port", str(port), str(quads)]
            found["rdflib-endpoint"] = stack.enter_context(running("rdflib-endpoint", command, port, "/"))
        yield found


def table(title: str, rates: dict[str, list[float]], reference: str) -> dict[str, float]:
    """Print the medians of `rates` and their ratios to our own; return the ratios ours / theirs."""
    ours = statistics.median(rates[reference])
    print(f"\n{title}\n{'endpoint':<20}{'median/s':>12}{'least':>10}{'most':>10}{'ours is':>12}")
    ratios = {}
    for name, values in rates.items():
        theirs = statistics.median(values)
        ratios[name] = ours / theirs if theirs else math.inf  # it answered nothing within a run
        spread = f"{min(values):>10,.1f}{max(values):>10,.1f}"
        print(f"{name:<20}{theirs:>12,.1f}{spread}{f'{ratios[name]:.2f} x' if theirs else 'no answer':>12}")
    return ratios


@pytest.mark.bench
def test_questions_a_second(peers: dict[str, Peer], tmp_path: Path) -> None:
    """On mixed questions: unseen 20 x rdflib-endpoint and 0.5 x oxigraph serve, repeated 5 x and 1 x."""
    endpoints = {name: peer.endpoint for name, peer in peers.items()}
    if len(endpoints) < 3:
        pytest.skip("oxigraph and rdflib-endpoint are not installed: pip install '.[bench]'")
    texts = []
    for path in QUESTIONS:
        text = path.read_text(encoding="utf-8")
        answers = {name: answer(endpoint, text) for name, endpoint in endpoints.items()}
        for name, rows in answers.items():
            if rows == [NONE]:
                peers[name].stop()
                peers[name].start()
        if len({json.dumps(rows) for rows in answers.values()}) == 1:
            texts.append(text)
        else:
            counts = {
                name: rows if rows[:1] == [NONE] or "HTTP" in str(rows[:1]) else len(rows)
                for name, rows in answers.items()
            }
            print(f"left out, for the endpoints answer otherwise: {path.stem} {counts}")
    assert len(texts) >= len(QUESTIONS) // 2
    results = {}
    for title, queries in (("mixed questions", texts), ("one point query", [POINT])):
        script = tmp_path / "load.lua"
        script.write_text(SCRIPT % ", ".join(f'"{quote(text)}"' for text in queries))
        for mode in ("fresh", "same"):
            rates: dict[str, list[float]] = {name: [] for name in endpoints}
            for turn in range(RUNS):
                for name, endpoint in endpoints.items():
                    seconds = SECONDS if name != "rdflib-endpoint" else 6
                    rates[name].append(rate(endpoint, script, mode, turn, seconds))
            kind = "never seen before" if mode == "fresh" else "repeated"
            shown = f"{title}, {kind}, {CONNECTIONS} connections, {RUNS} runs"
            results[title, mode] = table(shown, rates, "mercato")
    mixed = {mode: results["mixed questions", mode] for mode in ("fresh", "same")}
    assert mixed["fresh"]["rdflib-endpoint"] >= 20
    assert mixed["fresh"]["oxigraph serve"] >= 0.5
    assert mixed["same"]["rdflib-endpoint"] >= 5
    assert mixed["same"]["oxigraph serve"] >= 1


@pytest.mark.bench
def test_gunicorn_beside_granian(built: Path, tmp_path: Path) -> None:
    """The same application with its sandbox on both servers: what gunicorn costs for what it shows."""
    pytest.importorskip("granian")
    if shutil.which("wrk") is None:
        pytest.skip("wrk (Debian package wrk) is not installed")
    program, script, port = tmp_path / "on_granian.py", tmp_path / "load.lua", free_port()
    program.write_text(GRANIAN)
    script.write_text(SCRIPT % f'"{quote(POINT)}"')
    command = [sys.executable, "-P", str(program), str(built), str(port)]
    with (
        serving("--out", str(built), "--access-log", "") as server,
        running("granian", command, port, "/sparql") as granian,
    ):
        gunicorn = Endpoint("gunicorn", server.port, "/sparql")
        for mode in ("fresh", "same"):
            rates = {
                endpoint.name: [rate(endpoint, script, mode, turn, SECONDS) for turn in range(RUNS)]
                for endpoint in (gunicorn, granian.endpoint)
            }
            table(f"one point query, {'never seen before' if mode == 'fresh' else 'repeated'}", rates, "gunicorn")
            assert min(rates["gunicorn"]) > 0
