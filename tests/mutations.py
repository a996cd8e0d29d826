"""Mutations of good Turtle by its text: one token made wrong, or one line left out, and where that must be told.

Nothing here uses Mercato's reader: a place is known from the line that was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple


class Mutation(NamedTuple):
    """One change of one line of a file: what it is, the new line (none where it is left out), where it must be told.

    `line` counts from 0 and from the file as it was, `span` (line, column, end line, end column) from 1.
    """

    kind: str
    source: str
    line: int
    text: str | None
    span: tuple[int, int, int, int]


SUBJECT = re.compile(r"[a-z-]+:\S+")
ONE = re.compile(r"    (?P<predicate>\w+:\w+) (?P<object>\S+|\"[^\"]*\"(?:@\w+|\^\^\S+)?) ;")
TYPE = re.compile(r"    (a mc:\w+) ;")
WHOLE = re.compile(r"(?P<subject>passage:\S+) (?P<type>a mc:Passage)(?P<rest>( ; \S+ \S+)+) \.")
PART = re.compile(r" ; (?P<predicate>\S+) (?P<object>\S+)")

# What of whom nothing may be: an IRI of another kind.
OTHERS = {
    **dict.fromkeys(("mc:person", "mc:from", "mc:to", "mc:employer", "mc:asserts"), "article:{article}"),
    **dict.fromkeys(
        ("mc:passage", "mc:founder", "mc:organisation", "mc:offeredBy", "mc:acquirer"), "article:{article}"
    ),
    **dict.fromkeys(("oa:hasSource", "mc:claimant", "mc:repeats"), "{passage}"),
}
NUMBERS = frozenset(
    ["oa:start", "oa:end", "mc:amount", "mc:minAmount", "mc:maxAmount", "mc:share", "mc:rate", "mc:jobs", "mc:count"]
)
CONCEPTS = {
    "mc:stance": "mc:Reported",
    "mc:certainty": "mc:Affirms",
    "mc:rank": "mc:Affirms",
    "mc:bound": "mc:Affirms",
    "mc:component": "mc:Affirms",
    "mc:outcome": "mc:Affirms",
    "mc:per": "mc:Affirms",
    "mc:tenure": "mc:Affirms",
    "mc:effect": "mc:Affirms",
    "mc:factor": "mc:Affirms",
    "mc:citationScope": "mc:Affirms",
    "mc:role": "mc:Affirms",
}
PATTERNS = {"mc:sha256": '"zz"', "mc:currency": '"dollars"', "mc:date": '"soon"', "mc:start": '"soon"'}
REQUIRED = {
    "mc:Claim": ["mc:claimant", "mc:passage", "mc:stance", "mc:certainty", "mc:rank", "mc:asserts"],
    "mc:Passage": ["oa:hasSource", "oa:start", "oa:end", "mc:sha256"],
    "mc:Employment": ["mc:person", "mc:employer"],
    "mc:Move": ["mc:person"],
    "mc:Article": ["mc:file", "mc:sha256"],
    "mc:Statement": ["mc:about"],
    "mc:Motive": ["mc:factor"],
}


def wrong(predicate: str, value: str, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Return kinds of wrong objects in place of `value`, and the objects."""
    if predicate in OTHERS:
        yield "wrong class", OTHERS[predicate].format(**names)
        yield "literal for a node", '"a name"'
        yield "nothing there", f"{value}-zzz"
    if predicate in CONCEPTS:
        yield "out of the list", CONCEPTS[predicate]
        yield "unknown concept", f"{value}zz"
        yield "literal for a concept", '"Reported"@en'
    if predicate in NUMBERS:
        yield "no number", '"many"'
        if predicate not in ("oa:end", "mc:maxAmount"):  # an upper end below zero is told at the lower end
            yield "negative", "-5"
        yield "ill-typed", '"abc"^^xsd:integer'
    if predicate in PATTERNS:
        yield "bad pattern", PATTERNS[predicate]
        yield "node for a literal", names["passage"]


