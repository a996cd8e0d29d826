"""The prefilter: which nodes can break a shape at all. pySHACL judges only those.

For each shape and node it says that the node surely passes, surely fails, or may do either. It says surely only where
the comparison is pySHACL's own or one of plain terms; where it does not know a component, a datatype or a path it says
maybe, and pySHACL decides. So the nodes that it lets go are a subset of those that pass. sh:sparql is left to
`kg.shacl.sparql_prefilter`.

The module is over 300 lines because SHACL has 30 components, and one table of them reads better than three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache

import pyoxigraph as ox

from kg.owl.vocabulary import RDFS, SUBCLASS
from kg.shacl.index import BLANK, IRI, LITERAL, Index, kind
from kg.shacl.judge import PARAMETERS, Literals
from kg.shacl.parameters import is_count, sh
from kg.shacl.paths import follow
from kg.shacl.shapes import Shapes
from kg.turtle.reader import TYPE
from kg.turtle.text import Term

PASS, MAYBE, FAIL = range(3)
Status = int
Check = Callable[[int], Status]
Component = Callable[[int, Collection[int]], Status]
"""Judges the value nodes of a focus node."""

_KINDS: dict[Term, set[int]] = {
    sh("IRI"): {IRI},
    sh("BlankNode"): {BLANK},
    sh("Literal"): {LITERAL},
    sh("BlankNodeOrIRI"): {BLANK, IRI},
    sh("BlankNodeOrLiteral"): {BLANK, LITERAL},
    sh("IRIOrLiteral"): {IRI, LITERAL},
}
_RANGES: dict[Term, Callable[[int], bool]] = {
    sh("minInclusive"): lambda sign: sign >= 0,
    sh("minExclusive"): lambda sign: sign > 0,
    sh("maxInclusive"): lambda sign: sign <= 0,
    sh("maxExclusive"): lambda sign: sign < 0,
}


class Prefilter:
    """The shapes as checks on the nodes of one index.

    `by_query` are the nodes that may break the shape's sh:sparql constraints, `{shape: nodes}`; a shape with such
    constraints that is not in it may be broken by any node.
    """

    def __init__(self, shapes: Shapes, index: Index, by_query: Mapping[Term, Collection[int]]):
        self.shapes = shapes
        self.graph = shapes.graph
        self.index = index
        self.by_query = by_query
        self.literals = Literals()
        self._checks: dict[Term, Check] = {}
        self._under_way: set[Term] = set()
        self._known = {shape.node: shape for shape in shapes.shapes}
        self._type = index.id(TYPE)

    def candidates(self, shape: Term, nodes: Iterable[int]) -> list[int]:
        """Return those of `nodes` that may break `shape`."""
        check = self.check(shape)
        return [node for node in nodes if check(node) != PASS]

    def check(self, shape: Term) -> Check:
        """Return the check of one shape."""
        known = self._checks.get(shape)
        if known is None:
            if shape in self._under_way:  # a shape that uses itself
                return lambda _: MAYBE
            self._under_way.add(shape)
            known = self._checks[shape] = self._make(shape)
            self._under_way.discard(shape)
        return known

    def _make(self, shape: Term) -> Check:
        known = self._known.get(shape)
        if known is None:
            return lambda _: MAYBE
        if known.deactivated:
            return lambda _: PASS
        path = self.shapes.path(shape)
        components = self.components(shape)
        values = follow(path, self.index) if path is not None else lambda node: (node,)

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

    def components(self, shape: Term) -> list[Component]:
        """Return the components of `shape`, the cheap ones first."""
        found: list[Component] = []
        for parameter in sorted(PARAMETERS & self.graph.properties.get(shape, {}).keys(), key=str):
            values = self.graph.values(shape, parameter)
            make = _COMPONENTS.get(parameter, _unknown)
            found += [make(self, shape, value) for value in (values[:1] if parameter in _WHOLE else values)]
        if self._known[shape].custom:
            found.append(_maybe)
        return found

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


def _unknown(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    return _maybe


def _nothing(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    return lambda _, values: PASS


def _number(value: Term) -> int | None:
    return int(value.value) if is_count(value) else None


def _min_count(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    count = _number(value)
    return _maybe if count is None else lambda _, values: PASS if len(values) >= count else FAIL


def _max_count(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    count = _number(value)
    return _maybe if count is None else lambda _, values: PASS if len(values) <= count else FAIL


def _datatype(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    def check(number: int) -> Status:
        term = prefilter.index.term(number)
        if not isinstance(term, ox.Literal):
            return FAIL
        if term.datatype != value:
            return MAYBE if value.value.startswith(RDFS) else FAIL
        return PASS if prefilter.literals.has_datatype(term, value) else MAYBE

    return prefilter.each(check)


def _node_kind(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    allowed = _KINDS.get(value)
    if allowed is None:
        return _maybe
    return prefilter.each(lambda number: PASS if kind(prefilter.index.term(number)) in allowed else FAIL)


def _class(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    below = subclasses(prefilter.index, prefilter.index.id(value))
    typed, values = prefilter._type, prefilter.index.values

    def check(number: int) -> Status:
        return PASS if any(each in below for each in values(number, typed)) else FAIL

    return prefilter.each(check)


def _in(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    allowed = {prefilter.index.id(each) for each in prefilter.graph.members(value)}
    term = prefilter.index.term
    return prefilter.each(
        lambda each: PASS if each in allowed else MAYBE if isinstance(term(each), ox.Literal) else FAIL
    )


def _has_value(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    wanted = prefilter.index.id(value)
    otherwise = MAYBE if isinstance(value, ox.Literal) else FAIL
    return lambda _, values: PASS if wanted in values else otherwise


def _text(judge: Callable[[str], bool]) -> Callable[[Prefilter], Component]:
    def make(prefilter: Prefilter) -> Component:
        def check(number: int) -> Status:
            term = prefilter.index.term(number)
            return FAIL if isinstance(term, ox.BlankNode) else PASS if judge(term.value) else MAYBE

        return prefilter.each(check)

    return make


def _pattern(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    flags = [each.value.lower() for each in prefilter.graph.values(shape, sh("flags"))] or [""]
    known = {"i": re.IGNORECASE, "m": re.MULTILINE}  # those that pySHACL takes up
    try:
        pattern = re.compile(value.value, sum(flag for letter, flag in known.items() if letter in flags[0]))
    except re.error:
        return _maybe
    if len(flags) > 1:
        return _maybe
    return _text(lambda words: bool(pattern.search(words)))(prefilter)


def _min_length(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    length = _number(value)
    return _maybe if length is None else _text(lambda words: len(words) >= length)(prefilter)


def _max_length(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    length = _number(value)
    return _maybe if length is None else _text(lambda words: len(words) <= length)(prefilter)


def _language_in(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    allowed = {each.value.lower() for each in prefilter.graph.members(value)}

    def check(number: int) -> Status:
        language = getattr(prefilter.index.term(number), "language", None)
        return PASS if language and language.lower() in allowed else MAYBE

    return prefilter.each(check)


def _unique_lang(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    term = prefilter.index.term

    def check(_: int, values: Collection[int]) -> Status:
        if len(values) < 2:
            return PASS
        languages = [each for each in (getattr(term(value), "language", None) for value in values) if each]
        return PASS if len({each.lower() for each in languages}) == len(languages) else MAYBE

    return check


def _range(passes: Callable[[int], bool]) -> Callable[[Prefilter, Term, Term], Component]:
    def make(prefilter: Prefilter, shape: Term, value: Term) -> Component:
        def check(number: int) -> Status:
            term = prefilter.index.term(number)
            if not isinstance(term, ox.Literal) or not isinstance(value, ox.Literal):
                return MAYBE
            sign = prefilter.literals.compare(term, value)
            return PASS if sign is not None and passes(sign) else MAYBE

        return prefilter.each(check)

    return make


def _equals(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    other = prefilter.index.id(value)
    return lambda node, values: PASS if set(values) == set(prefilter.index.values(node, other)) else FAIL


def _disjoint(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    other = prefilter.index.id(value)
    return lambda node, values: (
        PASS if not values or not set(values) & set(prefilter.index.values(node, other)) else FAIL
    )


def _less(or_equal: bool) -> Callable[[Prefilter, Term, Term], Component]:
    def make(prefilter: Prefilter, shape: Term, value: Term) -> Component:
        other = prefilter.index.id(value)

        @cache
        def less(one: int, two: int) -> bool:
            first, second = prefilter.index.term(one), prefilter.index.term(two)
            if not isinstance(first, ox.Literal) or not isinstance(second, ox.Literal):
                return False
            return prefilter.literals.is_less(first, second, or_equal)

        def check(node: int, values: Collection[int]) -> Status:
            others = prefilter.index.values(node, other) if values else ()
            return PASS if all(less(one, two) for one in values for two in others) else MAYBE

        return check

    return make


def _closed(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    if value.value != "true":
        return _maybe
    graph, number = prefilter.graph, prefilter.index.id
    allowed = {number(each) for head in graph.values(shape, sh("ignoredProperties")) for each in graph.members(head)}
    paths = (path for child in graph.values(shape, sh("property")) for path in graph.values(child, sh("path")))
    allowed |= {number(path) for path in paths if isinstance(path, ox.NamedNode)}

    def check(_: int, values: Collection[int]) -> Status:
        used = (predicate for each in values for predicate, _ in prefilter.index.outgoing(each))
        return PASS if all(predicate in allowed for predicate in used) else MAYBE

    return check


def _nested(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    check = prefilter.check(value)

    def component(_: int, values: Collection[int]) -> Status:
        worst = PASS
        for each in values:
            worst = max(worst, check(each))
        return worst

    return component


def _listed(combine: Callable[[list[Status]], Status]) -> Callable[[Prefilter, Term, Term], Component]:
    def make(prefilter: Prefilter, shape: Term, value: Term) -> Component:
        checks = [prefilter.check(each) for each in prefilter.graph.members(value)]

        def component(_: int, values: Collection[int]) -> Status:
            return max((combine([check(each) for check in checks]) for each in values), default=PASS)

        return component

    return make


def _xone(statuses: list[Status]) -> Status:
    if MAYBE in statuses:
        return MAYBE
    return PASS if statuses.count(PASS) == 1 else FAIL


def _not(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    check = prefilter.check(value)
    return lambda _, values: max((FAIL - check(each) for each in values), default=PASS)


def _qualified(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    graph = prefilter.graph
    disjoint = graph.value(shape, sh("qualifiedValueShapesDisjoint"))
    if disjoint is not None and disjoint.value != "false":
        return _maybe
    check = prefilter.check(value)
    least = [_number(each) for each in graph.values(shape, sh("qualifiedMinCount"))]
    most = [_number(each) for each in graph.values(shape, sh("qualifiedMaxCount"))]
    if None in least or None in most:
        return _maybe

    def component(_: int, values: Collection[int]) -> Status:
        statuses = [check(each) for each in values]
        sure = statuses.count(PASS)
        possible = sure + statuses.count(MAYBE)
        enough = all(sure >= count for count in least if count is not None)
        return PASS if enough and all(possible <= count for count in most if count is not None) else MAYBE

    return component


def _sparql(prefilter: Prefilter, shape: Term, value: Term) -> Component:
    nodes = prefilter.by_query.get(shape)
    return _maybe if nodes is None else lambda node, _: MAYBE if node in nodes else PASS


_WHOLE = frozenset({sh("sparql"), sh("closed"), sh("flags")})
"""Parameters whose first value stands for all of them."""

_COMPONENTS: dict[Term, Callable[[Prefilter, Term, Term], Component]] = {
    sh("minCount"): _min_count,
    sh("maxCount"): _max_count,
    sh("datatype"): _datatype,
    sh("nodeKind"): _node_kind,
    sh("class"): _class,
    sh("in"): _in,
    sh("hasValue"): _has_value,
    sh("pattern"): _pattern,
    sh("flags"): _nothing,
    sh("minLength"): _min_length,
    sh("maxLength"): _max_length,
    sh("languageIn"): _language_in,
    sh("uniqueLang"): _unique_lang,
    **{parameter: _range(passes) for parameter, passes in _RANGES.items()},
    sh("equals"): _equals,
    sh("disjoint"): _disjoint,
    sh("lessThan"): _less(or_equal=False),
    sh("lessThanOrEquals"): _less(or_equal=True),
    sh("closed"): _closed,
    sh("ignoredProperties"): _nothing,
    sh("node"): _nested,
    sh("property"): _nested,
    sh("and"): _listed(max),
    sh("or"): _listed(min),
    sh("xone"): _listed(_xone),
    sh("not"): _not,
    sh("qualifiedValueShape"): _qualified,
    sh("qualifiedMinCount"): _nothing,
    sh("qualifiedMaxCount"): _nothing,
    sh("qualifiedValueShapesDisjoint"): _nothing,
    sh("sparql"): _sparql,
}
