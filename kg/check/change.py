"""The check of a change: what it can affect is judged, and nothing else, with the findings of a full run.

The base is kept as an index on disk under a key of its content, so that its size costs time only once. Shapes and rules
say themselves what a change can bring about. A change of the shapes, of the vocabulary or of axioms in the data means
a full run, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kg.check.base import Versions, blank, cache, compare, differs, digest, stored, triples
from kg.check.finding import Finding, Report
from kg.check.inputs import Inputs, take
from kg.check.report.wording import counted
from kg.check.rule import Change
from kg.check.run import Request, Setup, by_shapes, check, context_files, idle_scope, reported, setup
from kg.check.unjudged import unjudged, without_target
from kg.files import folder
from kg.owl.vocabulary import AXIOMS
from kg.shacl.dependencies import remember
from kg.shacl.disk import DiskIndex, Layered
from kg.shacl.validator import Validation, Validator
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.terms import Three
from kg.turtle.text import Term


def check_change(request: Request, base: str) -> Report:
    """Judge what the difference between `base` (a path or a git revision) and the files now can affect.

    Raises `InputError` for what cannot be read, as `check` does.
    """
    versions = compare(request.files, base)
    context = context_files(request, list(versions.now.values()))
    made = setup(replace(request, context=()), [])
    judged_by = [*made.shapes.documents, *made.ontology]
    given = [*request.shapes, *request.ontology] or [folder("shapes"), folder("ontology")]
    if differs(versions, base, given):
        return _full(request, "the shapes or the vocabulary changed too")
    own = [folder("data", request.data)] if request.house and request.context is None else []
    if differs(versions, base, [*(request.context or own)], beside=True):
        return _full(request, "what the files may refer to changed too")
    store = stored(versions, context)
    inputs = Inputs()
    for number, name in enumerate(versions.changed):
        path = versions.now[name]
        take(path.read_bytes(), path.as_posix(), inputs, f"n{number}.")
    new = {triple[:3] for document in inputs.documents for triple in document.triples}
    was = [name for name in (*versions.changed, *versions.gone) if name in versions.base]
    old = {triple for name in was for triple in triples(versions, name)}
    changed = new ^ old
    if any(triple[1] in AXIOMS for triple in changed):
        return _full(request, "it says something about classes or properties")
    remember(made.dependencies, cache() / f"shapes-{digest(judged_by)}.json")
    return _Changed(made, versions, store, inputs, changed).report()


def _full(request: Request, reason: str) -> Report:
    return replace(check(request), scope=f"The whole was judged, for the change reaches everything: {reason}.")


class _Changed:
    """One change under judgement."""

    def __init__(self, made: Setup, versions: Versions, store: Path, inputs: Inputs, changed: set[Three]):
        self.made = made
        self.versions = versions
        self.inputs = inputs
        below = DiskIndex(store, hidden=[*versions.changed, *versions.gone])
        self.index = Layered(below, (triple[:3] for document in inputs.documents for triple in document.triples))
        self.index.add(triple[:3] for document in made.ontology for triple in document.triples)
        self.change = Change(changed, DiskIndex(store), self.index)
        self.validator = Validator(made.shapes, self.index, made.dependencies)

    def report(self) -> Report:
        """Return what was found."""
        index, made, change = self.index, self.made, self.change
        validation, unbounded = self.validate()
        reached = {rule: set(rule.reach(change)) for rule in made.rules}
        nodes = {index.id(each[0] if isinstance(each, tuple) else each) for about in reached.values() for each in about}
        ends = {index.id(end) for triple in change.triples for end in (triple[0], triple[2])}
        bare = self.describing(node for node in ends if self.is_bare(node))
        focus = {index.id(result.focus) for result in validation.results}
        beside = bare | self.describing(nodes | focus) | self.speaking(validation)
        order = {path.as_posix(): number for number, path in enumerate(self.versions.now.values())}
        documents = [*self.inputs.documents, *self.elsewhere(beside)]
        graph = made.graph(sorted(documents, key=lambda document: order[document.source]), index)
        findings = [*self.inputs.findings, *by_shapes(validation.results, graph, made.shapes)]
        findings += [each for rule, about in reached.items() if about for each in rule.findings(graph, about)]
        idle = without_target(self.validator, validation)
        findings += self.unjudged([each for each in documents if each not in self.inputs.documents], bare, idle)
        files = len(self.versions.changed) + len(self.versions.gone)
        what = f"{counted(len(change.triples), 'statement')} in {counted(files, 'file')}"
        scope = f"Judged is what a change of {what} can affect."
        if made.house:
            scope = " ".join(filter(None, (scope, idle_scope(made.shapes, idle))))
        if unbounded:
            scope += f" Judged whole, for a change anywhere can affect them: {', '.join(unbounded)}."
        return reported(findings, len(self.versions.now), self.inputs, validation, scope)

    def validate(self) -> tuple[Validation, list[str]]:
        """Return the validation of the nodes that the change can touch, and the shapes that were judged whole."""
        number = self.index.id
        numbers = [(number(s), number(p), number(o)) for s, p, o in self.change.triples]
        focus: dict[Term, set[int]] = {}
        unbounded: list[str] = []
        for shape in self.made.shapes.targeted:
            focus[shape], whole = self.validator.touched_by(shape, numbers, self.change.before)
            if whole and focus[shape]:
                unbounded.append(self.made.shapes.rule(shape, shape))
        return self.validator.validate(focus), sorted(unbounded)

    def describing(self, nodes: Iterable[int]) -> set[str]:
        """Return the names of the unchanged files that describe any of `nodes`."""
        below = self.index.below
        return {name for node in nodes if node < below.size for name in below.describing(node)}

    def speaking(self, validation: Validation) -> set[str]:
        """Return the names of the unchanged files that speak of values that their focus node does not have itself."""
        index, names = self.index, set[str]()
        for result in validation.results:
            focus = index.id(result.focus)
            own = {value for _, value in index.outgoing(focus)}
            asked = [focus] if not own else []
            if result.value is not None and result.value != result.focus:
                value = index.id(result.value)
                asked += [value] if value not in own else []
            for node in asked:
                if node < index.below.size:
                    names |= index.below.mentioning(node)
        return names

    def elsewhere(self, names: set[str]) -> list[Document]:
        """Return the unchanged files `names`, read with positions."""
        inputs = Inputs()
        for name in sorted(names):
            if name in self.versions.now:
                path = self.versions.now[name]
                take(path.read_bytes(), path.as_posix(), inputs, blank(self.versions, name))
        return inputs.documents

    def is_bare(self, node: int) -> bool:
        """Say whether `node` has a type and no shape selects it."""
        return bool(self.index.values(node, self.index.id(TYPE))) and not self.validator.is_covered(node)

    def unjudged(self, beside: list[Document], bare: set[str], idle: list[Term]) -> list[Finding]:
        """Return shapes that select nothing in the whole graph, and nodes of the change that no shape selects."""
        paths = {self.versions.now[name].as_posix() for name in bare if name in self.versions.now}
        documents = [*self.inputs.documents, *(each for each in beside if each.source in paths)]
        return unjudged(self.made.graph(documents, self.index), self.validator, idle, self.made.house)
