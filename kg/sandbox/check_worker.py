"""Checks inside the sandbox: the nursery has read what texts are judged by, each worker judges one text.

What is judged by is what the server serves: the shapes, the vocabulary and the graph as it is published, without what
was derived from it. A text that somebody sends is data and nothing else, whatever it holds.
"""

from __future__ import annotations

import json
import marshal
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from rdflib import RDF, XSD, Literal

from kg.check.finding import LEVELS, Finding, Report
from kg.check.report import FORMATS
from kg.check.report.page import listing
from kg.check.run import Setup, assembled, check_text
from kg.names import MC
from kg.sandbox import inside
from kg.sandbox.inside import Seal
from kg.sandbox.messages import PAGE, CheckPlan
from kg.shacl.shapes import Shapes
from kg.sparql.oxigraph import quads
from kg.turtle.document import read
from kg.turtle.terms import Three
from kg.turtle.text import Span, Text

REPORTS: dict[str, Callable[[Report], str]] = {**FORMATS, PAGE: listing}
"""How a report can be had."""

CONTEXT = 200_000
"""Triples that a text may refer to at most: each check goes through all of them."""

WARM = (
    b"@prefix mc: <https://w3id.org/mercato/ontology#> . <x:s> a mc:Person , mc:Mvoe ; mc:person [] , 1 .",
    b"<x:s> <x:p> .",
    b"\xff",
)
"""Texts with faults of many kinds."""

VALUES = {
    "HTML": "<p>x</p>",
    "JSON": "{}",
    "XMLLiteral": "<x/>",
    "base64Binary": "AA==",
    "boolean": "true",
    "date": "2024-01-31",
    "dateTime": "2024-01-31T12:00:00Z",
    "dayTimeDuration": "P1DT1H",
    "decimal": "1.5",
    "double": "1.5e0",
    "duration": "P1Y",
    "gYear": "2024",
    "gYearMonth": "2024-01",
    "hexBinary": "00",
    "integer": "1",
    "time": "12:00:00",
    "yearMonthDuration": "P1Y",
}
"""A value of each datatype that rdflib reads: some readers are loaded only for a value that looks right."""


@dataclass(frozen=True)
class Bench:
    """What texts are judged by, read; what every report says of it, as notes (rule and sentence) and in its scope."""

    setup: Setup
    note: str = ""
    scope: str = ""

    def report(self, data: bytes, source: str) -> Report:
        """Return the report on the text `data`, named `source`."""
        found = check_text(data, source, self.setup)
        if not found.triples:
            return found
        findings = found.findings
        if self.note:
            lines = Text(data.decode("utf-8").replace("\ufeff", " ", 1), source)
            note = Finding.on(lines, Span(1, 1, 1, 2), "nothing-checked", self.note, "note")
            findings = tuple(sorted((*findings, note)))
        return replace(found, findings=findings, scope=" ".join(filter(None, (found.scope, self.scope))))


def prepared(plan: CheckPlan) -> Bench:
    """Return what `plan` names, read, and worked out as far as that takes no text.

    Our own vocabulary brings the house rules with it. Raises `InputError` for what cannot be read.
    """
    ontology = [read(Path(file), name, blank=f"v{n}") for n, (name, file) in enumerate(plan.ontology)]
    shapes = [read(Path(file), name, blank=f"s{n}") for n, (name, file) in enumerate(plan.shapes)]
    context = referable(plan)
    house = any(triple.subject == _RECORD for document in ontology for triple in document.triples)
    made = assembled(Shapes(shapes), ontology, list(context or ()), plan.base, house=house)
    for shape in made.shapes.targeted:
        made.dependencies.of(shape)
    seen = "" if plan.data and context is not None else f"The graph served here was not looked at ({_why(plan)})."
    return Bench(made, "" if plan.shapes else _UNSHAPED[bool(ontology)], seen)


_RECORD = ox.NamedNode(f"{MC}Record")
_UNSHAPED = {
    False: "this server has neither shapes nor a vocabulary to judge by: only syntax and literals were judged",
    True: "this server has no shapes to judge by: only syntax, literals and the use of its vocabulary were judged",
}
"""What is said of a text that no shape could judge, by whether there is a vocabulary."""


def _why(plan: CheckPlan) -> str:
    return f"it has more than {CONTEXT:,} triples" if plan.data else "another service holds it"


def referable(plan: CheckPlan) -> list[Three] | None:
    """Return what texts may refer to, each triple once and in the order of the files; `None` where that is too much."""
    found: dict[Three, None] = {}
    for number, file in enumerate(plan.data):
        for quad in quads(Path(file)):
            if not (isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value in plan.without):
                subject, value = (_apart(term, f"c{number}") for term in (quad.subject, quad.object))
                found[subject, quad.predicate, value] = None
                if len(found) > CONTEXT:
                    return None
    return list(found)


def _apart(term: Any, blank: str) -> Any:
    """Return `term`, a blank node under a name that no other text has."""
    return ox.BlankNode(f"{blank}{term.value}") if isinstance(term, ox.BlankNode) else term


def warm(bench: Bench) -> None:
    """Judge a text and write each report of it: that loads the libraries' last modules, which a worker cannot."""
    for name, value in VALUES.items():
        Literal(value, datatype=(RDF if name[0].isupper() else XSD)[name])
    for text in WARM:
        found = bench.report(text, "warm.ttl")
        for write in REPORTS.values():
            write(found)


def respond(bench: Bench, connection: socket.socket, request: bytes) -> None:
    """Judge one text: a line of JSON with the counts, then the report."""
    data, source, form, size, seconds = marshal.loads(request)  # noqa: S302 - our own server sent it

    seal = Seal()

    def judge(writer: inside.Writer) -> None:
        found = bench.report(data, source)
        body = REPORTS[form](found).encode()
        seal.check()
        counts = {level: found.count(level) for level in LEVELS}
        writer.write(json.dumps(counts).encode() + b"\n")
        writer.write(body)

    inside.respond(connection, size, seconds, judge)


def loaded(values: dict[str, Any]) -> Callable[[], inside.Respond]:
    """Return what makes a worker of what the plan names."""
    bench = prepared(CheckPlan(**values))
    warm(bench)
    return lambda: partial(respond, bench)


if __name__ == "__main__":
    inside.main(loaded)
