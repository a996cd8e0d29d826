"""The shapes a graph is judged by, and the judge: pySHACL.

Shapes are read with positions, so that a finding can be traced to the shape and a shape that selects nothing has a
place. pySHACL is called below its front door (`pyshacl.validate` takes no blank nodes as focus nodes and switches
rdflib's global settings); the verdicts are its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import pyoxigraph as ox
from pyparsing import ParseBaseException
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError, ValidationFailure
from pyshacl.graph_abstraction import DataGraph
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from pyshacl.validator import Validator
from rdflib import RDF, Graph
from rdflib.collection import Collection as RdfList
from rdflib.namespace import SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.plugins.sparql.sparql import Query
from rdflib.term import BNode, Literal, Node, URIRef

from kg.errors import InputError
from kg.shacl.algebra import booleans, operators, translate_tests
from kg.shacl.judge import PreparedGraph, Result, from_report
from kg.turtle.document import Document
from kg.turtle.terms import Converter, from_rdflib, quiet
from kg.turtle.text import Term

_REFUSALS = (ShapeLoadError, ConstraintLoadError, ReportableRuntimeError)
_REACHING = re.compile(r"\b(?:SERVICE|FROM|LOAD)\b", re.IGNORECASE)
PATH = URIRef("urn:mercato:path")
"""Stands for `$PATH` in a query (SHACL, section 5.2.1.1)."""

_INTO = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
_LISTS = (SH["and"], SH["or"], SH.xone)


class Target(NamedTuple):
    """What a shape selects (SHACL, section 2.1.3): nodes, instances of classes, objects and subjects of properties."""

    nodes: list[Node]
    classes: list[Node]
    objects_of: list[Node]
    subjects_of: list[Node]


class Shapes:
    """The shapes in `documents` and the vocabulary they are read with.

    Raises `InputError` where pySHACL cannot use a shape, or a shape's query reaches out of the graph.
    """

    def __init__(self, documents: Sequence[Document], ontology: Sequence[Document] = ()):
        self.documents = documents
        self.converter = Converter()
        with booleans():  # as pySHACL reads them, in a converter that nothing else uses
            self.graph = Converter().graph(triple[:3] for document in documents for triple in document.triples)
            self._shacl = ShapesGraph(self.graph)
        self.ontology = [triple[:3] for document in ontology for triple in document.triples]
        self._algebra: dict[str, CompValue] = {}
        self._prepared: dict[str, Query] = {}
        self._refuse_services()

    def _refuse_services(self) -> None:
        """Refuse queries that would read from elsewhere: pySHACL hands them to rdflib, which obliges."""
        for predicate in (SH.select, SH.ask, SH.construct):
            for text in sorted(str(each) for each in self.graph.objects(None, predicate)):
                if _REACHING.search(text):
                    self._refuse_service(text)

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The prefixes that the shapes' queries may use: those of their files and those that they declare."""
        declared = {
            str(prefix): str(namespace)
            for declaration in self.graph.objects(None, SH.declare)
            for prefix in self.graph.objects(declaration, SH.prefix)
            for namespace in self.graph.objects(declaration, SH.namespace)
        }
        written = {prefix: iri for document in self.documents for prefix, iri in document.prefixes.items()}
        return {**written, **declared}

    def algebra(self, text: str) -> CompValue:
        """Return the algebra of a query, `$PATH` in it as the IRI urn:mercato:path, EXISTS translated too.

        Raises `InputError` for what is no query.
        """
        if text not in self._algebra:
            try:
                made = prepareQuery(text.replace("$PATH", f"<{PATH}>"), initNs=self.prefixes).algebra
            except Exception as error:
                raise self._unusable(f"a query that does not parse ({str(error).splitlines()[0]})", text) from error
            translate_tests(made)
            self._algebra[text] = made
        return self._algebra[text]

    def foreign(self, shape: Node) -> bool:
        """Tell whether `shape` uses constraint components that are not SHACL's own."""
        return shape in self._foreign

    @cached_property
    def _foreign(self) -> set[Node]:
        return {each.node for each in self.shapes if each.find_custom_constraints()}  # type: ignore[no-untyped-call]

    @cached_property
    def targets(self) -> dict[Node, Target]:
        """What each targeted shape selects."""
        found: dict[Node, Target] = {}
        for shape in self.targeted:
            nodes, classes, implicit, objects_of, subjects_of = shape.target()  # type: ignore[no-untyped-call]
            found[shape.node] = Target(list(nodes), [*classes, *implicit], list(objects_of), list(subjects_of))
        return found

    def _refuse_service(self, text: str) -> None:
        algebra = self.algebra(text)
        if algebra.datasetClause or "ServiceGraphPattern" in operators(algebra):
            raise self._unusable("a query with SERVICE or FROM, which reads from elsewhere", text)

    def _unusable(self, what: str, where: Node | str = "") -> InputError:
        """Return the error for shapes that fail, at the statement about the shape `where` or with that query."""
        sentence = f"the shapes cannot be used: {' '.join(what.split())}; mend the shape"
        place = next(
            (
                (document, at)
                for document in self.documents
                for subject, _, value, at, _, value_at in document.triples
                for found, at in ((subject, at), (value, value_at))
                if found.value == str(where) and isinstance(found, ox.Literal) != isinstance(where, Node)
            ),
            None,
        )
        if place is None:
            return InputError(sentence, source=self.documents[0].source if self.documents else None)
        span = place[0].span(place[1])
        return InputError(sentence, source=place[0].source, line=span.line, column=span.column)

    @cached_property
    def shapes(self) -> list[Shape]:
        """Every shape as pySHACL sees them, in a fixed order."""
        try:
            return sorted(self._shacl.shapes, key=lambda shape: str(shape.node))
        except _REFUSALS as error:
            raise self._unusable(str(error)) from None

    @cached_property
    def targeted(self) -> list[Shape]:
        """The shapes that select focus nodes of their own."""
        return [shape for shape in self.shapes if not shape.deactivated and self._has_target(shape)]

    @cached_property
    def asking(self) -> list[Node]:
        """The shapes with sh:sparql constraints, in a fixed order."""
        return sorted(set(self.graph.subjects(SH.sparql)), key=str)

    @staticmethod
    def _has_target(shape: Shape) -> bool:
        kinds = shape.target()  # type: ignore[no-untyped-call]
        return any(next(iter(nodes), None) is not None for nodes in kinds)

    @cached_property
    def parents(self) -> dict[Node, list[Node]]:
        """For each shape those that use it: as a property, a node shape, or in a logical or qualified constraint."""
        parents: dict[Node, list[Node]] = {}
        for predicate in _INTO:
            for parent, child in self.graph.subject_objects(predicate):
                parents.setdefault(child, []).append(parent)
        for predicate in _LISTS:
            for parent, members in self.graph.subject_objects(predicate):
                for child in RdfList(self.graph, members):
                    parents.setdefault(child, []).append(parent)
        return {child: sorted(each, key=str) for child, each in parents.items()}

    def ancestors(self, shape: Node) -> list[Node]:
        """Return the shape and those that use it, nearest first."""
        found = {shape: None}
        for each in found_order(found, self.parents):
            found[each] = None
        return list(found)

    def rule(self, shape: Node, component: Node) -> str:
        """Return the rule id of a result of `shape`: its name, or the nearest named one's and the constraint's."""
        for number, each in enumerate(self.ancestors(shape)):
            if isinstance(each, URIRef):
                name = local(each)
                return name if number == 0 else f"{name}/{_short(component)}"
        return f"shape/{_short(component)}"

    def classes(self, shape: Node) -> set[Term]:
        """Return the classes whose instances `shape` or one that uses it is about."""
        found: set[Node] = set()
        for each in self.ancestors(shape):
            found |= set(self.graph.objects(each, SH.targetClass)) | {each}
        return {from_rdflib(each) for each in found if isinstance(each, URIRef)}

    def count(self, shape: Node, predicate: URIRef, default: int = 0) -> int:
        """Return the number that is `shape`'s value of `predicate`."""
        value = self.graph.value(shape, predicate)
        return int(value) if isinstance(value, Literal) and str(value).isdigit() else default

    def path(self, node: Node) -> str:
        """Return a property path (SHACL, section 2.3.1) as Turtle."""
        if not isinstance(node, BNode):
            return str(from_rdflib(node))
        if self.graph.value(node, RDF.first) is not None:
            return f"( {' '.join(self.path(each) for each in RdfList(self.graph, node))} )"
        parts = sorted(self.graph.predicate_objects(node), key=str)
        return f"[ {' ; '.join(f'{from_rdflib(name)} {self.path(value)}' for name, value in parts)} ]"

    def first_steps(self, path: Node | None) -> list[Term]:
        """Return the properties of the focus node itself that a path can begin with, in the order of the path."""
        if path is None:
            return []
        if not isinstance(path, BNode):
            return [from_rdflib(path)]
        first = self.graph.value(path, RDF.first)
        if first is not None:
            return self.first_steps(first)
        found: list[Term] = []
        for kind, value in self.graph.predicate_objects(path):
            if kind == SH.alternativePath:
                found += [step for part in RdfList(self.graph, value) for step in self.first_steps(part)]
            elif kind != SH.inversePath:
                found += self.first_steps(value)
        return found

    def data(self, triples: Iterable[tuple[Term, Term, Term]]) -> Graph:
        """Return the graph to judge: the triples, with the vocabulary's."""
        graph = self.bound(triples)
        self.converter.add(graph, self.ontology)
        return graph

    def bound(self, triples: Iterable[tuple[Term, Term, Term]]) -> Graph:
        """Return a graph of the triples alone, with the prefixes that the shapes' queries may use."""
        graph = PreparedGraph(self._prepared)
        self.converter.add(graph, triples)
        for prefix, namespace in self.prefixes.items():
            graph.bind(prefix, namespace)
        return graph

    def selected(self, data: Graph) -> dict[Node, set[Node]]:
        """Return for each targeted shape the nodes of `data` that it selects."""
        graph = DataGraph.from_rdflib(data)
        return {shape.node: shape.focus_nodes(graph) for shape in self.targeted}  # type: ignore[no-untyped-call]

    def judge(self, data: Graph, focus: Mapping[Node, Collection[Node]] | None = None) -> list[Result]:
        """Return pySHACL's results on `data`; with `focus`, only on those nodes of each shape, `{shape: nodes}`.

        Raises `InputError` where pySHACL cannot evaluate a shape.
        """
        focus = self.selected(data) if focus is None else focus
        results: list[Result] = []
        validator = Validator(DataGraph.from_rdflib(data), shacl_graph=Graph(), options={"inplace": True})
        executor = validator.make_executor()
        where: Node | str = ""
        try:
            with quiet():
                for shape in self.targeted:
                    where = shape.node
                    nodes = sorted(focus.get(shape.node, ()), key=str)
                    if nodes:
                        _, reports = shape.validate(executor, validator.data_graph, focus=nodes)  # type: ignore[arg-type]
                        results += [from_report(node, triples) for _, node, triples in reports]
        except (*_REFUSALS, NotImplementedError, ParseBaseException) as error:
            raise self._unusable(str(error), where) from None
        except ValidationFailure as error:
            raise self._unusable(str(error.message), where) from None
        return results


def found_order(start: Mapping[Node, None], parents: Mapping[Node, list[Node]]) -> list[Node]:
    """Return what can be reached from `start` through `parents`, nearest first, each once."""
    order: list[Node] = list(start)
    for each in order:
        order += [parent for parent in parents.get(each, ()) if parent not in order]
    return order[len(start) :]


def local(node: Node) -> str:
    """Return the last part of an IRI."""
    text = str(node).rstrip("/#")
    return text[max(text.rfind("#"), text.rfind("/"), text.rfind(":")) + 1 :] or text


def _short(component: Node) -> str:
    """Return `minCount` for sh:MinCountConstraintComponent."""
    name = local(component).removesuffix("ConstraintComponent")
    return name[:1].lower() + name[1:]
