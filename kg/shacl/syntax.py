"""What shapes must be before anything is judged by them: the syntax rules of SHACL, each fault at its token.

pySHACL finds malformed shapes only where a node reaches them, so that a fault can pass for months, and names no line.
The rules are those of the standard's summary (SHACL, appendix B) and of its queries (sections 5 and 5.2.1); a term that
SHACL does not have, and what this check does not do (JavaScript, rules), are refused too, for both would be passed
over in silence. Recursive shapes are not refused: the standard leaves them open, and pySHACL judges them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyoxigraph as ox
from pyparsing import ParseBaseException
from rapidfuzz import fuzz, process
from rdflib.term import Variable

from kg.errors import InputError
from kg.shacl.graph import PathError
from kg.shacl.judge import refusal
from kg.shacl.parameters import MEMBERS, OF_PROPERTIES, ONCE, SHACL, TERMS, TESTS, UNSUPPORTED, is_string, sh
from kg.shacl.shapes import Shapes, local
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.statements import Statement
from kg.turtle.terms import shown
from kg.turtle.text import Offsets, Term, cut


class MalformedShape(NamedTuple):
    """One thing in the shapes that is not SHACL: where it stands, and what to do."""

    document: Document
    at: Offsets
    sentence: str


_VALIDATORS = ("validator", "nodeValidator", "propertyValidator")


def refuse_malformed(shapes: Shapes) -> None:
    """Raise `InputError` with file, line, column and a sentence where `shapes` break a syntax rule of SHACL.

    The error names the first fault in the order of the files, and how many more there are.
    """
    order = {id(document): number for number, document in enumerate(shapes.documents)}
    faults = sorted(set(_Rules(shapes).faults()), key=lambda each: (order[id(each.document)], each.at, each.sentence))
    if faults:
        document, at, sentence = faults[0]
        span = document.span(at)
        more = f" ({len(faults) - 1} more like this in the shapes)" if len(faults) > 1 else ""
        raise InputError(f"{sentence}{more}", source=document.source, line=span.line, column=span.column)


class _Rules:
    """The statements of the shapes by subject and predicate, and the rules on them."""

    def __init__(self, shapes: Shapes):
        self.shapes = shapes
        self.graph = shapes.graph

    def faults(self) -> Iterator[MalformedShape]:
        """Return all faults, in no order."""
        for subject, predicates in self.graph.properties.items():
            for predicate, said in predicates.items():
                if predicate.value.startswith(SHACL):
                    name = predicate.value.removeprefix(SHACL)
                    yield from self.known(name, said)
                    yield from self.once(name, said)
                    for each in said:
                        yield from self.value(name, each)
            yield from self.shape(subject, predicates)

    def values(self, subject: Term, name: str) -> list[Statement]:
        """Return the statements with SHACL's property `name` about `subject`."""
        return self.graph.statements(subject, sh(name))

    def known(self, name: str, said: list[Statement]) -> Iterator[MalformedShape]:
        """SHACL must have the property, and this check must do what it asks."""
        for document, triple in said:
            if name == "entailment":
                regime = shown(triple.object, document.prefixes)
                words = f"the shapes ask for entailment by {regime}, which this check does not do: take it out"
                yield MalformedShape(document, triple.object_at, words)
            elif name in UNSUPPORTED:
                words = f"sh:{name} asks for {UNSUPPORTED[name]}, which this check does not do: take it out"
                yield MalformedShape(document, triple.predicate_at, words)
            elif name not in TERMS:
                near = process.extractOne(name, TERMS, scorer=fuzz.ratio, score_cutoff=60)
                hint = f"did you mean sh:{near[0]}?" if near else "look it up in the standard"
                yield MalformedShape(document, triple.predicate_at, f"SHACL has no sh:{cut(name)}: {hint}")

    def once(self, name: str, said: list[Statement]) -> Iterator[MalformedShape]:
        """Of most properties a shape has one value."""
        distinct = {triple.object: Statement(document, triple) for document, triple in reversed(said)}
        if name in ONCE and len(distinct) > 1:
            document, triple = list(distinct.values())[-2]
            yield MalformedShape(document, triple.object_at, f"a shape has one sh:{name}: remove this second value")

    def value(self, name: str, said: Statement) -> Iterator[MalformedShape]:
        """A value must be of the kind that the property asks for."""
        value = said.triple.object
        test, words = TESTS.get(name, (None, ""))
        if test and not test(value):
            yield self.fault(said, f"sh:{name} {words}")
        elif name in MEMBERS:
            yield from self.listed(name, said)
        elif name == "path":
            try:
                self.graph.path(value)
            except PathError:
                yield self.fault(said, "this is no property path (SHACL, section 2.3.1): give an IRI, a list of paths, "
                                 "or a node with one of sh:alternativePath, sh:inversePath, sh:zeroOrMorePath, "
                                 "sh:oneOrMorePath, sh:zeroOrOnePath")  # fmt: skip
        elif name == "pattern":
            yield from self.pattern(said)
        elif name in ("node", "not", "qualifiedValueShape", "property"):
            yield from self.used(name, said)
        elif name == "sparql":
            yield from self.query(said, "select")
        elif name in _VALIDATORS:
            bound = [each.triple.object for each in self.values(said.triple.subject, "parameter")]
            names = [local(path.triple.object) for node in bound for path in self.values(node, "path")]
            for kind in ("select", "ask"):
                for each in self.values(value, kind):
                    yield from self.text(each, kind, names)
        elif name == "declare":
            for part in ("prefix", "namespace"):
                if len({each.triple.object for each in self.values(value, part)}) != 1:
                    yield self.fault(said, f"a prefix declaration needs exactly one sh:{part}")

    def fault(self, said: Statement, words: str) -> MalformedShape:
        """Return the fault at the object of `said`; `{0}` in the words is that object."""
        value = shown(said.triple.object, said.document.prefixes)
        return MalformedShape(said.document, said.triple.object_at, words.replace("{0}", value))

    def listed(self, name: str, said: Statement) -> Iterator[MalformedShape]:
        """A list must be one, and so must its members."""
        members = self.graph.cells(said.triple.object)
        if members is None:
            yield self.fault(said, f"sh:{name} must be a list, ( … ), and this is none")
            return
        test, words = MEMBERS[name]
        for member in members:
            value = member.triple.object
            if not test(value):
                yield self.fault(member, f"sh:{name} {words}")
            elif name in ("and", "or", "xone"):
                yield from self.used(name, member)

    def pattern(self, said: Statement) -> Iterator[MalformedShape]:
        """A pattern must be a regular expression as pySHACL takes them."""
        try:
            re.compile(said.triple.object.value)
        except (re.error, OverflowError, RecursionError) as error:
            yield self.fault(said, f"sh:pattern is no regular expression that Python reads ({error}): mend it")

    def used(self, name: str, said: Statement) -> Iterator[MalformedShape]:
        """A shape that is used must be there, and be of the kind that is asked for."""
        value = said.triple.object
        if value not in self.graph.properties and isinstance(value, ox.NamedNode):
            yield self.fault(said, f"sh:{name} uses the shape {{0}}, which is nowhere in the shapes: mend the name")
        elif name == "property" and not self.values(value, "path"):
            yield self.fault(said, "sh:property needs a property shape, and {0} has no sh:path: add it")
        elif name == "node" and self.values(value, "path"):
            yield self.fault(said, "sh:node needs a node shape, and {0} has a sh:path: use sh:property")

    def shape(self, subject: Term, predicates: dict[Term, list[Statement]]) -> Iterator[MalformedShape]:
        """A property shape has a path, a node shape none; what counts values needs one."""
        types = {said.triple.object.value: said for said in predicates.get(TYPE, ())}
        path = self.values(subject, "path")
        typed = types.get(f"{SHACL}PropertyShape")
        if typed and not path:
            words = "this property shape has no sh:path: add it, or make it a sh:NodeShape"
            yield MalformedShape(typed.document, typed.triple.object_at, words)
        if f"{SHACL}NodeShape" in types and path:
            words = "a node shape has no sh:path: make it a sh:PropertyShape, or remove the path"
            yield MalformedShape(path[0].document, path[0].triple.predicate_at, words)
        for name in (name for name in OF_PROPERTIES if sh(name) in predicates):
            if not path:
                said = self.values(subject, name)[0]
                words = f"sh:{name} is about the values of a property, and this shape has no sh:path: add it"
                yield MalformedShape(said.document, said.triple.predicate_at, words)
        for iri, said in types.items():
            if iri.startswith(SHACL) and iri.removeprefix(SHACL) not in TERMS:
                near = process.extractOne(iri.removeprefix(SHACL), TERMS, scorer=fuzz.ratio, score_cutoff=60)
                hint = f": did you mean sh:{near[0]}?" if near else ""
                yield self.fault(said, f"SHACL has no {{0}}{hint}")

    def query(self, said: Statement, kind: str) -> Iterator[MalformedShape]:
        """A constraint by query has one query, which keeps the rules for such queries."""
        value = said.triple.object
        texts = self.values(value, kind)
        if not texts:
            yield self.fault(said, f"sh:sparql needs a constraint with one sh:{kind}: add the query")
        for each in texts[:1]:
            yield from self.text(each, kind)

    def text(self, said: Statement, kind: str, bound: Sequence[str] = ()) -> Iterator[MalformedShape]:
        """A query parses, gives $this and keeps what is bound beforehand (SHACL, sections 5.2.1, 5.3.1 and 6.2).

        `bound` are the parameters that a validator's query has besides.
        """
        words = said.triple.object.value
        if not is_string(said.triple.object):
            return  # reported of the value
        try:
            made = self.shapes.algebra(words)
        except InputError as error:
            yield self.fault(said, f"this query does not parse: {_reason(error.__cause__)}")
            return
        if why := refusal(words, bound):
            yield self.fault(said, f"{why} (SHACL, section 5.2.1)")
        elif made.name != f"{kind.title()}Query":
            yield self.fault(said, f"sh:{kind} needs a query that begins with {kind.upper()}")
        elif kind == "select" and Variable("this") not in made.PV:
            yield self.fault(said, "this query must select $this, the node that is judged: add it after SELECT")


def _reason(error: BaseException | None) -> str:
    """Return why a query does not parse, with the line and column in it where known."""
    if isinstance(error, ParseBaseException):
        found = error.line[error.column - 1 :][:40].strip()
        return f"line {error.lineno}, column {error.column} of it" + (f", at {found!r}" if found else ", at its end")
    return cut(str(error).splitlines()[0]) if str(error) else "look it over"
