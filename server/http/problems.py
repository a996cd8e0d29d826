"""Every error as `application/problem+json` (RFC 9457): a stable `type`, a sentence, and where the fault is.

`PROBLEMS` is the whole list of what can go wrong over HTTP; `/problems/…` documents each by its name, whatever
graph is served.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, request
from gunicorn.http import errors as http
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestedRangeNotSatisfiable

from kg.errors import (
    BusyError,
    InputError,
    LimitError,
    MercatoError,
    NameUnknownError,
    QueryRefusedError,
    QuerySyntaxError,
    ServiceError,
    SettingError,
)
from kg.names import BASE
from server.http.negotiate import NotAcceptableError
from server.http.response import Response

MEDIA = "application/problem+json"
PROBLEM = "mercato.problem"
"""Key of the WSGI environment: the name of the problem that a request was answered with."""

TYPES = f"{BASE}problems/"
"""Where the `type` of every problem lives; the server answers under the same path."""


@dataclass(frozen=True)
class Problem:
    """One kind of problem: its name in the `type` URI, its HTTP status and its title."""

    name: str
    status: int
    title: str


PROBLEMS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        Problem("bad-request", 400, "The request is not one that this resource understands"),
        Problem("query-syntax", 400, "The query is not SPARQL 1.1"),
        Problem("query-missing", 400, "There is no query"),
        Problem("text-missing", 400, "There is no text to check"),
        Problem("not-utf-8", 400, "The text is not UTF-8"),
        Problem("refused", 403, "This endpoint only reads"),
        Problem("not-found", 404, "There is nothing here"),
        Problem("unknown-thing", 404, "The graph does not know this thing"),
        Problem("method", 405, "The resource does not take this method"),
        Problem("not-acceptable", 406, "None of the formats on offer is one the client takes"),
        Problem("request-timeout", 408, "The request came too slowly"),
        Problem("withdrawn", 410, "The thing was withdrawn"),
        Problem("request-size", 413, "The request is too large"),
        Problem("size-limit", 413, "The answer is larger than the limit"),
        Problem("uri-size", 414, "The address is too long"),
        Problem("media-type", 415, "The resource does not read this media type"),
        Problem("range", 416, "The range lies outside the file"),
        Problem("rate", 429, "Too many requests"),
        Problem("busy", 429, "Every worker is taken and the queue is full"),
        Problem("header-size", 431, "The header fields are too large"),
        Problem("own-fault", 500, "The server made a mistake"),
        Problem("time-limit", 503, "The request ran into the time limit"),
        Problem("unavailable", 503, "The graph cannot be reached"),
        Problem("memory-limit", 507, "The request ran into the memory limit"),
    )
}
"""Every problem by name."""


class RequestError(MercatoError):
    """A request that cannot be served, as the problem `name` of `PROBLEMS`; `more` are members of the answer."""

    def __init__(self, name: str, sentence: str, *, headers: dict[str, str] | None = None, **more: Any):
        super().__init__(sentence)
        self.problem = PROBLEMS[name]
        self.headers = headers or {}
        self.more = more


@dataclass(frozen=True)
class Answer:
    """How one error is answered: the problem, its sentence, further members and headers."""

    problem: Problem
    detail: str
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def body(problem: Problem, detail: str, **more: Any) -> bytes:
    """Return the problem as JSON: type, title, status and detail, then the members `more` that have a value."""
    members: dict[str, Any] = {
        "type": f"{TYPES}{problem.name}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
    }
    members.update((name, value) for name, value in more.items() if value is not None)
    return json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"


def response(answer: Answer) -> Response:
    """Return `answer` as a response that no cache keeps."""
    made = Response(body(answer.problem, answer.detail, **answer.more), answer.problem.status, mimetype=MEDIA)
    made.headers["Cache-Control"] = "no-store"
    made.headers.update(answer.headers)
    return made


def _position(error: MercatoError) -> dict[str, Any]:
    return {"line": error.line, "column": error.column}


def _limit(error: LimitError) -> Answer:
    headers = {"Retry-After": "60"} if error.limit == "time" else {}
    return Answer(PROBLEMS[f"{error.limit}-limit"], error.sentence, {"limit": error.limit}, headers)


def _busy(error: BusyError) -> Answer:
    seconds = error.retry_after
    return Answer(PROBLEMS["busy"], error.sentence, {"retry_after": seconds}, {"Retry-After": str(seconds)})


def _not_acceptable(error: NotAcceptableError) -> Answer:
    offered = [{"media": offer.media, "format": offer.extension} for offer in error.offers]
    return Answer(PROBLEMS["not-acceptable"], error.sentence, {"available": offered}, {"Vary": "Accept"})


def _request(error: RequestError) -> Answer:
    return Answer(error.problem, error.sentence, error.more, error.headers)


ANSWERS: dict[type[MercatoError], Callable[[Any], Answer]] = {
    RequestError: _request,
    NotAcceptableError: _not_acceptable,
    QuerySyntaxError: lambda error: Answer(PROBLEMS["query-syntax"], error.sentence, _position(error)),
    QueryRefusedError: lambda error: Answer(PROBLEMS["refused"], error.sentence, _position(error)),
    LimitError: _limit,
    ServiceError: lambda error: Answer(PROBLEMS["unavailable"], error.sentence, {}, {"Retry-After": "30"}),
    BusyError: _busy,
    NameUnknownError: lambda error: Answer(PROBLEMS["not-found"], error.sentence),
    SettingError: lambda error: Answer(PROBLEMS["bad-request"], error.sentence),
    InputError: lambda error: Answer(PROBLEMS["bad-request"], error.sentence, _position(error)),
}
"""How each of our errors is answered; the nearest class in an error's own line of descent counts."""

