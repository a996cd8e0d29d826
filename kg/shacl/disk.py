"""A graph on disk as an index: opened in no time whatever its size, and made once for each content.

Terms keep their text as written, which no store of Oxigraph's does. The triples of files that changed since can be
hidden, and those of their new versions laid over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pyoxigraph as ox

from kg.shacl.index import MemoryIndex
from kg.turtle.terms import Three
from kg.turtle.text import Term

_TABLES = """
CREATE TABLE term (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE triple (s INTEGER, p INTEGER, o INTEGER, f INTEGER, PRIMARY KEY (s, p, o, f)) WITHOUT ROWID;
CREATE TABLE file (f INTEGER PRIMARY KEY, name TEXT NOT NULL);
"""
_INDEXES = """
CREATE INDEX triple_o ON triple (o, p, s, f);
CREATE INDEX triple_p ON triple (p, s, o, f);
"""


_Row = TypeVar("_Row", bound=tuple[int, ...])


def encode(term: Term) -> str:
    """Return `term` as one string that `decode` gives back: its kind, what it is of, and its text."""
    if isinstance(term, ox.NamedNode):
        return f"I{term.value}"
    if isinstance(term, ox.BlankNode):
        return f"B{term.value}"
    return f"L{'@' + term.language if term.language else term.datatype.value}\0{term.value}"


def decode(text: str) -> Term:
    """Return the term that `encode` made `text` of."""
    if text[0] == "I":
        return ox.NamedNode(text[1:])
    if text[0] == "B":
        return ox.BlankNode(text[1:])
    kind, value = text[1:].split("\0", 1)
    return ox.Literal(value, language=kind[1:]) if kind[0] == "@" else ox.Literal(value, datatype=ox.NamedNode(kind))


def write(path: Path, files: Iterable[tuple[str, Iterable[Three]]]) -> None:
    """Write the index of `files`, (name, triples) each, to the new file `path`; until it returns it is not whole."""
    ids: dict[Term, int] = {}

    def rows(number: int, triples: Iterable[Three]) -> Iterator[tuple[int, int, int, int]]:
        for triple in triples:
            s, p, o = (ids.setdefault(term, len(ids)) for term in triple)
            yield s, p, o, number

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        connection.execute("BEGIN")
        for number, (name, triples) in enumerate(files):
            connection.execute("INSERT INTO file VALUES (?, ?)", (number, name))
            connection.executemany("INSERT OR IGNORE INTO triple VALUES (?, ?, ?, ?)", sorted(rows(number, triples)))
        terms = ((number, encode(term)) for term, number in ids.items())
        connection.executemany("INSERT INTO term VALUES (?, ?)", terms)
        connection.execute("COMMIT")
        connection.executescript(_INDEXES)


class DiskIndex:
    """The index at `path`, without the triples that only the files `hidden` have."""

    def __init__(self, path: Path, hidden: Iterable[str] = ()):
        self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        names = set(hidden)
        self._files: dict[int, str] = dict(self._connection.execute("SELECT f, name FROM file"))
        self._hidden = {number for number, name in self._files.items() if name in names}
        self._terms: dict[int, Term] = {}
        self.size: int = self._connection.execute("SELECT coalesce(max(id), -1) + 1 FROM term").fetchone()[0]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def find(self, term: Term) -> int | None:
        """Return the number of `term`, or nothing where it is not in the graph."""
        row = self._connection.execute("SELECT id FROM term WHERE text = ?", (encode(term),)).fetchone()
        return row[0] if row else None

    def id(self, term: Term) -> int:
        """Return the number of `term`, one that no term has where it is not in the graph."""
        found = self.find(term)
        return -1 if found is None else found

    def term(self, number: int) -> Term:
        """Return the term of a number."""
        known = self._terms.get(number)
        if known is None:
            row = self._connection.execute("SELECT text FROM term WHERE id = ?", (number,)).fetchone()
            known = self._terms[number] = decode(row[0])
        return known

    def _seen(self, query: str, *values: int) -> Iterator[tuple[int, ...]]:
        """Return the rows of a query, each once, whose last column is a file that is not hidden."""
        last: tuple[int, ...] | None = None
        for *row, file in self._connection.execute(query, values):
            if file not in self._hidden and (found := tuple(row)) != last:
                last = found
                yield found

    def values(self, subject: int, predicate: int) -> Sequence[int]:
        """Return the objects of `subject`'s triples with `predicate`."""
        return [
            o for (o,) in self._seen("SELECT o, f FROM triple WHERE s = ? AND p = ? ORDER BY o", subject, predicate)
        ]

    def sources(self, predicate: int, value: int) -> Sequence[int]:
        """Return the subjects of the triples with `predicate` and `value`."""
        return [s for (s,) in self._seen("SELECT s, f FROM triple WHERE o = ? AND p = ? ORDER BY s", value, predicate)]

    def source(self, predicate: int, value: int) -> int | None:
        """Return one of the subjects of the triples with `predicate` and `value`, if there is any."""
        rows = self._seen("SELECT s, f FROM triple WHERE o = ? AND p = ?", value, predicate)
        return next((s for (s,) in rows), None)

    def outgoing(self, subject: int) -> Iterator[tuple[int, int]]:
        """Return predicate and object of each triple of `subject`."""
        yield from self._seen("SELECT p, o, f FROM triple WHERE s = ? ORDER BY p, o", subject)  # type: ignore[misc]

    def incoming(self, value: int) -> Iterator[tuple[int, int]]:
        """Return subject and predicate of each triple with the object `value`."""
        yield from self._seen("SELECT s, p, f FROM triple WHERE o = ? ORDER BY p, s", value)  # type: ignore[misc]

    def pairs(self, predicate: int) -> Iterator[tuple[int, int]]:
        """Return subject and object of each triple with `predicate`."""
        yield from self._seen("SELECT s, o, f FROM triple WHERE p = ? ORDER BY s, o", predicate)  # type: ignore[misc]

    def triples(self) -> Iterator[tuple[int, int, int]]:
        """Return every triple."""
        yield from self._seen("SELECT s, p, o, f FROM triple ORDER BY s, p, o")  # type: ignore[misc]

    def describing(self, node: int) -> set[str]:
        """Return the names of the files, not hidden ones, that have statements about `node`."""
        query = "SELECT DISTINCT f FROM triple WHERE s = ?"
        return {self._files[f] for (f,) in self._connection.execute(query, (node,)) if f not in self._hidden}

    def mentioning(self, node: int) -> set[str]:
        """Return the names of the files, not hidden ones, that speak of `node`, as subject or object."""
        query = "SELECT f FROM triple WHERE s = ?1 UNION SELECT f FROM triple WHERE o = ?1"
        return {self._files[f] for (f,) in self._connection.execute(query, (node,)) if f not in self._hidden}


class Layered(MemoryIndex):
    """Triples in memory over an index on disk: one graph, one numbering."""

    def __init__(self, below: DiskIndex, triples: Iterable[Three] = ()):
        self.below = below
        super().__init__(triples)

    def id(self, term: Term) -> int:
        """Return the number of `term`, that on disk where it has one."""
        known = self._ids.get(term)
        if known is None:
            known = self.below.find(term)
            if known is None:
                known = self.below.size + len(self._terms)
                self._terms.append(term)
            self._ids[term] = known
        return known

    def term(self, number: int) -> Term:
        """Return the term of a number."""
        above = number - self.below.size
        return self._terms[above] if above >= 0 else self.below.term(number)

    def values(self, subject: int, predicate: int) -> Sequence[int]:
        """Return the objects of `subject`'s triples with `predicate`."""
        return _joined(super().values(subject, predicate), self.below.values(subject, predicate))

    def sources(self, predicate: int, value: int) -> Sequence[int]:
        """Return the subjects of the triples with `predicate` and `value`."""
        return _joined(super().sources(predicate, value), self.below.sources(predicate, value))

    def source(self, predicate: int, value: int) -> int | None:
        """Return one of the subjects of the triples with `predicate` and `value`, if there is any."""
        above = super().sources(predicate, value)
        return above[0] if above else self.below.source(predicate, value)

    def outgoing(self, subject: int) -> Iterator[tuple[int, int]]:
        """Return predicate and object of each triple of `subject`."""
        yield from _both(super().outgoing(subject), self.below.outgoing(subject))

    def incoming(self, value: int) -> Iterator[tuple[int, int]]:
        """Return subject and predicate of each triple with the object `value`."""
        above = {(s, p) for p in list(self._by) for s in super(Layered, self).sources(p, value)}
        yield from _both(above, self.below.incoming(value))

    def pairs(self, predicate: int) -> Iterator[tuple[int, int]]:
        """Return subject and object of each triple with `predicate`."""
        yield from _both(super().pairs(predicate), self.below.pairs(predicate))

    def triples(self) -> Iterator[tuple[int, int, int]]:
        """Return every triple."""
        above = {(s, p, o) for p, of in self._by.items() for s, values in of.items() for o in values}
        yield from _both(above, self.below.triples())


def _joined(above: Sequence[int], below: Sequence[int]) -> Sequence[int]:
    return [*above, *(each for each in below if each not in above)] if above and below else above or below


def _both(above: Iterable[_Row], below: Iterable[_Row]) -> Iterator[_Row]:
    """Return what either has, each once: what is on disk is read only as far as somebody asks."""
    first = set(above)
    yield from first
    yield from (each for each in below if each not in first)
