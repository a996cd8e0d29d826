"""Turtle with positions: every triple of a text, and where its subject, predicate and object stand in it.

One pass over the text (RDF 1.1 Turtle, https://www.w3.org/TR/turtle/), always behind pyoxigraph's strict parse: what
pyoxigraph rejects never gets here, and a text whose triples differ from pyoxigraph's is refused rather than judged at
the wrong place. Terms are pyoxigraph's (`NamedNode`, `BlankNode`, `Literal`), literals as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pyoxigraph as ox

from kg.errors import InputError
from kg.files import read_text
from kg.turtle.reader import Reader, UnreadError
from kg.turtle.terminals import TOKEN, endless
from kg.turtle.text import Offsets, Span, Term, Text, Triple, cut

MOST_FAULTS = 100_000
"""After so many faults a text is not read further: it is no Turtle, and each fault told takes time and memory."""
MOST_OPEN = 1_000_000
"""How many more brackets may be opened than closed in a text that is read at all."""
LONGEST = 1 << 24
"""Bytes of the longest token that pyoxigraph reads."""


class Fault(NamedTuple):
    """One thing that is not Turtle: where, and a sentence that says what to do."""

    span: Span
    sentence: str


class TurtleSyntaxError(InputError):
    """A text is not RDF 1.1 Turtle; `faults` are all of them in order, the sentence is that of the first."""

    def __init__(self, faults: list[Fault], source: str):
        first = faults[0]
        super().__init__(first.sentence, source=source, line=first.span.line, column=first.span.column)
        self.faults = faults


class Document(Text):
    """A Turtle text that was read.

    `triples` in the order of the text, `prefixes` as `{prefix: namespace}` at its end, `base` its first base IRI.
    """

    def __init__(self, text: str, source: str, base: str, triples: list[Triple], prefixes: dict[str, str]):
        super().__init__(text, source)
        self.base = base
        self.triples = triples
        self.prefixes = prefixes


# What to do about what pyoxigraph says; the first pattern that fits its words.
_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"^The prefix (\S*:?) has not been declared",
        "the prefix {0} is not declared: add `@prefix {0} <…> .` at the top",
    ),
    (r"^Invalid IRI code point '?(.+?)'?$", "an IRI cannot hold {0!r}: percent-encode it, or mend the IRI"),
    (
        r"^(?:A variable|Variables|The variable)",
        "`?` and `$` start nothing in Turtle (variables are SPARQL's): write an IRI, a blank node or a literal",
    ),
    (r"^Unexpected escape character '(.*)'", "`{0}` is no escape of Turtle: write `\\\\` for a backslash"),
    (r"^Invalid UTF-8", "a backslash before this character is no escape of Turtle: leave it out, or write `\\\\`"),
    (r"^'(.*)' is not allowed at the beginning", "nothing starts with {0!r}: look for a missing quote, `<` or space"),
    (r"^Unexpected character '(.*)'", "{0!r} has no place here: look for a missing quote, `<` or space"),
    (r"^No scheme found in an absolute IRI", "a relative IRI needs a base: write the IRI in full"),
    (r"^A dot is expected", "a statement goes on where it should end: look for a missing `;`, `,` or `.` before this"),
    (r"^Unexpected end", "the text ends inside a statement or a string: finish it, or restore what was cut off"),
    (r"^Line jumps are not allowed in string literals", 'a string runs over its line: close it, or use """…"""'),
    (
        r"^(.*) is not a valid subject",
        "a statement cannot start with `{0}`: look for a missing or misplaced dot before it",
    ),
    (r"^(.*) is not a valid predicate", "`{0}` cannot be a predicate: look for a missing `;`, `,` or `.` before it"),
    (r"^(.*) is not a valid (?:RDF )?object", "`{0}` cannot be an object: give an IRI, a blank node or a literal"),
)


def read(path: Path, source: str = "", base: str = "", blank: str = "") -> Document:
    """Return the Turtle file at `path`, read as `parse` does; `source` names it in reports (the path).

    Raises `InputError` where the file cannot be read or is no UTF-8, `TurtleSyntaxError` where it is no Turtle.
    """
    return parse(read_text(path), source or path.as_posix(), base, blank)


def parse(text: str, source: str, base: str = "", blank: str = "") -> Document:
    """Return the Turtle `text` with the place of every term.

    `source` is the name the text is reported by, and, as a file IRI, the base of its relative IRIs where `base` is not
    given. Blank nodes are named after `blank` and their label or offset, so that a reading is the same each time and
    those of texts read under different `blank` never meet.

    Raises `TurtleSyntaxError` with the faults of the text, the first `MOST_FAULTS` of them; what RDF 1.2 adds to the
    syntax counts as one.
    """
    base = base or base_of(source)
    quads = _gate(text, source, base)
    reader = Reader(text, base, blank)
    try:
        reader.run()
    except UnreadError as error:
        sentence = "this is RDF 1.2 (triple terms, reifiers, annotations, directions): write it in RDF 1.1 Turtle"
        raise TurtleSyntaxError([Fault(Text(text, source).span(error.at), sentence)], source) from None
    if not _agree(reader.triples, quads):
        glued = [Fault(Text(text, source).span(at), _GLUED) for at in _escapes_before_dots(text)]
        raise TurtleSyntaxError(glued, source) if glued else ReaderError(source)
    return Document(text, source, base, reader.triples, reader.prefixes)


_GLUED = "put a blank between this name and the dot: an escape right before a dot is not read everywhere as it is meant"


def _escapes_before_dots(text: str) -> list[Offsets]:
    """Return the names that end in an escape with a dot right after, of which pyoxigraph 0.5.13 takes the end away."""
    names = (match.span(kind) for match in TOKEN.finditer(text) for kind in ("name", "datatype") if match[kind])
    return [at for at in names if text[at[1] - 2] == "\\" and text[at[1] : at[1] + 1] == "."]


class ReaderError(RuntimeError):
    """Our reader and pyoxigraph read different graphs from one text: a fault of ours (exit 3), never of the text."""

    def __init__(self, source: str):
        super().__init__(
            f"{source}: Mercato's reader and pyoxigraph disagree on this text; please report it with the file"
        )


def base_of(source: str) -> str:
    """Return the base IRI of the text named `source`: the same on every machine, whatever folder it lies in."""
    return f"file:///{quote(source.lstrip('/'), safe='/')}"


def _gate(text: str, source: str, base: str) -> list[ox.Quad]:
    """Return the triples as pyoxigraph reads them, or raise the faults that it finds (it goes on after one)."""
    quads: list[ox.Quad] = []
    faults: list[Fault] = []
    unclosed = sum(text.count(mark) for mark in "[(") - sum(text.count(mark) for mark in "])")
    if unclosed > MOST_OPEN:  # pyoxigraph keeps half a kilobyte for each until the end tells that it is missing
        end = Text(text, source).span((len(text), len(text)))
        words = f"{unclosed:,} brackets are opened and never closed: finish the text, or restore what was cut off"
        raise TurtleSyntaxError([Fault(end._replace(end_column=end.column + 1), words)], source)
    lines = _TheirLines(text)
    parser = ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=base)
    while True:
        try:
            if not faults:
                quads.extend(parser)
            for _ in parser:
                pass
            break
        except SyntaxError as error:
            faults.append(Fault(lines.span(error), _words(error)))
            if len(faults) == MOST_FAULTS:
                words = f"this is fault {MOST_FAULTS:,} and the last that is told: mend these first, if this is Turtle"
                faults[-1] = faults[-1]._replace(sentence=words)
                break
        except MemoryError:  # pyoxigraph's buffer is full: one token takes 16 MiB, or never ends
            if len(text) < LONGEST // 4:  # no token can: the process has reached its own limit
                raise
            faults.append(_too_long(lines.ours))
            break
    if faults:
        raise TurtleSyntaxError(faults, source)
    return quads


def _too_long(text: Text) -> Fault:
    """Return the fault of a text with a token that is too long, at that token."""
    start = endless(text.text, LONGEST // 4)
    words = "what starts here never ends, or is longer than 16 MiB: close it, or keep such data in a file"
    return Fault(text.span((start, start + 1)), words)


def _words(error: SyntaxError) -> str:
    """Return what to do about pyoxigraph's `error`."""
    words = str(error.msg).split(": ", 1)[-1]
    for pattern, sentence in _ADVICE:
        found = re.search(pattern, words, re.DOTALL)
        if found:
            return sentence.format(*map(cut, found.groups()))
    return cut(words)


