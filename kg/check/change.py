"""The check of a change: what it can affect is judged, and nothing else, with the findings of a full run.

The base is kept as an index on disk under a key of its content, so that its size costs time only once. A change of
the shapes, of the vocabulary or of axioms in the data means a full run, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyoxigraph as ox
from pyshacl.shape import Shape
from rdflib.term import Node

from kg.check.base import Versions, blank, cache, compare, differs, digest, stored, triples
from kg.check.consistency import contradictions
from kg.check.documents import World
from kg.check.finding import Finding, Report
from kg.check.inputs import Inputs, take
from kg.check.report.wording import counted
from kg.check.run import Request, Setup, by_rules, by_shapes, check, context_files, idle_scope, reported, setup
from kg.check.unjudged import unjudged, without_target
from kg.files import folder
from kg.names import MC, VOCABULARIES
from kg.owl.clashes import candidates
from kg.owl.vocabulary import AXIOMS
from kg.shacl.dependencies import remember
from kg.shacl.disk import DiskIndex, Layered
from kg.shacl.prefilter import subclasses
from kg.shacl.validator import Court, Verdict
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.terms import Three, from_rdflib, quiet

_FAR = frozenset({"dangling-reference", "duplicate-thing", "inconsistent", "record-without-claim"})
"""The rules whose findings in one file another file can bring about; the others look at one file alone."""


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
    remember(made.footprints, cache() / f"shapes-{digest(judged_by)}.json")
    return _Change(made, versions, store, inputs, changed).report()


def _full(request: Request, reason: str) -> Report:
    return replace(check(request), scope=f"The whole was judged, for the change reaches everything: {reason}.")


class _Change:
    """One change under judgement."""

    def __init__(self, made: Setup, versions: Versions, store: Path, inputs: Inputs, changed: set[Three]):
        self.made = made
        self.versions = versions
        self.inputs = inputs
        self.changed = changed
        self.old = DiskIndex(store)
        below = DiskIndex(store, hidden=[*versions.changed, *versions.gone])
        self.index = Layered(below, (triple[:3] for document in inputs.documents for triple in document.triples))
        self.index.add(triple[:3] for document in made.ontology for triple in document.triples)
        self.court = Court(made.shapes, self.index, made.footprints)

    def report(self) -> Report:
        """Return what was found."""
        index = self.index
        numbers = [(index.id(s), index.id(p), index.id(o)) for s, p, o in self.changed]
        with quiet():
            verdict, unbounded = self.verdict(numbers)
        ends = {end for triple in numbers for end in (triple[0], triple[2])}
        suspicious = self.suspicious(ends)
        focus = {index.id(from_rdflib(result.focus)) for result in verdict.results}
        bare = self.describing({node for node in ends if self.is_bare(node)})
        speaking = bare | self.speaking(verdict) | self.describing(focus | suspicious)
        order = {path.as_posix(): number for number, path in enumerate(self.versions.now.values())}
        documents = sorted(
            [*self.inputs.documents, *self.elsewhere(speaking)], key=lambda document: order[document.source]
        )
        world = World(
            documents, self.around(documents, suspicious | ends), self.made.ontology, self.made.base, self.made.prefixes
        )
        with quiet():
            rules = [*by_rules(world, self.made.house), *contradictions(world)]
        sources = {document.source for document in self.inputs.documents}
        about = {world.shown(index.term(node)) for node in suspicious | focus | ends}
        findings = [each for each in rules if each.source in sources or (each.rule in _FAR and each.focus in about)]
        # An ill-typed literal is a shape's finding where a shape says so, and shapes judge only what changed.
        written = {
            (document.source, document.span(triple.object_at))
            for document in self.inputs.documents
            for triple in document.triples
            if triple[:3] in self.changed
        }
        findings = [
            each for each in findings if each.rule != "ill-typed-literal" or (each.source, each.span) in written
        ]
        findings += [*self.inputs.findings, *by_shapes(verdict.results, world, self.made.shapes)]
        idle = without_target(self.court, verdict)
        findings += self.coverage([each for each in documents if each.source in sources | self.paths(bare)], idle)
        files = len(self.versions.changed) + len(self.versions.gone)
        change = f"{counted(len(self.changed), 'statement')} in {counted(files, 'file')}"
        scope = f"Judged is what a change of {change} can affect."
        if self.made.house:
            scope = " ".join(filter(None, (scope, idle_scope(self.court, idle))))
        if unbounded:
            scope += f" Judged whole, for a change anywhere can affect them: {', '.join(unbounded)}."
        return reported(findings, len(self.versions.now), self.inputs, verdict, scope)

    def verdict(self, numbers: list[tuple[int, int, int]]) -> tuple[Verdict, list[str]]:
        """Return the verdict on the nodes that the change can touch, and the shapes that were judged whole."""
        focus: dict[Node, set[int]] = {}
        unbounded: list[str] = []
        for shape in self.made.shapes.targeted:
            nodes, whole = self.court.touched_by(shape, numbers, self.old)
            focus[shape.node] = nodes
            if whole and nodes:
                unbounded.append(self.made.shapes.rule(shape.node, shape.node))
        return self.court.judge(focus), sorted(unbounded)

    def suspicious(self, ends: set[int]) -> set[int]:
        """Return the nodes that a rule may now find at fault in a file that did not change.

        Those that refer to what nothing describes any more, records that lost their claim, and what got a class that
        clashes with another.
        """
        index, names = self.index, [node for node in ends if isinstance(self.index.term(node), ox.NamedNode)]
        found: set[int] = set()
        if self.made.house:
            for node in names:
                was = node < index.below.size and any(True for _ in self.old.outgoing(node))
                if was and next(iter(index.outgoing(node)), None) is None:
                    found |= {subject for subject, _ in index.incoming(node)}
            asserts = index.id(ox.NamedNode(f"{MC}asserts"))
            said = {index.id(triple[2]) for triple in self.changed if index.id(triple[1]) == asserts}
            found |= {node for node in said if not index.has(asserts, node)}
        triples = self.around([], set(names))
        return found | {index.id(clash.node) for clash in candidates(self.made.vocabulary, triples)}

    def describing(self, nodes: set[int]) -> set[str]:
        """Return the names of the unchanged files that have statements about any of `nodes`."""
        below = self.index.below
        return {name for node in nodes if node < below.size for name in below.describing(node)}

    def speaking(self, verdict: Verdict) -> set[str]:
        """Return the names of the unchanged files that speak of values that their focus node does not have itself."""
        index, names = self.index, set[str]()
        for result in verdict.results:
            focus = index.id(from_rdflib(result.focus))
            own = {value for _, value in index.outgoing(focus)}
            asked = [focus] if not own else []
            if result.value is not None and result.value != result.focus:
                value = index.id(from_rdflib(result.value))
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

    def around(self, documents: list[Document], nodes: set[int]) -> list[Three]:
        """Return the triples that the rules look at beyond the documents: what `nodes` are, and whom these speak of."""
        index = self.index
        asserts, typed = index.id(ox.NamedNode(f"{MC}asserts")), index.id(TYPE)
        found: set[tuple[int, int, int]] = set()
        if self.made.house:
            spoken = {term for document in documents for triple in document.triples for term in (triple[0], triple[2])}
            for node in (index.id(term) for term in spoken if isinstance(term, ox.NamedNode)):
                found |= {(node, typed, value) for value in index.values(node, typed)}
                found |= {(node, *first) for first in islice(index.outgoing(node), 1)}
                if (claim := index.source(asserts, node)) is not None:
                    found.add((claim, asserts, node))
            found |= set(self.labels())
        for node in nodes:
            found |= {(node, predicate, value) for predicate, value in index.outgoing(node)}
        for predicate, (_, ranges) in self.made.vocabulary.ends.items():
            number = index.id(predicate)
            if ranges:
                sources = ((index.source(number, node), node) for node in nodes)
                found |= {(source, number, node) for source, node in sources if source is not None}
        return [(index.term(s), index.term(p), index.term(o)) for s, p, o in found]

    def labels(self) -> Iterator[tuple[int, int, int]]:
        """Return the labels and types of everybody, where the change says a label or who is whose namesake."""
        index = self.index
        labels = (
            f"{VOCABULARIES['rdfs']}label",
            f"{VOCABULARIES['skos']}altLabel",
            f"{VOCABULARIES['owl']}differentFrom",
        )
        if not any(triple[1].value in labels for triple in self.changed):
            return
        kind = index.id(TYPE)
        for name in ("Person", "Organisation"):
            for each in subclasses(self.court.index, index.id(ox.NamedNode(f"{MC}{name}"))):
                for node in index.sources(kind, each):
                    yield node, kind, each
                    for label in labels:
                        number = index.id(ox.NamedNode(label))
                        yield from ((node, number, value) for value in index.values(node, number))

    def paths(self, names: set[str]) -> set[str]:
        """Return the files `names` as reports name them."""
        return {self.versions.now[name].as_posix() for name in names if name in self.versions.now}

    def is_bare(self, node: int) -> bool:
        """Tell whether `node` has a type and no shape selects it."""
        return bool(self.index.values(node, self.index.id(TYPE))) and not self.court.is_covered(node)

    def coverage(self, documents: list[Document], idle: list[Shape]) -> list[Finding]:
        """Return shapes that select nothing in the whole graph, and nodes of the change that no shape selects."""
        changed = World(documents, (), self.made.ontology, self.made.base, self.made.prefixes)
        return unjudged(changed, self.court, idle, self.made.house)
