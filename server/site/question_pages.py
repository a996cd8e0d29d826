"""`/questions/…`: the named questions with their answers, as a page or in any result format."""

from __future__ import annotations

from flask import Blueprint, request

from kg.sparql.engine import Query
from kg.sparql.guard import inspect
from server.http.current import edition
from server.http.negotiate import GRAPHS, HTML, SOLUTIONS, Offer, choose, override
from server.http.response import Response, etag
from server.site.charts import marks
from server.site.pages import answer_values, page
from server.site.questions import question

bp = Blueprint("asking", __name__)

QUERY = Offer("application/sparql-query", "rq", "rq", names=("sparql", "query"))


@bp.get("/questions/<name>")
def ask(name: str) -> Response:
    """One named question; `.csv` and the like at the end of its name ask for that format."""
    stem, dot, extension = name.rpartition(".")
    asked = question(stem if dot else name)
    form = inspect(asked.text)
    offers: tuple[Offer, ...] = (HTML, *(GRAPHS if form.is_graph else SOLUTIONS), QUERY)
    wanted = extension if dot else request.args.get("format")
    offer = override(wanted, offers) if wanted else choose(request.headers.get("Accept"), offers)
    query = Query(asked.text, base=edition().base)
    if offer is HTML:
        found = answer_values(query, form)
        drawn = marks(found.get("solutions", ()), asked.chart)
        shown = page("question.html", question=asked, offers=offers[1:], form=form, marks=drawn, **found)
        return shown.validated()
    if offer is QUERY:
        response = Response(asked.text, content_type=f"{QUERY.media}; charset=utf-8")
    else:
        response = Response(edition().engine.answer(query, offer.format).read(), content_type=offer.content_type)
        response.set_etag(etag(edition().version, offer.media, asked.text))
    response.headers["Content-Disposition"] = f'inline; filename="{asked.name}.{offer.extension}"'
    response.vary.update(("Accept", "Accept-Language"))
    return response.validated()
