"""`/check`: Turtle in, findings at their line and column out; a form for a browser.

A text is data and never shapes, and is judged in the sandbox. The request has succeeded when the text was judged, so
findings are answered with 200: the verdict stands in the body and in the field `Mercato-Verdict`.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import HTTPException

from kg.errors import MercatoError
from kg.sandbox.checks import Checks, Told
from kg.sandbox.messages import PAGE
from server.http.current import client_of, edition
from server.http.negotiate import HTML, REPORTS, Offer, choose, override
from server.http.problems import PROBLEM, RequestError, answer_to
from server.http.response import Response
from server.site.pages import page
from server.site.posting import ACCEPTS, Sent, received

bp = Blueprint("check", __name__)

GITHUB = Offer("text/plain", "github", "github")
"""GitHub's workflow commands: plain text like the report for people, so only to be had by name."""

VERDICT = "Mercato-Verdict"
"""The header field with the verdict: `passed` or `findings` and the counts, an item of RFC 9651."""


@bp.get("/check")
def form() -> Response:
    """The page with the form."""
    checks = switched_on()
    choose(request.headers.get("Accept"), (HTML,))
    response = shown(checks).validated()
    response.headers.update(ACCEPTS)
    return response


@bp.post("/check")
def check() -> Response:
    """The findings on the text that was sent."""
    checks = switched_on()
    sent = Sent()
    offer = asked(request.args.get("format"))
    try:
        sent = received()
        offer = asked(request.args.get("format") or sent.fields.get("format"))
        told = judged(checks, sent, offer)
    except (MercatoError, HTTPException) as error:
        if offer is not HTML:
            raise
        return failed(checks, sent, error)
    if offer is HTML:
        response = shown(checks, text=sent.text, name=sent.name, found=json.loads(told.body))
    else:
        response = Response(told.body, content_type=offer.content_type)
        response.vary.add("Accept")
    response.headers[VERDICT] = verdict(told)
    response.headers["Cache-Control"] = "no-store"
    return response


def switched_on() -> Checks:
    """Return what judges texts here; raise `RequestError` where the operator wants none judged."""
    checks = edition().checks
    if checks is None:
        raise RequestError("not-found", "this server checks no texts: use the command `mercato check`")
    return checks


def asked(name: str | None) -> Offer:
    """Return the format of the answer: the one named, else by the Accept header."""
    if name:
        return override(name, (*REPORTS, GITHUB, HTML))
    return choose(request.headers.get("Accept"), (*REPORTS, HTML))


def judged(checks: Checks, sent: Sent, offer: Offer) -> Told:
    """Return the report on a text; raise `RequestError` for one that there is no judging."""
    if not sent.data.strip():
        raise RequestError("text-missing", "the text is empty: send Turtle", headers=ACCEPTS)
    most = checks.limits.length
    if len(sent.data) > most:
        sentence = f"the text has {len(sent.data):,} bytes, at most {most:,} are checked here: use `mercato check`"
        raise RequestError("request-size", sentence)
    name = PAGE if offer is HTML else offer.format
    return checks.report(sent.data, sent.name, name, client_of(request.environ).gone)


def verdict(told: Told) -> str:
    """Return the verdict as a structured field: `findings;errors=1;warnings=0;notes=2`."""
    counts = "".join(f";{level}s={count}" for level, count in told.counts.items())
    return f"{'findings' if told.failed else 'passed'}{counts}"


def shown(checks: Checks, **values: Any) -> Response:
    """Return the page with the form and, where a text was judged, what was found."""
    return page("check.html", checks=checks, offers=(*REPORTS, GITHUB), **values)


def failed(checks: Checks, sent: Sent, error: Exception) -> Response:
    """Return the page with the form and why the text was not judged."""
    answer = answer_to(error)
    request.environ[PROBLEM] = answer.problem.name
    response = shown(checks, text=sent.text, name=sent.name, error=answer)
    response.status_code = answer.problem.status
    response.headers.update(answer.headers)
    response.headers["Cache-Control"] = "no-store"
    return response
