"""What one query may use, and what its caller is told when it has used that up."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kg.errors import LimitError, MercatoError, QueryRefusedError, QuerySyntaxError


@dataclass(frozen=True)
class Limits:
    """What one query may use: seconds, MiB of memory, MiB of answer, characters of text."""

    seconds: float
    memory: int
    megabytes: float
    length: int


class DiedError(Exception):
    """A worker was ended by the signal `number` (0: it ended by itself)."""

    def __init__(self, number: int, *, was_fresh: bool, had_answered: bool):
        super().__init__(number)
        self.number = number
        self.was_fresh = was_fresh
        self.had_answered = had_answered


def cause(died: DiedError, limits: Limits) -> MercatoError:
    """Return what the signal that ended a worker says about its query."""
    if died.number == signal.SIGALRM:
        return LimitError(f"the query took longer than {limits.seconds:g} s: narrow it or add a LIMIT", "time")
    if died.number == signal.SIGSEGV:
        return LimitError("the query is too long or too deeply nested to be evaluated: split it", "memory")
    return out_of_memory(limits)


def out_of_memory(limits: Limits) -> LimitError:
    """Return what a query is told that ran out of memory."""
    return LimitError(f"the query needs more than {limits.memory} MiB: narrow it or add a LIMIT", "memory")


def told(values: Mapping[str, Any], limits: Limits) -> MercatoError:
    """Return the error that a worker told."""
    match values["error"]:
        case "size":
            return LimitError(f"the answer is longer than {limits.megabytes:g} MiB: narrow it or add a LIMIT", "size")
        case "memory":
            return out_of_memory(limits)
        case "QuerySyntaxError":
            return QuerySyntaxError(values["sentence"], line=values["line"], column=values["column"])
        case _:
            return QueryRefusedError(values["sentence"], line=values.get("line"), column=values.get("column"))
