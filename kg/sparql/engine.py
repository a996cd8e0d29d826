"""The port for questions: what a query is, what an answer is, and what every engine does with them.

Nothing here runs a query. `kg.sparql.local` answers in this process or at another service; `kg.sandbox` answers in
worker processes that can be stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from kg.formats import Form


@dataclass(frozen=True)
class Query:
    """A query and the dataset it asks (SPARQL 1.1 Protocol, section 2.1.4).

    `default_graphs` and `named_graphs` are IRIs and, where either is given, replace `FROM` and `FROM NAMED`; with
    neither the default graph is the union of all graphs. `base` resolves relative IRIs of a text without `BASE`.
    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    base: str | None = None


@dataclass
class Answer:
    """An answer on its way: `chunks` are its bytes in `media_type`, each at most some 64 KiB.

    `length` is the number of bytes where the answer is whole already, and None while it is still being made.
    An answer that fails on its way raises a `LimitError` (or another `MercatoError`) out of `chunks`: what was sent
    by then is no whole answer, and whoever passes it on must break off the transfer. Always `close()` it, or use it
    in a `with`: an answer that is not read to its end has its query stopped.
    """

    form: Form
    media_type: str
    chunks: Iterator[bytes]
    length: int | None = None
    on_close: Callable[[], None] = field(default=lambda: None, repr=False)

    def close(self) -> None:
        """Stop the query if it still runs. May be called more than once."""
        on_close, self.on_close = self.on_close, lambda: None
        on_close()

    def __enter__(self) -> Answer:
        """Return itself; the end of the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def read(self) -> bytes:
        """Return all the bytes and close."""
        with self:
            return b"".join(self.chunks)


class Engine(Protocol):
    """Something that answers queries. All methods may be called from any thread."""

    @property
    def version(self) -> str:
        """What names the dataset's content, fit for an ETag; empty where that is not known (then cache nothing)."""

    def answer(
        self,
        query: Query,
        format: str,  # noqa: A002
        *,
        timeout: float | None = None,
        gone: Callable[[], bool] | None = None,
    ) -> Answer:
        """Return the answer to `query` in the format of that short name (a key of FORMATS).

        `timeout`, in seconds, can only shorten the engine's own limit. `gone` is asked twice a second, before the first
        chunk too, whether the caller has gone away; then the query is stopped. Raises `QuerySyntaxError` with line and
        column, `QueryRefusedError`, `LimitError`, `BusyError`, and `ValueError` for a format that does not serve the
        form.
        """

    def close(self) -> None:
        """Give back what the engine holds; nothing can be asked afterwards."""
