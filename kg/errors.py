"""What can go wrong, in one sentence each.

Every error says where the fault is and what to do. The command prints the sentence and leaves with
`exit_code`; the server turns it into an answer. Anything that is not a `MercatoError` is our own fault (exit 3).
"""

from __future__ import annotations


class MercatoError(Exception):
    """A fault that the caller can mend: a file, a name, a setting or a call."""

    exit_code = 2

    def __init__(self, sentence: str, *, source: str | None = None, line: int | None = None, column: int | None = None):
        super().__init__(sentence)
        self.sentence = sentence
        self.source = source
        self.line = line
        self.column = column

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)
        return f"{where}: {self.sentence}" if where else self.sentence


class InputError(MercatoError, ValueError):
    """A file, folder or text could not be read as what it should be."""


class SettingError(MercatoError, ValueError):
    """A setting has a value that it cannot have."""


class NameUnknownError(MercatoError, LookupError):
    """Something was asked for by a name that does not exist; the sentence offers the nearest one."""


class QuerySyntaxError(MercatoError, ValueError):
    """A query is not SPARQL 1.1; `line` and `column` are those of the query's text."""


class QueryRefusedError(MercatoError, PermissionError):
    """A query asks for what this endpoint does not do (an update, LOAD, SERVICE); the sentence names it."""


class LimitError(MercatoError, RuntimeError):
    """A query went past one of the limits: `limit` is `time`, `memory` or `size`."""

    def __init__(self, sentence: str, limit: str):
        super().__init__(sentence)
        self.limit = limit


class BusyError(MercatoError, RuntimeError):
    """Every worker is taken and the queue is full; worth another try after `retry_after` seconds."""

    def __init__(self, sentence: str, retry_after: int = 1):
        super().__init__(sentence)
        self.retry_after = retry_after


class ServiceError(MercatoError, ConnectionError):
    """Another service that answers for this one cannot be reached, or what it sends is no whole answer."""


class FindingsError(MercatoError):
    """The data breaks a rule; the sentence holds the findings."""

    exit_code = 1
