"""Other services as engine: `oxigraph serve`, Debian's Virtuoso, and servers that break off."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
from clock import in_time

from kg import settings
from kg.errors import BusyError, LimitError, QueryRefusedError, QuerySyntaxError, ServiceError, SettingError
from kg.formats import FORMATS, Form
from kg.sandbox.queries import open_sandbox
from kg.sparql.engine import Query
from kg.sparql.local import open_engine

A = "http://a.example"
QUADS = f"""\
<{A}/s> <{A}/p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <{A}/g1> .
<{A}/s> <{A}/q> "Grüße & <b>"@de <{A}/g2> .
<{A}/t> <{A}/p> "2"^^<http://www.w3.org/2001/XMLSchema#integer> <{A}/g2> .
"""
VIRTUOSO = "virtuoso-t"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def await_port(port: int, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait until somebody listens on the port; fail where the process ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, "the server ended before it listened"
        time.sleep(0.05)
    pytest.fail(f"nobody listens on port {port} after {seconds} s")


@contextlib.contextmanager
def oxigraph() -> Iterator[str]:
    """`oxigraph serve` from PyPI with the quads, in memory; its query address."""
    command = shutil.which("oxigraph") or shutil.which("oxigraph", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("there is no oxigraph command: pip install oxigraph")
    port = free_port()
    process = subprocess.Popen(
        [command, "serve", "--bind", f"127.0.0.1:{port}", "--union-default-graph"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_port(port, process)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/store",
            QUADS.encode(),
            {"Content-Type": "application/n-quads"},
            method="POST",
        )
        urllib.request.urlopen(request).close()
        yield f"http://127.0.0.1:{port}/query"
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def virtuoso(place: Path) -> Iterator[str]:
    """Virtuoso from Debian's virtuoso-opensource-7 with the quads, in a folder of its own; its query address."""
    if shutil.which(VIRTUOSO) is None:
        pytest.skip("there is no Virtuoso: apt-get install virtuoso-opensource-7")
    port, sql = free_port(), free_port()
    (place / "virtuoso.ini").write_text(
        f"[Database]\nDatabaseFile = virtuoso.db\nErrorLogFile = virtuoso.log\nTransactionFile = virtuoso.trx\n"
        f"LockFile = virtuoso.lck\nxa_persistent_file = virtuoso.pxa\n"
        f"[TempDatabase]\nDatabaseFile = temp.db\nTransactionFile = temp.trx\n"
        f"[Parameters]\nServerPort = 127.0.0.1:{sql}\nNumberOfBuffers = 2000\nDirsAllowed = {place}\n"
        f"[HTTPServer]\nServerPort = 127.0.0.1:{port}\nServerRoot = {place}\n",
        encoding="utf-8",
    )
    (place / "data.nq").write_text(QUADS, encoding="utf-8")
    process = subprocess.Popen(
        [VIRTUOSO, "+foreground", "+configfile", "virtuoso.ini"],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_port(port, process)
        load = f"DB.DBA.TTLP(file_to_string_output('{place}/data.nq'), '', '{A}/g1', 512); checkpoint;"
        command = ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", f"exec={load}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert "Error" not in done.stdout + done.stderr
        yield f"http://127.0.0.1:{port}/sparql"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module", params=["oxigraph", "virtuoso"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real service that holds the quads."""
    opened = oxigraph() if request.param == "oxigraph" else virtuoso(tmp_path_factory.mktemp("virtuoso"))
    with opened as address:
        yield address


def rows(data: bytes) -> list[list[str]]:
    """Return the rows of a CSV answer, without its head."""
    return list(csv.reader(io.StringIO(data.decode())))[1:]


def test_bindings_come_in_every_format(service: str) -> None:
    """Whatever the service sends, each format holds the same bindings, and JSON knows no typed-literal."""
    engine = open_engine(service, [])
    query = Query(f"SELECT ?s ?o {{ GRAPH <{A}/g2> {{ ?s ?p ?o }} }} ORDER BY ?s")
    bindings = json.loads(engine.answer(query, "json").read())["results"]["bindings"]
    assert [binding["o"]["value"] for binding in bindings] == ["Grüße & <b>", "2"]
    assert {binding["o"]["type"] for binding in bindings} == {"literal"}
    assert bindings[0]["o"]["xml:lang"] == "de"
    assert rows(engine.answer(query, "csv").read()) == [[f"{A}/s", "Grüße & <b>"], [f"{A}/t", "2"]]
    assert engine.answer(query, "tsv").read().decode().splitlines()[1] == f'<{A}/s>\t"Grüße & <b>"@de'
    assert b'<literal xml:lang="de">' in engine.answer(query, "xml").read()
    for number, expected in ((2, True), (3, False)):
        answer = engine.answer(Query(f"ASK {{ GRAPH <{A}/g2> {{ ?s ?p {number} }} }}"), "json")
        assert json.loads(answer.read())["boolean"] is expected


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib warns of its own JSON-LD parser
@pytest.mark.parametrize("name", [each.name for each in FORMATS.values() if each.is_graph])
def test_graphs_come_in_every_format(service: str, name: str) -> None:
    """A CONSTRUCT comes in each graph format with the same three triples."""
    where = f"GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?s), '{A}'))"
    text = f"PREFIX a: <{A}/> CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {where} }}"
    with open_engine(service, []).answer(Query(text), name) as answer:
        assert answer.form is Form.CONSTRUCT
        data = answer.read()
    graph = rdflib.Graph().parse(data=data, format={"jsonld": "json-ld", "rdf": "xml"}.get(name, name))
    s, t, p, q = (rdflib.URIRef(f"{A}/{name}") for name in "stpq")
    expected = {(s, p, rdflib.Literal(1)), (s, q, rdflib.Literal("Grüße & <b>", lang="de")), (t, p, rdflib.Literal(2))}
    assert set(graph) == expected


def test_the_default_graph_is_chosen_by_the_protocol(service: str) -> None:
    """default-graph-uri reaches the service; an unknown graph is empty."""
    engine = open_engine(service, [])
    query = "SELECT ?o { ?s ?p ?o }"
    assert rows(engine.answer(Query(query, (f"{A}/g1",)), "csv").read()) == [["1"]]
    assert rows(engine.answer(Query(query, (f"{A}/unknown",)), "csv").read()) == []


def test_a_base_reaches_the_service(service: str) -> None:
    """Relative IRIs are resolved against the base of the request."""
    query = Query("SELECT ?o { GRAPH ?g { <s> <p> ?o } }", base=f"{A}/")
    assert rows(open_engine(service, []).answer(query, "csv").read()) == [["1"]]


def test_errors_of_the_service_are_told(service: str) -> None:
    """A query that the service finds faulty is a syntax error; SERVICE and updates never reach it."""
    engine = open_engine(service, [])
    with pytest.raises(QuerySyntaxError, match="the service says"):
        engine.answer(Query("SELECT * { ?s ?p }"), "json").read()
    for text in (f"SELECT * {{ SERVICE <{service}> {{ ?s ?p ?o }} }}", "INSERT DATA { <a> <b> <c> }"):
        with pytest.raises(QueryRefusedError):
            engine.answer(Query(text), "json")


def test_a_slow_service_is_left_in_time(service: str) -> None:
    """The time limit and a caller who goes hold for a service too, however busy it is."""
    values = " ".join(str(n) for n in range(400))
    text = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"VALUES ?{v} {{ {values} }}" for v in "abcdefg") + " }"
    sandbox = open_sandbox(service, [], settings.load({"query_timeout": 1.0}, {}))
    start = time.monotonic()
    with pytest.raises((LimitError, QuerySyntaxError, ServiceError)) as caught:
        sandbox.answer(Query(text), "json").read()
    assert in_time(time.monotonic() - start, 2.0)
    if VIRTUOSO not in repr(caught.value) and isinstance(caught.value, LimitError):
        assert caught.value.limit == "time"
    start = time.monotonic()
    with pytest.raises((LimitError, QuerySyntaxError, ServiceError)):
        sandbox.answer(Query(text), "json", gone=lambda: time.monotonic() > start + 0.1).read()
    assert in_time(time.monotonic() - start, 1.0)


