"""What a change does to the graph, in its own terms: people, moves, offers and figures added, changed, withdrawn.

Two graphs that are equal up to order and the names of blank nodes do not differ. The named questions are asked of
both, over the stated and the derived facts, and those whose answers differ are told.
"""

from __future__ import annotations

import hashlib
import json
from collections import ChainMap, Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from kg.check.inputs import expand, faultless, read_all
from kg.names import VOCABULARIES
from kg.publish.compose import derive
from kg.sparql.questions import Question
from kg.turtle.document import canonical
from kg.turtle.reader import TYPE
from kg.turtle.terms import Three, shown
from kg.turtle.text import Term

_LABEL = ox.NamedNode(f"{VOCABULARIES['rdfs']}label")
_ROUNDS = 8
KINDS = ("added", "changed", "withdrawn")


@dataclass(frozen=True)
class Node:
    """One node that differs: its IRI and class as a reader writes them, its label, and its lines gone and new."""

    name: str
    kind: str
    label: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A named question whose answer differs: the rows gone and new."""

    name: str
    title: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass
class Difference:
    """What differs, by kind of change (`KINDS`), and the answers that differ."""

    nodes: dict[str, list[Node]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    answers: list[Answer] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether the two graphs are one."""
        return not any(self.nodes.values()) and not self.answers


def read(place: Path) -> tuple[set[Three], dict[str, str]]:
    """Return the triples of a file or folder, and its prefixes."""
    documents = faultless(read_all(expand([place])))
    triples = [triple[:3] for document in documents for triple in document.triples]
    prefixes = {prefix: iri for document in documents for prefix, iri in document.prefixes.items()}
    return set(triples), prefixes


def _digest(about: Iterable[tuple[Term, Term]], said: Mapping[Term, str]) -> str:
    """Return a digest of predicates and values, blank ones by their own digest in `said`."""
    lines = sorted(f"{predicate} {said.get(value, value)}" for predicate, value in about)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def named(triples: set[Three]) -> tuple[set[Three], bool]:
    """Return the triples with each blank node named by what it says, and whether those names are canonical.

    They are where no two blank nodes say the same and none speak of each other in a circle, which is read `_ROUNDS`
    steps far.

    Names by RDFC-1.0 are of one graph alone: add a node to it, and others have other names. By what they say, the nodes
    that two graphs have in common have one name in both. Several that say the same are numbered by who speaks of them.
    """
    about = _by_subject(triples)
    nodes: set[Term] = {term for triple in triples for term in (triple[0], triple[2]) if isinstance(term, ox.BlankNode)}
    waiting: dict[Term, set[Term]] = {node: {value for _, value in about.get(node, ())} & nodes for node in nodes}
    speakers: dict[Term, list[tuple[Term, Term]]] = {node: [] for node in nodes}
    for subject, predicate, value in triples:
        if value in speakers:
            speakers[value].append((subject, predicate))
    said: dict[Term, str] = {}
    ready = [node for node, values in waiting.items() if not values]
    while ready:
        node = ready.pop()
        said[node] = _digest(about.get(node, ()), said)
        for speaker in {subject for subject, _ in speakers[node]} & nodes:
            waiting[speaker].discard(node)
            if not waiting[speaker]:
                ready.append(speaker)
    circles: dict[Term, str] = dict.fromkeys(nodes - said.keys(), "")
    for _ in range(_ROUNDS):
        circles = {node: _digest(about[node], ChainMap(circles, said)) for node in circles}
    said |= circles

    def order(node: Term) -> tuple[str, list[str], str]:
        return said[node], sorted(f"{said.get(one, one)} {word}" for one, word in speakers[node]), str(node)

    numbers: Counter[str] = Counter()
    names: dict[Term, Term] = {}
    for node in sorted(said, key=order):
        names[node] = ox.BlankNode(f"s{said[node]}n{numbers[said[node]]}")
        numbers[said[node]] += 1
    made = {(names.get(subject, subject), predicate, names.get(value, value)) for subject, predicate, value in triples}
    return made, not circles and len(numbers) == len(names)


def compare(
    old: Path, new: Path, ontology: Sequence[Path] = (), queries: Path | None = None, questions: Iterable[Question] = ()
) -> Difference:
    """Return what is different in `new` (a file or folder of Turtle) from `old`.

    Raises `InputError` where either cannot be read.
    """
    (before, one), (after, other) = read(old), read(new)
    difference = Difference()
    (before, is_canonical), (after, is_canonical_too) = named(before), named(after)
    if before == after:
        return difference
    # RDFC-1.0 takes long for lists, so it is asked only where the names do not tell.
    if not (is_canonical or is_canonical_too) and canonical(before) == canonical(after):
        return difference
    prefixes = {**VOCABULARIES, **one, **other}
    about_old, about_new = _by_subject(before), _by_subject(after)
    changed = {triple[0] for triple in before ^ after}
    for subject in sorted(changed, key=str):
        was, is_ = about_old.get(subject, set()), about_new.get(subject, set())
        kind = "added" if not was else "withdrawn" if not is_ else "changed"
        difference.nodes[kind].append(_node(subject, was, is_, prefixes))
    if queries:
        stores = [_store(triples, ontology, queries) for triples in (before, after)]
        for question in questions:
            gone, come = (_answer(store, question, prefixes) for store in stores)
            if gone != come:
                title = question.title()
                lost, found = tuple(sorted(set(gone) - set(come))), tuple(sorted(set(come) - set(gone)))
                difference.answers.append(Answer(question.name, title, lost, found))
    return difference


