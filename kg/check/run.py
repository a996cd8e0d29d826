"""The check: Turtle files judged, and every finding at its line and column.

In order: syntax, literals and terms, the house rules where the graph is ours, the shapes, consistency with the
vocabulary. A file that is no Turtle does not keep the others from being judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from kg.check import consistency, rules
from kg.check.documents import DataGraph
from kg.check.finding import Finding, Report
from kg.check.inputs import Inputs, expand, faultless, read_all, take
from kg.check.passages import unproved
from kg.check.place import Place, ResultPlaces
from kg.check.rule import Rule
from kg.check.sentences import sentence
from kg.check.unjudged import unjudged, without_target
from kg.errors import InputError
from kg.files import folder
from kg.names import BASE, prefixes
from kg.shacl.dependencies import Dependencies
from kg.shacl.index import Index
from kg.shacl.judge import Result
from kg.shacl.parameters import sh
from kg.shacl.shapes import Shapes
from kg.shacl.syntax import refuse_malformed
from kg.shacl.validator import Part, Validation, Validator
from kg.turtle.document import Document
from kg.turtle.terms import Three
from kg.turtle.text import Term

RULES: tuple[Rule, ...] = (*rules.RULES, consistency.RULE)
"""Mercato's own rules."""
_LEVELS: dict[Term, str] = {sh("Violation"): "error", sh("Warning"): "warning", sh("Info"): "note"}


@dataclass(frozen=True)
class Request:
    """What to check, by what.

    `files` and folders are judged; `context` is what they may refer to. With neither `shapes` nor `ontology` given,
    Mercato's own are taken, its data is the context, and the house rules apply. `texts` is the folder of the
    articles, where they are at hand: passages are then proved against them. The file `-` is standard input, reported
    as `stdin`.
    """

    files: Sequence[Path] = ()
    shapes: Sequence[Path] = ()
    ontology: Sequence[Path] = ()
    context: Sequence[Path] | None = None
    base: str = BASE
    data: str = ""
    texts: Path | None = None
    stdin: str = "<stdin>"

    @property
    def house(self) -> bool:
        """Whether this is our own graph."""
        return not self.shapes and not self.ontology

    @property
    def without(self) -> str:
        """A sentence on what is not judged, for nothing was given to judge it by; none where all is."""
        if self.house or (self.shapes and self.ontology):
            return ""
        if self.shapes:
            return "No vocabulary was given (--ontology), so terms were not looked up."
        return "No shapes were given (--shapes), so no shapes were judged."


@dataclass
class Setup:
    """The shapes, vocabulary and context of a request, read."""

    shapes: Shapes
    ontology: list[Document]
    context: list[Three] = field(default_factory=list)
    prefixes: dict[str, str] = field(default_factory=dict)
    house: bool = True
    base: str = BASE
    texts: Path | None = None

    @cached_property
    def dependencies(self) -> Dependencies:
        """What the shapes look at."""
        return Dependencies(self.shapes)

    @property
    def rules(self) -> list[Rule]:
        """The rules that hold here; without a vocabulary nothing is judged by one."""
        able = [rule for rule in RULES if self.ontology or rule is not consistency.RULE]
        return [rule for rule in able if self.house or rule.everybody]

    def graph(self, documents: Sequence[Document], index: Index | None = None) -> DataGraph:
        """Return the data graph in which `documents` are judged."""
        return DataGraph(documents, self.context, self.ontology, self.base, self.prefixes, index)


def setup(request: Request, given: Sequence[Path]) -> Setup:
    """Read what `request` judges by; `given` are its files, which the context does not say again.

    Raises `InputError` for what cannot be read: shapes, a vocabulary or a context with faults is a wrong call.
    """
    own = request.house
    shape_files = expand(request.shapes or ([_near(folder("shapes"))] if own else []))
    ontology_files = expand(request.ontology or ([_near(folder("ontology"))] if own else []))
    ontology = faultless(read_all(ontology_files, "v"))
    shapes = Shapes(faultless(read_all(shape_files, "s")))
    if not own:
        refuse_malformed(shapes)
    read = faultless(read_all(context_files(request, given), "c"))
    context = [triple[:3] for document in read for triple in document.triples]
    return assembled(shapes, ontology, context, request.base, house=own, texts=request.texts)


def assembled(
    shapes: Shapes,
    ontology: list[Document],
    context: list[Three],
    base: str,
    *,
    house: bool,
    texts: Path | None = None,
) -> Setup:
    """Return the setup of what was read, with the prefixes that its findings are written with."""
    known = {prefix: iri for document in [*ontology, *shapes.documents] for prefix, iri in document.prefixes.items()}
    names = {**known, **(prefixes(base) if house else {})}
    return Setup(shapes, ontology, context, names, house, base, texts)


def _near(place: Path) -> Path:
    """Return `place` as seen from here: a report names no folder of the machine where it need not."""
    here = Path.cwd()
    return place.relative_to(here) if here in place.parents else place


def context_files(request: Request, given: Sequence[Path]) -> list[Path]:
    """Return the files that those `given` may refer to, without them: for our own graph its data.

    A file on both sides would have each of its blank nodes twice. Of our own data older copies of those given, which
    may lie elsewhere, are left out too.
    """
    if request.context is not None or not request.house:
        judged = {path.resolve() for path in given}
        return [path for path in expand(request.context or ()) if path.resolve() not in judged]
    place = folder("data", request.data)
    return [path for path in expand([place]) if not any(_same(path, place, each) for each in given)]


