"""The sieve: which nodes can break a shape at all. pySHACL judges only those.

For each shape and node it says that the node surely passes, surely fails, or may do either. It says surely only where
the comparison is pySHACL's own (its functions on rdflib's literals) or one of plain terms; where it does not know a
component, a datatype or a path it says maybe, and pySHACL decides. So the nodes that it lets go are a subset of those
that pass. sh:sparql is left to `kg.shacl.sparql_prefilter`.

The module is over 300 lines because SHACL has 30 components, and one table of them reads better than three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import Any

import pyoxigraph as ox
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.core.value_constraints import DatatypeConstraintComponent
from pyshacl.rdfutil.compare import compare_literal
from rdflib import RDFS
from rdflib.collection import Collection as RdfList
from rdflib.namespace import SH
from rdflib.term import Literal, Node, URIRef

from kg.owl.vocabulary import SUBCLASS
from kg.shacl.index import BLANK, IRI, LITERAL, Index, kind
from kg.shacl.paths import paths
from kg.shacl.shapes import Shapes
from kg.turtle.reader import TYPE
from kg.turtle.terms import Converter, from_rdflib

PASS, MAYBE, FAIL = range(3)
Status = int
Check = Callable[[int], Status]
Component = Callable[[int, Collection[int]], Status]
"""Judges the value nodes of a focus node."""

_KINDS = {
    SH.IRI: {IRI},
    SH.BlankNode: {BLANK},
    SH.Literal: {LITERAL},
    SH.BlankNodeOrIRI: {BLANK, IRI},
    SH.BlankNodeOrLiteral: {BLANK, LITERAL},
    SH.IRIOrLiteral: {IRI, LITERAL},
}
_RANGES: dict[URIRef, Callable[[int], bool]] = {
    SH.minInclusive: lambda sign: sign >= 0,
    SH.minExclusive: lambda sign: sign > 0,
    SH.maxInclusive: lambda sign: sign <= 0,
    SH.maxExclusive: lambda sign: sign < 0,
}


class Sieve:
    """The shapes as checks on the nodes of one index.

    `suspects` are the nodes that may break the shape's sh:sparql constraints, `{shape: nodes}`; a shape with such
    constraints that is not in it may be broken by any node.
    """

    def __init__(self, shapes: Shapes, index: Index, suspects: Mapping[Node, Collection[int]]):
        self.shapes = shapes
        self.graph = shapes.graph
        self.index = index
        self.suspects = suspects
        self.converter = Converter()
        self._checks: dict[Node, Check] = {}
        self._under_way: set[Node] = set()
        self._inactive = {shape.node for shape in shapes.shapes if shape.deactivated}
        self._known = {shape.node for shape in shapes.shapes}
        self._type = index.id(TYPE)

    def candidates(self, shape: Node, nodes: Iterable[int]) -> list[int]:
        """Return those of `nodes` that may break `shape`."""
        check = self.check(shape)
        return [node for node in nodes if check(node) != PASS]

    def id(self, node: Node) -> int:
        """Return the number of an rdflib node."""
        return self.index.id(from_rdflib(node))

    def check(self, shape: Node) -> Check:
        """Return the check of one shape."""
        known = self._checks.get(shape)
        if known is None:
            if shape in self._under_way:  # a shape that uses itself
                return lambda _: MAYBE
            self._under_way.add(shape)
            known = self._checks[shape] = self._make(shape)
            self._under_way.discard(shape)
        return known

    def _make(self, shape: Node) -> Check:
        if shape in self._inactive:
            return lambda _: PASS
        if shape not in self._known:
            return lambda _: MAYBE
        path = self.graph.value(shape, SH.path)
        components = self.components(shape)
        values = paths(self.graph, self.index, path) if path is not None else lambda node: (node,)

        def check(node: int) -> Status:
            reached = values(node)
            worst = PASS
            for each in components:
                status = each(node, reached)
                if status == FAIL:
                    return FAIL
                worst = max(worst, status)
            return worst

        return check

    def components(self, shape: Node) -> list[Component]:
        """Return the components of `shape`, the cheap ones first."""
        found: list[Component] = []
        seen: set[Node] = set()
        for parameter, value in sorted(self.graph.predicate_objects(shape), key=str):
            if parameter in CONSTRAINT_PARAMETERS_MAP and (parameter not in _WHOLE or parameter not in seen):
                seen.add(parameter)
                make = _COMPONENTS.get(parameter, _unknown)
                found.append(make(self, shape, value))
        if self.shapes.foreign(shape):
            found.append(_maybe)
        return found

    def literal(self, number: int) -> Node:
        """Return the term of a number as rdflib's."""
        return self.converter.term(self.index.term(number))

    def each(self, judge: Callable[[int], Status]) -> Component:
        """Return the component that judges each value alone, each distinct value once."""
        known: dict[int, Status] = {}

        def component(_: int, values: Collection[int]) -> Status:
            worst = PASS
            for value in values:
                status = known.get(value)
                if status is None:
                    status = known[value] = judge(value)
                if status > worst:
                    worst = status
            return worst

        return component


