"""What stands before every request, whatever it asks for: the WSGI application that wraps the Flask one.

It holds the edition for the length of the answer, gives out answers that are kept, counts, logs, limits the rate of
each client, answers CORS preflight and puts the same header fields on every answer, errors included. An answer that
breaks off after its first byte is made to fail at the client.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from typing import IO, TYPE_CHECKING, Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from werkzeug.http import parse_etags

from server.http.cache import AnswerCache, Stored
from server.http.current import EDITION, KEEP
from server.http.headers import EVERYWHERE, preflight
from server.http.metrics import Metrics, area
from server.http.problems import MEDIA, PROBLEM, PROBLEMS, body
from server.http.response import Whole

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from server.http.release import Edition, Published

DRAINED = 1 << 25
"""Bytes of a refused body that are read before the answer is given."""

SAME = frozenset(("cache-control", "etag", "last-modified", "link", "vary"))
"""Header fields that a 304 repeats (RFC 9110, section 15.4.5)."""


class Front:
    """The outermost WSGI application. `log` is where the access log goes, `rate` is requests a minute of one client."""

    def __init__(
        self,
        app: WSGIApplication,
        published: Published,
        cache: AnswerCache,
        metrics: Metrics,
        *,
        rate: int = 0,
        log: IO[str] | None = None,
    ):
        self.app = app
        self.published = published
        self.cache = cache
        self.metrics = metrics
        self.log = log
        self.rate = RateLimitItemPerMinute(rate) if rate else None
        self.limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        call = _Call(self, environ, start_response)
        method = environ["REQUEST_METHOD"]
        if self.rate and not self.limiter.hit(self.rate, client(environ.get("REMOTE_ADDR", ""))):
            return call.problem(
                "rate", f"more than {self.rate.amount} requests in a minute: wait", {"Retry-After": "10"}
            )
        if method == "OPTIONS":
            return call.whole("204 No Content", preflight(environ["PATH_INFO"]), b"")
        edition = self.published.take()
        environ[EDITION] = edition
        call.edition = edition
        if method in ("GET", "HEAD"):
            call.key = (
                edition.version,
                environ["PATH_INFO"],
                environ.get("QUERY_STRING", ""),
                environ.get("HTTP_ACCEPT", ""),
                environ.get("HTTP_ACCEPT_LANGUAGE", ""),
                environ.get("HTTP_HOST", ""),
                environ["wsgi.url_scheme"],
            )
            if "HTTP_RANGE" not in environ and (stored := self.cache.get(call.key)):
                return call.stored(stored)
        try:
            answer = self.app(environ, call.start)
            if method == "POST" and call.status.startswith("4"):
                _drain(environ)
            return call.body(answer)
        except BaseException:
            call.end()
            raise


def client(address: str) -> str:
    """Return what one client is known by: its IPv4 address, or the /64 that an IPv6 address lies in.

    Whoever has one IPv6 address has 2^64 of them.
    """
    if ":" not in address:
        return address
    try:
        return str(ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


class _Call:
    """One request on its way through the front."""

    def __init__(self, front: Front, environ: WSGIEnvironment, start_response: StartResponse):
        self.front = front
        self.environ = environ
        self.start_response = start_response
        self.edition: Edition | None = None
        self.key: tuple[str, ...] | None = None
        self.began = time.perf_counter()
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.sent = 0
        self.found = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """Begin the answer, with the header fields that every answer has."""
        self.status, self.headers = status, headers
        return self.start_response(status, [*headers, *EVERYWHERE], exc_info)

    def whole(self, status: str, headers: list[tuple[str, str]], content: bytes) -> list[bytes]:
        """Answer with `content` at once."""
        self.start(status, headers)
        self.sent = len(content)
        self.end()
        return [content]

    def problem(self, name: str, detail: str, headers: dict[str, str]) -> list[bytes]:
        """Answer with a problem at once."""
        problem = PROBLEMS[name]
        self.environ[PROBLEM] = name
        content = body(problem, detail)
        fields = {"Content-Type": MEDIA, "Content-Length": str(len(content)), "Cache-Control": "no-store", **headers}
        return self.whole(f"{problem.status} {problem.title}", list(fields.items()), content)

    def stored(self, stored: Stored) -> list[bytes]:
        """Answer with what is kept, or with 304 where the client has it."""
        self.found = True
        condition = self.environ.get("HTTP_IF_NONE_MATCH")
        if condition and parse_etags(condition).contains_weak(stored.etag):
            return self.whole("304 Not Modified", [field for field in stored.headers if field[0].lower() in SAME], b"")
        return self.whole(
            stored.status, list(stored.headers), b"" if self.environ["REQUEST_METHOD"] == "HEAD" else stored.body
        )

    def body(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        """Pass on the answer that the application made, and keep it where it is whole and may be kept."""
        if not isinstance(chunks, Whole):
            return _Stream(self, chunks)
        content = chunks.content
        self._keep(content)
        self.sent = len(content)
        chunks.close()
        self.end()
        return [content]

    def _keep(self, content: bytes) -> None:
        if self.key is None or not self.key[0]:  # an edition without a version may change under our hands
            return
        if self.environ["REQUEST_METHOD"] != "GET" or not self.status.startswith("200 "):
            return
        if not self.environ.get(KEEP, True) or "HTTP_RANGE" in self.environ or not self.front.cache.takes(len(content)):
            return
        etag = next((value.strip('"') for name, value in self.headers if name == "ETag"), None)
        if etag is not None:
            self.front.cache.put(self.key, Stored(self.status, tuple(self.headers), content, etag))

    def end(self) -> None:
        """Give the edition back, count and log. Only the first call does."""
        if self.edition is not None:
            self.front.published.release(self.edition)
            self.edition = None
        if self.began == 0.0:
            return
        seconds, self.began = time.perf_counter() - self.began, 0.0
        path, status = self.environ["PATH_INFO"], self.status[:3]
        counted = area(path)
        metrics = self.front.metrics
        metrics.requests.labels(counted, status).inc()
        metrics.seconds.labels(counted).observe(seconds)
        if PROBLEM in self.environ:
            metrics.problems.labels(self.environ[PROBLEM]).inc()
        if self.key is not None:
            metrics.cached.labels("yes" if self.found else "no").inc()
        if self.front.log is not None:
            self._log(self.front.log, seconds)

    def _log(self, log: IO[str], seconds: float) -> None:
        environ = self.environ
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "client": environ.get("REMOTE_ADDR", ""),
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "query": environ.get("QUERY_STRING", "")[:2000],
            "status": int(self.status[:3] or 0),
            "bytes": self.sent,
            "seconds": round(seconds, 6),
            "cached": self.found,
            "agent": environ.get("HTTP_USER_AGENT", "")[:200],
        }
        with contextlib.suppress(OSError, ValueError):  # a log that cannot be written to stops no answer
            log.write(json.dumps(entry) + "\n")
            log.flush()


class _Stream(Iterator[bytes]):
    """The body of an answer that is still being made. One that fails is cut so that the client sees it."""

    def __init__(self, call: _Call, chunks: Iterable[bytes]):
        self._call = call
        self._chunks = chunks
        self._next = iter(chunks).__next__
        self._done = False

    def __next__(self) -> bytes:
        """Return the next chunk; let every failure through after breaking off the connection."""
        try:
            chunk = self._next()
        except StopIteration:
            self._done = True
            raise
        except BaseException:
            self._done = True
            self._call.front.metrics.cut.inc()
            _break_off(self._call.environ)
            raise
        self._call.sent += len(chunk)
        return chunk

    def close(self) -> None:
        """End the answer, whether or not it was read to its end."""
        if not self._done:
            self._call.front.metrics.gone.inc()
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            self._call.end()


def _drain(environ: WSGIEnvironment) -> None:
    """Read the rest of a body that was refused: a connection closed before that would take the answer with it."""
    left = DRAINED
    with contextlib.suppress(OSError, ValueError):
        while left > 0 and (block := environ["wsgi.input"].read(min(left, 1 << 16))):
            left -= len(block)


def _break_off(environ: WSGIEnvironment) -> None:
    """Reset the client's connection: HTTP/1.0 has no chunks, and an ordinary close would look like the end."""
    connection = environ.get("gunicorn.socket")
    if connection is not None and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
