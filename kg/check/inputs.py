"""What a check reads: Turtle files as documents with positions, and what is wrong with those that are none."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kg.check.finding import Finding
from kg.errors import InputError
from kg.files import turtle_files, unreadable
from kg.turtle.document import Document, TurtleSyntaxError, parse
from kg.turtle.text import Span, Text

_OTHER_FORMATS = {
    ".jsonld": "JSON-LD",
    ".json": "JSON",
    ".rdf": "RDF/XML",
    ".owl": "RDF/XML",
    ".xml": "XML",
    ".trig": "TriG",
    ".nq": "N-Quads",
    ".gz": "a compressed file",
    ".zip": "a compressed file",
}
# How files of other formats begin (in bytes, for some are no text); looked at only in what is no Turtle.
_BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\xff\xfe|\xfe\xff"), "UTF-16 text"),
    (re.compile(rb"\x1f\x8b|PK\x03\x04|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd"), "a compressed file"),
    (re.compile(rb"\s*<(?:\?xml|rdf:RDF)\b"), "XML"),
    (re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE), "HTML"),
    (re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*\{)"), "JSON"),
    (
        re.compile(rb"\s*(?:(?:@prefix|@base|PREFIX|BASE)\b[^\n]*\n\s*)*(?:(?:GRAPH\s+)?[^\s{}()\[\];,\"']+\s*)?\{"),
        "TriG",
    ),
)
_MARK = "\ufeff"
STANDARD_INPUT = Path("-")
"""What stands for standard input among the files, as in most commands."""


@dataclass
class Inputs:
    """Documents in the order given, and findings on the files that could not be read as Turtle."""

    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def expand(paths: Iterable[Path]) -> list[Path]:
    """Return the files that `paths` name, each once: a folder stands for the Turtle files under it.

    Raises `InputError` for a name that does not exist, a folder without Turtle, and a file of another format.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path == STANDARD_INPUT:
            found[path] = None
            continue
        _refuse_missing(path)
        if path.is_dir():
            inside = turtle_files(path)
            if not inside:
                raise InputError("this folder holds no Turtle (*.ttl): name the files to read", source=str(path))
            found.update(dict.fromkeys(inside))
        elif path.suffix.lower() in _OTHER_FORMATS:
            name = _OTHER_FORMATS[path.suffix.lower()]
            raise InputError(f"this is {name} by its name: convert it to Turtle first", source=str(path))
        else:
            found[path] = None
    return list(found)


def _refuse_missing(path: Path) -> None:
    try:
        path.stat()
    except FileNotFoundError:
        words = "this link leads to no file" if path.is_symlink() else "there is no such file"
        raise InputError(f"{words}: check the name", source=str(path)) from None
    except OSError as error:
        raise unreadable(path, error) from None


def read_all(paths: Sequence[Path], blank: str = "f", stdin: str = "<stdin>") -> Inputs:
    """Return the documents of `paths`; what is no UTF-8 or no Turtle becomes findings instead.

    Blank nodes of file number n are named after `blank` and n; `stdin` is the name that standard input is reported by.
    Raises `InputError` for a file that cannot be opened.
    """
    inputs = Inputs()
    for number, path in enumerate(paths):
        standard = path == STANDARD_INPUT
        try:
            data = _standard_input() if standard else path.read_bytes()
        except OSError as error:
            raise unreadable(stdin if standard else path, error) from None
        take(data, stdin if standard else path.as_posix(), inputs, f"{blank}{number}")
    return inputs


def _standard_input() -> bytes:
    if sys.stdin is None:  # what Python makes of a descriptor that was closed
        raise InputError("standard input is closed: pipe the Turtle to this command, or name a file")
    return sys.stdin.buffer.read()


def faultless(inputs: Inputs) -> list[Document]:
    """Return the documents; raise `InputError` for the first finding on what is no Turtle, if there is any."""
    for finding in sorted(inputs.findings)[:1]:
        raise InputError(finding.sentence, source=finding.source, line=finding.span.line, column=finding.span.column)
    return inputs.documents


def take(data: bytes, source: str, inputs: Inputs, blank: str) -> None:
    """Add what `data`, the bytes of the file named `source`, holds to `inputs`.

    A name that is no UTF-8 is reported with its odd bytes as `\\xff`.
    """
    source = source.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = Text(data[: error.start].decode("utf-8"), source)
        place = before.span((len(before.text), len(before.text)))
        sentence = _other(data) or f"byte 0x{data[error.start]:02x} is no UTF-8: save the file as UTF-8"
        inputs.findings.append(Finding.on(before, place._replace(end_column=place.column + 1), "encoding", sentence))
        return
    if text.startswith(_MARK):
        sentence = "the file starts with a byte order mark, which Turtle does not allow: save it as UTF-8 without one"
        text = " " + text[1:]  # places stay the same
        inputs.findings.append(Finding.on(Text(text, source), Span(1, 1, 1, 2), "byte-order-mark", sentence))
    try:
        inputs.documents.append(parse(text, source, blank=blank))
    except TurtleSyntaxError as error:
        lines = Text(text, source)
        if other := _other(data):
            inputs.findings.append(Finding.on(lines, Span(1, 1, 1, 2), "syntax", other))
            return
        inputs.findings += [Finding.on(lines, fault.span, "syntax", fault.sentence) for fault in error.faults]


def _other(data: bytes) -> str:
    """Return a sentence where `data` begins as another format does."""
    name = next((name for pattern, name in _BEGINNINGS if pattern.match(data)), "")
    return f"this looks like {name}: save or convert it to Turtle in UTF-8 first" if name else ""
