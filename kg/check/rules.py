"""Mercato's own rules: what no shape can say, because it takes the text, the vocabulary or the whole graph to see it.

The rules on literals and on terms of the vocabulary hold for anybody's graph; the others are house rules. A rule is a
function with `rule` above it, and its fixtures; its first sentence says what must hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, repeat

import pyoxigraph as ox
from rapidfuzz import fuzz, process, utils

from kg.check.documents import DataGraph
from kg.check.place import Place, at_object, at_subject, at_type
from kg.check.rule import About, Breach, Change, Rule
from kg.names import KINDS, MC, RECORD_KINDS, VOCABULARIES
from kg.shacl.index import Index
from kg.shacl.prefilter import subclasses
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.terms import ill_typed
from kg.turtle.text import Term, Triple, cut

ALIKE = 92.0
"""From what likeness on (rapidfuzz's ratio of the normalised labels, 0 to 100) two things may be one."""

_LABELS = tuple(ox.NamedNode(iri) for iri in (f"{VOCABULARIES['rdfs']}label", f"{VOCABULARIES['skos']}altLabel"))
_MANY = 20
"""Up to so many namesakes are compared pair by pair; of more each with the first, for pairs grow by the square."""
_NO_DIGIT = re.compile(r"\D")
_DIFFERENT = ox.NamedNode(f"{VOCABULARIES['owl']}differentFrom")


def _mc(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"{MC}{name}")


_ASSERTS = _mc("asserts")

RULES: list[Rule] = []
"""The rules below, in their order."""


def _own(change: Change) -> Iterable[About]:
    """The nodes that the change says something about: the reach of a rule that looks at a node alone."""
    return change.subjects


def _stated(change: Change) -> Iterable[About]:
    """The statements that are changed: the reach of a rule that looks at a statement alone."""
    return change.triples


_Find = Callable[[DataGraph], Iterable[Breach]]


def rule(name: str, reach: Callable[[Change], Iterable[About]], *, everybody: bool = False) -> Callable[[_Find], _Find]:
    """Make a rule of the function below: `name` is its id in reports, `reach` and `everybody` are those of `Rule`."""

    def add(find: _Find) -> _Find:
        RULES.append(Rule(name, lambda graph, _: find(graph), reach, everybody))
        return find

    return add


def _tokens(triple: Triple) -> Iterator[tuple[Term, tuple[int, int]]]:
    yield triple.subject, triple.subject_at
    yield triple.predicate, triple.predicate_at
    yield triple.object, triple.object_at


@rule("ill-typed-literal", _stated, everybody=True)
def literals(graph: DataGraph) -> Iterator[Breach]:
    """A literal's text must be one of its datatype's: `"abc"^^xsd:integer` is no number."""
    judged: dict[Term, bool] = {}
    for said in graph:
        value = said.triple.object
        if not isinstance(value, ox.Literal) or value.language:
            continue
        if value not in judged:
            judged[value] = ill_typed(value)
        if judged[value]:
            kind = graph.shown(value.datatype, said.document)
            sentence = f'"{cut(value.value)}" is no {kind}: write a value of that type, or leave the type out'
            yield Breach(said.triple[:3], at_object(said), sentence)


def _uses_of_lost(change: Change) -> Iterable[About]:
    """The changed statements, and those with a term that was described, as data may describe terms too."""
    yield from change.triples
    index = change.after
    for term in change.lost:
        number, kind = index.id(term), index.id(TYPE)
        found = [(s, number, o) for s, o in index.pairs(number)]
        found += [(s, kind, number) for s in index.sources(kind, number)]
        yield from ((index.term(s), index.term(p), index.term(o)) for s, p, o in found)


@rule("unknown-term", _uses_of_lost, everybody=True)
def unknown_terms(graph: DataGraph) -> Iterator[Breach]:
    """A class or property in a namespace of the vocabulary must be one of its terms."""
    vocabulary, ours = graph.vocabulary, str(MC)
    namespaces = tuple(vocabulary.namespaces)
    if not namespaces:
        return
    for document, triple, term, at in _uses(graph, namespaces):
        if term.value in vocabulary.terms:
            continue
        in_place_of_a_term = term == triple.predicate or (triple.predicate == TYPE and term == triple.object)
        if not term.value.startswith(ours) and (not in_place_of_a_term or graph.describes(term)):
            continue
        namespace = max((each for each in namespaces if term.value.startswith(each)), key=len)
        names = [known[len(namespace) :] for known in vocabulary.terms if known.startswith(namespace)]
        near = process.extractOne(term.value[len(namespace) :], sorted(names), scorer=fuzz.ratio, score_cutoff=60)
        hint = f": did you mean {graph.shown(ox.NamedNode(namespace + near[0]), document)}?" if near else ""
        sentence = f"the vocabulary has no {graph.shown(term, document)}{hint or ': look it up there'}"
        yield Breach(triple[:3], Place(document, at), sentence)


def _uses(
    graph: DataGraph, namespaces: tuple[str, ...]
) -> Iterator[tuple[Document, Triple, ox.NamedNode, tuple[int, int]]]:
    """Return each token that names something in one of the namespaces, once."""
    for document in graph.documents:
        seen: set[tuple[int, int]] = set()
        for triple in document.triples:
            for term, at in _tokens(triple):
                if isinstance(term, ox.NamedNode) and at not in seen and term.value.startswith(namespaces):
                    seen.add(at)
                    yield document, triple, term, at


@rule("blank-node", lambda change: {end for triple in change.triples for end in (triple[0], triple[2])})
def blank_nodes(graph: DataGraph) -> Iterator[Breach]:
    """Every node of our graph has a name, or its file could not be written the same way twice."""
    for document in graph.documents:
        seen: set[Term] = set()
        for triple in document.triples:
            for term, at in _tokens(triple):
                if isinstance(term, ox.BlankNode) and term not in seen:
                    seen.add(term)
                    yield Breach(term, Place(document, at), "give this node a name (an IRI)")


@rule("unknown-kind", _own)
def kinds(graph: DataGraph) -> Iterator[Breach]:
    """The kind in an IRI of ours is a known one (that a class has IRIs of its kind is a shape's to say)."""
    ids = f"{graph.base}id/"
    for node, said in graph.about.items():
        if not isinstance(node, ox.NamedNode) or not node.value.startswith(ids):
            continue
        kind = node.value[len(ids) :].split("/")[0]
        if kind not in KINDS:
            near = process.extractOne(kind, sorted(KINDS), scorer=fuzz.ratio)
            sentence = f"there is no kind {kind!r}: did you mean {near[0]!r}? The kinds are those of kg/names.py"
            yield Breach(node, Place(said[0].document, said[0].triple.subject_at), sentence)


def _references(change: Change) -> Iterable[About]:
    """The changed statements, and those that refer to what is not described any more."""
    yield from change.triples
    for node in change.lost:
        for subject, predicate in change.after.incoming(change.after.id(node)):
            yield change.after.term(subject), change.after.term(predicate), node


@rule("dangling-reference", _references)
def dangling(graph: DataGraph) -> Iterator[Breach]:
    """What is referred to is described somewhere."""
    index, ids = graph.index, f"{graph.base}id/"
    described: dict[Term, bool] = {}
    names: dict[str, list[str]] = {}
    for said in graph:
        target = said.triple.object
        if not isinstance(target, ox.NamedNode) or not target.value.startswith(ids):
            continue
        if target not in described:
            described[target] = graph.describes(target)
        if not described[target]:
            kind = target.value[len(ids) :].split("/")[0]
            if kind not in names:
                names[kind] = sorted(index.term(node).value for node in _instances(index, KINDS.get(kind, "")))
            near = process.extractOne(target.value, names[kind], scorer=fuzz.ratio, score_cutoff=80)
            sentence = f"nothing describes {graph.shown(target, said.document)}: " + (
                f"did you mean {graph.shown(ox.NamedNode(near[0]), said.document)}? Or add it"
                if near
                else "add it, or mend the name"
            )
            yield Breach(said.triple[:3], at_object(said), sentence)


def _instances(index: Index, name: str) -> set[int]:
    """Return the nodes said to be of our class `name` or of one below it."""
    kind = index.id(TYPE)
    return {node for each in subclasses(index, index.id(_mc(name))) for node in index.sources(kind, each)}


def normalised(label: str) -> str:
    """Return `label` as two spellings of one name share it: no case, accents, punctuation or doubled blanks."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", label) if not unicodedata.combining(each))
    return " ".join(utils.default_process(plain).split())


_NAMED = ("Person", "Organisation")
_NAMING = frozenset({*_LABELS, _DIFFERENT, TYPE})


def _namesakes(change: Change) -> Iterable[About]:
    """Who is named, classed or set apart anew, and whoever has a like name."""
    index = change.after
    renamed = {end for triple in change.triples if triple[1] in _NAMING for end in (triple[0], triple[2])}
    if not renamed:
        return set()
    pairs = ({one, other} for kind in _NAMED for one, other, _ in _alike(_labels(index, kind)))
    return renamed.union(*(pair for pair in pairs if renamed & pair))


def _labels(index: Index, kind: str) -> dict[str, set[Term]]:
    """Return the instances of our class `kind` that have each label, normalised."""
    nodes = _instances(index, kind)
    found: dict[str, set[Term]] = {}
    for each in _LABELS:
        for subject, value in index.pairs(index.id(each)):
            if subject in nodes and isinstance(label := index.term(value), ox.Literal):
                found.setdefault(normalised(label.value), set()).add(index.term(subject))
    return found


@rule("duplicate-thing", _namesakes)
def duplicates(graph: DataGraph) -> Iterator[Breach]:
    """One person or organisation has one IRI; `owl:differentFrom` says that two of like name are two."""
    index = graph.index
    pairs = [(index.term(one), index.term(other)) for one, other in index.pairs(index.id(_DIFFERENT))]
    apart = {*pairs, *((other, one) for one, other in pairs)}
    for kind in _NAMED:
        for one, other, how in _alike(_labels(index, kind)):
            if (one, other) not in apart:
                # Reported at the later IRI, whatever the order of files; at the other where that one is context.
                new, old = sorted((one, other), key=str, reverse=True)
                if new not in graph.about:
                    new, old = old, new
                place = at_subject(graph, new)
                if place:
                    sentence = (
                        f"this looks like {graph.shown(old, place.document)} ({how}): use that IRI, "
                        "or say with owl:differentFrom that they are two"
                    )
                    yield Breach(new, place, sentence)


def _alike(labels: dict[str, set[Term]]) -> Iterator[tuple[Term, Term, str]]:
    """Return the pairs of nodes with the same or nearly the same label, each once."""
    seen: set[frozenset[Term]] = set()
    names = sorted(name for name in labels if name)
    near: list[tuple[str, str]] = []
    by_digits: dict[str, list[str]] = {}
    for name in names:
        if len(name) >= 6:  # in shorter names one letter makes another name
            by_digits.setdefault(_NO_DIGIT.sub("", name), []).append(name)
    for like in by_digits.values():
        for number, name in enumerate(like[:-1], 1):
            found = process.extract(name, like[number:], scorer=fuzz.ratio, score_cutoff=ALIKE, limit=_MANY)
            near += [(name, other) for other, _, _ in found]
    for one_name, other_name in [*((name, name) for name in names), *sorted(near)]:
        nodes = sorted(labels[one_name] | labels[other_name], key=str)
        how = "the same label" if one_name == other_name else f"labels {one_name!r} and {other_name!r}"
        pairs = combinations(nodes, 2) if len(nodes) <= _MANY else zip(repeat(nodes[0]), nodes[1:], strict=False)
        for one, other in pairs:
            if frozenset((one, other)) not in seen:
                seen.add(frozenset((one, other)))
                yield one, other, how


def _asserted(change: Change) -> Iterable[About]:
    """The nodes whose description changed, and what was asserted and is not any more, or the other way round."""
    return change.subjects | {triple[2] for triple in change.triples if triple[1] == _ASSERTS}


@rule("record-without-claim", _asserted)
def unclaimed(graph: DataGraph) -> Iterator[Breach]:
    """A record that no claim asserts is a fact that nobody said."""
    index, asserts = graph.index, graph.index.id(_ASSERTS)
    below = {each for name in RECORD_KINDS.values() for each in graph.vocabulary.subs(_mc(name))}
    for node in graph.about:
        if index.source(asserts, index.id(node)) is None and graph.types(node) & below:
            place = at_type(graph, node)
            if place:
                sentence = (
                    f"no claim asserts {graph.shown(node, place.document)}: add the claim that says who states it"
                )
                yield Breach(node, place, sentence)
