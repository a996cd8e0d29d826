"""No vacuous pass: shapes that select nothing, and nodes that no shape selects, are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyoxigraph as ox
from rdflib.term import Node

from kg.finding import Finding
from kg.names import VOCABULARIES
from kg.place import Place
from kg.reader import TYPE
from kg.shapes import Shapes
from kg.spans import Term
from kg.terms import from_rdflib
from kg.world import World

_TARGET = f"{VOCABULARIES['sh']}target"


def unjudged(world: World, shapes: Shapes, selected: Mapping[Node, Collection[Term]], house: bool) -> list[Finding]:
    """Return what a clean report would hide: shapes that selected nothing, and typed nodes that no shape selected."""
    if not shapes.documents:
        return []
    findings = []
    shapes_world = World(shapes.documents, prefixes=world.prefixes)
    if not any(selected.values()):
        place = world.places.subject(next(iter(world.places.subjects))) if world.places.subjects else None
        if place:
            words = "no shape selects anything in these files, so nothing was judged: check the shapes' targets"
            findings.append(world.finding(place, "nothing-checked", words))
    for shape, nodes in sorted(selected.items(), key=lambda each: str(each[0])):
        place = None if nodes else _target(shapes_world, from_rdflib(shape))
        if place:
            words = "this shape selects nothing: check its target, or leave it for data to come"
            findings.append(
                shapes_world.finding(place, "shape-selects-nothing", words, from_rdflib(shape), level="note")
            )
    covered = {node for nodes in selected.values() for node in nodes}
    return findings + _uncovered(world, covered, "warning" if house else "note")


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
        count: dict[Term, int] = {}
        for triple in document.triples:
            if triple.predicate == TYPE and triple.subject not in covered:
                first.setdefault(triple.object, Place(document, (triple.predicate_at[0], triple.object_at[1])))
                count[triple.object] = count.get(triple.object, 0) + 1
        for kind, place in first.items():
            name = world.shown(kind, document)
            nodes = f"{count[kind]} nodes of the class {name} are" if count[kind] > 1 else f"this {name} is"
            words = f"{nodes} selected by no shape, so not judged: write a shape for the class, or check its name"
            findings.append(world.finding(place, "node-without-shape", words, level=level))
    return findings
