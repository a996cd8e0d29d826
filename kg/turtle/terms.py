"""Terms from one library to the other, and as a reader would write them.

The only place where pyoxigraph's terms become rdflib's and back: pySHACL and owlrl want rdflib's, everything else
here uses pyoxigraph's. Literals keep their text as written.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kg.turtle.text import Term, cut

Three = tuple[Term, Term, Term]
_XSD = "http://www.w3.org/2001/XMLSchema#"
_ZONE = r"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?"
# The lexical forms (XML Schema 1.1, part 2) that rdflib takes as they come.
_FORMS: dict[str, re.Pattern[str]] = {
    f"{_XSD}{name}": re.compile(pattern + _ZONE)
    for name, pattern in (
        ("gYear", r"-?(?:[1-9]\d{4,}|\d{4})"),
        ("gYearMonth", r"-?(?:[1-9]\d{4,}|\d{4})-(?:0[1-9]|1[0-2])"),
        ("gMonth", r"--(?:0[1-9]|1[0-2])"),
        ("gDay", r"---(?:0[1-9]|[12]\d|3[01])"),
        ("gMonthDay", r"--(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"),
    )
}
_FORMS[f"{_XSD}anyURI"] = re.compile(r"[^\s<>\"{}|\\^`]*")
_FORMS[f"{_XSD}boolean"] = re.compile("true|false|1|0")


class Converter:
    """From pyoxigraph's terms to rdflib's, each term once."""

    def __init__(self) -> None:
        self._known: dict[Term, Node] = {}

    def term(self, term: Term) -> Node:
        """Return `term` as rdflib's, a literal's text unchanged."""
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = _to_rdflib(term)
        return known

    def graph(self, triples: Iterable[Three]) -> Graph:
        """Return a plain rdflib graph of the triples (pySHACL is slow and wrong over Oxigraph's stores).

        It knows no contexts, which makes it twice as fast; rdflib answers no SPARQL over it.
        """
        graph = Graph("SimpleMemory", bind_namespaces="none")
        self.add(graph, triples)
        return graph

    def add(self, graph: Graph, triples: Iterable[Three]) -> None:
        """Add the triples to the rdflib `graph`."""
        convert = self.term
        with quiet():
            for subject, predicate, value in triples:
                graph.add((convert(subject), convert(predicate), convert(value)))


def _to_rdflib(term: Term) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == f"{_XSD}string":
        return Literal(term.value)
    datatype = URIRef(term.datatype.value)
    made = Literal(term.value, datatype=datatype, normalize=False)
    if made.value is None or made.value != made.value:  # the second is a number that is none (NaN)
        return _Careful(term.value, datatype=datatype, normalize=False)
    return made


class _Careful(Literal):
    """A literal that may not be comparable with another: it is then neither before nor after that one, nor like it.

    rdflib raises errors of Python, which pySHACL lets through, where SHACL asks for a result (section 4.5.3).
    """

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return self._told(super().__lt__, other)

    def __le__(self, other: object) -> bool:
        return self._told(super().__le__, other)

    def __gt__(self, other: object) -> bool:
        return self._told(super().__gt__, other)

    def __ge__(self, other: object) -> bool:
        return self._told(super().__ge__, other)

    @staticmethod
    def _told(compare: Callable[[object], bool], other: object) -> bool:
        try:
            return compare(other) is True
        except (TypeError, ArithmeticError):
            return False


def from_rdflib(node: Node) -> Term:
    """Return rdflib's `node` as pyoxigraph's."""
    if isinstance(node, URIRef):
        return ox.NamedNode(str(node))
    if isinstance(node, BNode):
        return ox.BlankNode(str(node))
    if isinstance(node, Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language.lower())
        return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype or f"{_XSD}string")))
    raise TypeError(f"{node!r} is no term of RDF 1.1")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep rdflib's and pySHACL's own complaints off the terminal: what matters of them is told in our words."""
    logger = logging.getLogger("rdflib.term")
    before, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before


def ill_typed(literal: ox.Literal) -> bool:
    """Tell whether the text of `literal` is none of its datatype's (RDF 1.1 Concepts, section 5.1)."""
    datatype = literal.datatype.value
    if not datatype.startswith(_XSD) or datatype == f"{_XSD}string":
        return False
    form = _FORMS.get(datatype)
    if form:
        return not form.fullmatch(literal.value)
    with quiet():
        return bool(Literal(literal.value, datatype=URIRef(datatype), normalize=False).ill_typed)


_PLAIN = frozenset(f"{_XSD}{name}" for name in ("integer", "decimal", "double", "boolean"))
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")


def shown(term: Term, prefixes: Mapping[str, str]) -> str:
    """Return `term` as a reader would write it: a prefixed name where a prefix of the file fits, the literal's text."""
    if isinstance(term, ox.NamedNode):
        fits = [
            (len(namespace), f"{prefix}:{term.value[len(namespace) :]}")
            for prefix, namespace in prefixes.items()
            if term.value.startswith(namespace) and _LOCAL.fullmatch(term.value[len(namespace) :])
        ]
        return max(fits)[1] if fits else f"<{term.value}>"
    if isinstance(term, ox.BlankNode):
        return "a node without a name"
    if term.language or term.datatype.value == f"{_XSD}string":
        return cut(str(term))
    if term.datatype.value in _PLAIN:
        return cut(term.value)
    return f"{cut(str(ox.Literal(term.value)))}^^{shown(term.datatype, prefixes)}"
