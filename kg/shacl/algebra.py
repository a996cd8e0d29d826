"""The algebra of queries in shapes: what rdflib leaves untranslated, and their triple patterns."""

from __future__ import annotations

from rdflib.plugins.sparql.algebra import translateGroupGraphPattern
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import BNode, Node


def translate_tests(algebra: object) -> None:
    """Replace the groups of EXISTS, which rdflib leaves as they were parsed, by their algebra."""
    if isinstance(algebra, CompValue):
        if algebra.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            algebra.graph = translateGroupGraphPattern(algebra.graph)
        for each in list(algebra.values()):
            translate_tests(each)
    elif isinstance(algebra, list | tuple):
        for each in algebra:
            translate_tests(each)


def operators(algebra: object) -> set[str]:
    """Return the names of all operators in a query's algebra."""
    if isinstance(algebra, CompValue):
        return {algebra.name}.union(*(operators(each) for each in algebra.values()))
    if isinstance(algebra, list | tuple | set):
        return set().union(*(operators(each) for each in algebra))
    return set()


_TOGETHER = frozenset(
    {
        "SelectQuery",
        "Project",
        "Distinct",
        "Reduced",
        "OrderBy",
        "Slice",
        "Extend",
        "Join",
        "Filter",
        "Group",
        "AggregateJoin",
    }
)


def collect(node: object, patterns: list[tuple[Node, Node, Node]], inner: list[object], apart: list[object]) -> None:
    """Sort what stands in a group: patterns that must match, groups that share its variables, and all else."""
    if not isinstance(node, CompValue):
        return
    if node.name == "BGP":
        patterns += node.triples
    elif node.name in _TOGETHER:
        for key in ("p", "p1", "p2"):
            collect(node.get(key), patterns, inner, apart)
        inner += tested(node.get("expr"))
    elif node.name in ("LeftJoin", "Minus"):
        collect(node.p1, patterns, inner, apart)
        inner.append(node.p2)
        inner += tested(node.get("expr"))
    elif node.name == "Union":
        inner += [node.p1, node.p2]
    elif node.name != "values":
        apart.append(node)


def tested(expression: object) -> list[object]:
    """Return the groups of EXISTS and NOT EXISTS in an expression."""
    if isinstance(expression, CompValue):
        if expression.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            return [expression.graph]
        return [found for value in expression.values() for found in tested(value)]
    if isinstance(expression, list | tuple):
        return [found for value in expression for found in tested(value)]
    return []


def patterns_below(node: object) -> list[tuple[Node, Node | None, Node]]:
    """Return every triple pattern below `node`; one that is not understood has nothing for a predicate."""
    if isinstance(node, CompValue):
        if node.name == "BGP":
            return list(node.triples)
        if node.name in ("Graph", "TriplesBlock", "TriplesSameSubject", "TriplesSameSubjectPath"):
            return [(BNode(), None, BNode())]
        return [found for value in node.values() for found in patterns_below(value)]
    if isinstance(node, list | tuple):
        return [found for value in node for found in patterns_below(value)]
    return []
