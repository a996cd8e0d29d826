"""No vacuous pass: shapes that select nothing, and nodes that no shape selects, are told."""

from __future__ import annotations

import pyoxigraph as ox
from pyshacl.shape import Shape

from kg.check.documents import World
from kg.check.finding import Finding
from kg.check.place import Place
from kg.names import VOCABULARIES
from kg.shacl.validator import Court, Verdict
from kg.turtle.reader import TYPE
from kg.turtle.terms import from_rdflib
from kg.turtle.text import Span, Term

_TARGET = f"{VOCABULARIES['sh']}target"


def without_target(court: Court, verdict: Verdict) -> list[Shape]:
    """Return the shapes that select nothing in the whole graph."""
    return [each for each in court.shapes.targeted
            if not verdict.selected.get(each.node) and not court.selects_any(each)]  # fmt: skip


def unjudged(world: World, court: Court, idle: list[Shape], house: bool) -> list[Finding]:
    """Return what a clean report would hide.

    The shapes that are `idle` (see `without_target`), and typed nodes of the documents that no shape selects.
    Whoever adds to our own graph (`house`) cannot mend its shapes: for them the report's scope names those shapes.
    """
    shapes = court.shapes
    findings = empty(world)
    if not shapes.documents:
        return findings
    shapes_world = World(shapes.documents, prefixes=world.prefixes)
    if len(idle) == len(shapes.targeted):
        first = min((from_rdflib(each.node) for each in idle), key=str, default=None)
        place = _target(shapes_world, first) if first else None
        if place:
            words = "no shape selects anything in these files, so nothing was judged: check the shapes' targets"
            findings.append(shapes_world.finding(place, "nothing-checked", words))
    for shape in () if house else idle:
        term = from_rdflib(shape.node)
        place = _target(shapes_world, term)
        if place:
            words = "this shape selects nothing: check its target, or leave it for data to come"
            findings.append(shapes_world.finding(place, "shape-selects-nothing", words, term, level="note"))
    number = court.index.id
    typed = {triple.subject for document in world.documents for triple in document.triples if triple.predicate == TYPE}
    covered = {node for node in typed if court.is_covered(number(node))}
    return findings + _uncovered(world, covered, "warning" if house else "note")


def empty(world: World) -> list[Finding]:
    """Return the documents that say nothing: prefixes and remarks at most, which pass any check."""
    words = "this file has no triple, so there is nothing to judge: fill it, or remove it"
    return [
        Finding.on(document, Span(1, 1, 1, 2), "empty-file", words, "warning")
        for document in world.documents
        if not document.triples
    ]


def _target(world: World, shape: Term) -> Place | None:
    """Return where `shape` says what it targets."""
    for document, triple in world.places.subjects.get(shape, ()):
        if isinstance(triple.predicate, ox.NamedNode) and triple.predicate.value.startswith(_TARGET):
            return Place(document, triple.object_at)
    return world.places.subject(shape)


def _uncovered(world: World, covered: set[Term], level: str) -> list[Finding]:
    """Return one finding for each file and class with nodes that no shape selects, at the first of them."""
    findings = []
    for document in world.documents:
        first: dict[Term, Place] = {}
        for triple in document.triples:
            if triple.predicate == TYPE and triple.subject not in covered:
                first.setdefault(triple.object, Place(document, (triple.predicate_at[0], triple.object_at[1])))
        for kind, place in first.items():
            name = world.shown(kind, document)
            words = (
                f"no shape selects this {name}, so it is judged only as a part of other nodes, if at all:"
                " write a shape for the class, or check its name"
            )
            findings.append(world.finding(place, "node-without-shape", words, level=level))
    return findings
