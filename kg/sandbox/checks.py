"""Texts that anybody sends, each judged in a process of its own that can be stopped.

A text waits for one of a few seats, in a short queue; where that is full its sender is told to come again. Its
process is forked from one that has read what to judge by, gives way to queries, and ends with its report.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kg.check.report import FORMATS
from kg.errors import LimitError
from kg.sandbox import inside
from kg.sandbox.forkserver import Nursery, Worker
from kg.sandbox.limits import CHECK, Limits, cause, told
from kg.sandbox.messages import PAGE, CheckPlan, check_asked
from kg.sandbox.slots import Seats
from kg.sparql.stream import WATCH


@dataclass(frozen=True)
class Told:
    """A report as it was asked for, and how many findings of each level it has, `{level: count}`."""

    body: bytes
    counts: Mapping[str, int]

    @property
    def failed(self) -> bool:
        """Whether an error or a warning was found."""
        return any(count for level, count in self.counts.items() if level != "note")


class Checks:
    """Judges texts by what `plan` names, with the limits of the settings `check_*`.

    `settings` is what `kg.settings.load` returns. Raises `InputError` where what to judge by cannot be read. Fit for
    any thread, and for processes forked from the one that made it.
    """

    def __init__(self, plan: CheckPlan, settings: Mapping[str, Any]):
        self.plan = plan
        self.limits = Limits(
            float(settings["check_timeout"]),
            plan.memory,
            float(settings["query_size"]),
            int(settings["check_length"] * 2**10),
            CHECK,
        )
        workers, queue = int(settings["check_workers"]), int(settings["check_queue"])
        self._seats = Seats(workers, 0, queue, lambda: Nursery(plan), "texts")

    def report(self, data: bytes, source: str, form: str, gone: Callable[[], bool] = lambda: False) -> Told:
        """Return the report `form` (of `kg.check.report.FORMATS`, or `PAGE`) on the text `data` that is named `source`.

        `gone` tells whether the caller has hung up; it is asked twice a second. Raises `BusyError` where nobody has
        time for it, `LimitError` where it went past a limit, `kg.sandbox.limits.WorkerError` for a fault of ours.
        """
        if form not in (*FORMATS, PAGE):
            raise ValueError(f"there is no report {form!r}: the reports are {', '.join(FORMATS)}")
        limits = self.limits
        if len(data) > limits.length:
            raise LimitError(f"the text is longer than {limits.length:,} bytes: {limits.words.remedy}", "size")
        worker = self._seats.take(limits.seconds)
        deadline = time.monotonic() + limits.seconds  # a wait for a seat, or for a new nursery, is no fault of the text
        try:
            worker.slow_down()
            with contextlib.suppress(OSError):  # a dead worker shows as the end of what it says
                worker.send(check_asked(data, source, form, int(limits.megabytes * 2**20), limits.seconds))
            counts, _, body = self._answer(worker, deadline, gone).partition(b"\n")
        finally:
            worker.end()
            self._seats.leave(None)
        return Told(body, json.loads(counts))

    def _answer(self, worker: Worker, deadline: float, gone: Callable[[], bool]) -> bytes:
        """Return all that the worker says."""
        parts: list[bytes] = []
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self.limits.late()
            if gone():
                raise LimitError("the caller has gone, and the check was stopped", "time")
            try:
                frame = worker.receive(min(left, WATCH))
            except EOFError:
                raise cause(worker.end(kill=False), self.limits) from None
            if frame is None:
                continue
            kind, body = frame
            if kind == inside.ERROR:
                raise told(json.loads(body), self.limits)
            if kind == inside.END:
                return b"".join(parts)
            parts.append(body)

    def close(self) -> None:
        """End the workers; those that still judge end with their report."""
        self._seats.close()
