"""Who may run now: a few seats for quick requests, a few for long ones, and a short queue for either."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol

from kg.errors import BusyError
from kg.sandbox.forkserver import Nursery, Worker


class Overdue(Protocol):
    """A long query that holds a seat, perhaps on behalf of a reader that no longer reads."""

    deadline: float

    def close(self) -> None:
        """Stop it and give its seat back."""


class Seats:
    """The seats of one server process, and the idle workers that sit ready for the quick ones.

    `load` starts the nursery as it should be now, `kind` is what those who wait are called. Fit for any thread; a
    process forked from this one starts with all seats free and no worker, for the workers are its parent's.
    """

    def __init__(self, quick: int, long: int, queue: int, load: Callable[[], Nursery], kind: str = "queries"):
        self._counts = (quick, long)
        self._queue = queue
        self._load = load
        self._kind = kind
        self._nursery = load()
        self._begin()
        reference = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forked(reference))

    def _begin(self) -> None:
        self._reviving = threading.Lock()
        self._lock = threading.Lock()
        self._quick, self._long = self._counts
        self._idle: list[Worker] = []
        self._seated: set[Overdue] = set()
        self._parked: dict[Overdue, SimpleQueue[None]] = {}
        # A seat is handed to who waits longest: were it only announced, others would snatch it from them for ever.
        self._waiting: deque[SimpleQueue[Worker | None]] = deque()
        self._closed = False

    def take(self, seconds: float) -> Worker:
        """Take a quick seat, waiting at most so many seconds for one, and return a worker for it.

        Raises `BusyError`, at once where the queue is full.
        """
        with self._lock:
            if self._quick:
                self._quick -= 1
                worker = self._idle.pop() if self._idle else None
                ticket = None
            elif len(self._waiting) < self._queue:
                ticket = SimpleQueue[Worker | None]()
                self._waiting.append(ticket)
            else:
                raise BusyError(f"too many {self._kind} wait already: come again in a second")
        if ticket is not None:
            worker = self._handed(ticket, seconds)
        if worker is not None:
            return worker
        try:
            return self.worker()
        except BaseException:
            self.leave(None)
            raise

    def _handed(self, ticket: SimpleQueue[Worker | None], seconds: float) -> Worker | None:
        try:
            return ticket.get(timeout=max(seconds, 0))
        except Empty:
            with self._lock:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                    raise BusyError("every worker was busy until the time limit: come again in a second") from None
            return ticket.get()

    def _free(self, worker: Worker | None) -> None:
        """Hand a quick seat to who waits longest, or keep it free; the lock is held."""
        if self._waiting:
            self._waiting.popleft().put(worker)
        else:
            self._quick += 1
            if worker is not None:
                self._idle.append(worker)

    @property
    def are_wanted(self) -> bool:
        """Whether somebody waits for a quick seat while a long one is free."""
        return bool(self._waiting and self._long)

    def worker(self) -> Worker:
        """Return a new worker, from a new nursery where the old one has died (say, for want of memory)."""
        try:
            return self._nursery.worker()
        except OSError:
            with self._reviving:
                if not self._nursery.is_alive:
                    self._nursery.close()
                    self._nursery = self._load()
            return self._nursery.worker()

    def leave(self, worker: Worker | None) -> None:
        """Give a quick seat back, and with it the worker if it may serve again."""
        with self._lock:
            is_fit = worker is not None and worker.nursery is self._nursery and not self._closed
            if worker is not None and is_fit:
                worker.is_fresh = False
            self._free(worker if is_fit else None)
        if worker is not None and not is_fit:
            worker.end()

    def take_long(self, run: Overdue) -> SimpleQueue[None] | None:
        """Give the quick seat of `run` back for a long one.

        Returns None where it has one now, else a ticket from which something comes once it has. Raises `BusyError`,
        with the quick seat kept, where as many wait for a long seat as there are.
        """
        now = time.monotonic()
        with self._lock:
            late = [] if self._long else [each for each in self._seated if each.deadline + 1 < now]
        for each in late:
            each.close()
        with self._lock:
            ticket: SimpleQueue[None] | None = None
            if self._long:
                self._long -= 1
                self._seated.add(run)
            elif len(self._parked) < self._counts[1]:
                ticket = self._parked[run] = SimpleQueue()
            else:
                raise BusyError("too many long queries run already: come again in some seconds", retry_after=5)
            self._free(None)
            return ticket

    def leave_long(self, run: Overdue) -> None:
        """Give the long seat of `run` back, or its place in the queue for one."""
        with self._lock:
            if self._parked.pop(run, None) is not None or run not in self._seated:
                return
            self._seated.remove(run)
            if self._parked:
                following = next(iter(self._parked))
                self._seated.add(following)
                self._parked.pop(following).put(None)
            else:
                self._long += 1

    def swap(self, nursery: Nursery) -> None:
        """Take all further workers from `nursery`; those that still answer end with their answer."""
        with self._lock:
            old, self._nursery = self._nursery, nursery
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()
        old.close()

    def close(self) -> None:
        """End the workers; those that still answer end with their answer."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()
        self._nursery.close()

    def forked(self) -> None:
        """Start anew in a process forked from the one that made this."""
        for worker in self._idle:
            worker.forget()
        self._nursery.forget()
        self._begin()


def _forked(reference: weakref.ref[Seats]) -> None:
    seats = reference()
    if seats is not None:
        seats.forked()
