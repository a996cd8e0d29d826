"""Mercato's own rules: what no shape can say, because it takes the text, the vocabulary or the whole graph to see it.

The rules on literals and on terms of the vocabulary hold for anybody's graph; the others are house rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, repeat

import pyoxigraph as ox
from rapidfuzz import fuzz, process, utils

from kg.check.documents import World
from kg.check.finding import Finding
from kg.check.place import Place
from kg.names import KINDS, MC, RECORD_KINDS, VOCABULARIES
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.terms import ill_typed
from kg.turtle.text import Term, Triple, cut

Rule = Callable[[World], Iterable[Finding]]
ALIKE = 92.0
"""From what likeness on (rapidfuzz's ratio of the normalised labels, 0 to 100) two things may be one."""

_LABELS = tuple(ox.NamedNode(iri) for iri in (f"{VOCABULARIES['rdfs']}label", f"{VOCABULARIES['skos']}altLabel"))
_MANY = 20
"""Up to so many namesakes are compared pair by pair; of more each with the first, for pairs grow by the square."""
_NO_DIGIT = re.compile(r"\D")
_DIFFERENT = ox.NamedNode(f"{VOCABULARIES['owl']}differentFrom")


def _mc(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"{MC}{name}")


def _tokens(triple: Triple) -> Iterator[tuple[Term, tuple[int, int]]]:
    yield triple.subject, triple.subject_at
    yield triple.predicate, triple.predicate_at
    yield triple.object, triple.object_at


def literals(world: World) -> Iterator[Finding]:
    """A literal's text must be one of its datatype's: `"abc"^^xsd:integer` is no number."""
    judged: dict[Term, bool] = {}
    for document in world.documents:
        for triple in document.triples:
            value = triple.object
            if not isinstance(value, ox.Literal) or value.language:
                continue
            if value not in judged:
                judged[value] = ill_typed(value)
            if judged[value]:
                kind = world.shown(value.datatype, document)
                sentence = f'"{cut(value.value)}" is no {kind}: write a value of that type, or leave the type out'
                yield world.finding(Place(document, triple.object_at), "ill-typed-literal", sentence, triple.subject)


def unknown_terms(world: World) -> Iterator[Finding]:
    """A class or property in a namespace of the vocabulary must be one of its terms."""
    vocabulary, ours = world.vocabulary, str(MC)
    namespaces = tuple(vocabulary.namespaces)
    if not namespaces:
        return
    own = {triple.subject for document in world.documents for triple in document.triples}
    for document, triple, term, at in _uses(world, namespaces):
        if term.value in vocabulary.terms:
            continue
        in_place_of_a_term = term == triple.predicate or (triple.predicate == TYPE and term == triple.object)
        if not term.value.startswith(ours) and (not in_place_of_a_term or term in own):
            continue
        namespace = max((each for each in namespaces if term.value.startswith(each)), key=len)
        names = [known[len(namespace) :] for known in vocabulary.terms if known.startswith(namespace)]
        near = process.extractOne(term.value[len(namespace) :], sorted(names), scorer=fuzz.ratio, score_cutoff=60)
        hint = f": did you mean {world.shown(ox.NamedNode(namespace + near[0]), document)}?" if near else ""
        sentence = f"the vocabulary has no {world.shown(term, document)}{hint or ': look it up there'}"
        yield world.finding(Place(document, at), "unknown-term", sentence, triple.subject)


def _uses(
    world: World, namespaces: tuple[str, ...]
) -> Iterator[tuple[Document, Triple, ox.NamedNode, tuple[int, int]]]:
    """Return each token that names something in one of the namespaces, once."""
    for document in world.documents:
        seen: set[tuple[int, int]] = set()
        for triple in document.triples:
            for term, at in _tokens(triple):
                if isinstance(term, ox.NamedNode) and at not in seen and term.value.startswith(namespaces):
                    seen.add(at)
                    yield document, triple, term, at


def blank_nodes(world: World) -> Iterator[Finding]:
    """Every node of our graph has a name, or its file could not be written the same way twice."""
    for document in world.documents:
        seen: set[Term] = set()
        for triple in document.triples:
            for term, at in _tokens(triple):
                if isinstance(term, ox.BlankNode) and term not in seen:
                    seen.add(term)
                    yield world.finding(Place(document, at), "blank-node", "give this node a name (an IRI)", term)


def kinds(world: World) -> Iterator[Finding]:
    """The kind in an IRI of ours is a known one (that a class has IRIs of its kind is a shape's to say)."""
    ids = f"{world.base}id/"
    for node, said in world.places.subjects.items():
        if not isinstance(node, ox.NamedNode) or not node.value.startswith(ids):
            continue
        document, triple = said[0]
        kind = node.value[len(ids) :].split("/")[0]
        if kind not in KINDS:
            near = process.extractOne(kind, sorted(KINDS), scorer=fuzz.ratio)
            sentence = f"there is no kind {kind!r}: did you mean {near[0]!r}? The kinds are those of kg/names.py"
            yield world.finding(Place(document, triple.subject_at), "unknown-kind", sentence, node)


def dangling(world: World) -> Iterator[Finding]:
    """What is referred to is described somewhere."""
    ids = f"{world.base}id/"
    described = {subject for subject, _, _ in world.triples()}
    for document in world.documents:
        for triple in document.triples:
            target = triple.object
            if isinstance(target, ox.NamedNode) and target.value.startswith(ids) and target not in described:
                near = _nearest(target.value, described, ids)
                sentence = f"nothing describes {world.shown(target, document)}: " + (
                    f"did you mean {world.shown(near, document)}? Or add it" if near else "add it, or mend the name"
                )
                yield world.finding(Place(document, triple.object_at), "dangling-reference", sentence, triple.subject)


def _nearest(iri: str, described: set[Term], ids: str) -> Term | None:
    kind = iri[len(ids) :].split("/")[0]
    start = f"{ids}{kind}/"
    names = sorted(each.value for each in described if isinstance(each, ox.NamedNode) and each.value.startswith(start))
    near = process.extractOne(iri, names, scorer=fuzz.ratio, score_cutoff=80)
    return ox.NamedNode(near[0]) if near else None


def normalised(label: str) -> str:
    """Return `label` as two spellings of one name share it: no case, accents, punctuation or doubled blanks."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", label) if not unicodedata.combining(each))
    return " ".join(utils.default_process(plain).split())


def duplicates(world: World) -> Iterator[Finding]:
    """One person or organisation has one IRI; `owl:differentFrom` says that two of like name are two."""
    members = [set(world.instances(_mc(kind))) for kind in ("Person", "Organisation")]
    labels: list[dict[str, set[Term]]] = [{} for _ in members]
    apart = set()
    for subject, predicate, value in world.triples():
        if predicate == _DIFFERENT:
            apart |= {(subject, value), (value, subject)}
        elif predicate in _LABELS and isinstance(value, ox.Literal):
            for kind, of_kind in enumerate(members):
                if subject in of_kind:
                    labels[kind].setdefault(normalised(value.value), set()).add(subject)
    for each in labels:
        for one, other, how in _alike(each):
            if (one, other) not in apart:
                # Told at the later IRI, whatever the order of files; at the other where that one is context.
                new, old = sorted((one, other), key=str, reverse=True)
                if world.places.subject(new) is None:
                    new, old = old, new
                place = world.places.subject(new)
                if place:
                    sentence = (
                        f"this looks like {world.shown(old, place.document)} ({how}): use that IRI, "
                        "or say with owl:differentFrom that they are two"
                    )
                    yield world.finding(place, "duplicate-thing", sentence, new)


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


def unclaimed(world: World) -> Iterator[Finding]:
    """A record that no claim asserts is a fact that nobody said."""
    asserted = {value for _, predicate, value in world.triples() if predicate == _mc("asserts")}
    records = {_mc(name) for name in RECORD_KINDS.values()}
    below = {each for record in records for each in world.vocabulary.subs(record)}
    for node in world.places.subjects:
        if node not in asserted and world.types.get(node, set()) & below:
            place = world.places.type(node)
            if place:
                sentence = (
                    f"no claim asserts {world.shown(node, place.document)}: add the claim that says who states it"
                )
                yield world.finding(place, "record-without-claim", sentence, node)


EVERYBODY: tuple[Rule, ...] = (literals, unknown_terms)
"""Rules for any graph."""

HOUSE: tuple[Rule, ...] = (blank_nodes, kinds, dangling, duplicates, unclaimed)
"""Rules for our own graph only."""
