"""The terminals of the Turtle grammar (RDF 1.1 Turtle, section 6.5), as one regular expression.

It reads what pyoxigraph's strict parse has let through, so it need not refuse everything that is not Turtle.
"""

from __future__ import annotations

import re

_BASE_CHARS = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARS = rf"{_BASE_CHARS}_\-0-9\u00b7\u0300-\u036f\u203f\u2040"
_ESCAPE = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_PREFIX = rf"(?>(?:[{_BASE_CHARS}][{_CHARS}]*+(?>(?:\.+[{_CHARS}]++)*))?)"
_LOCAL = rf"(?:[{_BASE_CHARS}_:0-9]|{_ESCAPE})(?>(?:[{_CHARS}:]++|{_ESCAPE}|\.+(?=[{_CHARS}:%\\]))*)"
_NAME = rf"{_PREFIX}:(?>(?:{_LOCAL})?)"
_SPACE = r"(?>(?:[ \t\r\n]|#[^\r\n]*+)*)"
_IRI = r"<[^<>\"{}|^`\x00-\x20]*+>"
_STRING = (
    r"\"\"\"(?>(?:\"{0,2}(?:[^\"\\]|\\.))*)\"\"\"|'''(?>(?:'{0,2}(?:[^'\\]|\\.))*)'''"
    r"|\"(?>(?:[^\"\\\r\n]++|\\.)*)\"|'(?>(?:[^'\\\r\n]++|\\.)*)'"
)
# Atomic groups, for Python before 3.11.5 matches possessive groups wrongly (CPython #106052).
# Frequent tokens come first; a directive is one token, so that its words are not taken for names.
TOKEN = re.compile(
    rf"{_SPACE}(?:"
    rf"(?P<name>{_NAME})"
    rf"|(?P<punctuation>[;,\[\]()]|\.(?![0-9]))"
    rf"|(?P<iri>{_IRI})"
    rf"|(?P<literal>(?P<string>{_STRING})"
    rf"(?>(?:{_SPACE}@(?P<language>[A-Za-z]+(?>(?:-[A-Za-z0-9]+)*))|{_SPACE}\^\^{_SPACE}(?P<datatype>{_IRI}|{_NAME}))?))"
    rf"|(?P<number>[+-]?+(?:(?:[0-9]++\.?[0-9]*+|\.[0-9]++)[eE][+-]?[0-9]++|[0-9]*+\.[0-9]++|[0-9]++))"
    rf"|(?P<node>_:[{_BASE_CHARS}_0-9](?>(?:[{_CHARS}]++|\.+(?=[{_CHARS}]))*))"
    rf"|(?P<directive>@prefix{_SPACE}(?P<prefix1>{_PREFIX}):{_SPACE}(?P<namespace1>{_IRI}){_SPACE}\."
    rf"|(?i:PREFIX){_SPACE}(?P<prefix2>{_PREFIX}):{_SPACE}(?P<namespace2>{_IRI})"
    rf"|@base{_SPACE}(?P<base1>{_IRI}){_SPACE}\.|(?i:BASE){_SPACE}(?P<base2>{_IRI}))"
    rf"|(?P<word>a|true|false)(?![{_CHARS}])"
    rf"|(?P<end>\Z)"
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
