"""Any SPARQL 1.1 service as an engine: the road past one machine.

Its answers are read and written anew: whatever it sends, ours is in the format that was asked for, and a cut answer
never passes for a whole one.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

import pyoxigraph as ox

from kg.errors import (
    BusyError,
    LimitError,
    MercatoError,
    QueryRefusedError,
    QuerySyntaxError,
    ServiceError,
    SettingError,
)
from kg.formats import Form
from kg.sparql.engine import Answer, Query
from kg.sparql.guard import prologue
from kg.sparql.oxigraph import BINDINGS, GRAPHS, Sink, nameable
from kg.sparql.stream import Patience, checked, started

ACCEPT = {
    False: "application/sparql-results+json, application/sparql-results+xml;q=0.9",
    True: "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.8",
}
READABLE = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/xml": ox.QueryResultsFormat.XML,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
SELF_ENDING = (ox.QueryResultsFormat.JSON, ox.QueryResultsFormat.XML, ox.RdfFormat.RDF_XML)
"""Formats whose parser sees that the end is missing; the others need a transfer that tells its length."""

_PLACE = re.compile(r"(?:line\s+|error at )(\d+)(?:\s*,?\s*column\s+|:)(\d+)", re.IGNORECASE)


def is_remote(store: str) -> bool:
    """Return whether the setting `store` is a service's address."""
    return store.startswith(("http://", "https://"))


class Body:
    """What a service sends, as a file; it raises where the transfer ends early or the answer grows too long."""

    def __init__(self, response: http.client.HTTPResponse, patience: Patience):
        self._response = response
        self._patience = patience

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, none at the end."""
        self._patience.check()
        data = self._response.read1(size) if size < 0 else self._response.read(size)
        if not data and self._response.length:
            raise ServiceError("the service broke off its answer: ask again")
        return data


class Bounded:
    """Passes bytes on up to a limit, in MiB."""

    def __init__(self, sink: Sink, megabytes: float):
        self._sink = sink
        self._megabytes = megabytes
        self._left = int(megabytes * 2**20)

    def write(self, data: bytes) -> int:
        """Pass the bytes on; raise `LimitError` beyond the limit."""
        self._left -= len(data)
        if self._left < 0:
            raise LimitError(f"the answer is longer than {self._megabytes:g} MiB: narrow it or add a LIMIT", "size")
        self._sink.write(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: whoever reads decides when."""


