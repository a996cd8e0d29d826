"""The header fields that every answer has, and the answer to OPTIONS: CORS, the content policy, what can be posted."""

from __future__ import annotations

from server.http.negotiate import POSTED

EXPOSED = (
    "Accept-Post, Accept-Ranges, Allow, Content-Disposition, Content-Range, ETag, Link, Location, Mercato-Verdict,"
    " Repr-Digest, Retry-After"
)
POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; img-src 'self'; script-src 'self'; style-src 'self'"
)
TAKEN = (
    "Accept, Accept-Language, Authorization, Cache-Control, Content-Type, If-Modified-Since, If-None-Match, If-Range,"
    " Range, X-Requested-With"
)

EVERYWHERE: tuple[tuple[str, str], ...] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED),
    ("Content-Security-Policy", POLICY),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
"""Header fields of every answer."""

PREFLIGHT: tuple[tuple[str, str], ...] = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", TAKEN),
    ("Access-Control-Max-Age", "86400"),
    ("Allow", "GET, HEAD, POST, OPTIONS"),
    ("Content-Length", "0"),
)


def preflight(path: str) -> list[tuple[str, str]]:
    """Return the header fields of the answer to OPTIONS for `path`."""
    posted = POSTED.get(path)
    return [*PREFLIGHT, *([("Accept-Post", ", ".join(posted))] if posted else [])]
