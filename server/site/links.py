"""Where a node is on this server: things have the paths of their own IRIs, everything else has `/describe`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

SAFE = "/:@!$&'()*+,;=~-._"
"""Characters of a path that need no percent-encoding (RFC 3986, section 3.3)."""


def thing_iri(base: str, name: str) -> str:
    """Return the IRI of the thing `name` (`kind/slug`)."""
    return f"{base}id/{name}"


def thing_name(base: str, iri: str) -> str | None:
    """Return `kind/slug` of a thing of ours; `None` for any other IRI."""
    start = f"{base}id/"
    return iri.removeprefix(start) if iri.startswith(start) and len(iri) > len(start) else None


def page_path(base: str, iri: str) -> str:
    """Return the local path of the page about `iri`."""
    name = thing_name(base, iri)
    if name is not None and "?" not in name and "#" not in name:
        return f"/page/{quote(unquote(name), safe=SAFE)}"
    return f"/describe?iri={quote(iri, safe='')}"


def data_path(base: str, iri: str, extension: str) -> str:
    """Return the local path of the data about `iri` in the format of that extension."""
    name = thing_name(base, iri)
    if name is not None and "?" not in name and "#" not in name:
        return f"/data/{quote(unquote(name), safe=SAFE)}.{extension}"
    return f"/describe?iri={quote(iri, safe='')}&format={extension}"


def outside(iri: str) -> str | None:
    """Return `iri` where a browser may follow it: http and https only, never `javascript:` or `data:`."""
    return iri if urlsplit(iri).scheme in ("http", "https") else None


def short(prefixes: Mapping[str, str], iri: str) -> str:
    """Return `iri` as a prefixed name where a prefix fits, else as it is."""
    fitting = (item for item in prefixes.items() if iri.startswith(item[1]))
    prefix, namespace = max(fitting, key=lambda item: len(item[1]), default=("", ""))
    return f"{prefix}:{iri.removeprefix(namespace)}" if namespace else iri
