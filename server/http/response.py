"""Our response: whole where it can be, closed where it is not read, with a strong ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import flask

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FRESH = "public, max-age=60"
"""Cache-Control of what the dataset's version decides: a republished graph is seen everywhere a minute later."""


class Whole(list[bytes]):
    """The body of an answer that is whole before its first byte is sent, and what to do when it was."""

    def __init__(self, content: bytes, on_close: Callable[[], None] = lambda: None):
        super().__init__([content])
        self.content = content
        self.close = on_close


class Response(flask.Response):
    """A response whose body is one piece unless it is a stream, and that is closed even where no body is sent."""

    def get_app_iter(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        """Return the body; for HEAD, 204 and 304 an empty one, with the stream behind it stopped."""
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code in (204, 304):
            self.close()
            return Whole(b"")
        if self.is_sequence and not self.direct_passthrough:
            return Whole(b"".join(self.iter_encoded()), self.close)
        return super().get_app_iter(environ)

    def validated(self, *, cache_control: str = FRESH) -> Response:
        """Return the response with a strong ETag over its bytes, unless it has one, and the 304 or 412 that is due."""
        if "ETag" not in self.headers and self.is_sequence:
            self.set_etag(etag(self.get_data()))
        self.headers.setdefault("Cache-Control", cache_control)
        if self.status_code == 200:
            self.make_conditional(flask.request)
        return self


def etag(*parts: bytes | str) -> str:
    """Return what names these parts, fit for a strong ETag: 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()
