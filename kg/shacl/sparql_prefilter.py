"""Nodes that may break a shape's sh:sparql constraints, found by Oxigraph.

The constraint's query is loosened to one whose solutions include all of its own: what is optional or only tested is
left out, but for the test that two terms differ. A query that cannot be loosened so (an aggregate, a
subquery, another graph) makes every node a suspect. Oxigraph writes numbers and dates in one canonical way, which
can only make more terms the same; the test that two differ holds for them as it does for pySHACL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

import pyoxigraph as ox
from rdflib.namespace import SH
from rdflib.paths import AlternativePath, InvPath, MulPath, NegatedPath, Path, SequencePath
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import BNode, Node, URIRef, Variable

from kg.shacl.index import Index
from kg.shacl.shapes import PATH, Shapes
from kg.turtle.terms import from_rdflib

_THROUGH = frozenset({"SelectQuery", "Project", "Distinct", "Reduced", "OrderBy", "Slice", "Extend"})


class _WholeError(Exception):
    """The query cannot be loosened: every node is a suspect."""


class Loosened(NamedTuple):
    """A query that every node it may find a fault with answers: its text, and the predicates (IRIs) it asks for."""

    text: str
    predicates: Sequence[str]
    everything: bool


Loosenings = dict[Node, list[Loosened] | None]
"""The loosened queries of shapes; None for a shape whose every node is a suspect."""


def suspects(
    shapes: Shapes, index: Index, known: Loosenings, asked: Collection[Node] | None = None
) -> dict[Node, Collection[int]]:
    """Return the suspects of each shape with sh:sparql constraints; a shape whose every node is one is left out.

    With `asked`, only of those that one of these shapes uses. `known` is what `loosened` said before, and is added to.
    """
    queries: dict[Node, list[Loosened]] = {}
    for shape in shapes.asking:
        if asked is not None and not any(each in asked for each in shapes.ancestors(shape)):
            continue
        if shape not in known:
            known[shape] = loosened(shapes, shape)
        if (found := known[shape]) is not None:
            queries[shape] = found
    if not queries:
        return {}
    made = [query for each in queries.values() for query in each]
    store = ox.Store()
    predicates = sorted({predicate for query in made for predicate in query.predicates})
    store.bulk_extend(_quads(index, predicates, any(query.everything for query in made)))
    answers: dict[Node, Collection[int]] = {}
    for shape, each in queries.items():
        nodes = [row["this"] for query in each for row in store.query(query.text)]  # type: ignore[union-attr]
        if not any(isinstance(node, ox.Literal) for node in nodes):  # whose text the store may have changed
            answers[shape] = {index.id(node) for node in nodes}
    return answers


def loosened(shapes: Shapes, shape: Node) -> list[Loosened] | None:
    """Return the queries of `shape` loosened, or nothing (None) where one cannot be: every node is a suspect."""
    try:
        made = [_Loosening(shapes, shape, text) for text in _texts(shapes, shape)]
    except _WholeError:
        return None
    return [Loosened(each.text, sorted(each.predicates), each.everything) for each in made]


def _texts(shapes: Shapes, shape: Node) -> list[str]:
    graph = shapes.graph
    return sorted(str(text) for each in graph.objects(shape, SH.sparql) for text in graph.objects(each, SH.select))


def _quads(index: Index, predicates: Iterable[str], everything: bool) -> Iterator[ox.Quad]:
    term = index.term
    if everything:
        for s, p, o in index.triples():
            yield ox.Quad(term(s), term(p), term(o))  # type: ignore[arg-type]
        return
    for name in map(ox.NamedNode, predicates):
        for s, o in index.pairs(index.id(name)):
            yield ox.Quad(term(s), name, term(o))  # type: ignore[arg-type]


class _Loosening:
    """One query, loosened: its text, and the predicates that it asks for."""

    def __init__(self, shapes: Shapes, shape: Node, query: str):
        self.predicates: set[URIRef] = set()
        self.everything = False
        self._path = shapes.graph.value(shape, SH.path)
        self._names: dict[BNode, str] = {}
        self._fresh = count()
        algebra = shapes.algebra(query)
        body = self.group(algebra)
        if Variable("this") not in _bound(algebra) or any(end not in _bound(algebra) for end in _zero_ends(algebra)):
            raise _WholeError
        self.text = f"SELECT DISTINCT ?this WHERE {{ {body} }}"

    def group(self, node: object) -> str:
        """Return a group of patterns as SPARQL."""
        if not isinstance(node, CompValue):
            raise _WholeError
        if node.name == "BGP":
            return " ".join(self.pattern(*triple) for triple in node.triples)
        if node.name in _THROUGH:
            return self.group(node.p)
        if node.name == "Join":
            return f"{self.group(node.p1)} {self.group(node.p2)}"
        if node.name == "Filter":
            return f"{self.group(node.p)} {self.test(node.expr, _bound(node.p))}"
        if node.name == "LeftJoin":
            return self.group(node.p1)
        if node.name == "Union":
            return f"{{ {self.group(node.p1)} }} UNION {{ {self.group(node.p2)} }}"
        raise _WholeError  # MINUS and VALUES too, which pySHACL refuses (SHACL, appendix A)

    def pattern(self, subject: Node, path: object, value: Node) -> str:
        """Return one triple pattern."""
        return f"{self.term(subject)} {self.path(path)} {self.term(value)} ."

    def term(self, node: Node) -> str:
        """Return a term or a variable; a blank node is a variable that nobody asks for."""
        if isinstance(node, Variable):
            return f"?{node}"
        if isinstance(node, BNode):
            return f"?{self._names.setdefault(node, f'blank_{len(self._names)}')}"
        return str(from_rdflib(node))

    def path(self, path: object) -> str:
        """Return a predicate, a variable or a property path."""
        if path == PATH:
            if not isinstance(self._path, URIRef):
                raise _WholeError
            path = self._path
        if isinstance(path, URIRef):
            self.predicates.add(path)
            return str(from_rdflib(path))
        if isinstance(path, InvPath):
            return f"^({self.path(path.arg)})"
        if isinstance(path, SequencePath):
            return "(" + "/".join(self.path(part) for part in path.args) + ")"
        if isinstance(path, AlternativePath):
            return "(" + "|".join(self.path(part) for part in path.args) + ")"
        if isinstance(path, MulPath):
            return f"({self.path(path.path)}){path.mod}"
        if isinstance(path, NegatedPath | Path):
            raise _WholeError
        self.everything = True
        return f"?any_{next(self._fresh)}" if not isinstance(path, Variable) else f"?{path}"

    def test(self, expression: object, bound: set[Node]) -> str:
        """Return the tests that two terms differ; any other is left out, which lets more through."""
        if not isinstance(expression, CompValue):
            return ""
        if expression.name == "ConditionalAndExpression":
            return " ".join(self.test(each, bound) for each in [expression.expr, *expression.other])
        if expression.name == "RelationalExpression" and expression.op == "!=":
            one, other = expression.expr, expression.other
            if one in bound and (other in bound or isinstance(other, URIRef)):
                return f"FILTER(!sameTerm({self.term(one)}, {self.term(other)}))"
        return ""


def _bound(node: object) -> set[Node]:
    """Return the variables that every solution of a group binds, by triples that it takes."""
    if not isinstance(node, CompValue):
        return set()
    if node.name == "BGP":
        return {end for s, path, o in node.triples if not _zero(path) for end in (s, o) if isinstance(end, Variable)}
    if node.name == "Join":
        return _bound(node.p1) | _bound(node.p2)
    if node.name == "LeftJoin":
        return _bound(node.p1)
    if node.name == "Union":
        return _bound(node.p1) & _bound(node.p2)
    return _bound(node.get("p"))


def _zero(path: object) -> bool:
    """Tell whether a path may have no length: then it holds for any term at all, in the store or not."""
    if isinstance(path, MulPath):
        return bool(path.zero) or _zero(path.path)
    if isinstance(path, InvPath):
        return _zero(path.arg)
    if isinstance(path, SequencePath):
        return all(_zero(part) for part in path.args)
    if isinstance(path, AlternativePath):
        return any(_zero(part) for part in path.args)
    return False


def _zero_ends(node: object) -> Iterator[Node]:
    """Return the ends of the paths that may have no length."""
    if isinstance(node, CompValue):
        if node.name == "BGP":
            for subject, path, value in node.triples:
                if _zero(path):
                    yield from (subject, value)
            return
        for key in ("p", "p1") if node.name == "LeftJoin" else ("p", "p1", "p2"):
            yield from _zero_ends(node.get(key))