class RemoteEngine:
    """The SPARQL 1.1 service at `url` (which may carry `user:password@`).

    `seconds` and `megabytes` bound each answer. Its default graph is what the service makes of it: Virtuoso's is the
    union of all graphs, other services have a switch for that. It has no `version`: nobody says when its data change.
    """

    version = ""

    def __init__(self, url: str, seconds: float, megabytes: float = float("inf")):
        self._url = urlsplit(url)
        try:
            port = self._url.port
        except ValueError:
            port = -1
        if not self._url.hostname or port == -1:
            raise SettingError(
                f"{url!r} is no address of a SPARQL service: give one such as http://localhost:8890/sparql"
            )
        self._seconds = seconds
        self._megabytes = megabytes

    def answer(
        self,
        query: Query,
        format: str,  # noqa: A002
        *,
        timeout: float | None = None,
        gone: Callable[[], bool] | None = None,
    ) -> Answer:
        """Return the answer; see `kg.sparql.engine.Engine`. Raises `ServiceError` where the service does not answer."""
        form = checked(query, format)
        patience = Patience.of(self._seconds, timeout, gone)
        connection = _connection(self._url, patience.seconds)

        def write(sink: Sink) -> None:
            with contextlib.closing(connection):
                self._ask(connection, query, form, format, patience, sink)

        def cancel() -> None:
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

        return started(form, format, write, patience, cancel)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        query: Query,
        form: Form,
        format: str,  # noqa: A002
        patience: Patience,
        sink: Sink,
    ) -> None:
        name = f"{self._url.scheme}://{self._url.netloc.rpartition('@')[2]}{self._url.path}"
        try:
            connection.request("POST", self._target(), _form(query), self._headers(form))
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise _refusal(response, name)
            _rewrite(response, Body(response, patience), query, form, format, Bounded(sink, _finite(self._megabytes)))
        except TimeoutError:
            raise LimitError(f"{name} took longer than {patience.seconds:g} s: narrow the query", "time") from None
        except (http.client.HTTPException, OSError, SyntaxError) as error:
            if isinstance(error, MercatoError):
                raise
            patience.check()
            raise ServiceError(f"{name} does not answer as a SPARQL service does ({error}): is it up?") from None

    def _target(self) -> str:
        return (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")

    def _headers(self, form: Form) -> dict[str, str]:
        headers = {"Accept": ACCEPT[form.is_graph], "Content-Type": "application/x-www-form-urlencoded"}
        if self._url.username:
            secret = f"{unquote(self._url.username)}:{unquote(self._url.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
        return headers

    def close(self) -> None:
        """Do nothing: every question has a connection of its own."""


def _finite(megabytes: float) -> float:
    return min(megabytes, 2.0**40)


def _connection(url: SplitResult, seconds: float) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        return http.client.HTTPSConnection(host, url.port, timeout=seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, url.port, timeout=seconds)


def _form(query: Query) -> str:
    """Return the body of a query by POST (SPARQL 1.1 Protocol, section 2.1.2)."""
    text = query.text
    if query.base is not None and not re.search(r"\bBASE\b", text, re.IGNORECASE):
        text = f"BASE <{query.base}> {text}"
    pairs = [("query", text)]
    pairs += [("default-graph-uri", graph) for graph in query.default_graphs]
    pairs += [("named-graph-uri", graph) for graph in query.named_graphs]
    return urlencode(pairs)


def _rewrite(
    response: http.client.HTTPResponse,
    body: Body,
    query: Query,
    form: Form,
    format: str,  # noqa: A002
    sink: Bounded,
) -> None:
    """Read what the service sends and write it in the format asked for."""
    media_type = response.headers.get_content_type()
    kind = READABLE.get(media_type)
    if kind is None:
        raise ServiceError(f"the service answers in {media_type}, which is no result of SPARQL: check its address")
    if kind not in SELF_ENDING and response.length is None and not response.chunked:
        raise ServiceError(f"the service sends {media_type} without its length: a cut could not be told from the end")
    if isinstance(kind, ox.QueryResultsFormat):
        if format not in BINDINGS:
            raise ServiceError(f"the service answers in {media_type} where a graph was asked for")
        results = ox.parse_query_results(body, kind)  # type: ignore[arg-type]
        if form is Form.ASK and isinstance(results, ox.QuerySolutions):
            results = _boolean(results)
        results.serialize(sink, BINDINGS[format])  # type: ignore[arg-type]
        return
    triples: Iterator[ox.Triple] = (quad.triple for quad in ox.parse(body, kind))  # type: ignore[arg-type]
    declared, _ = prologue(query.text)
    kept = {prefix: namespace for prefix, namespace in declared.items() if ":" in namespace}
    ox.serialize(nameable(triples) if format == "rdf" else triples, sink, GRAPHS[format], prefixes=kept)  # type: ignore[arg-type]


def _boolean(solutions: ox.QuerySolutions) -> ox.QueryBoolean:
    """Return the boolean that Virtuoso 7 answers an ASK with: one binding of 1, or none."""
    is_true = any(str(value.value) not in ("0", "false") for solution in solutions for value in solution)
    text = json.dumps({"head": {}, "boolean": is_true})
    return cast("ox.QueryBoolean", ox.parse_query_results(text, ox.QueryResultsFormat.JSON))


def _refusal(response: http.client.HTTPResponse, name: str) -> MercatoError:
    """Return what a status other than 200 says."""
    text = response.read(2000).decode("utf-8", "replace").strip()
    first = " ".join(re.sub(r"<[^>]*>", " ", text).split())[:300] or response.reason
    if response.status == http.client.BAD_REQUEST:
        found = _PLACE.search(text)
        line, column = (int(found[1]), int(found[2])) if found else (None, None)
        return QuerySyntaxError(f"the service says: {first}", line=line, column=column)
    if response.status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        return QueryRefusedError(f"the service says: {first}")
    if response.status == http.client.TOO_MANY_REQUESTS:
        after = response.headers.get("Retry-After", "")
        return BusyError(f"{name} is busy: come again later", int(after) if after.isdigit() else 5)
    return ServiceError(f"{name} answers {response.status}: {first}")