def _same(path: Path, place: Path, given: Path) -> bool:
    """Tell whether the file `given` is the one at `path` in the folder `place`, or a newer copy of it elsewhere."""
    inside = path.relative_to(place).parts
    return path.resolve() == given.resolve() or given.resolve().parts[-len(inside) :] == inside


def check(request: Request) -> Report:
    """Judge the files of `request` and return what was found. Raises `InputError` for what cannot be read at all."""
    files = expand(request.files)
    if not files:
        raise InputError("there is nothing to check: name the Turtle files")
    return judge(read_all(files, stdin=request.stdin), setup(request, files), len(files))


def check_text(data: bytes, source: str, made: Setup) -> Report:
    """Judge one text, `data`, under the name `source`."""
    inputs = Inputs()
    take(data, source, inputs, "f0")
    return judge(inputs, made, 1)


def judge(inputs: Inputs, made: Setup, files: int) -> Report:
    """Judge what was read."""
    graph = made.graph(inputs.documents)
    findings = [*inputs.findings, *(finding for rule in made.rules for finding in rule.findings(graph))]
    if made.texts is not None:
        findings += unproved(graph, made.texts)
    validation, scope = Validation(), ""
    if inputs.documents:
        validator = Validator(made.shapes, graph.index, made.dependencies)
        validation = validator.validate(_reached(validator, graph) if made.context else None)
        findings += by_shapes(validation.results, graph, made.shapes)
        idle = without_target(validator, validation)
        findings += unjudged(graph, validator, idle, made.house)
        scope = idle_scope(made.shapes, idle) if made.house else ""
    return reported(findings, files, inputs, validation, scope)


def reported(findings: Iterable[Finding], files: int, inputs: Inputs, validation: Validation, scope: str) -> Report:
    """Return the report on `inputs`, with the counts of what was judged."""
    return Report(
        findings=arrange(findings),
        files=files,
        triples=sum(len(document.triples) for document in inputs.documents),
        shapes=sum(bool(nodes) for nodes in validation.selected.values()),
        nodes=len(set().union(*validation.selected.values())),
        scope=scope,
    )


def idle_scope(shapes: Shapes, idle: Sequence[Term]) -> str:
    """Return the sentence that names the shapes that select nothing, if any."""
    names = ", ".join(shapes.rule(each, each) for each in idle)
    return f"{len(idle)} shapes select nothing here: {names}." if idle else ""


def _reached(validator: Validator, graph: DataGraph) -> dict[Term, set[int]]:
    """Return the nodes of each shape that the documents have a part in: those of the context alone are not judged."""
    number = graph.index.id
    part = Part({(number(s), number(p), number(o)) for s, p, o, *_ in (said.triple for said in graph)})
    return {shape: validator.having_part(shape, part) for shape in validator.shapes.targeted}


def by_shapes(results: Iterable[Result], graph: DataGraph, shapes: Shapes) -> list[Finding]:
    """Return SHACL results as findings, those that the documents have no part in left out."""
    findings = []
    places = ResultPlaces(graph, shapes)
    for result in sorted(results, key=_order):
        place = places.find(result)
        if place is None:
            continue

        def show(term: Term, place: Place = place) -> str:
            return graph.shown(term, place.document)

        findings.append(
            replace(
                graph.finding(
                    place,
                    shapes.rule(result.shape, result.component),
                    sentence(result, shapes, show),
                    result.focus,
                    _LEVELS.get(result.severity, "error"),
                ),
                result=tuple(sorted(_parts(result, shapes))),
            )
        )
    return findings


def _parts(result: Result, shapes: Shapes) -> list[tuple[str, str]]:
    """Return the result's nodes as Turtle; a blank node says nothing outside its graph, but a path is written out."""
    named = {
        "focusNode": result.focus,
        "sourceConstraintComponent": result.component,
        "sourceShape": result.shape,
        "value": result.value,
    }
    parts = [(name, str(node)) for name, node in named.items() if node and not isinstance(node, ox.BlankNode)]
    return parts if result.path is None else [*parts, ("resultPath", shapes.graph.turtle(result.path))]


def _order(result: Result) -> tuple[str, ...]:
    return tuple(str(each) for each in (result.focus, result.shape, result.component, result.path, result.value))


def arrange(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in order, each once, and no weaker word on what a stronger one says of the same token."""
    first = {(each.source, each.span, each.rule, each.focus): each for each in sorted(findings, reverse=True)}
    ordered = sorted(first.values())
    datatype = ("sourceConstraintComponent", str(sh("DatatypeConstraintComponent")))
    datatypes = {(each.source, each.span) for each in ordered if datatype in each.result}
    told = {(each.source, each.span) for each in ordered if each.rule != "inconsistent" and each.level == "error"}
    unknown = {
        (each.source, each.span.end_line, each.span.end_column) for each in ordered if each.rule == "unknown-term"
    }
    return tuple(
        each
        for each in ordered
        if not (each.rule == "ill-typed-literal" and (each.source, each.span) in datatypes)
        and not (each.rule == "inconsistent" and (each.source, each.span) in told)
        and not (
            each.rule == "node-without-shape" and (each.source, each.span.end_line, each.span.end_column) in unknown
        )
    )