class _TheirLines:
    """The lines of a text as pyoxigraph counts them: a carriage return alone ends one, which for git and us is none."""

    def __init__(self, text: str):
        self.ours = Text(text, "")
        self.starts = [0, *(match.end() for match in re.finditer("\r\n?|\n", text))] if "\r" in text else []

    def span(self, error: SyntaxError) -> Span:
        """Return where pyoxigraph's `error` stands, at least one column wide; one without a place is at the end."""
        text = self.ours.text
        if not error.lineno or not error.offset:
            start = end = len(text)
        else:
            start = self.offset(error.lineno, error.offset)
            end = self.offset(error.end_lineno or error.lineno, error.end_offset or error.offset)
        span = self.ours.span((start, max(start, end)))
        return span if end > start else span._replace(end_column=span.column + 1)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place of theirs, within the text."""
        starts = self.starts or self.ours.starts
        return min(starts[min(line, len(starts)) - 1] + column - 1, len(self.ours.text))


_WINDOW = 4
"""How far pyoxigraph's order may be from ours: of what one token completes it emits the last first (three at most)."""


def _agree(triples: list[Triple], quads: list[ox.Quad]) -> bool:
    """Tell whether both readings are one graph, blank nodes matched one to one.

    In the order of the text as far as pyoxigraph keeps to it, by canonical form otherwise.
    """
    if len(triples) != len(quads):
        return False
    nodes = _Nodes()
    for number, (subject, predicate, value, *_) in enumerate(triples):
        for further in range(number, min(number + _WINDOW, len(quads))):
            quad = quads[further]
            if predicate != quad.predicate:
                continue
            their_subject, their_value = quad.subject, quad.object
            same_subject = subject == their_subject and subject.__class__ is not ox.BlankNode
            same_value = value == their_value and value.__class__ is not ox.BlankNode
            if (same_subject or nodes.may_be(subject, their_subject)) and (
                same_value or nodes.may_be(value, their_value)
            ):
                break
        else:
            return _isomorphic(triples, quads)
        if further != number:
            quads[number : further + 1] = [quad, *quads[number:further]]
        joined = (same_subject or nodes.join(subject, their_subject)) and (same_value or nodes.join(value, their_value))
        if not joined:
            return _isomorphic(triples, quads)
    return True


