"""What the server asks of its nurseries and workers; apart from their programs, whose libraries it has no use for."""

from __future__ import annotations

import json
import marshal
from dataclasses import dataclass
from typing import ClassVar

from kg.sparql.engine import Query

PAGE = "page"
"""The format for a page, beside those of `kg.check.report`; see `kg.check.report.page`."""


@dataclass(frozen=True)
class QueryPlan:
    """The dataset that queries are answered from: files to load, or the folder of a store; and MiB for each worker."""

    module: ClassVar[str] = "kg.sandbox.query_worker"
    files: tuple[str, ...]
    folder: str
    memory: int

    def dumps(self) -> str:
        """Return it as JSON."""
        return json.dumps(self.__dict__)


def query_asked(query: Query, format: str, size: int, seconds: float) -> bytes:  # noqa: A002
    """Return the request for the answer to a query, of at most `size` bytes and within so many seconds."""
    return marshal.dumps((query.text, query.default_graphs, query.named_graphs, query.base, format, size, seconds))


@dataclass(frozen=True)
class CheckPlan:
    """What texts are judged by, and the MiB that a check may need.

    `shapes` and `ontology` are Turtle files, each with the name that reports give it; `data` are the RDF files of the
    graph that is served, of which the graphs `without` are no part of what texts may refer to.
    """

    module: ClassVar[str] = "kg.sandbox.check_worker"
    shapes: tuple[tuple[str, str], ...]
    ontology: tuple[tuple[str, str], ...]
    data: tuple[str, ...]
    without: tuple[str, ...]
    base: str
    memory: int

    def dumps(self) -> str:
        """Return it as JSON."""
        return json.dumps(self.__dict__)


def check_asked(data: bytes, source: str, form: str, size: int, seconds: float) -> bytes:
    """Return the request for the report `form` on a text, of at most `size` bytes and within so many seconds."""
    return marshal.dumps((data, source, form, size, seconds))
