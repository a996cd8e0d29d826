"""The terminals of the Turtle grammar (RDF 1.1 Turtle, section 6.5), as one regular expression.

It reads what pyoxigraph's strict parse has let through, so it need not refuse everything that is not Turtle.
"""

from __future__ import annotations

import re

# What else stands outside ASCII in a name, pyoxigraph has refused; so a class says which ASCII characters end a name.
# Said the other way round, with a range up to U+10FFFF, Python takes ten times as long to compile the expression.
_LETTER = r"[^\x00-@\[-`{-\x7f]"
_CHAR = r"[^\x00-,./:-@\[-^`{-\x7f]"  # a letter, `_`, `-` or a digit
_LOCAL_START = r"[^\x00-/;-@\[-^`{-\x7f]"  # a letter, `_`, `:` or a digit
_LOCAL_CHAR = r"[^\x00-,./;-@\[-^`{-\x7f]"  # that or `-`
_NODE_START = r"[^\x00-/:-@\[-^`{-\x7f]"  # a letter, `_` or a digit
_ESCAPE = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_PREFIX = rf"(?>(?:{_LETTER}{_CHAR}*+(?>(?:\.+{_CHAR}++)*))?)"
_LOCAL = rf"(?:{_LOCAL_START}|{_ESCAPE})(?>(?:{_LOCAL_CHAR}++|{_ESCAPE}|\.+(?={_LOCAL_CHAR}|[%\\]))*)"
_NAME = rf"{_PREFIX}:(?>(?:{_LOCAL})?)"
_BLANK = r"[ \t\r\n]++|#[^\r\n]*+"
_SPACE = rf"(?>(?:{_BLANK})*)"
# Each round of a group takes memory until the match ends: a remark of a million lines is read in pieces.
_SPACE_BEFORE = rf"(?>(?:{_BLANK}){{0,1000}})"
_IRI = r"<[^<>\"{}|^`\x00-\x20]*+>"
_STRING = (
    r"\"\"\"(?>(?:[^\"\\]++|\\.|\"{1,2}(?=[^\"]))*)\"\"\"|'''(?>(?:[^'\\]++|\\.|'{1,2}(?=[^']))*)'''"
    r"|\"(?>(?:[^\"\\\r\n]++|\\.)*)\"|'(?>(?:[^'\\\r\n]++|\\.)*)'"
)
# Atomic groups, for Python before 3.11.5 matches possessive groups wrongly (CPython #106052).
# Frequent tokens come first; a directive is one token, so that its words are not taken for names.
TOKEN = re.compile(
    rf"{_SPACE_BEFORE}(?:"
    rf"(?P<name>{_NAME})"
    rf"|(?P<punctuation>[;,\[\]()]|\.(?![0-9]))"
    rf"|(?P<iri>{_IRI})"
    rf"|(?P<literal>(?P<string>{_STRING})"
    rf"(?>(?:{_SPACE}@(?P<language>[A-Za-z]+(?>(?:-[A-Za-z0-9]+)*))|{_SPACE}\^\^{_SPACE}(?P<datatype>{_IRI}|{_NAME}))?))"
    rf"|(?P<number>[+-]?+(?:(?:[0-9]++\.?[0-9]*+|\.[0-9]++)[eE][+-]?[0-9]++|[0-9]*+\.[0-9]++|[0-9]++))"
    rf"|(?P<node>_:{_NODE_START}(?>(?:{_CHAR}++|\.+(?={_CHAR}))*))"
    rf"|(?P<directive>@prefix{_SPACE}(?P<prefix1>{_PREFIX}):{_SPACE}(?P<namespace1>{_IRI}){_SPACE}\."
    rf"|(?i:PREFIX){_SPACE}(?P<prefix2>{_PREFIX}):{_SPACE}(?P<namespace2>{_IRI})"
    rf"|@base{_SPACE}(?P<base1>{_IRI}){_SPACE}\.|(?i:BASE){_SPACE}(?P<base2>{_IRI}))"
    rf"|(?P<word>a|true|false)(?!{_CHAR})"
    rf"|(?P<end>\Z)"
    rf"|(?P<space>(?=[ \t\r\n#]))"
    rf"|(?P<other>.)"
    rf")",
    re.DOTALL,
)
_UNESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def unescape(text: str) -> str:
    """Return `text` with its escapes (`\\n`, `\\u00e9`, `\\U0001F600`) replaced by what they stand for."""
    if "\\" not in text:
        return text
    return _UNESCAPE.sub(
        lambda found: chr(int(found[1] or found[2], 16)) if found[1] or found[2] else _SHORT.get(found[3], found[3]),
        text,
    )


_OPENING = re.compile(r"\"\"\"|'''|[\"'<#]")


def endless(text: str, most: int) -> int:
    """Return the offset of the first string, IRI or remark of `text` that never ends or is longer than `most`, or 0.

    It needs no memory for each character, as `TOKEN` may, and the text need not be Turtle.
    """
    found = 0
    while mark := _OPENING.search(text, found):
        close = {"<": ">", "#": "\n"}.get(mark[0], mark[0])
        found = text.find(close, mark.end())
        while found > 0 and close[0] in "\"'" and _is_escaped(text, found):
            found = text.find(close, found + 1)
        if found < 0 or found - mark.start() > most:
            return mark.start()
        found += len(close)
    return 0


def _is_escaped(text: str, at: int) -> bool:
    start = at
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    return (at - start) % 2 == 1
