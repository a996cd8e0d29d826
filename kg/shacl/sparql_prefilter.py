"""Nodes that may break a shape's sh:sparql constraints, found by Oxigraph.

The constraint's query is loosened to one whose solutions include all of its own: what is optional or only tested is
left out, but for the test that two terms differ. A query that cannot be loosened so (an aggregate, a subquery, another
graph) may be broken by every node. Oxigraph writes numbers and dates in one canonical way, which can only make more
terms the same; the test that two differ holds for them as it does for pySHACL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import pyoxigraph as ox
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import BNode, Node, URIRef, Variable

from kg.shacl.index import Index
from kg.shacl.paths import as_sparql, can_be_empty, of_sparql, steps
from kg.shacl.shapes import Shapes
from kg.turtle.terms import from_rdflib
from kg.turtle.text import Term

_THROUGH = frozenset({"SelectQuery", "Project", "Distinct", "Reduced", "OrderBy", "Slice", "Extend"})


class _WholeError(Exception):
    """The query cannot be loosened: every node may break it."""


class Loosened(NamedTuple):
    """A query that every node it may find a fault with answers: its text, and the predicates (IRIs) it asks for."""

    text: str
    predicates: Sequence[str]
    everything: bool


Loosenings = dict[Term, list[Loosened] | None]
"""The loosened queries of shapes; None for a shape that every node may break."""


def candidates(
    shapes: Shapes, index: Index, known: Loosenings, asked: Collection[Term] | None = None
) -> dict[Term, Collection[int]]:
    """Return the nodes that may break each shape's sh:sparql constraints; a shape that every node may is left out.

    With `asked`, only of those that one of these shapes uses. `known` is what `loosened` returned before, and is
    added to.
    """
    queries: dict[Term, list[Loosened]] = {}
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
    answers: dict[Term, Collection[int]] = {}
    for shape, each in queries.items():
        nodes = [row["this"] for query in each for row in store.query(query.text)]  # type: ignore[union-attr]
        if not any(isinstance(node, ox.Literal) for node in nodes):  # whose text the store may have changed
            answers[shape] = {index.id(node) for node in nodes}
    return answers


def loosened(shapes: Shapes, shape: Term) -> list[Loosened] | None:
    """Return the queries of `shape` loosened, or nothing (None) where one cannot be: every node may break it."""
    try:
        made = [_Loosening(shapes, shape, text) for text in shapes.queries(shape)]
    except _WholeError:
        return None
    return [Loosened(each.text, sorted(each.predicates), each.everything) for each in made]


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

    def __init__(self, shapes: Shapes, shape: Term, query: str):
        self.predicates: set[str] = set()
        self.everything = False
        self._given = shapes.path(shape, in_query=True)
        self._names: dict[BNode, str] = {}
        algebra = shapes.algebra(query)
        body = self.group(algebra)
        bound = self.bound(algebra)
        if Variable("this") not in bound or any(end not in bound for end in self.loose_ends(algebra)):
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
            return f"{self.group(node.p)} {self.test(node.expr, self.bound(node.p))}"
        if node.name == "LeftJoin":
            return self.group(node.p1)
        if node.name == "Union":
            return f"{{ {self.group(node.p1)} }} UNION {{ {self.group(node.p2)} }}"
        raise _WholeError  # MINUS and VALUES too, which pySHACL refuses (SHACL, appendix A)

    def pattern(self, subject: Node, path: Node, value: Node) -> str:
        """Return one triple pattern."""
        return f"{self.term(subject)} {self.path(path)} {self.term(value)} ."

    def term(self, node: Node) -> str:
        """Return a term or a variable; a blank node is a variable that nobody asks for."""
        if isinstance(node, Variable):
            return f"?{node}"
        if isinstance(node, BNode):
            return f"?{self._names.setdefault(node, f'blank_{len(self._names)}')}"
        return str(from_rdflib(node))

    def path(self, path: Node) -> str:
        """Return a predicate, a variable or a property path."""
        if isinstance(path, Variable):
            self.everything = True
            return f"?{path}"
        made = of_sparql(path, self._given)
        if made is None or any(each.predicate is None for each in steps(made)):
            raise _WholeError
        self.predicates |= {each.predicate.value for each in steps(made) if each.predicate}
        return as_sparql(made)

    def test(self, expression: object, bound: set[Node]) -> str:
        """Return the tests that two terms differ; any other is left out, which lets more through."""
        if not isinstance(expression, CompValue):
            return ""
        if expression.name == "ConditionalAndExpression":
            return " ".join(self.test(each, bound) for each in [expression.expr, *expression.other])
        if expression.name == "RelationalExpression" and expression.op == "!=":
            one, other = expression.expr, expression.other
            if _is_among(one, bound) and (_is_among(other, bound) or isinstance(other, URIRef)):
                return f"FILTER(!sameTerm({self.term(one)}, {self.term(other)}))"
        return ""

    def bound(self, node: object) -> set[Node]:
        """Return the variables that every solution of a group binds, by triples that it takes."""
        if not isinstance(node, CompValue):
            return set()
        if node.name == "BGP":
            taken = (triple for triple in node.triples if not self.is_loose(triple[1]))
            return {end for s, _, o in taken for end in (s, o) if isinstance(end, Variable)}
        if node.name == "Join":
            return self.bound(node.p1) | self.bound(node.p2)
        if node.name == "LeftJoin":
            return self.bound(node.p1)
        if node.name == "Union":
            return self.bound(node.p1) & self.bound(node.p2)
        return self.bound(node.get("p"))

    def is_loose(self, path: Node) -> bool:
        """Say whether a path may have no length, and then holds for any term."""
        made = of_sparql(path, self._given)
        return made is not None and can_be_empty(made)

    def loose_ends(self, node: object) -> Iterator[Node]:
        """Return the ends of the paths that may have no length."""
        if isinstance(node, CompValue):
            if node.name == "BGP":
                for subject, path, value in node.triples:
                    if self.is_loose(path):
                        yield from (subject, value)
                return
            for key in ("p", "p1") if node.name == "LeftJoin" else ("p", "p1", "p2"):
                yield from self.loose_ends(node.get(key))


def _is_among(node: object, bound: set[Node]) -> bool:
    """Say whether `node` is one of the variables `bound`; an expression is none, and has no hash."""
    return isinstance(node, Variable) and node in bound
