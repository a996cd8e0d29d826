"""Contradictions between the data and the vocabulary (OWL 2 RL), as a rule of the check."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import pyoxigraph as ox

from kg.check.documents import DataGraph
from kg.check.place import Place, at_mention, at_object, at_subject
from kg.check.rule import About, Breach, Change, Rule
from kg.owl.clashes import Clash, Turn, candidates, confirmed, covered, errors, turns
from kg.turtle.reader import TYPE
from kg.turtle.terms import Three
from kg.turtle.text import Term


def _ends(change: Change) -> Iterable[About]:
    """The nodes that the changed statements are about or mention: each may tell the class of its two ends."""
    return {end for triple in change.triples for end in (triple[0], triple[2]) if not isinstance(end, ox.Literal)}


def contradictions(graph: DataGraph, about: Collection[About] | None = None) -> Iterator[Breach]:
    """No node is of two classes that share no instance, and no statement is one that its property forbids."""
    vocabulary = graph.vocabulary
    if not vocabulary.triples:
        return
    nodes = None if about is None else {each for each in about if not isinstance(each, tuple)}
    triples = list(graph.triples() if nodes is None else _near(graph, nodes))
    if not covered(vocabulary, triples):
        yield from _whole(graph, triples)
        return
    for turn in turns(vocabulary, triples):
        place = _statement(graph, turn)
        if place:
            name = graph.shown(turn.property, place.document)
            sentence = f"{name} cannot hold of a thing {turn.words}: take one of the statements away"
            yield Breach(turn.node, place, sentence)
    clashes = [each for each in candidates(vocabulary, triples, nodes) if _place(graph, each)]
    if not clashes:
        return
    for clash in confirmed(vocabulary, triples, clashes):
        yield from _clash(graph, clash)


RULE = Rule("inconsistent", contradictions, _ends, everybody=True)


def _near(graph: DataGraph, nodes: Iterable[Term]) -> Iterator[Three]:
    """Return the statements of the documents and those that tell the classes of `nodes`."""
    yield from (said.triple[:3] for said in graph)
    index = graph.index
    ranged = [index.id(each) for each, (_, ranges) in graph.vocabulary.ends.items() if ranges]
    for node in nodes:
        number = index.id(node)
        found = [(number, predicate, value) for predicate, value in index.outgoing(number)]
        sources = ((index.source(predicate, number), predicate) for predicate in ranged)
        found += [(source, predicate, number) for source, predicate in sources if source is not None]
        yield from ((index.term(s), index.term(p), index.term(o)) for s, p, o in found)


def _clash(graph: DataGraph, clash: Clash) -> Iterator[Breach]:
    place = _place(graph, clash)
    if place:
        node, one, other = (graph.shown(each, place.document) for each in (clash.node, clash.one, clash.other))
        both = f"{node} would be both a {one} and a {other}, which nothing can be"
        yield Breach(clash.node, place, f"{both}: mend its class, or this use of it")


def _statement(graph: DataGraph, turn: Turn) -> Place | None:
    for said in graph.about.get(turn.node, ()):
        if (said.triple.predicate, said.triple.object) == (turn.property, turn.value):
            return at_object(said)
    return None


def _place(graph: DataGraph, clash: Clash) -> Place | None:
    """Return the statement that makes the node one of the two classes: a use of it first, then its own properties."""
    vocabulary = graph.vocabulary
    stated: set[Term] = set().union(*(vocabulary.supers(each) for each in graph.types(clash.node)))
    wanted = {clash.one, clash.other}
    wrong = wanted - stated or wanted
    for statements, end, token in ((graph.mentions, 1, "object_at"), (graph.about, 0, "predicate_at")):
        for document, triple in statements.get(clash.node, ()):
            kinds = vocabulary.ends.get(triple.predicate, (set(), set()))[end]
            if wrong & set[Term]().union(*(vocabulary.supers(each) for each in kinds)):
                return Place(document, getattr(triple, token))
    types = [said for said in graph.about.get(clash.node, ()) if said.triple.predicate == TYPE]
    return at_object(types[-1]) if types else at_subject(graph, clash.node)


_COMMON = re.compile(r"Disjoint classes (\S+) and (\S+) have a common individual (\S+)")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>(),]*[^\s<>(),.]")


def _whole(graph: DataGraph, triples: list[Three]) -> Iterator[Breach]:
    """Return what owlrl finds in the whole graph, at the nodes that its messages name."""
    near = [each for each in triples if not isinstance(each[2], ox.Literal)]
    for message in errors(graph.vocabulary, near):
        common = _COMMON.search(message)
        if common:
            one, other, node = (ox.NamedNode(iri) for iri in common.groups())
            yield from _clash(graph, Clash(node, one, other))
            continue
        for iri in _IRI.findall(message):
            term = ox.NamedNode(iri)
            place = at_subject(graph, term) or at_mention(graph, term)
            if place and iri not in graph.vocabulary.terms:
                yield Breach(term, place, f"OWL 2 RL: {message}; mend one of the statements")
                break