def subclasses(index: Index, top: int) -> set[int]:
    """Return the class `top` and those below it, by rdfs:subClassOf alone, as pySHACL goes."""
    lower = index.id(SUBCLASS)
    found, todo = {top}, [top]
    while todo:
        new = set(index.sources(lower, todo.pop())) - found
        found |= new
        todo += new
    return found


def _maybe(_: int, values: Collection[int]) -> Status:
    return MAYBE


def _unknown(sieve: Sieve, shape: Node, value: Node) -> Component:
    return _maybe


def _nothing(sieve: Sieve, shape: Node, value: Node) -> Component:
    return lambda _, values: PASS


def _number(value: Node) -> int | None:
    return int(value) if isinstance(value, Literal) and isinstance(value.value, int) else None


def _min_count(sieve: Sieve, shape: Node, value: Node) -> Component:
    count = _number(value)
    return _maybe if count is None else lambda _, values: PASS if len(values) >= count else FAIL


def _max_count(sieve: Sieve, shape: Node, value: Node) -> Component:
    count = _number(value)
    return _maybe if count is None else lambda _, values: PASS if len(values) <= count else FAIL


def _datatype(sieve: Sieve, shape: Node, value: Node) -> Component:
    datatype = from_rdflib(value).value
    judge: Any = DatatypeConstraintComponent._assert_actual_datatype  # does not look at its component

    def check(number: int) -> Status:
        term = sieve.index.term(number)
        if not isinstance(term, ox.Literal):
            return FAIL
        if term.datatype.value != datatype:
            return MAYBE if datatype.startswith(str(RDFS)) else FAIL
        literal = sieve.literal(number)
        return PASS if getattr(literal, "ill_typed", None) is not True and judge(None, literal, value) else MAYBE

    return sieve.each(check)


def _node_kind(sieve: Sieve, shape: Node, value: Node) -> Component:
    allowed = _KINDS.get(value)  # type: ignore[call-overload]
    if allowed is None:
        return _maybe
    return sieve.each(lambda number: PASS if kind(sieve.index.term(number)) in allowed else FAIL)


def _class(sieve: Sieve, shape: Node, value: Node) -> Component:
    below = subclasses(sieve.index, sieve.id(value))
    typed, values = sieve._type, sieve.index.values

    def check(number: int) -> Status:
        return PASS if any(each in below for each in values(number, typed)) else FAIL

    return sieve.each(check)


def _in(sieve: Sieve, shape: Node, value: Node) -> Component:
    allowed = {sieve.id(each) for each in RdfList(sieve.graph, value)}
    term = sieve.index.term
    return sieve.each(lambda each: PASS if each in allowed else MAYBE if isinstance(term(each), ox.Literal) else FAIL)


def _has_value(sieve: Sieve, shape: Node, value: Node) -> Component:
    wanted = sieve.id(value)
    otherwise = MAYBE if isinstance(value, Literal) else FAIL
    return lambda _, values: PASS if wanted in values else otherwise


