"""Send a build to a triple store by the SPARQL 1.1 Graph Store HTTP Protocol.

Each named graph is replaced whole (`PUT …?graph=IRI`, section 5.3); graphs of the store that the build does not
have are left alone.
"""

from __future__ import annotations

import base64
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, parse

from kg.errors import InputError

_WAIT = 60  # seconds that a store may take over one graph


def push(dump: Path, url: str, credentials: str = "") -> Iterator[tuple[str, int]]:
    """Replace each named graph of the N-Quads file `dump` at the store `url`; yield `(graph, triples)` as it goes.

    `credentials` are `user:password` for HTTP Basic authentication, or empty. Raises `InputError` for a dump that is
    not there, a URL that is none, and a store that refuses or does not answer; graphs sent before that stay sent.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise InputError(
            f"{url!r} is no http(s) address: give that of a graph store, such as http://localhost:7878/store"
        )
    if not dump.is_file():
        raise InputError("is not there: run mercato build first", source=str(dump))
    graphs: dict[str, list[Triple]] = defaultdict(list)
    for quad in parse(path=dump, format=RdfFormat.N_QUADS):
        if isinstance(quad, Quad) and isinstance(quad.graph_name, NamedNode):
            graphs[quad.graph_name.value].append(quad.triple)
    for graph, triples in sorted(graphs.items()):
        _put(url, graph, "".join(f"{triple} .\n" for triple in triples).encode(), credentials)
        yield graph, len(triples)


def _put(url: str, graph: str, body: bytes, credentials: str) -> None:
    joint = "&" if urllib.parse.urlsplit(url).query else "?"
    target = f"{url}{joint}{urllib.parse.urlencode({'graph': graph})}"
    request = urllib.request.Request(target, data=body, method="PUT")  # noqa: S310 (the scheme is checked above)
    request.add_header("Content-Type", "application/n-triples")
    if credentials:
        request.add_header("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=_WAIT) as answer:  # noqa: S310
            answer.read()
    except urllib.error.HTTPError as error:
        with error:
            told = error.read(200).decode("utf-8", "replace").strip()
        raise InputError(
            f"{url} answered {error.code} {error.reason} to {graph}: {told or 'no reason given'}"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise InputError(f"{url} cannot be reached ({reason}): check the address and that the store runs") from None