def _isomorphic(triples: list[Triple], quads: list[ox.Quad]) -> bool:
    """Tell whether both readings have one canonical form."""
    return canonical(triple[:3] for triple in triples) == canonical(
        (quad.subject, quad.predicate, quad.object) for quad in quads
    )


class _Nodes:
    """Which blank node of theirs stands for which of ours."""

    def __init__(self) -> None:
        self.theirs: dict[Term, object] = {}
        self.ours: dict[object, Term] = {}

    def may_be(self, our: Term, their: object) -> bool:
        """Tell whether the two are blank nodes that stand for each other, or for nothing yet."""
        if not isinstance(our, ox.BlankNode) or not isinstance(their, ox.BlankNode):
            return False
        return self.theirs.get(our, their) == their and self.ours.get(their, our) == our

    def join(self, our: Term, their: object) -> bool:
        """Let two blank nodes stand for each other from now on; tell whether they do, and only they."""
        return self.theirs.setdefault(our, their) == their and self.ours.setdefault(their, our) == our


def canonical(triples: Iterable[tuple[object, ...]]) -> set[ox.Quad]:
    """Return the triples with canonical blank-node names (RDFC-1.0): equal for graphs that are equal up to those."""
    dataset = ox.Dataset(ox.Quad(*triple) for triple in triples)  # type: ignore[arg-type]
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(dataset)