def _text(judge: Callable[[str], bool]) -> Callable[[Sieve], Component]:
    def make(sieve: Sieve) -> Component:
        def check(number: int) -> Status:
            term = sieve.index.term(number)
            return FAIL if isinstance(term, ox.BlankNode) else PASS if judge(term.value) else MAYBE

        return sieve.each(check)

    return make


def _pattern(sieve: Sieve, shape: Node, value: Node) -> Component:
    flags = [str(each).lower() for each in sieve.graph.objects(shape, SH.flags)] or [""]
    known = {"i": re.IGNORECASE, "m": re.MULTILINE}  # those that pySHACL takes up
    try:
        pattern = re.compile(str(value), sum(flag for letter, flag in known.items() if letter in flags[0]))
    except re.error:
        return _maybe
    if len(flags) > 1:
        return _maybe
    return _text(lambda words: bool(pattern.search(words)))(sieve)


def _min_length(sieve: Sieve, shape: Node, value: Node) -> Component:
    length = _number(value)
    return _maybe if length is None else _text(lambda words: len(words) >= length)(sieve)


def _max_length(sieve: Sieve, shape: Node, value: Node) -> Component:
    length = _number(value)
    return _maybe if length is None else _text(lambda words: len(words) <= length)(sieve)


def _language_in(sieve: Sieve, shape: Node, value: Node) -> Component:
    allowed = {str(each).lower() for each in RdfList(sieve.graph, value)}

    def check(number: int) -> Status:
        language = getattr(sieve.index.term(number), "language", None)
        return PASS if language and language.lower() in allowed else MAYBE

    return sieve.each(check)


def _unique_lang(sieve: Sieve, shape: Node, value: Node) -> Component:
    term = sieve.index.term

    def check(_: int, values: Collection[int]) -> Status:
        if len(values) < 2:
            return PASS
        languages = [each for each in (getattr(term(value), "language", None) for value in values) if each]
        return PASS if len({each.lower() for each in languages}) == len(languages) else MAYBE

    return check


def _range(passes: Callable[[int], bool]) -> Callable[[Sieve, Node, Node], Component]:
    def make(sieve: Sieve, shape: Node, value: Node) -> Component:
        def check(number: int) -> Status:
            literal = sieve.literal(number)
            if not isinstance(literal, Literal) or isinstance(literal.value, str) != isinstance(value.value, str):  # type: ignore[attr-defined]  # fmt: skip
                return MAYBE
            try:
                return PASS if passes(compare_literal(literal, value)) else MAYBE  # type: ignore[no-untyped-call]
            except (TypeError, NotImplementedError):
                return MAYBE

        return sieve.each(check)

    return make


def _equals(sieve: Sieve, shape: Node, value: Node) -> Component:
    other = sieve.id(value)
    return lambda node, values: PASS if set(values) == set(sieve.index.values(node, other)) else FAIL


def _disjoint(sieve: Sieve, shape: Node, value: Node) -> Component:
    other = sieve.id(value)
    return lambda node, values: PASS if not values or not set(values) & set(sieve.index.values(node, other)) else FAIL


def _less(or_equal: bool) -> Callable[[Sieve, Node, Node], Component]:
    def make(sieve: Sieve, shape: Node, value: Node) -> Component:
        other = sieve.id(value)

        @cache
        def less(one: int, two: int) -> bool:
            first, second = sieve.literal(one), sieve.literal(two)
            if not isinstance(first, Literal) or not isinstance(second, Literal) or first.datatype != second.datatype:
                return False
            if first.value is None or second.value is None or first.language or second.language:
                return False
            try:
                return bool(first <= second if or_equal else first < second)
            except TypeError:
                return False

        def check(node: int, values: Collection[int]) -> Status:
            others = sieve.index.values(node, other) if values else ()
            return PASS if all(less(one, two) for one in values for two in others) else MAYBE

        return check

    return make


