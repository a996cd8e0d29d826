"""What a check reads: Turtle files as documents with positions, and what is wrong with those that are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kg.check.finding import Finding
from kg.errors import InputError
from kg.files import turtle_files
from kg.spans import Span, Text
from kg.turtle import Document, TurtleSyntaxError, parse

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
_MARK = "\ufeff"


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
        if path.is_dir():
            inside = turtle_files(path)
            if not inside:
                raise InputError("this folder holds no Turtle (*.ttl): name the files to read", source=str(path))
            found.update(dict.fromkeys(inside))
        elif path.suffix.lower() in _OTHER_FORMATS:
            name = _OTHER_FORMATS[path.suffix.lower()]
            raise InputError(f"this is {name} by its name: convert it to Turtle first", source=str(path))
        elif not path.exists():
            raise InputError("there is no such file: check the name", source=str(path))
        else:
            found[path] = None
    return list(found)


def read_all(paths: Sequence[Path], blank: str = "f") -> Inputs:
    """Return the documents of `paths`; what is no UTF-8 or no Turtle becomes findings instead.

    Blank nodes of file number n are named after `blank` and n. Raises `InputError` for a file that cannot be opened.
    """
    inputs = Inputs()
    for number, path in enumerate(paths):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror}): check the name", source=str(path)) from None
        take(data, path.as_posix(), inputs, f"{blank}{number}")
    return inputs


def take(data: bytes, source: str, inputs: Inputs, blank: str) -> None:
    """Add what `data`, the bytes of the file named `source`, holds to `inputs`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        sentence = f"byte 0x{data[error.start]:02x} is no UTF-8: save the file as UTF-8"
        line_text = before[before.rfind("\n") + 1 :]
        span = Span(line, column, line, column + 1)
        inputs.findings.append(Finding(source, span, "encoding", sentence, text=line_text))
        return
    if text.startswith(_MARK):
        sentence = "the file starts with a byte order mark, which Turtle does not allow: save it as UTF-8 without one"
        first = text[1:].split("\n", 1)[0].rstrip("\r")
        inputs.findings.append(Finding(source, Span(1, 1, 1, 2), "byte-order-mark", sentence, text=f" {first}"))
        text = " " + text[1:]  # places stay the same
    try:
        inputs.documents.append(parse(text, source, blank=blank))
    except TurtleSyntaxError as error:
        lines = Text(text, source)
        inputs.findings += [
            Finding(source, fault.span, "syntax", fault.sentence, text=lines.line(fault.span.line))
            for fault in error.faults
        ]
