"""Findings on contradictions between the data and the vocabulary (OWL 2 RL)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyoxigraph as ox

from kg.check.documents import World
from kg.check.finding import Finding
from kg.check.place import Place
from kg.owl.clashes import Clash, Turn, candidates, confirmed, covered, errors, turns
from kg.turtle.reader import TYPE
from kg.turtle.terms import Three
from kg.turtle.text import Term


def contradictions(world: World, nodes: set[Term] | None = None) -> Iterator[Finding]:
    """Return a finding for each node that the vocabulary's axioms make contradictory, of `nodes` only where given."""
    vocabulary = world.vocabulary
    if not vocabulary.triples:
        return
    triples = list(world.triples())
    if not covered(vocabulary, triples):
        yield from _whole(world, triples)
        return
    for turn in turns(vocabulary, triples):
        place = _statement(world, turn)
        if place and (nodes is None or turn.node in nodes):
            name = world.shown(turn.property, place.document)
            sentence = f"{name} cannot hold of a thing {turn.words}: take one of the statements away"
            yield world.finding(place, "inconsistent", sentence, turn.node)
    clashes = [each for each in candidates(vocabulary, triples, nodes) if _place(world, each)]
    if not clashes:
        return
    for clash in confirmed(vocabulary, triples, clashes):
        place = _place(world, clash)
        if place:
            yield _finding(world, clash, place)


def _finding(world: World, clash: Clash, place: Place) -> Finding:
    node, one, other = (world.shown(each, place.document) for each in (clash.node, clash.one, clash.other))
    sentence = f"{node} would be both a {one} and a {other}, which nothing can be: mend its class, or this use of it"
    return world.finding(place, "inconsistent", sentence, clash.node)


def _statement(world: World, turn: Turn) -> Place | None:
    for document, triple in world.places.subjects.get(turn.node, ()):
        if (triple.predicate, triple.object) == (turn.property, turn.value):
            return Place(document, triple.object_at)
    return None


def _place(world: World, clash: Clash) -> Place | None:
    """Return the statement that makes the node one of the two classes: a use of it first, then its own properties."""
    vocabulary, places = world.vocabulary, world.places
    stated: set[Term] = set().union(*(vocabulary.supers(each) for each in world.types.get(clash.node, ())))
    wanted = {clash.one, clash.other}
    wrong = wanted - stated or wanted
    for said, end, token in ((places.objects, 1, "object_at"), (places.subjects, 0, "predicate_at")):
        for document, triple in said.get(clash.node, ()):
            kinds = vocabulary.ends.get(triple.predicate, (set(), set()))[end]
            if wrong & set[Term]().union(*(vocabulary.supers(each) for each in kinds)):
                return Place(document, getattr(triple, token))
    types = [said for said in places.subjects.get(clash.node, ()) if said[1].predicate == TYPE]
    return Place(types[-1][0], types[-1][1].object_at) if types else places.subject(clash.node)


_COMMON = re.compile(r"Disjoint classes (\S+) and (\S+) have a common individual (\S+)")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>(),]*[^\s<>(),.]")


def _whole(world: World, triples: list[Three]) -> Iterator[Finding]:
    """Return what owlrl finds in the whole graph, at the nodes that its messages name."""
    near = [each for each in triples if not isinstance(each[2], ox.Literal)]
    for message in errors(world.vocabulary, near):
        common = _COMMON.search(message)
        if common:
            one, other, node = (ox.NamedNode(iri) for iri in common.groups())
            clash = Clash(node, one, other)
            place = _place(world, clash)
            if place:
                yield _finding(world, clash, place)
            continue
        for iri in _IRI.findall(message):
            term = ox.NamedNode(iri)
            place = world.places.subject(term) or world.places.mention(term)
            if place and iri not in world.vocabulary.terms:
                yield world.finding(place, "inconsistent", f"OWL 2 RL: {message}; mend one of the statements", term)
                break