STATUSES: dict[int, str] = {
    400: "bad-request",
    404: "not-found",
    405: "method",
    408: "request-timeout",
    413: "request-size",
    414: "uri-size",
    415: "media-type",
    416: "range",
    431: "header-size",
}
"""The problem for a status that the HTTP library itself answers."""


MESSAGES: dict[type[Exception], str] = {
    http.LimitRequestLine: "uri-size",
    http.LimitRequestHeaders: "header-size",
    http.ParseException: "bad-request",
}
"""The problem that each fault of an HTTP message is, found by gunicorn; the first class that fits counts."""


def answer_to(error: Exception) -> Answer:
    """Return how `error` is answered; anything that is no error of ours or of HTTP is our own fault (500)."""
    for fault, name in MESSAGES.items():
        if isinstance(error, fault):
            return Answer(PROBLEMS[name], str(error)[:300] or PROBLEMS[name].title)
    for kind in type(error).__mro__:
        if kind in ANSWERS:
            return ANSWERS[kind](error)
    if isinstance(error, HTTPException):
        problem = PROBLEMS[
            STATUSES.get(error.code or 500, "own-fault" if (error.code or 500) >= 500 else "bad-request")
        ]
        headers = {}
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            headers["Allow"] = ", ".join(sorted(error.valid_methods))
        if isinstance(error, RequestedRangeNotSatisfiable) and error.length is not None:
            headers["Content-Range"] = f"{error.units} */{error.length}"
        return Answer(problem, error.description or problem.title, {}, headers)
    return Answer(PROBLEMS["own-fault"], "the server made a mistake; its log says which")


def register(app: Flask) -> None:
    """Have `app` answer every error as a problem, and log the ones that are our own fault."""

    def handle(error: Exception) -> Response:
        answer = answer_to(error)
        request.environ[PROBLEM] = answer.problem.name
        if answer.problem.name == "own-fault":
            app.logger.error("own fault", exc_info=error)
        return response(answer)

    app.register_error_handler(Exception, handle)
