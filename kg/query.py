"""The port for questions: what a query is, what an answer is, and what every engine does with them.

Nothing here runs a query. `kg.engines` answers in this process or at another service; `kg.sandbox` answers in
worker processes that can be stopped.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Protocol

from kg.errors import QueryRefusedError, QuerySyntaxError

MAX_NESTING = 200
"""Deepest nesting of brackets that is accepted; Oxigraph's recursive parser overflows its stack at some thousands."""


class Form(StrEnum):
    """The four query forms (SPARQL 1.1 Query, section 16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def is_graph(self) -> bool:
        """Whether the answer is a graph (CONSTRUCT, DESCRIBE) and not bindings or a boolean (SELECT, ASK)."""
        return self in (Form.CONSTRUCT, Form.DESCRIBE)


@dataclass(frozen=True)
class Format:
    """One way to write an answer: its short name, media type, file extension and whether it is for graphs."""

    name: str
    media_type: str
    extension: str
    is_graph: bool
    is_text: bool = True

    @property
    def content_type(self) -> str:
        """The value of an HTTP Content-Type header; `text/*` has no default charset that anyone agrees on."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type

    def serves(self, form: Form) -> bool:
        """Return whether an answer of that form can be written in this format."""
        return self.is_graph == form.is_graph


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("json", "application/sparql-results+json", ".srj", is_graph=False),
        Format("xml", "application/sparql-results+xml", ".srx", is_graph=False),
        Format("csv", "text/csv", ".csv", is_graph=False),
        Format("tsv", "text/tab-separated-values", ".tsv", is_graph=False),
        Format("ttl", "text/turtle", ".ttl", is_graph=True),
        Format("nt", "application/n-triples", ".nt", is_graph=True),
        Format("jsonld", "application/ld+json", ".jsonld", is_graph=True),
        Format("rdf", "application/rdf+xml", ".rdf", is_graph=True),
    )
}
"""Every result format by its short name; the first that serves a form is that form's default."""


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


