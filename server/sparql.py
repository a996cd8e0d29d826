"""SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/): the query operation by GET, form and direct POST.

Updates are refused by name. Without a query, RDF clients get the service description and browsers the editor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from flask import Blueprint, request

from kg.errors import MercatoError
from kg.query import Answer, Form, Query, inspect
from server.cache import AnswerCache, Stored
from server.context import cache, client_gone, edition, keep
from server.description import service_description
from server.errors import RequestError
from server.negotiate import GRAPHS, HTML, SOLUTIONS, Offer, choose, named, override
from server.pages import editor, error_page, result_page
from server.questions import question
from server.response import FRESH, Response, etag

bp = Blueprint("sparql", __name__)

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


def _pairs(data: bytes) -> list[tuple[str, str]]:
    """Return the names and values of a query string or form; raise `RequestError` where it is no UTF-8."""
    try:
        return parse_qsl(data.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except UnicodeDecodeError:
        raise RequestError("not-utf-8", "the parameters are not UTF-8: percent-encode them as UTF-8") from None
    except ValueError:
        raise RequestError("bad-request", "there are more than 1000 parameters") from None


def _posted() -> tuple[list[tuple[str, str]], str | None]:
    """Return the parameters in the body of a POST, and the query where the body is one."""
    media = request.mimetype
    if media == "application/x-www-form-urlencoded":
        return _pairs(request.get_data()), None
    if media == "application/sparql-query":
        charset = request.mimetype_params.get("charset", "utf-8").lower().replace("_", "-")
        if charset not in ("utf-8", "utf8", "us-ascii"):
            raise RequestError("media-type", f"the query's charset is {charset}: send UTF-8")
        try:
            return [], request.get_data().decode("utf-8")
        except UnicodeDecodeError as error:
            raise RequestError("not-utf-8", f"the query is not UTF-8 from byte {error.start} on") from None
    if media == "application/sparql-update":
        raise RequestError("refused", "updates are refused: this endpoint only reads")
    sent = f"as {media}" if media else "without a Content-Type"
    raise RequestError(
        "media-type",
        f"the body came {sent}: send application/sparql-query or application/x-www-form-urlencoded",
        headers={"Accept-Post": "application/sparql-query, application/x-www-form-urlencoded"},
    )


def read_call() -> Call | None:
    """Return the query operation that the request asks for, `None` for a GET that asks for none.

    Raises `RequestError` for what section 2.1 of the protocol does not allow.
    """
    pairs = _pairs(request.query_string)
    direct = None
    if request.method == "POST":
        more, direct = _posted()
        pairs += more
    if any(name == "update" for name, _ in pairs):
        raise RequestError("refused", "updates are refused: this endpoint only reads")
    queries = [value for name, value in pairs if name == "query"] + ([] if direct is None else [direct])
    if len(queries) > 1:
        raise RequestError("bad-request", f"there are {len(queries)} queries: send one")
    parameters = dict(pairs)
    if not queries:
        if request.method == "POST":
            raise RequestError("query-missing", "there is no query: send it as the parameter `query`")
        return None
    if not queries[0].strip():
        raise RequestError("query-missing", "the query is empty")
    query = Query(
        queries[0],
        default_graphs=tuple(value for name, value in pairs if name == "default-graph-uri"),
        named_graphs=tuple(value for name, value in pairs if name == "named-graph-uri"),
        base=edition().base,
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


def _offer(form: Form, parameters: dict[str, str]) -> Offer:
    """Return the format of the answer: by parameter where one fits the form, else by the Accept header."""
    offers = GRAPHS if form.is_graph else SOLUTIONS
    for name in FORMAT_PARAMETERS:
        wanted = parameters.get(name)
        if wanted and wanted != "html":
            offer = named(wanted, offers)
            if offer is not None:
                return offer
            if name == "format" and named(wanted, GRAPHS + SOLUTIONS) is None:
                return override(wanted, offers)  # says what there is
    return choose(request.headers.get("Accept"), (*offers, HTML))


@bp.route("/sparql", methods=["GET", "POST"])
@bp.route("/sparql/", methods=["GET", "POST"])
def sparql() -> Response:
    """The endpoint."""
    call = read_call()
    if call is None:
        return _bare()
    try:
        form = inspect(call.query.text)
    except MercatoError as error:
        if _offer(Form.SELECT, call.parameters) is HTML:
            return error_page(call.query.text, error)
        raise
    offer = _offer(form, call.parameters)
    current = edition()
    name = etag(
        current.version,
        offer.media,
        offer.format,
        call.query.text,
        *("d" + graph for graph in sorted(call.query.default_graphs)),
        *("n" + graph for graph in sorted(call.query.named_graphs)),
    )
    if offer is HTML:
        return result_page(call.query, form, call.timeout)
    steady = bool(current.version) and not VOLATILE.search(call.query.text)
    kept = cache()
    if steady:
        if request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(name):
            return _headed(Response(status=304), name)
        if stored := kept.get(name):
            return _headed(Response(stored.body, content_type=offer.content_type), name)
    answer = current.engine.answer(call.query, offer.format, timeout=call.timeout, gone=client_gone())
    return _sent(answer, offer, name if steady else None, kept)


def _headed(response: Response, name: str | None) -> Response:
    response.vary.add("Accept")
    if name is None:
        response.headers["Cache-Control"] = "no-store"
        keep(False)
    else:
        response.set_etag(name)
        response.headers["Cache-Control"] = FRESH
    return response


def _sent(answer: Answer, offer: Offer, name: str | None, kept: AnswerCache) -> Response:
    """Return the answer, in one piece where it is small, as a stream where it is not.

    `name` is its ETag; `None` for one that changes from call to call, which nobody keeps.
    """
    if answer.length is None and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
        response = Response(answer.chunks, content_type=offer.content_type)
        response.call_on_close(answer.close)
        return _headed(response, name)
    body = answer.read()  # HTTP/1.0 knows no chunks: without a length, a cut would look like the end
    if name is not None:
        kept.put(name, Stored("200 OK", (), body, name))
    return _headed(Response(body, content_type=offer.content_type), name)


def _bare() -> Response:
    """Return what the endpoint says of itself: the editor to a browser, its service description to the rest."""
    wanted = request.args.get("format")
    offer = override(wanted, (*GRAPHS, HTML)) if wanted else choose(request.headers.get("Accept"), (*GRAPHS, HTML))
    if offer is HTML or offer.format == "html":
        wanted = request.args.get("edit", "")
        return editor(question(wanted).query if wanted else "").validated()
    endpoint = request.base_url.removesuffix("/")
    data = service_description(endpoint, edition(), offer.format)
    response = Response(data, content_type=offer.content_type)
    response.vary.add("Accept")
    return response.validated()
