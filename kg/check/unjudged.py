"""No vacuous pass: shapes that select nothing, and nodes that no shape selects, are reported."""

from __future__ import annotations

from collections.abc import Collection

import pyoxigraph as ox

from kg.check.documents import DataGraph
from kg.check.finding import Finding
from kg.check.place import Place, at_object, at_subject
from kg.names import VOCABULARIES
from kg.shacl.validator import Validation, Validator
from kg.turtle.reader import TYPE
from kg.turtle.statements import Statements
from kg.turtle.text import Span, Term

_TARGET = f"{VOCABULARIES['sh']}target"


def without_target(validator: Validator, validation: Validation) -> list[Term]:
    """Return the shapes that select nothing in the whole graph."""
    return [each for each in validator.shapes.targeted
            if not validation.selected.get(each) and not validator.selects_any(each)]  # fmt: skip


def unjudged(graph: DataGraph, validator: Validator, idle: Collection[Term], house: bool) -> list[Finding]:
    """Return what a clean report would hide.

    The shapes that are `idle` (see `without_target`), and typed nodes of the documents that no shape selects.
    Whoever adds to our own graph (`house`) cannot mend its shapes: for them the report's scope names those shapes.
    """
    shapes = validator.shapes
    findings = empty(graph)
    if not shapes.documents:
        return findings
    if len(idle) == len(shapes.targeted):
        first = min(idle, key=str, default=None)
        place = _target(shapes.graph, first) if first else None
        if place:
            words = "no shape selects anything in these files, so nothing was judged: check the shapes' targets"
            findings.append(graph.finding(place, "nothing-checked", words))
    for shape in () if house else idle:
        place = _target(shapes.graph, shape)
        if place:
            words = "this shape selects nothing: check its target, or leave it for data to come"
            findings.append(graph.finding(place, "shape-selects-nothing", words, shape, level="note"))
    number = graph.index.id
    typed = {said.triple.subject for said in graph if said.triple.predicate == TYPE}
    covered = {node for node in typed if validator.is_covered(number(node))}
    return findings + _uncovered(graph, covered, "warning" if house else "note")


def empty(graph: DataGraph) -> list[Finding]:
    """Return the documents that say nothing: prefixes and remarks at most, which pass any check."""
    words = "this file has no triple, so there is nothing to judge: fill it, or remove it"
    return [
        Finding.on(document, Span(1, 1, 1, 2), "empty-file", words, "warning")
        for document in graph.documents
        if not document.triples
    ]


def _target(statements: Statements, shape: Term) -> Place | None:
    """Return where `shape` says what it targets."""
    for said in statements.about.get(shape, ()):
        if isinstance(said.triple.predicate, ox.NamedNode) and said.triple.predicate.value.startswith(_TARGET):
            return at_object(said)
    return at_subject(statements, shape)


def _uncovered(graph: DataGraph, covered: set[Term], level: str) -> list[Finding]:
    """Return one finding for each file and class with nodes that no shape selects, at the first of them."""
    findings = []
    for document in graph.documents:
        first: dict[Term, Place] = {}
        for triple in document.triples:
            if triple.predicate == TYPE and triple.subject not in covered:
                first.setdefault(triple.object, Place(document, (triple.predicate_at[0], triple.object_at[1])))
        for kind, place in first.items():
            name = graph.shown(kind, document)
            words = (
                f"no shape selects this {name}, so it is judged only as a part of other nodes, if at all:"
                " write a shape for the class, or check its name"
            )
            findings.append(graph.finding(place, "node-without-shape", words, level=level))
    return findings
