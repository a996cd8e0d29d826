"""The endpoint as a Flask view: GET, form and direct POST, the editor for a browser, the service description.

Updates are refused by name. Plain GET requests of programs do not come this far, see `server.endpoint.fastpath`.
"""

from __future__ import annotations

from flask import Blueprint, request

from kg.errors import MercatoError
from kg.sparql.guard import inspect
from server.endpoint.protocol import is_for_reading, offer_for, read_call, respond
from server.endpoint.service_description import service_description
from server.http.client import Pairs, pairs_of
from server.http.current import cache, client_of, edition, keep
from server.http.negotiate import GRAPHS, HTML, POSTED, choose, override
from server.http.problems import RequestError
from server.http.response import Response, Whole
from server.site.pages import editor, error_page, result_page
from server.site.questions import question

bp = Blueprint("sparql", __name__)


def _posted() -> tuple[Pairs, str | None]:
    """Return the parameters in the body of a POST, and the query where the body is one."""
    media = request.mimetype
    if media == "application/x-www-form-urlencoded":
        return pairs_of(request.get_data()), None
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
        headers={"Accept-Post": ", ".join(POSTED["/sparql"])},
    )


@bp.route("/sparql", methods=["GET", "POST"])
@bp.route("/sparql/", methods=["GET", "POST"])
def sparql() -> Response:
    """The endpoint."""
    pairs, direct = pairs_of(request.query_string), None
    if request.method == "POST":
        more, direct = _posted()
        pairs += more
    call = read_call(pairs, direct, edition().base)
    if call is None and request.method == "POST":
        raise RequestError("query-missing", "there is no query: send it as the parameter `query`")
    if call is None:
        return _bare()
    client = client_of(request.environ)
    try:
        form = inspect(call.query.text)
    except MercatoError as error:
        if is_for_reading(call, client.accept):
            return error_page(call.query.text, error)
        raise
    if offer_for(form, call.parameters, client.accept) is HTML:
        return result_page(call.query, form, call.timeout)
    plain = respond(call, client, edition(), cache())
    keep(plain.keep)
    body = plain.body.content if isinstance(plain.body, Whole) else plain.body
    return Response(body, plain.status, plain.headers)


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