def _by_subject(triples: Iterable[Three]) -> dict[Term, set[tuple[Term, Term]]]:
    found: dict[Term, set[tuple[Term, Term]]] = {}
    for subject, predicate, value in triples:
        found.setdefault(subject, set()).add((predicate, value))
    return found


def _node(subject: Term, was: set[tuple[Term, Term]], is_: set[tuple[Term, Term]], prefixes: Mapping[str, str]) -> Node:
    either = is_ or was
    types = sorted(shown(value, prefixes) for predicate, value in either if predicate == TYPE)
    labels = [value for predicate, value in either if predicate == _LABEL and isinstance(value, ox.Literal)]
    best = sorted(labels, key=lambda label: (label.language != "en", label.value))

    def lines(pairs: set[tuple[Term, Term]]) -> tuple[str, ...]:
        return tuple(sorted(f"{shown(predicate, prefixes)} {shown(value, prefixes)}" for predicate, value in pairs))

    return Node(
        shown(subject, prefixes),
        types[0] if types else "",
        best[0].value if best else "",
        lines(was - is_),
        lines(is_ - was),
    )


def _store(triples: Iterable[Three], ontology: Sequence[Path], queries: Path) -> ox.Store:
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in triples)  # type: ignore[arg-type]
    for document in read_all(list(ontology), "v").documents:
        store.extend(ox.Quad(*triple[:3]) for triple in document.triples)  # type: ignore[arg-type]
    store.extend(ox.Quad(each.subject, each.predicate, each.object) for each in derive(store, queries))
    return store


def _answer(store: ox.Store, question: Question, prefixes: Mapping[str, str]) -> list[str]:
    answer = store.query(question.text, use_default_graph_as_union=True)
    if isinstance(answer, ox.QuerySolutions):
        names = [variable.value for variable in answer.variables]
        return [
            " · ".join(f"{name} {shown(row[name], prefixes)}" for name in names if row[name] is not None)
            for row in answer
        ]
    if isinstance(answer, ox.QueryBoolean):
        return ["yes" if answer else "no"]
    return [str(triple) for triple in answer]


def _counted(difference: Difference) -> dict[str, dict[str, int]]:
    """Return how many nodes of each class were added, changed and withdrawn."""
    counts: dict[str, dict[str, int]] = {}
    for kind in KINDS:
        for node in difference.nodes[kind]:
            each = counts.setdefault(node.kind or "other", dict.fromkeys(KINDS, 0))
            each[kind] += 1
    return dict(sorted(counts.items()))


def text(difference: Difference) -> str:
    """Return the difference for a terminal."""
    if difference.empty:
        return "No difference.\n"
    lines = []
    for name, each in _counted(difference).items():
        lines.append(f"{name}: " + ", ".join(f"{count} {kind}" for kind, count in each.items() if count))
    for kind in KINDS:
        for node in difference.nodes[kind]:
            label = f" “{node.label}”" if node.label else ""
            lines += ["", f"{kind} {node.kind} {node.name}{label}"]
            lines += [f"  - {line}" for line in node.gone] + [f"  + {line}" for line in node.new]
    for answer in difference.answers:
        lines += ["", f"answer of {answer.name}: {answer.title}"]
        lines += [f"  - {row}" for row in answer.gone] + [f"  + {row}" for row in answer.new]
    return "\n".join(lines) + "\n"


def markdown(difference: Difference) -> str:
    """Return the difference for a pull request."""
    if difference.empty:
        return "No difference.\n"
    lines = ["| class | added | changed | withdrawn |", "|---|---|---|---|"]
    for name, each in _counted(difference).items():
        lines.append(f"| {name} | " + " | ".join(str(each[kind]) for kind in KINDS) + " |")
    for kind in KINDS:
        for node in difference.nodes[kind]:
            lines += ["", f"**{kind.capitalize()}** `{node.name}` {node.label}", "", "```diff"]
            lines += [f"- {line}" for line in node.gone] + [f"+ {line}" for line in node.new] + ["```"]
    if difference.answers:
        lines += ["", "**Answers that change**"]
    for answer in difference.answers:
        lines += ["", f"`{answer.name}`: {answer.title}", "", "```diff"]
        lines += [f"- {row}" for row in answer.gone] + [f"+ {row}" for row in answer.new] + ["```"]
    return "\n".join(lines) + "\n"


def as_json(difference: Difference) -> str:
    """Return the difference for a machine."""
    nodes = {kind: [node.__dict__ for node in difference.nodes[kind]] for kind in KINDS}
    answers = [answer.__dict__ for answer in difference.answers]
    value = {"counts": _counted(difference), **nodes, "answers": answers}
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


FORMATS = {"text": text, "markdown": markdown, "json": as_json}
"""The formats by name."""
