"""What a query may be: its form and prologue, and the refusal of what a public endpoint must not do."""

from __future__ import annotations

import bisect
import re

from kg.errors import QueryRefusedError, QuerySyntaxError
from kg.formats import Form

MAX_NESTING = 200
"""Deepest nesting of brackets that is accepted; Oxigraph's recursive parser overflows its stack at some thousands."""


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
