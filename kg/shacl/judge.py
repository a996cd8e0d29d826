"""pySHACL behind one door: the only module that imports it.

Shapes and data go in as pyoxigraph's terms, and validation results (SHACL, section 3.6.2) come out as such; in between
is rdflib. pySHACL is called below its front door (`pyshacl.validate` takes no blank nodes as focus nodes and switches
rdflib's global settings); the results are its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pyoxigraph as ox
import rdflib
from pyparsing import ParseBaseException
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.core.value_constraints import DatatypeConstraintComponent
from pyshacl.errors import ReportableRuntimeError, ValidationFailure
from pyshacl.graph_abstraction import DataGraph
from pyshacl.helper.sparql_query_helper import SPARQLQueryHelper
from pyshacl.monkey import rdflib_bool_patch, rdflib_bool_unpatch
from pyshacl.rdfutil.compare import compare_literal
from pyshacl.shape import Shape as PyshaclShape
from pyshacl.shapes_graph import ShapesGraph as PyshaclShapesGraph
from pyshacl.validator import Validator
from rdflib import Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result as QueryResult
from rdflib.term import Literal, Node

from kg.shacl.parameters import sh
from kg.turtle.terms import Converter, Three, from_rdflib, quiet
from kg.turtle.text import Term

PARAMETERS = frozenset(from_rdflib(each) for each in CONSTRAINT_PARAMETERS_MAP)
"""The parameters of the constraint components that pySHACL judges."""


class ShapesError(ValueError):
    """pySHACL cannot use or evaluate a shape: `where` is the shape, where known."""

    def __init__(self, words: str, where: Term | None = None):
        super().__init__(" ".join(words.split()))
        self.where = where


@dataclass(frozen=True)
class Result:
    """One validation result (SHACL, section 3.6.2); `messages` in the order of their language."""

    focus: Term
    shape: Term
    component: Term
    severity: Term
    path: Term | None = None
    value: Term | None = None
    constraint: Term | None = None
    messages: tuple[ox.Literal, ...] = ()


class Target(NamedTuple):
    """What a shape selects (SHACL, section 2.1.3): nodes, instances of classes, objects and subjects of properties."""

    nodes: list[Term]
    classes: list[Term]
    objects_of: list[Term]
    subjects_of: list[Term]


@dataclass(frozen=True)
class Shape:
    """A shape as pySHACL sees it; `custom` ones use constraint components that the shapes graph defines."""

    node: Term
    deactivated: bool
    target: Target
    custom: bool


class Judge:
    """pySHACL with the shapes in `triples`; `prefixes` are those that the shapes' queries may use."""

    def __init__(self, triples: Iterable[Three], prefixes: Mapping[str, str]):
        self._prefixes = prefixes
        self._converter = Converter()
        with _booleans():  # in a converter that nothing else uses
            self._graph = PyshaclShapesGraph(Converter().graph(triples))
        self._prepared: dict[str, Query] = {}

    @cached_property
    def _shapes(self) -> dict[Term, PyshaclShape]:
        return {from_rdflib(each.node): each for each in sorted(self._graph.shapes, key=lambda each: str(each.node))}

    @cached_property
    def shapes(self) -> list[Shape]:
        """Every shape, in a fixed order. Raises `ShapesError` where pySHACL cannot load one."""
        try:
            return [_shape(each) for each in self._shapes.values()]
        except ReportableRuntimeError as error:
            raise ShapesError(str(error)) from None

    def results(self, triples: Iterable[Three], focus: Mapping[Term, Collection[Term]] | None = None) -> list[Result]:
        """Return the results on the data graph `triples`; with `focus`, on those nodes of each shape alone.

        Raises `ShapesError` where a shape cannot be evaluated.
        """
        data = _PreparedGraph(self._prepared)
        self._converter.add(data, triples)
        for prefix, namespace in self._prefixes.items():
            data.bind(prefix, namespace)
        validator = Validator(DataGraph.from_rdflib(data), shacl_graph=Graph(), options={"inplace": True})
        executor = validator.make_executor()
        results: list[Result] = []
        for each in self.shapes:
            shape = self._shapes[each.node]
            try:
                with quiet():
                    if focus is None:
                        nodes: Iterable[Node] = shape.focus_nodes(validator.data_graph)  # type: ignore[no-untyped-call]
                    else:
                        nodes = map(self._converter.term, focus.get(each.node, ()))
                    if chosen := sorted(nodes, key=str):
                        _, reports = shape.validate(executor, validator.data_graph, focus=chosen)  # type: ignore[arg-type]
                        results += [_result(node, said) for _, node, said in reports]
            except (ReportableRuntimeError, NotImplementedError, ParseBaseException) as error:
                words = str(error.message if isinstance(error, ValidationFailure) else error)
                raise ShapesError(words, each.node) from None
        return results


