"""What one request may use, and what its caller is told when it has used that up."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kg.errors import InputError, LimitError, MercatoError, QueryRefusedError, QuerySyntaxError


@dataclass(frozen=True)
class Words:
    """How a limit is told: what went past it, what its answer is, and what to do in each case."""

    name: str
    answer: str
    remedy: str
    shallower: str


QUERY = Words("the query", "the answer", "narrow it or add a LIMIT", "split it")
CHECK = Words("the check", "the report", "send less at a time, or run `mercato check` yourself", "write it flatter")


@dataclass(frozen=True)
class Limits:
    """What one request may use: seconds, MiB of memory, MiB of answer, and how long its text may be.

    A query's length is in characters, that of a text to check in bytes.
    """

    seconds: float
    memory: int
    megabytes: float
    length: int
    words: Words = QUERY

    def late(self, seconds: float | None = None) -> LimitError:
        """Return what a request is told that took longer than `seconds`, the limit where not given."""
        allowed = self.seconds if seconds is None else seconds
        return LimitError(f"{self.words.name} took longer than {allowed:g} s: {self.words.remedy}", "time")

    def too_deep(self) -> LimitError:
        """Return what a request is told that is nested more deeply than its process can follow."""
        words = self.words
        sentence = f"{words.name} is too long or too deeply nested to be evaluated: {words.shallower}"
        return LimitError(sentence, "memory")

    def out_of_memory(self) -> LimitError:
        """Return what a request is told that ran out of memory."""
        return LimitError(f"{self.words.name} needs more than {self.memory} MiB: {self.words.remedy}", "memory")

    def too_large(self) -> LimitError:
        """Return what a request is told whose answer is too long."""
        return LimitError(f"{self.words.answer} is longer than {self.megabytes:g} MiB: {self.words.remedy}", "size")


class DiedError(Exception):
    """A worker was ended by the signal `number` (0: it ended by itself)."""

    def __init__(self, number: int, *, was_fresh: bool, had_answered: bool):
        super().__init__(number)
        self.number = number
        self.was_fresh = was_fresh
        self.had_answered = had_answered


class WorkerError(RuntimeError):
    """A worker met a fault of ours; the message is its traceback."""


def cause(number: int, limits: Limits) -> MercatoError:
    """Return what the signal `number` that ended a worker says about its request."""
    return _BY_SIGNAL.get(number, Limits.out_of_memory)(limits)


_BY_SIGNAL: dict[int, Callable[[Limits], LimitError]] = {
    signal.SIGALRM: Limits.late,
    signal.SIGSEGV: Limits.too_deep,
}


def told(values: Mapping[str, Any], limits: Limits) -> Exception:
    """Return the error that a worker told."""
    kind = values["error"]
    if kind in _BY_LIMIT:
        return _BY_LIMIT[kind](limits)
    if kind == "fault":
        return WorkerError(values["sentence"])
    return _BY_NAME.get(kind, QueryRefusedError)(
        values["sentence"], line=values.get("line"), column=values.get("column")
    )


_BY_LIMIT: dict[str, Callable[[Limits], LimitError]] = {
    "size": Limits.too_large,
    "memory": Limits.out_of_memory,
    "depth": Limits.too_deep,
}
_BY_NAME: dict[str, type[MercatoError]] = {"QuerySyntaxError": QuerySyntaxError, "InputError": InputError}