def mutations(source: str, text: str) -> dict[str, list[Mutation]]:
    """Return what can be made wrong in the file `source` that holds `text`, by the subject that it is said of.

    The text is in the form of `mercato format`: a subject on its own line, a predicate with one object on one; a
    passage on one line.
    """
    found: dict[str, list[Mutation]] = {}
    subject, kind, type_span = "", "", (0, 0, 0, 0)
    for number, line in enumerate(text.splitlines()):
        if SUBJECT.fullmatch(line):
            subject = line
        elif typed := TYPE.fullmatch(line):
            kind, type_span = typed[1][2:], (number + 1, 5, number + 1, 5 + len(typed[1]))
        elif one := ONE.fullmatch(line):
            left = Mutation("missing property", source, number, None, type_span)
            found.setdefault(subject, []).extend(of_part(line, one, kind, left))
        elif whole := WHOLE.fullmatch(line):
            span = (number + 1, whole.start("type") + 1, number + 1, whole.end("type") + 1)
            for part in PART.finditer(line, whole.start("rest")):
                words = line[: part.start()] + line[part.end() :]
                left = Mutation("missing property", source, number, words, span)
                found.setdefault(whole["subject"], []).extend(of_part(line, part, "mc:Passage", left))
    return found


def of_part(line: str, part: re.Match[str], kind: str, left_out: Mutation) -> Iterator[Mutation]:
    """Return what can be made wrong in `part`, a predicate and its object in `line`, said of an instance of `kind`.

    `left_out` is the mutation that leaves the part out.
    """
    predicate, value, start = part["predicate"], part["object"], part.start("object")
    names = {"article": "000_fe74f5a50972edbd", "passage": "passage:000-0-1"}
    row = left_out.line + 1

    def put(what: str, new: str, at: int, old: str) -> Mutation:
        words = line[:at] + new + line[at + len(old) :]
        return Mutation(what, left_out.source, left_out.line, words, (row, at + 1, row, at + 1 + len(new)))

    for what, new in wrong(predicate, value, names):
        yield put(what, new, start, value)
    if predicate in REQUIRED.get(kind, ()):
        yield left_out
    if predicate in ("mc:rank", "mc:stance", "mc:certainty", "oa:hasSource", "mc:employer"):
        second = {"mc:rank": "mc:Preferred", "mc:stance": "mc:Denies", "mc:certainty": "mc:Alleged"}
        other = second.get(predicate, "article:004_0b075e527cf07980" if predicate[0] == "o" else "organisation:io")
        if other != value:
            extra = put("one value too many", f"{value} , {other}", start, value)
            end = extra.span[3]
            yield extra._replace(span=(row, end - len(other), row, end))
    if predicate.startswith("mc:"):
        yield put("unknown property", predicate + "zz", part.start("predicate"), predicate)


def choose(files: dict[str, str], random: Random, number: int) -> list[Mutation]:
    """Return `number` mutations of the `files` (text by name), at most one about each subject, kinds in turn."""
    by_kind: dict[str, list[tuple[str, Mutation]]] = {}
    for source, text in files.items():
        for subject, each in mutations(source, text).items():
            for mutation in each:
                by_kind.setdefault(mutation.kind, []).append((subject, mutation))
    for each in by_kind.values():
        random.shuffle(each)
    chosen: list[Mutation] = []
    taken: set[str] = set()
    while len(chosen) < number and any(by_kind.values()):
        for left in by_kind.values():
            while left:
                subject, mutation = left.pop()
                if subject not in taken:
                    taken.add(subject)
                    chosen.append(mutation)
                    break
    return chosen[:number]


def mutated(files: dict[str, str], chosen: Sequence[Mutation]) -> dict[str, str]:
    """Return the files with the mutations made; a line that is left out is left blank, so that lines stay."""
    lines = {source: text.splitlines() for source, text in files.items()}
    for mutation in chosen:
        lines[mutation.source][mutation.line] = mutation.text or ""
    return {source: "\n".join([*each, ""]) for source, each in lines.items()}


def read(folder: Path) -> dict[str, str]:
    """Return the Turtle files of `folder` by their names."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.ttl"))
    }


NEEDED = {
    "article": "https://w3id.org/mercato/id/article/",
    "organisation": "https://w3id.org/mercato/id/organisation/",
    "passage": "https://w3id.org/mercato/id/passage/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def with_prefixes(text: str) -> str:
    """Return `text` with the prefixes that mutations use, before its first line (which moves no line down)."""
    missing = [f"@prefix {name}: <{iri}> ." for name, iri in NEEDED.items() if f"@prefix {name}:" not in text]
    return " ".join([*missing, text])