def _shape(shape: PyshaclShape) -> Shape:
    nodes, classes, implicit, objects_of, subjects_of = (
        [from_rdflib(each) for each in kind]
        for kind in shape.target()  # type: ignore[no-untyped-call]
    )
    target = Target(nodes, [*classes, *implicit], objects_of, subjects_of)
    custom = bool(shape.find_custom_constraints())  # type: ignore[no-untyped-call]
    return Shape(from_rdflib(shape.node), shape.deactivated, target, custom)


def _result(result: Node, triples: Iterable[tuple[Node, Node, Any]]) -> Result:
    """Return the result that pySHACL reports as `triples`; it gives terms with the graph they are of, or alone."""
    values: dict[Term, list[Term]] = {}
    for subject, predicate, value in triples:
        if subject == result:
            term = from_rdflib(value[1] if isinstance(value, tuple) else value)
            values.setdefault(from_rdflib(predicate), []).append(term)
    one = {name: next(iter(values.get(sh(name), ())), None) for name in
           ("focusNode", "sourceShape", "sourceConstraintComponent", "resultSeverity", "resultPath", "value",
            "sourceConstraint")}  # fmt: skip
    messages = [each for each in values.get(sh("resultMessage"), ()) if isinstance(each, ox.Literal)]
    ordered = tuple(sorted(messages, key=lambda each: (each.language or "", each.value)))
    return Result(*one.values(), ordered)  # type: ignore[arg-type, call-arg]


class _PreparedGraph(Graph):
    """A plain graph in memory whose queries are kept in `prepared`, `{text: query}`, for this graph and the next."""

    def __init__(self, prepared: dict[str, Query]):
        super().__init__(bind_namespaces="none")
        self._prepared = prepared

    def query(self, query_object: str | Query, *args: Any, **kwargs: Any) -> QueryResult:
        """Answer a query, prepared the first time that it comes."""
        if isinstance(query_object, str):
            text = query_object
            if text not in self._prepared:
                self._prepared[text] = prepareQuery(text, initNs=dict(self.namespaces()))
            query_object = self._prepared[text]
        return super().query(query_object, *args, **kwargs)


@contextmanager
def _booleans() -> Iterator[None]:
    """Let only `true` be true, as pySHACL does when it reads shapes itself (the W3C suite asks for it)."""
    normalize = rdflib.NORMALIZE_LITERALS
    rdflib_bool_patch()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        rdflib_bool_unpatch()  # type: ignore[no-untyped-call]
        rdflib.NORMALIZE_LITERALS = normalize


class Literals:
    """What pySHACL says of literals, each converted once."""

    def __init__(self) -> None:
        self._converter = Converter()

    def has_datatype(self, literal: ox.Literal, datatype: Term) -> bool:
        """Say whether sh:datatype takes a literal whose datatype is `datatype`, as its text is one of that type's."""
        made, wanted = self._converter.term(literal), self._converter.term(datatype)
        judge: Any = DatatypeConstraintComponent._assert_actual_datatype  # does not look at its component
        return getattr(made, "ill_typed", None) is not True and bool(judge(None, made, wanted))

    def compare(self, one: ox.Literal, other: ox.Literal) -> int | None:
        """Return the sign of the comparison of the constraints on value ranges, or nothing where there may be none."""
        first, second = self._literal(one), self._literal(other)
        if isinstance(first.value, str) != isinstance(second.value, str) or isinstance(second.value, bool):
            return None
        try:
            return int(compare_literal(first, second))  # type: ignore[no-untyped-call]
        except (TypeError, NotImplementedError):
            return None

    def is_less(self, one: ox.Literal, other: ox.Literal, or_equal: bool) -> bool:
        """Say whether one literal is surely less than the other, both of one type."""
        first, second = self._literal(one), self._literal(other)
        if first.datatype != second.datatype or first.language or second.language:
            return False
        if first.value is None or second.value is None:
            return False
        try:
            return bool(first <= second if or_equal else first < second)
        except TypeError:
            return False

    def _literal(self, literal: ox.Literal) -> Literal:
        return self._converter.term(literal)  # type: ignore[return-value]


def refusal(query: str, bound: Collection[str] = ()) -> str:
    """Return why pySHACL would refuse to run `query` (SHACL, section 5.2.1), or nothing.

    `bound` are the parameters that a validator's query has besides.
    """
    helper = SPARQLQueryHelper(None, None, query)  # type: ignore[no-untyped-call]
    try:
        helper.check_invalid_sparql(query, bound or None, bound)  # type: ignore[no-untyped-call]
    except ValidationFailure as error:
        return " ".join(str(error.message).split())
    if SPARQLQueryHelper.bind_sg_regex.search(query):
        return "this query uses $shapesGraph, which this check does not bind: do without"
    return ""
