"""From engines that push their bytes to answers whose bytes are pulled."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kg.errors import LimitError, QuerySyntaxError
from kg.formats import FORMATS, Form
from kg.sparql.engine import Answer, Query
from kg.sparql.guard import inspect, position
from kg.sparql.oxigraph import Sink

CHUNK = 65536
"""Bytes that are gathered before they are passed on."""

WATCH = 0.5
"""Seconds between two looks at whether the caller is still there."""


@dataclass(frozen=True)
class Patience:
    """How long the reader of an answer waits: until `deadline` (of `time.monotonic`), unless it has `gone` before."""

    seconds: float
    deadline: float
    gone: Callable[[], bool]

    @classmethod
    def of(cls, limit: float, asked: float | None, gone: Callable[[], bool] | None) -> Patience:
        """Return the patience of a caller who asks for `asked` seconds where `limit` is the most there is."""
        seconds = limit if asked is None else max(0.0, min(asked, limit))
        return cls(seconds, time.monotonic() + seconds, gone or _never)

    def check(self) -> float:
        """Return the seconds left; raise `LimitError` where there are none or where the caller has gone."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise LimitError(f"the query took longer than {self.seconds:g} s: narrow it or add a LIMIT", "time")
        if self.gone():
            raise LimitError("the caller has gone, and the query was stopped", "time")
        return left


def _never() -> bool:
    return False


class Stopped(Exception):  # noqa: N818 - it is no error: nobody reads on
    """The reader of an answer has gone away."""


class Pump:
    """Runs what writes in a thread of its own, and gives out what it writes, at most a few chunks ahead."""

    def __init__(self, write: Callable[[Sink], None], patience: Patience | None = None):
        self._write = write
        self._patience = patience
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=4)
        self._buffer = bytearray()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def write(self, data: bytes) -> int:
        """Take some bytes; raise `Stopped` where nobody reads any more."""
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            self._put(bytes(self._buffer))
            self._buffer.clear()
        return len(data)

    def flush(self) -> None:
        """Do nothing: the chunks are for the pump to decide."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes; raise what the writer raised."""
        while (item := self._next()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _next(self) -> bytes | BaseException | None:
        if self._patience is None:
            return self._queue.get()
        while True:
            left = self._patience.check()
            with contextlib.suppress(queue.Empty):
                return self._queue.get(timeout=min(left, WATCH))

    def stop(self) -> None:
        """Have the writer stop at its next chunk."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            self._write(self)
            if self._buffer:
                self._put(bytes(self._buffer))
            self._put(None)
        except Stopped:
            pass
        except BaseException as error:
            # Without traceback and context, whose frames hold Oxigraph's results: only this thread may drop those.
            error.__context__ = None
            with contextlib.suppress(Stopped):
                self._put(error.with_traceback(None))

    def _put(self, item: bytes | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                return self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
        raise Stopped


def started(
    form: Form,
    format: str,  # noqa: A002
    write: Callable[[Sink], None],
    patience: Patience | None = None,
    cancel: Callable[[], None] = lambda: None,
) -> Answer:
    """Return the answer that `write` writes, once its first chunk is there: an early error is raised here.

    `cancel` frees a writer that is waiting for something itself.
    """
    pump = Pump(write, patience)
    chunks = pump.chunks()

    def close() -> None:
        pump.stop()
        cancel()

    try:
        first = next(chunks, b"")
    except BaseException:
        close()
        raise

    def rest() -> Iterator[bytes]:
        try:
            yield first
            yield from chunks
        finally:
            close()

    return Answer(form, FORMATS[format].content_type, rest(), on_close=close)


def checked(query: Query, format: str) -> Form:  # noqa: A002
    """Return the form of the query, having seen that the format exists and serves it."""
    try:
        query.text.encode()
    except UnicodeEncodeError as error:
        line, column = position(query.text, error.start)
        raise QuerySyntaxError("the query is not UTF-8 here", line=line, column=column) from None
    form = inspect(query.text)
    if format not in FORMATS:
        raise ValueError(f"there is no format {format!r}: the formats are {', '.join(FORMATS)}")
    if not FORMATS[format].serves(form):
        fit = ", ".join(each.name for each in FORMATS.values() if each.serves(form))
        raise ValueError(f"the answer to {form} cannot be written as {format}: ask for {fit}")
    return form
