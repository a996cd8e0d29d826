"""The one-pass reader: a state machine over the tokens of a Turtle text that pyoxigraph has let through."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pyoxigraph as ox

from kg.turtle.terminals import TOKEN, unescape
from kg.turtle.text import Offsets, Term, Triple

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE, FIRST, REST, NIL = (ox.NamedNode(f"{RDF}{name}") for name in ("type", "first", "rest", "nil"))


class UnreadError(ValueError):
    """At the offsets `at` stands what pyoxigraph reads and this reader does not: the syntax that RDF 1.2 adds."""

    def __init__(self, at: Offsets):
        super().__init__(f"RDF 1.2 syntax at {at[0]}")
        self.at = at


def resolver(base: str) -> Callable[[str], str]:
    """Return the function that makes a relative IRI reference absolute against `base` (RFC 3986, section 5.2)."""

    def resolve(reference: str) -> str:
        statement = f"<{reference}> <x:p> 0 ."
        quad = next(iter(ox.parse(statement, format=ox.RdfFormat.TURTLE, base_iri=base)))
        return str(quad.subject.value)

    return resolve


class _Frame(NamedTuple):
    """What was being read when a bracket opened: the state to go back to, and the triple under way."""

    state: int
    subject: Term
    subject_at: Offsets
    predicate: Term
    predicate_at: Offsets
    cell: Term | None  # the current cell of the collection around, if any
    open_at: Offsets  # where the bracket stands
    collection: bool


# What is expected next. ITEM is an object inside a collection; AFTER is what may follow an object.
_SUBJECT, _PREDICATE, _OBJECT, _ITEM, _AFTER = range(5)
_NUMBER_TYPES = tuple(ox.NamedNode(f"{XSD}{name}") for name in ("integer", "decimal", "double"))
_WORDS: dict[str, Term] = {
    "a": TYPE,
    "true": ox.Literal("true", datatype=ox.NamedNode(f"{XSD}boolean")),
    "false": ox.Literal("false", datatype=ox.NamedNode(f"{XSD}boolean")),
}


class Reader:
    """The state machine over the tokens: brackets on a stack of its own, so that no depth of nesting ends it."""

    def __init__(self, text: str, base: str, blank: str):
        self.text = text
        self.blank = blank
        self.triples: list[Triple] = []
        self.prefixes: dict[str, str] = {}
        self.resolve = resolver(base)
        self.iris: dict[str, Term] = {}
        self.names: dict[str, Term] = {}
        self.nodes: dict[str, Term] = {}

    def run(self) -> None:
        """Read the whole text into `triples` and `prefixes`; raises `UnreadError` at what it does not read."""
        append = self.triples.append
        state = _SUBJECT
        stack: list[_Frame] = []
        nothing: Offsets = (0, 0)
        subject: Term = NIL
        predicate: Term = TYPE
        subject_at = predicate_at = nothing
        cell: Term | None = None
        names, iris = self.names, self.iris
        for match in TOKEN.finditer(self.text):
            kind = match.lastgroup
            at = match.span(kind)  # type: ignore[arg-type]
            # A term, or what opens and closes one.
            if kind == "name":
                word = match["name"]
                term = names.get(word) or self.name(word)
            elif kind == "punctuation":
                mark = match["punctuation"]
                if mark == ";":
                    state = _PREDICATE
                    continue
                if mark == ",":
                    state = _OBJECT
                    continue
                if mark == ".":
                    state = _SUBJECT
                    continue
                if mark == "[" or mark == "(":
                    if state == _ITEM:
                        cell, extra = self.cell(cell, stack[-1], at)
                        if extra:
                            append(extra)
                        subject, subject_at, predicate, predicate_at = cell, at, FIRST, at
                        state = _OBJECT
                    stack.append(_Frame(state, subject, subject_at, predicate, predicate_at, cell, at, mark == "("))
                    if mark == "[":
                        subject, subject_at, state = self.anonymous(at), at, _PREDICATE
                    else:
                        cell, state = None, _ITEM
                    continue
                frame = stack.pop()
                if mark == "]":
                    term, at = subject, frame.open_at
                elif cell is None:
                    term, at = NIL, (frame.open_at[0], at[1])
                else:
                    append(Triple(cell, REST, NIL, at, at, at))
                    # The head of a collection was delivered with its first item, but for a subject.
                    term, at = self.anonymous(frame.open_at), frame.open_at
                    if frame.state == _OBJECT:
                        cell = frame.cell
                        state = _ITEM if stack and stack[-1].collection else _AFTER
                        subject, subject_at = frame.subject, frame.subject_at
                        predicate, predicate_at = frame.predicate, frame.predicate_at
                        continue
                state, subject, subject_at, predicate, predicate_at, cell = frame[:6]
            elif kind == "word":
                term = _WORDS[match["word"]]
            elif kind == "iri":
                word = match["iri"]
                term = iris.get(word) or self.iri(word)
            elif kind == "literal":
                term = self.literal(match)
            elif kind == "number":
                word = match["number"]
                which = 2 if "e" in word or "E" in word else 1 if "." in word else 0
                term = ox.Literal(word, datatype=_NUMBER_TYPES[which])
            elif kind == "node":
                word = match["node"]
                term = self.nodes.get(word) or self.node(word)
            elif kind == "directive":
                self.directive(match)
                continue
            elif kind == "end":
                break
            elif kind == "space":
                continue
            else:
                raise UnreadError(at)
            # What the term is, by where it stands.
            if state == _OBJECT:
                append(Triple(subject, predicate, term, subject_at, predicate_at, at))
                state = _ITEM if stack and stack[-1].collection else _AFTER
            elif state == _PREDICATE:
                predicate, predicate_at, state = term, at, _OBJECT
            elif state == _SUBJECT:
                subject, subject_at, state = term, at, _PREDICATE
            elif state == _ITEM:
                cell, extra = self.cell(cell, stack[-1], at)
                append(Triple(cell, FIRST, term, at, at, at))
                if extra:
                    append(extra)
            else:
                raise UnreadError(at)

    def cell(self, cell: Term | None, frame: _Frame, at: Offsets) -> tuple[Term, Triple | None]:
        """Return a new cell of the collection opened by `frame`, and the triple that leads to it.

        The first is the collection itself, led to by the triple under way around it (a subject has none); any other
        is the rest of the `cell` before it.
        """
        if cell is not None:
            new = ox.BlankNode(f"{self.blank}c{at[0]}")
            return new, Triple(cell, REST, new, at, at, at)
        head = self.anonymous(frame.open_at)
        if frame.state == _SUBJECT:
            return head, None
        return head, Triple(frame.subject, frame.predicate, head, frame.subject_at, frame.predicate_at, frame.open_at)

    def anonymous(self, at: Offsets) -> ox.BlankNode:
        """Return the blank node of the bracket or item at `at`."""
        return ox.BlankNode(f"{self.blank}o{at[0]}")

    def node(self, word: str) -> Term:
        """Return the blank node labelled `word`."""
        return self.nodes.setdefault(word, ox.BlankNode(f"{self.blank}l{word[2:]}"))

    def name(self, word: str) -> Term:
        """Return the IRI of the prefixed name `word`."""
        prefix, local = word.split(":", 1)
        if "\\" in local:
            local = re.sub(r"\\(.)", r"\1", local)
        return self.names.setdefault(word, ox.NamedNode(self.prefixes[prefix] + local))

    def iri(self, word: str) -> Term:
        """Return the IRI written as `word`, angle brackets and all, absolute."""
        return self.iris.setdefault(word, ox.NamedNode(self.absolute(word)))

    def absolute(self, word: str) -> str:
        """Return the absolute IRI of `word`, which is `<…>`."""
        reference = unescape(word[1:-1])
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[^.]*$", reference):
            return reference  # absolute, and no dot segments that resolving would remove
        return self.resolve(reference)

    def literal(self, match: re.Match[str]) -> Term:
        """Return the literal of the token `match`."""
        quoted = match["string"]
        long = 3 if quoted[:3] in ('"""', "'''") and len(quoted) > 2 else 1
        value = unescape(quoted[long:-long])
        language, datatype = match["language"], match["datatype"]
        if language:
            return ox.Literal(value, language=language.lower())
        if not datatype:
            return ox.Literal(value)
        kind = self.iris.get(datatype) or self.names.get(datatype)
        kind = kind or (self.iri(datatype) if datatype[0] == "<" else self.name(datatype))
        return ox.Literal(value, datatype=kind)  # type: ignore[arg-type]

    def directive(self, match: re.Match[str]) -> None:
        """Take up a prefix or a base."""
        base = match["base1"] or match["base2"]
        if base:
            self.resolve = resolver(self.absolute(base))
            self.iris.clear()
            return
        prefix = match["prefix1"] if match["namespace1"] else match["prefix2"]
        self.prefixes[prefix] = self.absolute(match["namespace1"] or match["namespace2"])
        self.names.clear()