def test_a_long_answer_is_bounded(service: str) -> None:
    """An answer past the size limit raises."""
    values = " ".join(str(n) for n in range(100))
    text = "SELECT * { " + " ".join(f"VALUES ?{v} {{ {values} }}" for v in "ab") + " }"
    sandbox = open_sandbox(service, [], settings.load({"query_size": 0.1}, {}))
    with pytest.raises(LimitError) as caught:
        sandbox.answer(Query(text), "json").read()
    assert caught.value.limit == "size"


class OneAnswer:
    """A server that sends fixed bytes to whoever asks, and closes."""

    def __init__(self, data: bytes):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}/sparql"
        self._data = data
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                with connection:
                    head = connection.recv(65536)
                    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                    body = head.partition(b"\r\n\r\n")[2]
                    while len(body) < length:
                        body += connection.recv(65536)
                    connection.sendall(self._data)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def head(media_type: str, more: str = "") -> bytes:
    """Return the head of an HTTP answer."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\n{more}\r\n".encode()


JSON = b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"literal","value":"1"}}]}}'
NT = f"<{A}/s> <{A}/p> <{A}/o> .\n".encode() * 3
TURTLE = f"<{A}/s> <{A}/p> <{A}/o> , <{A}/x> .\n".encode()


@pytest.mark.parametrize(
    ("media_type", "data", "text"),
    [
        ("application/sparql-results+json", JSON, "SELECT ?o { ?s ?p ?o }"),
        ("application/n-triples", NT, "CONSTRUCT WHERE { ?s ?p ?o }"),
        ("text/turtle", TURTLE, "CONSTRUCT WHERE { ?s ?p ?o }"),
    ],
)
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_cut_transfer_is_never_whole(media_type: str, data: bytes, text: str, framing: str) -> None:
    """Twenty cuts of each answer, however the transfer tells its length: none is taken for the whole answer."""
    for point in range(20):
        cut = data[: len(data) * point // 20]
        sent = {
            "length": head(media_type, f"Content-Length: {len(data)}\r\n") + cut,
            "chunked": head(media_type, "Transfer-Encoding: chunked\r\n")
            + (b"%x\r\n%s\r\n" % (len(cut), cut) if cut else b""),
            "close": head(media_type) + cut,
        }[framing]
        with contextlib.closing(OneAnswer(sent)) as server, pytest.raises(ServiceError):
            open_engine(server.address, []).answer(Query(text), "csv" if text.startswith("SELECT") else "nt").read()


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (head("text/html", "Content-Length: 2\r\n") + b"hi", ServiceError, "text/html"),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown", ServiceError, "503: down"),
        (b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", BusyError, "busy"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", QueryRefusedError, "no"),
        (b"SSH-2.0-OpenSSH\r\n", ServiceError, "is it up"),
        (head("application/sparql-results+json", "Content-Length: 2\r\n") + b"{]", ServiceError, "is it up"),
    ],
)
def test_a_service_that_is_none_is_named(data: bytes, error: type[Exception], words: str) -> None:
    """What answers otherwise than SPARQL does is told in a sentence."""
    with contextlib.closing(OneAnswer(data)) as server, pytest.raises(error, match=words):
        open_engine(server.address, []).answer(Query("ASK {}"), "json").read()


def test_nobody_there_and_no_address() -> None:
    """A service that is down and an address that is none are told apart."""
    with pytest.raises(ServiceError, match="is it up"):
        open_engine(f"http://127.0.0.1:{free_port()}/sparql", []).answer(Query("ASK {}"), "json")
    for address in ("http://", "http://a.example:port/", "https://:80/"):
        with pytest.raises(SettingError, match="no address"):
            open_engine(address, [])
