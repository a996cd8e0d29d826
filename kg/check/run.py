"""The check: Turtle files judged, and every finding at its line and column.

In order: syntax, literals and terms, the house rules where the graph is ours, the shapes, consistency with the
vocabulary. A file that is no Turtle does not keep the others from being judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pyshacl.shape import Shape
from rdflib.namespace import SH
from rdflib.term import BNode, Node

from kg.check.consistency import contradictions
from kg.check.documents import World
from kg.check.finding import Finding, Report
from kg.check.inputs import Inputs, expand, faultless, read_all, take
from kg.check.passages import unproved
from kg.check.place import Place
from kg.check.rules import EVERYBODY, HOUSE, Rule
from kg.check.sentences import sentence
from kg.check.unjudged import unjudged, without_target
from kg.errors import InputError
from kg.files import folder
from kg.names import BASE, prefixes
from kg.owl.vocabulary import Vocabulary
from kg.shacl.dependencies import Footprints
from kg.shacl.index import MemoryIndex
from kg.shacl.judge import Result
from kg.shacl.shapes import Shapes
from kg.shacl.syntax import refuse_malformed
from kg.shacl.validator import Court, Part, Verdict
from kg.turtle.document import Document
from kg.turtle.terms import Three, from_rdflib, quiet

_LEVELS: dict[Node, str] = {SH.Violation: "error", SH.Warning: "warning", SH.Info: "note"}


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
    def footprints(self) -> Footprints:
        """What the shapes look at."""
        return Footprints(self.shapes)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What the vocabulary says."""
        return Vocabulary(triple[:3] for document in self.ontology for triple in document.triples)

    def world(self, documents: Sequence[Document]) -> World:
        """Return the world in which `documents` are judged."""
        return World(documents, self.context, self.ontology, self.base, self.prefixes)


def setup(request: Request, given: Sequence[Path]) -> Setup:
    """Read what `request` judges by; `given` are its files, which the context does not say again.

    Raises `InputError` for what cannot be read: shapes, a vocabulary or a context with faults is a wrong call.
    """
    own = request.house
    shape_files = expand(request.shapes or ([_near(folder("shapes"))] if own else []))
    ontology_files = expand(request.ontology or ([_near(folder("ontology"))] if own else []))
    ontology = faultless(read_all(ontology_files, "v"))
    shapes = Shapes(faultless(read_all(shape_files, "s")), ontology)
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
    world = made.world(inputs.documents)
    findings = [*inputs.findings, *by_rules(world, made.house)]
    if made.texts is not None:
        findings += unproved(world, made.texts)
    verdict, scope = Verdict(), ""
    if inputs.documents:
        index = MemoryIndex(world.triples())
        index.add(triple[:3] for document in made.ontology for triple in document.triples)
        court = Court(made.shapes, index, made.footprints)
        with quiet():
            verdict = court.judge(_reached(court, world) if made.context else None)
        findings += by_shapes(verdict.results, world, made.shapes)
        findings += contradictions(world)
        idle = without_target(court, verdict)
        findings += unjudged(world, court, idle, made.house)
        scope = idle_scope(court, idle) if made.house else ""
    return reported(findings, files, inputs, verdict, scope)


def reported(findings: Iterable[Finding], files: int, inputs: Inputs, verdict: Verdict, scope: str) -> Report:
    """Return the report on `inputs`, with the counts of what was judged."""
    return Report(
        findings=arrange(findings),
        files=files,
        triples=sum(len(document.triples) for document in inputs.documents),
        shapes=sum(bool(nodes) for nodes in verdict.selected.values()),
        nodes=len(set().union(*verdict.selected.values())),
        scope=scope,
    )


def idle_scope(court: Court, idle: Sequence[Shape]) -> str:
    """Return the sentence that names the shapes that select nothing, if any."""
    names = ", ".join(court.shapes.rule(each.node, each.node) for each in idle)
    return f"{len(idle)} shapes select nothing here: {names}." if idle else ""


def _reached(court: Court, world: World) -> dict[Node, set[int]]:
    """Return the nodes of each shape that the documents have a part in: those of the context alone are not judged."""
    number = court.index.id
    part = Part(
        {
            (number(triple.subject), number(triple.predicate), number(triple.object))
            for document in world.documents
            for triple in document.triples
        }
    )
    return {shape.node: court.having_part(shape, part) for shape in court.shapes.targeted}


def by_rules(world: World, house: bool) -> list[Finding]:
    """Return the findings of Mercato's own rules."""
    rules: tuple[Rule, ...] = (*EVERYBODY, *HOUSE) if house else EVERYBODY
    return [finding for rule in rules for finding in rule(world)]


def by_shapes(results: Iterable[Result], world: World, shapes: Shapes) -> list[Finding]:
    """Return SHACL results as findings, those that the documents have no part in left out."""
    findings = []
    for result in sorted(results, key=_order):
        place = world.places.result(result, shapes)
        if place is None:
            continue

        def show(node: Node, place: Place = place) -> str:
            return world.shown(from_rdflib(node), place.document)

        findings.append(
            replace(
                world.finding(
                    place,
                    shapes.rule(result.shape, result.component),
                    sentence(result, shapes, show),
                    from_rdflib(result.focus),
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
    parts = [(name, str(from_rdflib(node))) for name, node in named.items() if node and not isinstance(node, BNode)]
    return parts if result.path is None else [*parts, ("resultPath", shapes.path(result.path))]


def _order(result: Result) -> tuple[str, ...]:
    return tuple(str(each) for each in (result.focus, result.shape, result.component, result.path, result.value))


def arrange(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in order, each once, and no weaker word on what a stronger one says of the same token."""
    first = {(each.source, each.span, each.rule, each.focus): each for each in sorted(findings, reverse=True)}
    ordered = sorted(first.values())
    datatype = ("sourceConstraintComponent", str(from_rdflib(SH.DatatypeConstraintComponent)))
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
