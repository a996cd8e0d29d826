"""The pages a person reads: start page, search, things, the editor and its results, and what errors mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Flask, json, render_template, request

from kg.errors import BusyError, LimitError, MercatoError
from kg.formats import FORMATS, Form
from kg.sparql.engine import Query
from server.graph import Row, solutions, union_size
from server.http.current import edition, keep
from server.http.negotiate import GRAPHS, HTML, JSON, choose, override
from server.http.problems import PROBLEM, PROBLEMS, RequestError, answer_to
from server.http.response import Response
from server.site.links import data_path, page_path
from server.site.questions import questions
from server.site.search import class_counts, find
from server.site.texts import LANGUAGES, grouped, language, say
from server.site.thing_view import Labels, Value, knowledge

bp = Blueprint("pages", __name__)

SHOWN = 1000
"""Rows of an answer that a page shows at most."""


def local(path: str) -> str:
    """Return a link to a path of ours that keeps the language where the reader chose it."""
    if "lang" not in request.args:
        return path
    return f"{path}{'&' if '?' in path else '?'}lang={language()}"


def other_language() -> tuple[str, str]:
    """Return the language that the page is not in, and the link to this page in it."""
    other = next(each for each in LANGUAGES if each != language())
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return other, f"{request.path}?{urlencode([*pairs, ('lang', other)])}"


def register(app: Flask) -> None:
    """Give the templates what they call."""
    app.jinja_env.globals.update(
        say=say, grouped=grouped, local=local, page_path=page_path, language=language, other_language=other_language
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(bp)


def page(template: str, **values: Any) -> Response:
    """Return the page that `template` makes of `values`, with its ETag."""
    response = Response(render_template(template, edition=edition(), **values), content_type=HTML.content_type)
    response.headers["Content-Language"] = language()
    response.vary.update(("Accept", "Accept-Language"))
    return response


@bp.get("/")
def home() -> Response:
    """The start page; a graph that is too large to be counted within the limits is shown without its counts."""
    counted: dict[str, Any] = {"classes": [], "triples": None}
    try:
        counted["triples"] = union_size(edition())
        counted["classes"] = class_counts(edition())
    except (BusyError, LimitError):
        keep(False)
    return page("home.html", questions=questions(), **counted).validated()


@bp.get("/search")
def search() -> Response:
    """Nodes by their names, as a page or as JSON."""
    text = request.args.get("q", "").strip()[:200]
    wanted = request.args.get("format")
    offer = override(wanted, (HTML, JSON)) if wanted else choose(request.headers.get("Accept"), (HTML, JSON))
    found = find(edition(), text) if text else []
    if offer is HTML:
        return page("search.html", text=text, found=found).validated()
    results = [
        {"iri": item.iri, "label": item.name, "type": item.kind or None, "path": page_path(edition().base, item.iri)}
        for item in found
    ]
    response = Response(json.dumps({"query": text, "results": results}, indent=1), content_type="application/json")
    response.vary.add("Accept")
    return response.validated()


def thing_page(iri: str, triples: Sequence[ox.Triple]) -> Response:
    """Return the page about `iri`, whose description is `triples`."""
    base = edition().base
    downloads = [(offer.extension, data_path(base, iri, offer.extension)) for offer in GRAPHS]
    return page("thing.html", known=knowledge(edition(), iri, triples), downloads=downloads)


@bp.get("/questions/")
@bp.get("/questions")
def question_list() -> Response:
    """The named questions."""
    return page("questions.html", questions=questions()).validated()


START = "SELECT ?s ?p ?o WHERE {\n  ?s ?p ?o\n}\nLIMIT 20\n"
"""The query in the editor before anybody has written one."""


def editor(text: str = "", **values: Any) -> Response:
    """Return the page with the editor and, where a query was run, what came of it; not validated yet."""
    return page("sparql.html", text=text or START, questions=questions(), formats=FORMATS.values(), **values)


def table(rows: Sequence[Row], variables: Sequence[str]) -> list[list[Value | None]]:
    """Return the cells of an answer, IRIs with their names."""
    labels = Labels(edition(), {value.value for row in rows for value in row.values() if value.kind == "uri"})
    return [[labels.value(row[name]) if name in row else None for name in variables] for row in rows]


def answer_values(query: Query, form: Form, timeout: float | None = None) -> dict[str, Any]:
    """Return what the templates show of an answer: `boolean`, `graph`, or `variables` and `rows`, and `more`."""
    data, more = b"", False
    with edition().engine.answer(query, "ttl" if form.is_graph else "json", timeout=timeout) as answer:
        for chunk in answer.chunks:
            data += chunk
            if form.is_graph and len(data) > 200_000:
                more = True
                break
            if len(data) > 20_000_000:
                raise LimitError("the answer is too large for a page: download it as CSV", "size")
    if form.is_graph:
        return {"graph": data.decode("utf-8", "ignore"), "more": more}
    if form is Form.ASK:
        return {"boolean": json.loads(data)["boolean"], "more": False}
    variables, rows = solutions(data)
    return {
        "variables": variables,
        "solutions": rows,
        "rows": table(rows[:SHOWN], variables),
        "count": len(rows),
        "more": len(rows) > SHOWN,
    }


def result_page(query: Query, form: Form, timeout: float | None) -> Response:
    """Return the editor with the answer to `query` below it, or with what is wrong with it."""
    try:
        return editor(query.text, form=form, **answer_values(query, form, timeout)).validated()
    except MercatoError as error:
        return error_page(query.text, error)


def error_page(text: str, error: MercatoError) -> Response:
    """Return the editor with the query `text` and what is wrong with it."""
    answer = answer_to(error)
    request.environ[PROBLEM] = answer.problem.name
    keep(False)
    response = editor(text, error=answer, line=error.line, column=error.column)
    response.status_code = answer.problem.status
    response.headers.update(answer.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/problems/<name>")
def problem(name: str) -> Response:
    """What the problem type `name` means."""
    if name not in PROBLEMS:
        raise RequestError("not-found", f"there is no problem {name!r}: the types are {', '.join(PROBLEMS)}")
    return page("problem.html", problem=PROBLEMS[name], problems=PROBLEMS.values()).validated()
