"""The base of a change, kept as an index on disk under a key of its content, so that its size costs time only once."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox

from kg.check.versions import Versions
from kg.shacl.disk import write
from kg.terms import Three
from kg.turtle import Document, TurtleSyntaxError, base_of, parse

FORMAT = "4"
"""Changes when what is kept on disk does."""
KEPT = 6
"""How many indexes stay on disk."""


def digest(documents: Iterable[Document]) -> str:
    """Return a name for the content of `documents`."""
    key = hashlib.sha256(FORMAT.encode())
    for document in documents:
        key.update(f"{document.source}\0{document.text}\0".encode())
    return key.hexdigest()


def cache() -> Path:
    """Return the folder where what takes long is kept (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mercato"


def blank(versions: Versions, name: str) -> str:
    """Return what the blank nodes of one file of the base are named after."""
    return f"b{versions.numbers[name]}."


def triples(versions: Versions, name: str) -> Iterable[Three]:
    """Return the triples of one file of the base; one that is no Turtle has none."""
    return _read(versions.base[name](), name, blank(versions, name))


def _read(data: bytes, name: str, after: str) -> Iterator[Three]:
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        if not any(mark in text for mark in ("[", "_:", "(")):  # no blank nodes, whose names matter
            for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=base_of(name)):
                yield quad.subject, quad.predicate, quad.object
            return
        yield from (triple[:3] for triple in parse(text, name, blank=after).triples)
    except (UnicodeDecodeError, SyntaxError, TurtleSyntaxError):
        return


def _readable(path: Path) -> bool:
    """Tell whether there is a whole index at `path`: one that a crash or a full disk cut short is made anew."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            pages, size = (connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "page_size"))
            connection.execute("SELECT count(*) FROM file").fetchone()
    except sqlite3.DatabaseError:
        return False
    return bool(path.stat().st_size == pages * size)


def stored(versions: Versions, context: Sequence[Path]) -> Path:
    """Return the index of the base and the context, made if it is not there yet."""
    key = hashlib.sha256(FORMAT.encode())
    for name in sorted(versions.base):
        key.update(f"{name}\0{versions.digests[name]}\0".encode())
    read = [(path.as_posix(), path.read_bytes()) for path in context]
    for name, data in read:
        key.update(f"{name}\0".encode() + hashlib.sha256(data).digest())
    folder = cache()
    path = folder / f"base-{key.hexdigest()}.sqlite"
    if _readable(path):
        path.touch()
        return path
    files = [(name, triples(versions, name)) for name in sorted(versions.base)]
    files += [(f"context:{name}", _read(data, name, f"c{number}.")) for number, (name, data) in enumerate(read)]
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="making-", dir=folder) as apart:  # two checks at once may make the same one
        made = Path(apart) / path.name
        write(made, files)
        made.replace(path)
    for stale in sorted(folder.glob("base-*.sqlite"), key=lambda each: each.stat().st_mtime)[:-KEPT]:
        stale.unlink(missing_ok=True)
    return path
