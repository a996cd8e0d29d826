"""Property paths of SHACL (section 2.3.1) and of SPARQL (section 9) as one type, and the one walk over them.

Whoever wants something of a path gives `fold` what each kind of path means to them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

import pyoxigraph as ox
from rdflib.paths import AlternativePath, InvPath, MulPath, NegatedPath, SequencePath
from rdflib.paths import Path as SparqlPath
from rdflib.term import Node, URIRef

from kg.shacl.index import Index
from kg.turtle.terms import from_rdflib
from kg.turtle.text import Term

T = TypeVar("T")


class Path:
    """A property path: one of the four kinds below."""


@dataclass(frozen=True)
class Step(Path):
    """One triple, from subject to object or the other way; any predicate where none is given."""

    predicate: Term | None
    forward: bool = True


@dataclass(frozen=True)
class Sequence(Path):
    """One path after the other."""

    parts: tuple[Path, ...]


@dataclass(frozen=True)
class Alternative(Path):
    """Any one of several paths."""

    parts: tuple[Path, ...]


@dataclass(frozen=True)
class Repeat(Path):
    """A path that may be left out (`skip`), or come again (`again`)."""

    part: Path
    skip: bool
    again: bool


_MODES = {"*": (True, True), "+": (False, True), "?": (True, False)}
PATH = URIRef("urn:mercato:path")
"""Stands for `$PATH` in a query (SHACL, section 5.2.1.1)."""


def of_sparql(path: Node | SparqlPath, given: Path | None) -> Path | None:
    """Return rdflib's SPARQL path, `$PATH` in it as the path `given`; None for what is no path, such as a variable.

    Within a longer path only a `$PATH` of one step is one: pySHACL puts its text there, whatever binds closer.
    """
    if path == PATH:
        return given
    if isinstance(path, URIRef):
        return Step(from_rdflib(path))
    if isinstance(path, NegatedPath):  # may go either way
        return Alternative((Step(None), Step(None, forward=False)))
    inner = given if isinstance(given, Step) else None
    if isinstance(path, InvPath):
        part = of_sparql(path.arg, inner)
        return part and reverse(part)
    if isinstance(path, MulPath):
        part = of_sparql(path.path, inner)
        return part and Repeat(part, *_MODES[str(path.mod)])
    if isinstance(path, SequencePath | AlternativePath):
        parts = [of_sparql(each, inner) for each in path.args]
        known = tuple(part for part in parts if part)
        return (Sequence if isinstance(path, SequencePath) else Alternative)(known) if all(parts) else None
    return None


def fold(
    path: Path,
    step: Callable[[Step], T],
    sequence: Callable[[list[T]], T],
    alternative: Callable[[list[T]], T],
    repeat: Callable[[Repeat, T], T],
) -> T:
    """Return what `path` comes to, from its steps up."""

    def walk(each: Path) -> T:
        if isinstance(each, Step):
            return step(each)
        if isinstance(each, Repeat):
            return repeat(each, walk(each.part))
        if isinstance(each, Sequence):
            return sequence([walk(part) for part in each.parts])
        if isinstance(each, Alternative):
            return alternative([walk(part) for part in each.parts])
        raise TypeError(f"{each!r} is no path")

    return walk(path)


def reverse(path: Path) -> Path:
    """Return the path from its other end."""
    return fold(
        path,
        lambda step: Step(step.predicate, not step.forward),
        lambda parts: Sequence(tuple(reversed(parts))),
        lambda parts: Alternative(tuple(parts)),
        lambda whole, part: Repeat(part, whole.skip, whole.again),
    )


Values = Callable[[int], Collection[int]]
"""From a node to the distinct nodes at the end of a path."""


def follow(path: Path, index: Index) -> Values:
    """Return the function that follows `path` over `index`."""

    def step(each: Step) -> Values:
        predicate = index.id(each.predicate)  # type: ignore[arg-type]  # SHACL's paths name every predicate
        if each.forward:
            return lambda node: index.values(node, predicate)
        return lambda node: index.sources(predicate, node)

    def sequence(parts: list[Values]) -> Values:
        def values(node: int) -> set[int]:
            reached = {node}
            for part in parts:
                reached = {end for each in reached for end in part(each)}
            return reached

        return values

    def repeat(whole: Repeat, part: Values) -> Values:
        if not whole.again:
            return lambda node: {node, *part(node)}
        return lambda node: _all(part, [node] if whole.skip else list(part(node)))

    def alternative(parts: list[Values]) -> Values:
        return lambda node: {end for part in parts for end in part(node)}

    return fold(path, step, sequence, alternative, repeat)


def _all(part: Values, todo: list[int]) -> set[int]:
    reached: set[int] = set()
    while todo:
        each = todo.pop()
        if each not in reached:
            reached.add(each)
            todo += part(each)
    return reached


def first_steps(path: Path) -> list[Term]:
    """Return the properties of the node itself that `path` can begin with, in the order of the path."""
    return fold(
        path,
        lambda step: [step.predicate] if step.forward and step.predicate else [],
        lambda parts: parts[0],
        lambda parts: [each for part in parts for each in part],
        lambda _, part: part,
    )


def steps(path: Path) -> list[Step]:
    """Return every step of `path`."""

    def joined(parts: list[list[Step]]) -> list[Step]:
        return [each for part in parts for each in part]

    return fold(path, lambda step: [step], joined, joined, lambda _, part: part)


def can_be_empty(path: Path) -> bool:
    """Say whether `path` may have no length: then it holds for any term at all, in the graph or not."""

    def repeat(whole: Repeat, part: bool) -> bool:
        return whole.skip or part

    return fold(path, lambda _: False, lambda parts: all(parts), lambda parts: any(parts), repeat)


def as_sparql(path: Path) -> str:
    """Return `path` in SPARQL's syntax; one with a step of any predicate has none (`ValueError`)."""

    def step(each: Step) -> str:
        if not isinstance(each.predicate, ox.NamedNode):
            raise ValueError("a step without a predicate")
        return str(each.predicate) if each.forward else f"^({each.predicate})"

    marks = {mode: mark for mark, mode in _MODES.items()}
    return fold(
        path,
        step,
        lambda parts: f"({'/'.join(parts)})",
        lambda parts: f"({'|'.join(parts)})",
        lambda whole, part: f"({part}){marks[whole.skip, whole.again]}",
    )
