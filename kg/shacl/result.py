"""Validation results as pySHACL reports them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib.namespace import SH
from rdflib.term import Literal, Node, URIRef


@dataclass(frozen=True)
class Result:
    """One validation result (SHACL, section 3.6.2), in rdflib's terms; `messages` in the order of their language."""

    focus: Node
    shape: Node
    component: Node
    severity: Node
    path: Node | None = None
    value: Node | None = None
    constraint: Node | None = None
    messages: tuple[Literal, ...] = ()


def from_report(result: Node, triples: Iterable[tuple[Node, URIRef, object]]) -> Result:
    """Return the result that pySHACL reports as `triples`; it gives terms with the graph they are of, or alone."""
    values: dict[URIRef, list[Node]] = {}
    for subject, predicate, value in triples:
        if subject == result:
            values.setdefault(predicate, []).append(value[1] if isinstance(value, tuple) else value)  # type: ignore[arg-type]
    messages = [each for each in values.get(SH.resultMessage, []) if isinstance(each, Literal)]

    def one(predicate: URIRef) -> Node | None:
        return values[predicate][0] if predicate in values else None

    def certain(predicate: URIRef) -> Node:
        return values[predicate][0]

    return Result(
        focus=certain(SH.focusNode),
        shape=certain(SH.sourceShape),
        component=certain(SH.sourceConstraintComponent),
        severity=certain(SH.resultSeverity),
        path=one(SH.resultPath),
        value=one(SH.value),
        constraint=one(SH.sourceConstraint),
        messages=tuple(sorted(messages, key=lambda each: (each.language or "", str(each)))),
    )
