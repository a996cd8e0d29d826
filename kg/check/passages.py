"""Articles and passages: proof that every claim's words are where the graph says they are.

An article stays outside the project. The graph holds its file name and the SHA-256 of its bytes; a passage holds
character offsets in the UTF-8 text (Web Annotation, section 4.2.5: start inclusive, end exclusive) and the SHA-256
of those characters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.check.documents import DataGraph
from kg.check.finding import Finding
from kg.check.place import Place
from kg.errors import InputError, NameUnknownError
from kg.files import read_text
from kg.names import MC, VOCABULARIES

OA = VOCABULARIES["oa"]
_TYPE, _SOURCE = NamedNode(VOCABULARIES["rdf"] + "type"), NamedNode(OA + "hasSource")


@dataclass(frozen=True)
class Fault:
    """One thing that does not match: the node, the property to mend and a sentence that says what to do."""

    node: str
    about: str
    sentence: str


@dataclass(frozen=True)
class Verification:
    """What re-reading the articles gave: how many there are of each, how many passages held, and the faults."""

    articles: int
    passages: int
    proved: int
    claims: int
    faults: list[Fault]


@dataclass(frozen=True)
class TextPosition:
    """Where a text stands in an article: `start` inclusive, `end` exclusive, in characters; the characters' hash."""

    start: int
    end: int
    sha256: str


