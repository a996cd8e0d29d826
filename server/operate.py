"""What an operator asks: `/health`, `/metrics` and `/openapi.json`."""

from __future__ import annotations

import time
from importlib import metadata

from flask import Blueprint, json, request

from kg.errors import MercatoError
from kg.sparql.engine import Query
from server.graph import graph_sizes, select
from server.http.current import edition, keep, metrics
from server.http.response import Response
from server.openapi import document
from server.site.links import thing_name
from server.site.questions import questions

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
    current = edition()
    start = json.dumps(f"{current.base}id/")
    rows = select(current, f"SELECT DISTINCT ?s WHERE {{ ?s a ?type FILTER(STRSTARTS(STR(?s), {start})) }} LIMIT 3")
    things = [row["s"].value for row in rows]
    examples = {
        "thing": [name for iri in things if (name := thing_name(current.base, iri))],
        "iri": things,
        "graph": list(graph_sizes(current))[:3],
        "question": [question.name for question in questions()][:3],
        "file": sorted(current.dumps)[:3],
    }
    described = document(request.host_url, examples)
    response = Response(json.dumps(described, indent=1), content_type="application/json")
    return response.validated()
