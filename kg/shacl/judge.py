"""What pySHACL is given and what it reports: a graph that parses each query once, and validation results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rdflib import Graph
from rdflib.namespace import SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result as QueryResult
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


class PreparedGraph(Graph):
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