def digest(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def locate(text: str, words: str) -> list[TextPosition]:
    """Return every place of `words` in `text`, in order; overlapping places count."""
    places = []
    start = text.find(words) if words else -1
    while start >= 0:
        places.append(TextPosition(start, start + len(words), digest(words)))
        start = text.find(words, start + 1)
    return places


def locate_in(path: Path, words: str) -> list[TextPosition]:
    """Return every place of `words` in the article at `path`; raise `NameUnknownError` where there is none."""
    places = locate(read_text(path), words)
    if not places:
        raise NameUnknownError(
            "does not hold these words: copy them from the file itself, with its apostrophes and spaces",
            source=str(path),
        )
    return places


def texts(folder: Path) -> dict[str, Path]:
    """Return the text files of `folder` by name without extension; raise `InputError` where there are none."""
    if not folder.is_dir():
        raise InputError("is no folder: give the folder that holds the articles' texts", source=str(folder))
    found = {path.stem: path for path in sorted(folder.glob("*.txt"))}
    if not found:
        raise InputError("holds no .txt file: give the folder that holds the articles' texts", source=str(folder))
    return found


def verify(quads: Iterable[Quad], folder: Path) -> Verification:
    """Re-read every article in `folder` and prove each article's and each passage's hash.

    `quads` are the curated data. Raises `InputError` for a folder or text that cannot be read.
    """
    graph = _Graph(quads)
    files = texts(folder)
    faults: list[Fault] = []
    readable: dict[NamedNode, str] = {}
    articles = graph.of_class("Article")
    for article in articles:
        text, fault = _article(graph, article, files)
        if fault:
            faults.append(fault)
        if text is not None:
            readable[article] = text
    passages = graph.of_class("Passage")
    proved = 0
    for passage in passages:
        source = graph.value(passage, OA + "hasSource")
        if source in articles and source not in readable:
            continue  # its article's own fault says so, once
        fault = _passage(graph, passage, readable.get(source) if isinstance(source, NamedNode) else None)
        if fault:
            faults.append(fault)
        else:
            proved += 1
    return Verification(len(articles), len(passages), proved, len(graph.of_class("Claim")), faults)


class _Graph:
    """The few look-ups that verification needs, over one store."""

    def __init__(self, quads: Iterable[Quad]):
        self.store = Store()
        self.store.bulk_extend(quads)

    def of_class(self, name: str) -> list[NamedNode]:
        found = {q.subject for q in self.store.quads_for_pattern(None, _TYPE, NamedNode(str(MC) + name), None)}
        return sorted((node for node in found if isinstance(node, NamedNode)), key=lambda node: node.value)

    def values(self, node: NamedNode, predicate: str) -> Iterator[NamedNode | Literal]:
        for quad in self.store.quads_for_pattern(node, NamedNode(predicate), None, None):
            if isinstance(quad.object, NamedNode | Literal):
                yield quad.object

    def value(self, node: NamedNode, predicate: str) -> NamedNode | Literal | None:
        return next(self.values(node, predicate), None)


def _article(graph: _Graph, article: NamedNode, files: dict[str, Path]) -> tuple[str | None, Fault | None]:
    """Return the article's text where it can be read, and what is wrong with it."""
    name = graph.value(article, str(MC) + "file")
    stated = graph.value(article, str(MC) + "sha256")
    if name is None or name.value not in files:
        sentence = f"its text {name.value if name else '(no mc:file)'}.txt is not in the folder: add it"
        return None, Fault(article.value, str(MC) + "file", sentence)
    path = files[name.value]
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if stated is None or stated.value != found:
        sentence = f"the SHA-256 of {path.name} is {found}: the text has changed, or mend mc:sha256"
        return read_text(path), Fault(article.value, str(MC) + "sha256", sentence)
    return read_text(path), None


def _passage(graph: _Graph, passage: NamedNode, text: str | None) -> Fault | None:
    """Return what is wrong with a passage of `text`, or None where its words are proved."""
    if text is None:
        sentence = "its oa:hasSource is no article of the graph: name the article that it was read in"
        return Fault(passage.value, OA + "hasSource", sentence)
    bounds = _bounds(graph, passage)
    if bounds is None:
        return Fault(passage.value, OA + "start", "its offsets are no whole numbers: give oa:start and oa:end")
    first, last = bounds
    if not 0 <= first < last <= len(text):
        inside = f"its offsets {first} to {last} are not inside the text of {len(text)} characters"
        return Fault(passage.value, OA + "start", f"{inside}: locate the words again")
    stated, found = graph.value(passage, str(MC) + "sha256"), digest(text[first:last])
    if stated is None or stated.value != found:
        sentence = f"the characters {first} to {last} have the SHA-256 {found}, not the stated one"
        return Fault(passage.value, str(MC) + "sha256", f"{sentence}: locate the words again")
    return None


@dataclass(frozen=True)
class Coverage:
    """How far an article's claims cover a reading of it: `missing` are `(start, end, kind)` that no claim covers."""

    article: str
    wanted: int
    missing: list[tuple[int, int, str]]


def coverage(quads: Iterable[Quad], folder: Path) -> list[Coverage]:
    """Compare the claims with a second reading of each article, kept as `{article file}.tsv` in `folder`.

    A row is `start`, `end`, `kind`: the characters that evidence for a fact cannot do without, and the class of the
    record. It is covered where a claim of the article asserts a record of that class and its passage holds all the
    characters. Raises `InputError`, with the line, for a row that is none.
    """
    graph = _Graph(quads)
    bounds = {p: _bounds(graph, p) for p in graph.of_class("Passage")}
    held: dict[str, list[tuple[int, int, str]]] = {}
    for claim in graph.of_class("Claim"):
        record = graph.value(claim, f"{MC}asserts")
        kind = graph.value(record, _TYPE.value) if isinstance(record, NamedNode) else None
        for passage in graph.values(claim, f"{MC}passage"):
            article = graph.value(passage, _SOURCE.value) if isinstance(passage, NamedNode) else None
            place = bounds.get(passage) if isinstance(passage, NamedNode) else None
            if article is not None and kind is not None and place is not None:
                held.setdefault(article.value, []).append((*place, kind.value.removeprefix(str(MC))))
    found = []
    for article in graph.of_class("Article"):
        name = graph.value(article, str(MC) + "file")
        path = folder / f"{name.value if name else ''}.tsv"
        if path.is_file():
            wanted = list(_rows(path))
            places = held.get(article.value, [])
            missing = [row for row in wanted if not any(_covers(place, row) for place in places)]
            found.append(Coverage(path.stem, len(wanted), missing))
    return found


def _bounds(graph: _Graph, passage: NamedNode) -> tuple[int, int] | None:
    start, end = (graph.value(passage, OA + name) for name in ("start", "end"))
    if start is None or end is None or not (start.value.isdecimal() and end.value.isdecimal()):
        return None
    return int(start.value), int(end.value)


def _covers(place: tuple[int, int, str], row: tuple[int, int, str]) -> bool:
    return place[2] == row[2] and place[0] <= row[0] and row[1] <= place[1]


def _rows(path: Path) -> Iterator[tuple[int, int, str]]:
    for number, line in enumerate(read_text(path).splitlines()[1:], start=2):
        cells = line.split("\t")
        if len(cells) < 3 or not (cells[0].isdecimal() and cells[1].isdecimal()):
            raise InputError("is no row: give start, end and kind, with tabs between", source=str(path), line=number)
        yield int(cells[0]), int(cells[1]), cells[2]


_RULES = {
    f"{VOCABULARIES['oa']}hasSource": "passage-source",
    f"{VOCABULARIES['oa']}start": "passage-offsets",
    f"{MC}file": "article-text",
    f"{MC}sha256": "passage-hash",
}


def unproved(graph: DataGraph, folder: Path) -> Iterator[Finding]:
    """Yield a finding for each article and passage of the documents that the texts in `folder` do not bear out.

    Raises `InputError` for a folder or text that cannot be read.
    """
    quads = [
        ox.Quad(subject, predicate, value)
        for subject, predicate, value in graph.triples()
        if isinstance(subject, ox.NamedNode) and isinstance(predicate, ox.NamedNode)
    ]
    for fault in verify(quads, folder).faults:
        said = graph.about.get(ox.NamedNode(fault.node), [])
        tokens = {triple.predicate.value: (document, triple.object_at) for document, triple in said}
        if not said:
            continue  # a node of the context is not judged
        first, triple = said[0]
        document, at = tokens.get(fault.about, (first, triple.subject_at))
        yield graph.finding(Place(document, at), _RULES[fault.about], fault.sentence, ox.NamedNode(fault.node))
