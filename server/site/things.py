"""Things by their IRIs: 303 from `/id/…` to a page or to data (https://www.w3.org/TR/cooluris/, section 4.2).

`/describe?iri=…` does the same for nodes whose IRIs are not ours, so that any graph can be walked through.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, request

from kg.names import VOCABULARIES
from server.graph import description, known, write
from server.http.current import edition
from server.http.negotiate import GRAPHS, HTML, Offer, choose, named, override
from server.http.problems import RequestError
from server.http.response import Response
from server.site.links import data_path, page_path, thing_iri
from server.site.pages import thing_page

bp = Blueprint("things", __name__)

DEPRECATED = ox.NamedNode(f"{VOCABULARIES['owl']}deprecated")
REPLACED = ox.NamedNode(f"{VOCABULARIES['dcterms']}isReplacedBy")

BOOLEAN = ox.NamedNode(f"{VOCABULARIES['xsd']}boolean")
TRUE = tuple(ox.Literal(text, datatype=BOOLEAN) for text in ("true", "1"))

URI = "%/:?#[]@!$&'()*+,;=~-._"
"""Characters that stand in a URI as they are (RFC 3987, section 3.1)."""

PAGE = (*GRAPHS, HTML)
"""What a thing is offered as; a client that does not say what it takes gets Turtle."""


def links(iri: str, *, data: bool) -> str:
    """Return the Link header (RFC 8288) of a representation of `iri`: the other ones, and what it is about."""
    base = edition().base
    found = [f'<{page_path(base, iri)}>; rel="alternate"; type="text/html"']
    for offer in GRAPHS:
        path = data_path(base, iri, offer.extension)
        found.append(f'<{path}>; rel="alternate"; type="{offer.media}"')
        if not data:
            found.append(f'<{path}>; rel="describedby"; type="{offer.media}"')
    name = quote(iri, safe=URI)  # a header field is ASCII
    found.append(f'<{name}>; rel="describes"' if data else f'<{name}>; rel="canonical"')
    return ", ".join(found)


def seen(iri: str) -> Sequence[ox.Triple]:
    """Return the description of `iri`; 404 for a thing that the graph does not know, 410 for one withdrawn."""
    found = description(edition(), iri)
    if not found:
        raise RequestError("unknown-thing", f"the graph does not know <{iri}>: /search finds things by name")
    own = [triple for triple in found if triple.subject == ox.NamedNode(iri)]
    if any(triple.predicate == DEPRECATED and triple.object in TRUE for triple in own):
        named_objects = [triple.object for triple in own if triple.predicate == REPLACED]
        successors = [node.value for node in named_objects if isinstance(node, ox.NamedNode)]
        paths = [page_path(edition().base, new) for new in successors]
        headers = {"Link": ", ".join(f'<{path}>; rel="successor-version"' for path in paths)}
        raise RequestError(
            "withdrawn",
            f"<{iri}> was withdrawn" + (f": see {', '.join(successors)}" if successors else ""),
            headers=headers if successors else None,
            replaced_by=successors or None,
        )
    return found


def _extension(name: str) -> tuple[str, Offer | None]:
    """Return the name without the extension of a format, and that format; `None` where it has none."""
    stem, _, extension = name.rpartition(".")
    offer = next((offer for offer in PAGE if offer.extension == extension), None)
    return (stem, offer) if stem and offer else (name, None)


@bp.get("/id/<path:name>")
def thing(name: str) -> Response:
    """The thing itself: 303 to a representation."""
    base = edition().base
    iri, offer = thing_iri(base, name), None
    if not known(edition(), iri):
        stem, offer = _extension(name)
        iri = thing_iri(base, stem)
    seen(iri)
    if offer is None:
        wanted = request.args.get("format")
        offer = override(wanted, PAGE) if wanted else choose(request.headers.get("Accept"), PAGE)
    offer = named(offer.format, PAGE) or offer
    path = page_path(base, iri) if offer is HTML else data_path(base, iri, offer.extension)
    response = Response(status=303, headers={"Location": path})
    response.headers["Link"] = links(iri, data=False)
    response.vary.add("Accept")
    return response.validated()


@bp.get("/data/<path:name>")
def data(name: str) -> Response:
    """The description of a thing, in the format of the extension."""
    stem, offer = _extension(name)
    if offer is None or offer is HTML:
        kinds = ", ".join(offer.extension for offer in GRAPHS)
        raise RequestError("not-found", f"{name!r} has no extension of a data format: give one of {kinds}")
    return _data(thing_iri(edition().base, stem), offer)


@bp.get("/page/<path:name>")
def page(name: str) -> Response:
    """The page about a thing."""
    return _page(thing_iri(edition().base, name))


@bp.get("/describe")
def describe() -> Response:
    """The page or the data about any node of the graph, `?iri=…`."""
    iri = request.args.get("iri", "").strip()
    if not iri:
        raise RequestError("bad-request", "say what to describe: /describe?iri=IRI")
    wanted = request.args.get("format")
    offers = (HTML, *GRAPHS)
    offer = override(wanted, offers) if wanted else choose(request.headers.get("Accept"), offers)
    response = _page(iri) if offer is HTML else _data(iri, offer)
    response.vary.add("Accept")
    return response


def _data(iri: str, offer: Offer) -> Response:
    response = Response(write(seen(iri), offer.format, edition().prefixes), content_type=offer.content_type)
    response.headers["Link"] = links(iri, data=True)
    return response.validated()


def _page(iri: str) -> Response:
    response = thing_page(iri, seen(iri))
    response.headers["Link"] = links(iri, data=False)
    return response.validated()
