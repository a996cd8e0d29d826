"""What stands before every request: no cut answer passes for a whole one, and what is kept is the right thing."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from serving import MARKET, Serving, descendants, serving

from server.http.gateway import client

SOLUTIONS = "SELECT ?a ?b ?c ?d ?e ?f WHERE { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?h ?i }"
GRAPH = "CONSTRUCT { [] ?q ?d } WHERE { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?h ?i }"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"
FORMATS = {
    "json": SOLUTIONS,
    "xml": SOLUTIONS,
    "csv": SOLUTIONS,
    "tsv": SOLUTIONS,
    "ttl": GRAPH,
    "nt": GRAPH,
    "jsonld": GRAPH,
    "rdf": GRAPH,
}
"""An answer of many megabytes in each format."""

POINTS = 20


@pytest.fixture(scope="module")
def victim() -> Iterator[Serving]:
    """Return a server whose query workers the tests may kill."""
    with serving(str(MARKET), "--query-size", "2000", "--query-timeout", "30") as server:
        yield server


def busy_workers(server: Serving) -> list[int]:
    """Return the processes that answer queries: the children of those that hold a dataset."""
    found = descendants(server.process.pid)
    nurseries = {pid for pid, _, command in found if "kg.sandbox.query_worker" in command}
    return [pid for pid, parent, _ in found if parent in nurseries]


def whole(reply: http.client.HTTPResponse) -> bool:
    """Read to the end and return whether the transfer ended as HTTP says that a whole one does."""
    try:
        while reply.read(1 << 16):
            pass
    except (http.client.IncompleteRead, http.client.HTTPException, ConnectionError):
        return False
    return True


@pytest.mark.parametrize("name", FORMATS)
def test_a_cut_answer_is_never_taken_for_whole(victim: Serving, name: str) -> None:
    """An answer whose worker dies after n bytes fails at the client, at 20 points of every format."""
    path = "/sparql?" + urlencode({"query": FORMATS[name], "format": name})
    taken_as_whole = []
    for point in range(POINTS):
        connection = http.client.HTTPConnection("127.0.0.1", victim.port, timeout=30)
        connection.request("GET", path)
        reply = connection.getresponse()
        assert reply.status == 200
        assert len(reply.read(1 + point * 40_000)) == 1 + point * 40_000
        for pid in busy_workers(victim):
            os.kill(pid, signal.SIGKILL)
        if whole(reply):
            taken_as_whole.append(point)
        connection.close()
    assert taken_as_whole == []
    assert victim.query("ASK {}").status == 200


@pytest.mark.parametrize("name", ["csv", "nt"])
@pytest.mark.parametrize("version", ["--http1.1", "--http1.0"])
def test_curl_sees_the_cut(victim: Serving, name: str, version: str) -> None:
    """curl fails where an answer hits its time limit in mid-stream; HTTP/1.0 gets 503, for it is told in one piece."""
    address = f"{victim.url}/sparql?{urlencode({'query': FORMATS[name], 'format': name, 'timeout': '1'})}"
    command = ["curl", "-sS", version, "-o", "/dev/null", "-w", "%{http_code}", address]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if version == "--http1.0":
        assert (result.returncode, result.stdout) == (0, "503")
    else:
        assert result.returncode in (18, 56), result.stderr  # a partial file; a failure while receiving


def test_a_failure_before_the_first_byte_is_a_clean_error(victim: Serving) -> None:
    """A query that runs into its time limit before anything was sent gets 503, whole and readable."""
    reply = victim.query(COUNT, timeout="0.5")
    assert (reply.status, reply.json()["limit"]) == (503, "time")
    assert reply.headers["Retry-After"]


@pytest.mark.parametrize("text", [COUNT, SOLUTIONS], ids=["silent", "streaming"])
def test_a_client_that_hangs_up_has_its_query_stopped(victim: Serving, text: str) -> None:
    """Two seconds after a client hangs up nothing runs for it any more, whether or not bytes were flowing."""
    caller = socket.create_connection(("127.0.0.1", victim.port))
    caller.sendall(f"GET /sparql?query={quote(text)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    caller.settimeout(0.1)
    began = time.monotonic()
    while time.monotonic() - began < 1.5:
        with contextlib.suppress(TimeoutError):
            assert caller.recv(1 << 20)
    burning = [pid for pid in busy_workers(victim) if seconds(pid) > 0.2]
    assert burning
    caller.close()
    time.sleep(2)
    left = [pid for pid in burning if Path(f"/proc/{pid}").exists()]  # a worker may stay, but it must be idle
    before = {pid: seconds(pid) for pid in left}
    time.sleep(0.5)
    assert {pid: seconds(pid) for pid in left} == before


def seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_kept_answers_belong_to_their_request(market: Serving) -> None:
    """What is kept for one Accept, language or host is not given to another."""
    path = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3")
    for _ in range(2):
        assert market.ask(path, accept="text/csv").media == "text/csv"
        assert market.ask(path, accept="*/*").media == "application/sparql-results+json"
        assert '<html lang="fr">' in market.ask("/", accept="text/html", headers={"Accept-Language": "fr"}).text
        assert '<html lang="en">' in market.ask("/", accept="text/html", headers={"Accept-Language": "en"}).text
        assert "//a.example/" in market.ask("/", accept="text/html", headers={"Host": "a.example"}).text
        assert "//b.example/" in market.ask("/", accept="text/html", headers={"Host": "b.example"}).text


def test_the_cache_is_bounded() -> None:
    """However many different answers are asked for, no more than the setting's megabytes are kept."""
    with serving(str(MARKET), "--cache", "1") as server:
        for number in range(300):
            server.query(f"SELECT ('{number:020}' AS ?x) ?a ?b ?c WHERE {{ ?a ?b ?c }}")
        lines = server.ask("/metrics").text.splitlines()
    kept = next(float(line.split()[1]) for line in lines if line.startswith("mercato_cache_bytes "))
    answers = next(float(line.split()[1]) for line in lines if line.startswith("mercato_cache_answers "))
    assert 0 < kept <= 1_000_000
    assert answers < 600


