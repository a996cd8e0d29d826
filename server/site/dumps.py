"""The files of the build, as they are: `/dumps/…` with strong ETag, digest, HEAD, Range and If-Range (RFC 9110, 14)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, json, request
from werkzeug.wsgi import FileWrapper

from server.graph import parse_turtle, write
from server.http.current import edition, keep
from server.http.negotiate import GRAPHS, HTML, JSON, MEDIA_TYPES, choose, override
from server.http.problems import RequestError
from server.http.release import Dump
from server.http.response import FRESH, Response
from server.site.pages import page

bp = Blueprint("dumps", __name__)

ONE_RANGE = re.compile(r"bytes\s*=\s*(\d+\s*-\s*\d*|-\s*\d+)\s*\Z", re.IGNORECASE)
"""The only kind of range that is served in part; for any other the whole file is an answer that the RFC allows."""


def media_type(name: str) -> str:
    """Return the Content-Type of the file `name`."""
    _, dot, extension = name.rpartition(".")
    return MEDIA_TYPES.get(f"{dot}{extension}" if dot else "", "application/octet-stream")


def find(name: str) -> Dump:
    """Return the published file `name`; only names of the edition's own list are ever looked at."""
    dump = edition().dumps.get(name)
    if dump is None:
        raise RequestError("not-found", f"there is no file {name!r} among the dumps: /dumps/ lists them")
    return dump


@bp.get("/dumps/")
def dump_list() -> Response:
    """The files with sizes and digests, as a page or as JSON."""
    wanted = request.args.get("format")
    offers = (HTML, JSON)
    offer = override(wanted, offers) if wanted else choose(request.headers.get("Accept"), offers)
    files = sorted(edition().dumps.values(), key=lambda dump: dump.name)
    if offer is HTML:
        return page("dumps.html", files=files, media_type=media_type).validated()
    listed = [
        {
            "name": dump.name,
            "url": f"{request.base_url}{dump.name}",
            "media_type": media_type(dump.name),
            "bytes": dump.size,
            "sha256": dump.sha256,
        }
        for dump in files
    ]
    listing = json.dumps({"version": edition().version, "files": listed}, indent=1)
    response = Response(listing, content_type="application/json")
    response.vary.update(("Accept", "Accept-Language"))
    return response.validated()


@bp.get("/dumps/<path:name>")
def dump_file(name: str) -> Response:
    """One file."""
    keep(False)  # the disk is the place for these, not the cache
    dump = find(name)
    asked, condition = request.headers.get("Range"), request.headers.get("If-Range", "")
    # A weak tag never matches here (RFC 9110, section 13.1.5), but werkzeug would let it.
    if asked is not None and (not ONE_RANGE.match(asked.strip()) or condition.strip().startswith("W/")):
        del request.environ["HTTP_RANGE"]
    response = Response(FileWrapper(dump.reader(), 1 << 16), content_type=media_type(name), direct_passthrough=True)
    response.content_length = dump.size
    response.set_etag(dump.sha256)
    response.last_modified = datetime.fromtimestamp(dump.modified, UTC)
    response.headers["Cache-Control"] = FRESH
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(dump.sha256)).decode()}:"
    response.make_conditional(request, accept_ranges=True, complete_length=dump.size)
    return response


def turtle_dump(name: str, html: str = "", values: Callable[[bytes], dict[str, Any]] = lambda _: {}) -> Response:
    """Return the Turtle file `name` in the RDF format the client takes, or as the page `html` over `values(file)`."""
    dump = find(name)
    offers = (*GRAPHS, HTML) if html else GRAPHS
    wanted = request.args.get("format")
    offer = override(wanted, offers) if wanted else choose(request.headers.get("Accept"), offers)
    data = dump.read()
    if offer is HTML:
        return page(html, **values(data)).validated()
    if offer.format != "ttl":
        data = write(parse_turtle(data), offer.format, edition().prefixes)
    response = Response(data, content_type=offer.content_type)
    response.vary.update(("Accept", "Accept-Language") if html else ("Accept",))
    return response.validated()


@bp.get("/.well-known/void")
def void() -> Response:
    """The catalogue where VoID says that it is looked for (https://www.w3.org/TR/void/, section 7.2)."""
    return turtle_dump("catalog.ttl")
