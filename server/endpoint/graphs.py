"""SPARQL 1.1 Graph Store Protocol, the reading half (https://www.w3.org/TR/sparql11-http-rdf-update/): GET and HEAD."""

from __future__ import annotations

from flask import Blueprint, request

from kg.sparql.engine import Query
from server.graph import graph_sizes, iri_ref
from server.http.current import client_of, edition
from server.http.negotiate import GRAPHS, choose, override
from server.http.problems import RequestError
from server.http.response import FRESH, Response, etag

bp = Blueprint("graphs", __name__)


@bp.route("/graphs", methods=["GET", "PUT", "POST", "DELETE", "PATCH"])
def graph() -> Response:
    """The graph named by `?graph=IRI`, or the default graph for `?default`."""
    if request.method not in ("GET", "HEAD"):
        raise RequestError("method", "graphs are only read here: GET or HEAD", headers={"Allow": "GET, HEAD, OPTIONS"})
    names, default = request.args.getlist("graph"), "default" in request.args
    if len(names) + default != 1:
        raise RequestError("bad-request", "say which graph: ?graph=IRI or ?default, one of them and once")
    wanted = request.args.get("format")
    offer = override(wanted, GRAPHS) if wanted else choose(request.headers.get("Accept"), GRAPHS)
    current = edition()
    if default:
        text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    else:
        ref = iri_ref(names[0])
        if names[0] not in graph_sizes(current):
            raise RequestError("not-found", f"there is no graph {ref}", graphs=list(graph_sizes(current))[:100])
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {ref} {{ ?s ?p ?o }} }}"
    name = etag(current.version, offer.media, text)
    if current.version and request.if_none_match.contains_weak(name):
        response = Response(status=304)
    else:
        answer = current.engine.answer(Query(text), offer.format, gone=client_of(request.environ).gone)
        response = Response(answer.chunks, content_type=offer.content_type)
        response.call_on_close(answer.close)
    if current.version:
        response.set_etag(name)
    response.headers["Cache-Control"] = FRESH if current.version else "no-store"
    response.vary.add("Accept")
    return response
