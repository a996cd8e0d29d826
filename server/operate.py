"""What an operator asks: `/health`, `/metrics` and `/openapi.json`."""

from __future__ import annotations

import time
from importlib import metadata

from flask import Blueprint, json, request

from kg.errors import MercatoError
from kg.query import Query
from server.context import edition, keep, metrics
from server.openapi import document
from server.response import Response

bp = Blueprint("operate", __name__)


@bp.get("/health")
def health() -> Response:
    """Whether the graph answers, and which version of it: 200, or 503 while it does not."""
    keep(False)
    current = edition()
    found = {
        "status": "ok",
        "version": current.version,
        "software": metadata.version("mercato"),
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(current.since)),
    }
    status = 200
    try:
        current.engine.answer(Query("ASK {}"), "json", timeout=5.0).read()
    except MercatoError as error:
        found.update(status="failing", detail=str(error))
        status = 503
    response = Response(json.dumps(found, indent=1) + "\n", status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/metrics")
def prometheus() -> Response:
    """The counters, in the Prometheus text format."""
    keep(False)
    response = Response(metrics().text(), content_type="text/plain; version=0.0.4; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/openapi.json")
def openapi() -> Response:
    """The description of this interface, OpenAPI 3.1."""
    response = Response(json.dumps(document(request.host_url), indent=1), content_type="application/json")
    return response.validated()
