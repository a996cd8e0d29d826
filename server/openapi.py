"""The description of the HTTP interface, OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), from tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from typing import Any

from server.http.negotiate import GRAPHS, HTML, JSON, MEDIA_TYPES, POSTED, REPORTS, SOLUTIONS
from server.http.problems import MEDIA, PROBLEMS

Described = dict[str, Any]

TEXT: Described = {"type": "string"}
QUERY = "SELECT * WHERE { ?s ?p ?o } LIMIT 10"
TURTLE = "<https://example.org/a> <https://example.org/b> 1 ."
IRI: Described = {"type": "string", "format": "iri"}

ANYWHERE = ("bad-request", "not-acceptable", "rate", "header-size", "own-fault")
"""Problems that every resource may answer."""

QUERYING = ("query-syntax", "not-utf-8", "refused", "size-limit", "busy", "time-limit", "memory-limit", "unavailable")
"""Problems of whatever runs a query."""

CHECKING = (
    *("text-missing", "not-found", "request-size", "media-type"),
    *("size-limit", "busy", "time-limit", "memory-limit"),
)
"""Problems of a check."""

NOWHERE = ("not-found",)
EXTENSIONS = [offer.extension for offer in GRAPHS]
GRAPH_MEDIA = tuple(offer.media for offer in GRAPHS)
ANSWER_MEDIA = (*(offer.media for offer in SOLUTIONS), *GRAPH_MEDIA, HTML.media)


FAULT: Described = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "line": {"type": "integer", "minimum": 1},
        "column": {"type": "integer", "minimum": 1},
    },
}
"""A problem."""


def _parameter(name: str, where: str, about: str, schema: Mapping[str, Any], *, required: bool = False) -> Described:
    return {"name": name, "in": where, "description": about, "required": required or where == "path", "schema": schema}


def _format(extensions: Iterable[str]) -> Described:
    return _parameter("format", "query", "The format, whatever Accept says.", {"type": "string", "enum": [*extensions]})


def _answers(media: Iterable[str], problems: Iterable[str], status: str = "200", fault: str = "problem") -> Described:
    content: Described = {each: {} for each in media}
    found: Described = {status: {"description": "The answer.", **({"content": content} if content else {})}}
    found["304"] = {"description": "The client has it already."}
    for name in (*ANYWHERE, *problems):
        found[str(PROBLEMS[name].status)] = {"$ref": f"#/components/responses/{fault}"}
    return dict(sorted(found.items()))


def _get(
    about: str,
    media: Iterable[str],
    problems: Sequence[str] = (),
    parameters: Iterable[Described] = (),
    status: str = "200",
) -> Described:
    answers = _answers(media, problems, status)
    if "range" in problems:
        answers["206"] = {**answers[status], "description": "The range that was asked for."}
    return {"get": {"summary": about, "parameters": [*parameters], "responses": answers}}


def document(server: str, examples: Mapping[str, Sequence[str]]) -> Described:
    """Return the description of the interface at the address `server`.

    `examples` are values that exist here: `thing` (kind/slug), `iri`, `graph`, `question` and `file`.
    """

    def example(name: str, described: Described) -> Described:
        values = {f"{name}-{number}": {"value": value} for number, value in enumerate(examples.get(name, ()), 1)}
        return {**described, "examples": values} if values else described

    graphs = [
        _parameter(name, "query", about, {"type": "array", "items": IRI})
        for name, about in (
            ("default-graph-uri", "Graphs that make up the default graph."),
            ("named-graph-uri", "Graphs that are named graphs."),
        )
    ]
    timeout = _parameter("timeout", "query", "Seconds for the query, at most the server's limit.", {"type": "number"})
    query = _parameter("query", "query", "A SPARQL 1.1 query.", TEXT)
    query["examples"] = {"ask": {"value": QUERY}}
    answer_format = _format(("json", "xml", "csv", "tsv", "ttl", "nt", "jsonld", "rdf"))
    thing = example(
        "thing", _parameter("name", "path", "Kind and name of the thing, such as `person/jan-leike`.", TEXT)
    )
    in_form = {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": TEXT,
            "default-graph-uri": {"type": "array", "items": IRI},
            "named-graph-uri": {"type": "array", "items": IRI},
            "timeout": {"type": "number"},
        },
    }
    post = {
        "summary": "Ask a SPARQL query by POST.",
        "parameters": [*graphs, timeout],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {"schema": in_form, "example": {"query": QUERY}},
                "application/sparql-query": {"schema": TEXT, "example": QUERY},
            },
        },
        "responses": _answers(ANSWER_MEDIA, (*QUERYING, "request-size", "media-type")),
    }
    sparql = _get(
        "Ask a SPARQL query; without one, the service description or the editor.",
        ANSWER_MEDIA,
        QUERYING,
        (query, *graphs, timeout, answer_format),
    )
    turtle = {"type": "string", "description": "Turtle (RDF 1.1) in UTF-8."}
    check_form = {
        "type": "object",
        "properties": {"text": turtle, "file": turtle, "name": TEXT, "format": TEXT},
        "description": "The text as `text` or `file`, one of them.",
    }
    forms = {"application/x-www-form-urlencoded", "multipart/form-data"}
    check = {
        "summary": "Judge Turtle: findings at their line and column. Findings are 200 too; see `Mercato-Verdict`.",
        "parameters": [
            _parameter("name", "query", "What reports call the text.", TEXT),
            _format((*(offer.format for offer in REPORTS), "github", "html")),
        ],
        "requestBody": {
            "required": True,
            "content": {
                media: {"schema": check_form, "example": {"text": TURTLE}}
                if media in forms
                else {"schema": turtle, "example": TURTLE}
                for media in POSTED["/check"]
            },
        },
        "responses": _answers((*(offer.media for offer in REPORTS), HTML.media), CHECKING, fault="problem-or-page"),
    }
    about_things = (*QUERYING, *NOWHERE, "withdrawn")
    rdf = _format(EXTENSIONS)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mercato",
            "version": metadata.version("mercato"),
            "description": "A knowledge graph as SPARQL endpoint, dereferenceable things and dumps. Read only.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server.rstrip("/")}],
        "paths": {
            "/": _get("The start page.", (HTML.media,), QUERYING),
            "/sparql": {**sparql, "post": post},
            "/check": {**_get("The page with the form.", (HTML.media,), NOWHERE), "post": check},
            "/graphs": _get(
                "One graph (Graph Store Protocol): `graph` or `default`.",
                GRAPH_MEDIA,
                (*QUERYING, *NOWHERE, "method"),
                (
                    example("graph", _parameter("graph", "query", "The graph's IRI.", IRI)),
                    _parameter("default", "query", "The default graph.", {"type": "string", "maxLength": 0}),
                    rdf,
                ),
            ),
            "/id/{name}": _get("A thing: 303 to a page or to data.", (), about_things, (thing, rdf), status="303"),
            "/page/{name}": _get("The page about a thing.", (HTML.media,), about_things, (thing,)),
            "/data/{name}.{extension}": _get(
                "The data about a thing.",
                GRAPH_MEDIA,
                about_things,
                (
                    thing,
                    _parameter("extension", "path", "The format.", {"type": "string", "enum": EXTENSIONS}),
                ),
            ),
            "/describe": _get(
                "The page or the data about any node.",
                (HTML.media, *GRAPH_MEDIA),
                about_things,
                (example("iri", _parameter("iri", "query", "The node's IRI.", IRI, required=True)), rdf),
            ),
            "/search": _get(
                "Nodes by name.",
                (HTML.media, JSON.media),
                QUERYING,
                (_parameter("q", "query", "Words of the name.", TEXT), _format(("html", "json"))),
            ),
            "/questions": _get("The named questions.", (HTML.media,)),
            "/questions/{question}": _get(
                "A named question with its answer.",
                (*ANSWER_MEDIA, "application/sparql-query"),
                (*QUERYING, *NOWHERE),
                (
                    example(
                        "question", _parameter("question", "path", "Its name, with an extension for a format.", TEXT)
                    ),
                ),
            ),
            "/dumps/": _get("The files of the graph.", (HTML.media, JSON.media)),
            "/dumps/{file}": _get(
                "One file, or a range of it.",
                sorted({each.partition(";")[0] for each in MEDIA_TYPES.values()}),
                (*NOWHERE, "range"),
                (
                    example("file", _parameter("file", "path", "Its name.", TEXT)),
                    _parameter("Range", "header", "One range of bytes.", TEXT),
                    _parameter("If-Range", "header", "The ETag that the range belongs to.", TEXT),
                ),
            ),
            "/ontology": _get("The vocabulary.", (*GRAPH_MEDIA, HTML.media), NOWHERE, (rdf,)),
            "/shapes": _get("The shapes.", (*GRAPH_MEDIA, HTML.media), NOWHERE, (rdf,)),
            "/catalog": _get("The catalogue (DCAT, VoID).", (*GRAPH_MEDIA, HTML.media), NOWHERE, (rdf,)),
            "/.well-known/void": _get("The catalogue (DCAT, VoID).", GRAPH_MEDIA, NOWHERE, (rdf,)),
            "/health": _get("Whether the graph answers, and its version.", (JSON.media,), ("unavailable",)),
            "/metrics": _get("Figures for Prometheus.", ("text/plain",)),
            "/openapi.json": _get("This description.", (JSON.media,)),
            "/problems/{problem}": _get(
                "What a problem type means.",
                (HTML.media,),
                NOWHERE,
                (_parameter("problem", "path", "Its name.", {"type": "string", "enum": [*PROBLEMS]}),),
            ),
        },
        "components": {
            "responses": {
                "problem": {"description": "What went wrong (RFC 9457).", "content": {MEDIA: {"schema": FAULT}}},
                "problem-or-page": {
                    "description": "What went wrong (RFC 9457); for a browser, as a page.",
                    "content": {MEDIA: {"schema": FAULT}, HTML.media: {}},
                },
            }
        },
    }