def test_a_client_is_an_address_or_a_network() -> None:
    """An IPv4 client is its address, an IPv6 client the /64 that it can choose its address from."""
    assert client("192.0.2.7") == "192.0.2.7"
    assert client("2001:db8::1") == client("2001:db8::ffff:1") == "2001:db8::/64"
    assert client("2001:db8:0:1::1") != client("2001:db8::1")
    assert client("fe80::1%eth0") == "fe80::/64"


def test_forwarded_addresses_count_only_behind_a_proxy() -> None:
    """X-Forwarded-For names the client where the setting says that there is a proxy, and nobody else can use it."""
    for proxies, statuses in (("0", [200, 200, 429, 429]), ("1", [200, 200, 200, 200])):
        with serving(str(MARKET), "--rate", "2", "--proxies", proxies) as server:
            found = [
                server.ask("/health", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status for number in range(4)
            ]
        assert found == statuses


READ = ("/", "/sparql?query=ASK%7B%7D", "/ontology", "/dumps/mercato.nt", "/page/person/jan-leike", "/search?q=leike")


@pytest.mark.parametrize("path", READ)
def test_head_everywhere(mercato: Serving, path: str) -> None:
    """HEAD has the headers of GET and no body, for every kind of resource."""
    accept = "text/html,*/*;q=0.5"
    got, head = mercato.ask(path, accept=accept), mercato.ask(path, accept=accept, method="HEAD")
    assert (head.status, head.body) == (got.status, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Vary", "Cache-Control"):
        assert head.headers[name] == got.headers[name], name


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "FOO"])
@pytest.mark.parametrize("path", ["/", "/sparql", "/graphs?default", "/id/person/jan-leike", "/dumps/"])
def test_other_methods(market: Serving, path: str, method: str) -> None:
    """A method that a resource does not take is 405 with Allow, as a problem with CORS."""
    reply = market.ask(path, method=method)
    assert (reply.status, reply.media) == (405, "application/problem+json")
    assert "GET" in reply.headers["Allow"]
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
