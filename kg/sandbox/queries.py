"""Queries that anybody sends, each in a worker process that can be stopped.

A query first takes one of a few seats for quick ones. What PATIENCE of work does not answer whole moves, at lower
priority, to one of a few seats for long ones, and its quick seat gets a fresh worker: that keeps quick queries quick
however many runaways there are. Where no seat is free the query stands still in a short queue, or its caller is told
to come again.
"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from kg.errors import LimitError, MercatoError
from kg.formats import FORMATS, Form
from kg.sandbox import inside
from kg.sandbox.forkserver import Nursery, Worker
from kg.sandbox.limits import DiedError, Limits, cause, told
from kg.sandbox.messages import QueryPlan, query_asked
from kg.sandbox.slots import Seats
from kg.sparql.engine import Answer, Engine, Query
from kg.sparql.oxigraph import fingerprint, folder_fingerprint, folder_for
from kg.sparql.remote import RemoteEngine, is_remote
from kg.sparql.stream import WATCH, Patience, checked

PATIENCE = 0.1
"""Seconds of work after which a query is a long one: of processor time, for on a busy machine everything takes long,
but of any time while others wait for its seat."""

STANDSTILL = 1.0
"""Seconds after which it is one whatever it waits for."""

WHOLE = 2**18
"""Bytes up to which an answer is held back until it is whole, so that a failure can still be told properly."""


class Sandbox:
    """An engine of worker processes over RDF files, with the limits of the settings `query_*`.

    `settings` is what `kg.settings.load` returns; with `folder` the dataset is kept on disk there, see
    `kg.sparql.oxigraph.folder_for`. Fit for any thread, and for processes forked from the one that made it.
    """

    def __init__(self, files: Sequence[Path], settings: Mapping[str, Any], folder: Path | None = None):
        self._limits = Limits(
            float(settings["query_timeout"]),
            int(settings["query_memory"]),
            float(settings["query_size"]),
            int(settings["query_length"] * 2**10),
        )
        self._files = tuple(files)
        self._folder = folder
        self._reloading = threading.Lock()
        self._seats = Seats(
            int(settings["query_workers"]),
            int(settings["query_long"]),
            int(settings["query_queue"]),
            lambda: self._nursery(self._files)[0],
        )
        self.version = self._version(self._files)

    def _version(self, files: Sequence[Path]) -> str:
        if files or self._folder is None:
            return fingerprint(files)
        return folder_fingerprint(self._folder)

    def _nursery(self, files: Sequence[Path]) -> tuple[Nursery, str]:
        version = self._version(files)
        names = tuple(str(path.absolute()) for path in files)
        folder = "" if self._folder is None else str(folder_for(self._folder, files).absolute())
        return Nursery(QueryPlan(names, folder, self._limits.memory)), version

    def answer(
        self,
        query: Query,
        format: str,  # noqa: A002
        *,
        timeout: float | None = None,
        gone: Callable[[], bool] | None = None,
    ) -> Answer:
        """Return the answer; see `kg.sparql.engine.Engine`."""
        limits = self._limits
        if len(query.text) > limits.length:
            raise LimitError(f"the query is longer than {limits.length} characters: send a shorter one", "size")
        form = checked(query, format)
        run = _Run(self._seats, limits, Patience.of(limits.seconds, timeout, gone))
        try:
            return run.answer(query, form, format)
        except BaseException:
            run.close()
            raise

    def reload(self, files: Sequence[Path] | None = None) -> None:
        """Swap the dataset; no query fails: those on their way go on with the old one.

        Raises `InputError` and leaves everything as it was where the new files cannot be loaded.
        """
        with self._reloading:
            chosen = self._files if files is None else tuple(files)
            nursery, version = self._nursery(chosen)
            self._files, self.version = chosen, version
            self._seats.swap(nursery)

    def close(self) -> None:
        """End the workers; those that still answer end with their answer."""
        self._seats.close()


class _Run:
    """One query on its way through a worker.

    The worker and the seat are given up exactly once, in `_give_up`, for the seats may take back a long one whose
    reader has stopped reading.
    """

    def __init__(self, seats: Seats, limits: Limits, patience: Patience):
        self.deadline = patience.deadline
        self._seats = seats
        self._limits = limits
        self._patience = patience
        self._lock = threading.Lock()
        self._is_long = False
        self._worker: Worker | None = seats.take(patience.seconds)
        self._began = time.monotonic()

    def answer(self, query: Query, form: Form, format: str) -> Answer:  # noqa: A002
        """Send the query and return its answer: whole if it is small and quick, else on its way."""
        media_type = FORMATS[format].content_type
        try:
            parts = self._first(query, format)
        except DiedError as error:
            # A worker that was killed while it sat idle is nobody's fault: once more, with a new one.
            if error.had_answered or error.was_fresh or error.number != signal.SIGKILL:
                raise cause(error.number, self._limits) from None
            self._worker = self._seats.take(self.deadline - time.monotonic())
            parts = self._first(query, format)
        if self._worker is None:
            return Answer(form, media_type, iter(parts), sum(map(len, parts)))
        if not self._is_long:
            self._move()
        return Answer(form, media_type, self._rest(parts), on_close=self.close)

    def _first(self, query: Query, format: str) -> list[bytes]:  # noqa: A002
        """Return the first chunks: all there are, or a little more than WHOLE bytes."""
        with contextlib.suppress(OSError):  # a dead worker shows as the end of what it says
            size = int(self._limits.megabytes * 2**20)
            self._mine().send(query_asked(query, format, size, self._patience.seconds))
        parts: list[bytes] = []
        length = 0
        while length < WHOLE and (chunk := self._next()) is not None:
            parts.append(chunk)
            length += len(chunk)
        return parts

    def _rest(self, parts: list[bytes]) -> Iterator[bytes]:
        try:
            yield from parts
            while (chunk := self._next()) is not None:
                yield chunk
        except DiedError as error:
            raise cause(error.number, self._limits) from None
        finally:
            self.close()

    def _next(self) -> bytes | None:
        """Return the next chunk, None at the end, when the worker has been given back."""
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise self._late()
            worker = self._mine()
            try:
                frame = worker.receive(min(left, WATCH if self._is_long else PATIENCE))
            except EOFError:
                raise self._died(worker) from None
            if frame is None:
                self._wait_on()
                continue
            kind, body = frame
            if kind == inside.DATA:
                return body
            self._give_up(ended_well=True)
            if kind == inside.ERROR:
                raise told(json.loads(body), self._limits)
            return None

    def _wait_on(self) -> None:
        """Stop a query that nobody waits for; move one that is not quick to a long seat."""
        self._patience.check()
        if self._is_long:
            return
        worked = self._mine().worked()
        if worked >= PATIENCE or self._seats.are_wanted or time.monotonic() - self._began >= STANDSTILL:
            self._move()

    def _move(self) -> None:
        """Change to a long seat; until one is free the worker stands still."""
        worker = self._mine()
        ticket = self._seats.take_long(self)
        self._is_long = True
        worker.slow_down()
        if ticket is not None:
            worker.pause()
            while self._is_parked(ticket):
                self._patience.check()
            worker.resume()

    def _is_parked(self, ticket: SimpleQueue[None]) -> bool:
        try:
            ticket.get(timeout=max(0.0, min(WATCH, self.deadline - time.monotonic())))
        except Empty:
            return True
        return False

    def _mine(self) -> Worker:
        """Return the worker; raise where the seats have taken it back."""
        worker = self._worker
        if worker is None:
            raise self._late()
        return worker

    def _late(self) -> LimitError:
        self.close()
        return self._limits.late(self._patience.seconds)

    def _died(self, worker: Worker) -> MercatoError | DiedError:
        error = DiedError(worker.end(kill=False), was_fresh=worker.is_fresh, had_answered=self._is_long)
        with self._lock:
            if self._worker is None:
                return self._late()
            self._worker = None
        self._leave(None)
        return error

    def _give_up(self, *, ended_well: bool) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is None:  # it has been given up
            return
        if ended_well and not self._is_long:
            self._leave(worker)
        else:  # after a long query its memory may be large, and a new worker costs some milliseconds
            worker.end()
            self._leave(None)

    def _leave(self, worker: Worker | None) -> None:
        if self._is_long:
            self._seats.leave_long(self)
        else:
            self._seats.leave(worker)

    def close(self) -> None:
        """Stop the query if it still runs."""
        self._give_up(ended_well=False)


def open_sandbox(store: str, files: Sequence[Path], settings: Mapping[str, Any]) -> Engine:
    """Return the engine for the setting `store` that may be left open to the public.

    `memory` and a folder run in the sandbox; a service at an http(s) URL has limits of its own, and ours on top.
    """
    if is_remote(store):
        return RemoteEngine(store, float(settings["query_timeout"]), float(settings["query_size"]))
    return Sandbox(files, settings, None if store == "memory" else Path(store))
