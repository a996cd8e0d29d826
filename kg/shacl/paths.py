"""Property paths (SHACL, section 2.3.1) over an index, as pySHACL takes them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from rdflib import RDF, Graph
from rdflib.collection import Collection as RdfList
from rdflib.namespace import SH
from rdflib.term import BNode, Node

from kg.shacl.index import Index
from kg.turtle.terms import from_rdflib

Values = Callable[[int], Collection[int]]
"""From a node to the distinct nodes at the end of a path."""


def paths(shapes: Graph, index: Index, path: Node, inverse: bool = False) -> Values:
    """Return the function that follows `path`, a node of the graph `shapes`, over `index`."""
    if not isinstance(path, BNode):
        predicate = index.id(from_rdflib(path))
        if inverse:
            return lambda node: index.sources(predicate, node)
        return lambda node: index.values(node, predicate)
    if shapes.value(path, RDF.first) is not None:
        # pySHACL keeps the order of a sequence that it takes inversely; so do we, for it is the judge.
        return _sequence([paths(shapes, index, part, inverse) for part in RdfList(shapes, path)])
    for kind, value in shapes.predicate_objects(path):
        if kind == SH.inversePath:
            return paths(shapes, index, value, not inverse)
        if kind == SH.alternativePath:
            return _alternative([paths(shapes, index, part, inverse) for part in RdfList(shapes, value)])
        if kind == SH.zeroOrOnePath:
            return _optional(paths(shapes, index, value, inverse))
        if kind == SH.zeroOrMorePath:
            return _repeated(paths(shapes, index, value, inverse), with_start=True)
        if kind == SH.oneOrMorePath:
            return _repeated(paths(shapes, index, value, inverse), with_start=False)
    return lambda node: ()


def _sequence(parts: list[Values]) -> Values:
    def values(node: int) -> Collection[int]:
        reached: set[int] = {node}
        for part in parts:
            reached = {end for start in reached for end in part(start)}
        return reached

    return values


def _alternative(parts: list[Values]) -> Values:
    return lambda node: {end for part in parts for end in part(node)}


def _optional(part: Values) -> Values:
    return lambda node: {node, *part(node)}


def _repeated(part: Values, with_start: bool) -> Values:
    def values(node: int) -> Collection[int]:
        reached: set[int] = set()
        todo = [node] if with_start else list(part(node))
        while todo:
            each = todo.pop()
            if each not in reached:
                reached.add(each)
                todo += part(each)
        return reached

    return values