def _closed(sieve: Sieve, shape: Node, value: Node) -> Component:
    if str(value) != "true":
        return _maybe
    graph = sieve.graph
    ignored = list(graph.objects(shape, SH.ignoredProperties))
    allowed = {sieve.id(each) for members in ignored for each in RdfList(graph, members)}
    allowed |= {
        sieve.id(path)
        for child in graph.objects(shape, SH.property)
        for path in graph.objects(child, SH.path)
        if isinstance(path, URIRef)
    }

    def check(_: int, values: Collection[int]) -> Status:
        used = (predicate for each in values for predicate, _ in sieve.index.outgoing(each))
        return PASS if all(predicate in allowed for predicate in used) else MAYBE

    return check


def _nested(sieve: Sieve, shape: Node, value: Node) -> Component:
    check = sieve.check(value)

    def component(_: int, values: Collection[int]) -> Status:
        worst = PASS
        for each in values:
            worst = max(worst, check(each))
        return worst

    return component


def _listed(combine: Callable[[list[Status]], Status]) -> Callable[[Sieve, Node, Node], Component]:
    def make(sieve: Sieve, shape: Node, value: Node) -> Component:
        checks = [sieve.check(each) for each in RdfList(sieve.graph, value)]

        def component(_: int, values: Collection[int]) -> Status:
            return max((combine([check(each) for check in checks]) for each in values), default=PASS)

        return component

    return make


def _xone(statuses: list[Status]) -> Status:
    if MAYBE in statuses:
        return MAYBE
    return PASS if statuses.count(PASS) == 1 else FAIL


def _not(sieve: Sieve, shape: Node, value: Node) -> Component:
    check = sieve.check(value)
    return lambda _, values: max((FAIL - check(each) for each in values), default=PASS)


def _qualified(sieve: Sieve, shape: Node, value: Node) -> Component:
    graph = sieve.graph
    if str(graph.value(shape, SH.qualifiedValueShapesDisjoint) or "false") != "false":
        return _maybe
    check = sieve.check(value)
    least = [_number(each) for each in graph.objects(shape, SH.qualifiedMinCount)]
    most = [_number(each) for each in graph.objects(shape, SH.qualifiedMaxCount)]
    if None in least or None in most:
        return _maybe

    def component(_: int, values: Collection[int]) -> Status:
        statuses = [check(each) for each in values]
        sure = statuses.count(PASS)
        possible = sure + statuses.count(MAYBE)
        enough = all(sure >= count for count in least if count is not None)
        return PASS if enough and all(possible <= count for count in most if count is not None) else MAYBE

    return component


def _sparql(sieve: Sieve, shape: Node, value: Node) -> Component:
    suspects = sieve.suspects.get(shape)
    return _maybe if suspects is None else lambda node, _: MAYBE if node in suspects else PASS


_WHOLE = frozenset({SH.sparql, SH.closed, SH.flags})
"""Parameters whose first value stands for all of them."""

_COMPONENTS: dict[Node, Callable[[Sieve, Node, Node], Component]] = {
    SH.minCount: _min_count,
    SH.maxCount: _max_count,
    SH.datatype: _datatype,
    SH.nodeKind: _node_kind,
    SH["class"]: _class,
    SH["in"]: _in,
    SH.hasValue: _has_value,
    SH.pattern: _pattern,
    SH.flags: _nothing,
    SH.minLength: _min_length,
    SH.maxLength: _max_length,
    SH.languageIn: _language_in,
    SH.uniqueLang: _unique_lang,
    **{parameter: _range(passes) for parameter, passes in _RANGES.items()},
    SH.equals: _equals,
    SH.disjoint: _disjoint,
    SH.lessThan: _less(or_equal=False),
    SH.lessThanOrEquals: _less(or_equal=True),
    SH.closed: _closed,
    SH.ignoredProperties: _nothing,
    SH.node: _nested,
    SH.property: _nested,
    SH["and"]: _listed(max),
    SH["or"]: _listed(min),
    SH.xone: _listed(_xone),
    SH["not"]: _not,
    SH.qualifiedValueShape: _qualified,
    SH.qualifiedMinCount: _nothing,
    SH.qualifiedMaxCount: _nothing,
    SH.qualifiedValueShapesDisjoint: _nothing,
    SH.sparql: _sparql,
}