# The tokens of SPARQL 1.1 (section 19.8) as far as they can hide or show a word. The longest match comes first.
_TOKEN = re.compile(
    r"""
      (?P<blank>    \s+ | \#[^\r\n]* )
    | (?P<iri>      <[^<>"{}|^`\\\x00-\x20]*> | <(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*> )
    | (?P<string>   '''(?>(?:(?:'|'')?(?:[^'\\]|\\.))*)''' | \"""(?>(?:(?:"|"")?(?:[^"\\]|\\.))*)\"""
                  | '(?>(?:[^'\\\r\n]|\\.)*)' | "(?>(?:[^"\\\r\n]|\\.)*)" )
    | (?P<variable> [?$]\w+ )
    | (?P<language> @[A-Za-z]+(?:-[A-Za-z0-9]+)* )
    | (?P<name>     (?:[^\W\d](?:[\w.·‿⁀-]*[\w·‿⁀-])?)?
                    :(?:(?:[\w:·‿⁀]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])
                       (?:(?:[\w:.·‿⁀-]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])*
                          (?:[\w:·‿⁀-]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]))?)? )
    | (?P<number>   \d+(?:\.\d+)?(?:[eE][+-]?\d+)? )
    | (?P<word>     [^\W\d]\w* )
    | (?P<open>     [({\[] )
    | (?P<close>    [)}\]] )
    | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)

_PROLOGUE = re.compile(
    r"""
      (?>(?:\s|\#[^\r\n]*)+)
    | (?i:BASE)(?>(?:\s|\#[^\r\n]*)*)<[^>]*>
    | (?i:PREFIX)(?>(?:\s|\#[^\r\n]*)*)(?P<prefix>[^\s:<]*):(?>(?:\s|\#[^\r\n]*)*)<(?P<namespace>[^>]*)>
    | (?i:VERSION)(?>(?:\s|\#[^\r\n]*)*)(?:"[^"\r\n]*"|'[^'\r\n]*')
    """,
    re.VERBOSE,
)
_FORM = re.compile("|".join(Form), re.IGNORECASE)
_UPDATE = re.compile("INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH", re.IGNORECASE)
_ENDS_OPERAND = frozenset(("variable", "string", "language", "name", "number", "close", "iri"))
_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:/")


def position(text: str, index: int) -> tuple[int, int]:
    """Return line and column, both from 1, of the character at `index`."""
    lines = [match.end() for match in re.finditer(r"\r\n|\r|\n", text)]
    line = bisect.bisect_right(lines, index)
    return line + 1, index - (lines[line - 1] if line else 0) + 1


def prologue(text: str) -> tuple[dict[str, str], int]:
    """Return the prefixes that the prologue declares, `{prefix: namespace}`, and where the query itself begins."""
    prefixes: dict[str, str] = {}
    index = 0
    while match := _PROLOGUE.match(text, index):
        if match["prefix"] is not None:
            prefixes[match["prefix"]] = match["namespace"]
        index = match.end()
    return prefixes, index


def inspect(text: str) -> Form:
    """Return the form of the query, and see that it asks for nothing that a public endpoint must not do.

    It is no parser: an engine still finds most syntax errors. Raises `QuerySyntaxError` where no query form begins
    and `QueryRefusedError` for an update, for SERVICE and for brackets nested deeper than MAX_NESTING, each with line
    and column. Words in strings, IRIs, comments, variables and prefixed names are left alone.
    """
    _, start = prologue(text)
    found = _FORM.match(text, start)
    if found is None:
        line, column = position(text, start)
        if update := _UPDATE.match(text, start):
            word = update[0].upper()
            raise QueryRefusedError(
                f"{word} is an update, and this endpoint only reads: send a query", line=line, column=column
            )
        raise QuerySyntaxError(
            f"expected SELECT, ASK, CONSTRUCT or DESCRIBE, found {_shown(text[start:])}", line=line, column=column
        )
    if "service" in text.lower() or text.count("{") + text.count("(") + text.count("[") > MAX_NESTING:
        _refuse(text, start)
    return Form(found[0].upper())


def _shown(text: str) -> str:
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return f"“{word[:40]}”" if word else "the end of the query"


def _refuse(text: str, start: int) -> None:
    """Raise `QueryRefusedError` for SERVICE and for deep nesting.

    Oxigraph's parser knows no tokens: it reads `1SERVICE<x>{}`, `SERVICESILENT<x>{}` and `SERVICEex:a{}` as a SERVICE,
    and `?a<?b#x>` in an expression as a comparison and a comment. What follows errs on the side of refusing those.
    """
    brackets: list[str] = []
    before: list[tuple[str, str, int]] = [("", "", start)] * 2  # the last two tokens: kind, text, index
    has_service = "service" in text.lower()
    for match in _TOKEN.finditer(text, start):
        kind, shown, index = str(match.lastgroup), match[0], match.start()
        if kind == "blank":
            continue
        if kind == "open":
            brackets.append(shown)
            if len(brackets) > MAX_NESTING:
                _raise(text, index, f"brackets are nested deeper than {MAX_NESTING}: flatten the query")
            if shown == "{" and len(brackets) > 1 and before[1][0] == "name" and before[0][1].upper() != "GRAPH":
                prefix = before[1][1].partition(":")[0]
                if "service" in prefix.lower():
                    _raise(text, before[1][2], "SERVICE is not allowed here: this endpoint asks no other")
        elif kind == "close" and brackets:
            brackets.pop()
        elif kind == "word" and "service" in shown.lower():
            _raise(text, index, "SERVICE is not allowed here: this endpoint asks no other")
        elif kind == "iri" and has_service and brackets[-1:] == ["("] and before[1][0] in _ENDS_OPERAND:
            hides = ("#" in shown or "'" in shown) and not _ABSOLUTE.match(shown)
            if hides:
                _raise(text, index, "this can be read as an IRI and as a comparison: put a blank after “<”")
        before = [before[1], (kind, shown, index)]


def _raise(text: str, index: int, sentence: str) -> None:
    line, column = position(text, index)
    raise QueryRefusedError(sentence, line=line, column=column)
