"""The query operation of the SPARQL 1.1 Protocol, apart from where the request came from.

`read_call` makes a call of what a request says (section 2.1), `respond` an answer of a call: negotiated, with its
ETag, from the cache where it is kept, as a stream where it is long. Both are used by the endpoint's view and, without
Flask between, for plain GET requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from werkzeug.http import parse_etags

from kg.formats import Form
from kg.sparql.engine import Answer, Query
from kg.sparql.guard import inspect
from server.http.cache import AnswerCache, Stored
from server.http.client import Client, Pairs
from server.http.negotiate import GRAPHS, HTML, SOLUTIONS, Offer, choose, named, override
from server.http.problems import RequestError
from server.http.release import Edition
from server.http.response import FRESH, Whole, etag

VOLATILE = re.compile(r"\b(?:RAND|NOW|UUID|STRUUID|BNODE)\s*\(", re.IGNORECASE)
"""A query that may answer otherwise when it is asked again; a word too many costs no more than the cache."""

FORMAT_PARAMETERS = ("format", "output", "results", "_format", "outputFormat")
"""Under these names clients ask for a format; only the first is ours, so only in it an unknown format is an error."""


@dataclass(frozen=True)
class Call:
    """One query operation: what is asked, how long it may take at most (seconds) and the parameters that came along."""

    query: Query
    timeout: float | None
    parameters: dict[str, str]


@dataclass(frozen=True)
class Plain:
    """An answer as WSGI takes it; `keep` says whether the front may keep it."""

    status: str
    headers: list[tuple[str, str]]
    body: Iterable[bytes]
    keep: bool = True


class Chunks(Iterator[bytes]):
    """The body of an answer on its way; closing it stops the query."""

    def __init__(self, answer: Answer):
        self._next = iter(answer.chunks).__next__
        self.close = answer.close

    def __next__(self) -> bytes:
        """Return the next chunk."""
        return self._next()


def read_call(pairs: Pairs, direct: str | None, base: str) -> Call | None:
    """Return the query operation in the parameters `pairs` and the query `direct` of a body; `None` without a query.

    Raises `RequestError` for what section 2.1 of the protocol does not allow.
    """
    parameters = dict(pairs)
    if "update" in parameters:
        raise RequestError("refused", "updates are refused: this endpoint only reads")
    queries = [value for name, value in pairs if name == "query"] + ([] if direct is None else [direct])
    if len(queries) > 1:
        raise RequestError("bad-request", f"there are {len(queries)} queries: send one")
    if not queries:
        return None
    if not queries[0].strip():
        raise RequestError("query-missing", "the query is empty")
    query = Query(
        queries[0],
        default_graphs=tuple(value for name, value in pairs if name == "default-graph-uri"),
        named_graphs=tuple(value for name, value in pairs if name == "named-graph-uri"),
        base=base,
    )
    return Call(query, _timeout(parameters.get("timeout")), parameters)


def _timeout(text: str | None) -> float | None:
    """Return the seconds that the caller gives the query; raise `RequestError` where it is no such number."""
    if text is None or not text.strip():
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise RequestError("bad-request", f"timeout is {text!r}: give seconds, such as 2.5")
    return seconds


def offer_for(form: Form, parameters: dict[str, str], accept: str | None) -> Offer:
    """Return the format of the answer: by parameter where one fits the form, else by the Accept header."""
    offers = GRAPHS if form.is_graph else SOLUTIONS
    if parameters.get("format") == "html":
        return HTML
    for name in FORMAT_PARAMETERS:
        wanted = parameters.get(name)
        if wanted:
            offer = named(wanted, offers)
            if offer is not None:
                return offer
            if name == "format" and named(wanted, GRAPHS + SOLUTIONS) is None:
                return override(wanted, offers)  # says what there is
    return choose(accept, (*offers, HTML))


def is_for_reading(call: Call, accept: str | None) -> bool:
    """Return whether the client wants a page: then it gets one for a query that is none, too."""
    return offer_for(Form.SELECT, call.parameters, accept) is HTML


def respond(call: Call, client: Client, edition: Edition, cache: AnswerCache) -> Plain:
    """Return the answer to `call`. Raises what `Engine.answer` raises, and `NotAcceptableError`."""
    query = call.query
    form = inspect(query.text)
    offer = offer_for(form, call.parameters, client.accept)
    name = None
    if edition.version and not VOLATILE.search(query.text):
        graphs = (*sorted(f"d{iri}" for iri in query.default_graphs), *sorted(f"n{iri}" for iri in query.named_graphs))
        name = etag(edition.version, offer.media, offer.format, query.text, *graphs)
        if client.method != "POST" and parse_etags(client.if_none_match).contains_weak(name):
            return Plain("304 Not Modified", _headers(None, name), Whole(b""))
        if stored := cache.get(name):
            return _whole(stored.body, offer, name)
    answer = edition.engine.answer(query, offer.format, timeout=call.timeout, gone=client.gone)
    if answer.length is None and client.knows_chunks:
        return Plain("200 OK", _headers(offer, name), Chunks(answer), keep=False)
    body = answer.read()  # HTTP/1.0 knows no chunks: without a length, a cut would look like the end
    if name is not None:
        cache.put(name, Stored("200 OK", (), body, name))
    return _whole(body, offer, name)


def _whole(body: bytes, offer: Offer, name: str | None) -> Plain:
    headers = [*_headers(offer, name), ("Content-Length", str(len(body)))]
    return Plain("200 OK", headers, Whole(body), keep=name is not None)


def _headers(offer: Offer | None, name: str | None) -> list[tuple[str, str]]:
    """Return the header fields of an answer; `name` is its ETag, `None` for one that nobody may keep."""
    found = [("Vary", "Accept"), ("Cache-Control", "no-store" if name is None else FRESH)]
    if offer is not None:
        found.append(("Content-Type", offer.content_type))
    if name is not None:
        found.append(("ETag", f'"{name}"'))
    return found
