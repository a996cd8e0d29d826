"""The base of a change: its files at a git revision or another path, and their index, kept on disk.

The index has a key made of the base's content, so that its size costs time only once.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox

from kg.check.inputs import STANDARD_INPUT, expand
from kg.errors import InputError
from kg.files import turtle_files, unreadable
from kg.shacl.disk import write
from kg.turtle.document import Document, TurtleSyntaxError, base_of, parse
from kg.turtle.terms import Three


@dataclass
class Versions:
    """What the base held and what is different now.

    `base` are the base's files, `{name: how to read it}`, each with its digest; `now` are the files of the check by
    the same names. `changed` names those of `now` that are new or different, `gone` those of the base that are not
    there any more.
    """

    base: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    now: dict[str, Path] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    root: Path | None = None

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each file of the base, the same in every reading of it."""
        return {name: number for number, name in enumerate(sorted(self.base))}


def compare(files: Sequence[Path], base: str) -> Versions:
    """Return the files and folders `files` against `base`: a path that exists, or else a git revision.

    Raises `InputError` where it is neither, and for what is no file that can be read twice under one name.
    """
    if not files:
        raise InputError("there is nothing to check: name the Turtle files")
    for path in files:
        if path == STANDARD_INPUT or (path.exists() and not (path.is_file() or path.is_dir())):
            raise InputError("this is no file that a base can hold: check it without --base", source=str(path))
    place = Path(base)
    versions = _against_path(files, place) if place.exists() else _against_revision(files, base)
    for name in (*versions.base, *versions.now):
        if not name.isprintable():  # control characters, and bytes that are no UTF-8
            raise InputError(
                "this name holds odd characters: rename the file, or check without --base", source=ascii(name)[1:-1]
            )
    return versions


def _blob(data: bytes) -> str:
    """Return the name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _sort_out(versions: Versions, digest: Callable[[bytes], str]) -> Versions:
    now = _digests(versions.now, digest)
    versions.changed = [name for name in versions.now if versions.digests.get(name) != now[name]]
    versions.gone = [name for name in versions.base if name not in versions.now]
    return versions


def _against_path(files: Sequence[Path], place: Path) -> Versions:
    versions = Versions()
    folders = [path for path in files if path.is_dir()]
    if place.is_file():
        found = expand(files)
        if len(found) != 1:
            raise InputError("a base of one file is for a check of one file: give a folder", source=str(place))
        versions.now = {place.name: found[0]}
        old = {place.name: place}
    else:
        for path in expand(files):
            inside = next((folder for folder in folders if folder in path.parents), path.parent)
            name = path.relative_to(inside).as_posix()
            if (other := versions.now.setdefault(name, path)) != path:
                words = f"{other} has the same name in the base: check them one at a time"
                raise InputError(words, source=str(path))
        old = {path.relative_to(place).as_posix(): path for path in turtle_files(place)}
        if not folders:  # single files stand against their namesakes, and nothing is gone
            old = {name: path for name, path in old.items() if name in versions.now}
    versions.base = {name: path.read_bytes for name, path in old.items()}
    versions.digests = _digests(old, _digest)
    return _sort_out(versions, _digest)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def _digests(files: Mapping[str, Path], digest: Callable[[bytes], str]) -> dict[str, str]:
    """Return the digest of each file; reading and hashing use every core, for both let go of Python's lock."""

    def of(path: Path) -> str:
        try:
            return digest(path.read_bytes())
        except OSError as error:
            raise unreadable(path, error) from None

    with ThreadPoolExecutor() as pool:
        return dict(zip(files, pool.map(of, files.values()), strict=True))


def _against_revision(files: Sequence[Path], revision: str) -> Versions:
    first = files[0].resolve()
    start = first if first.is_dir() else first.parent
    root = Path(_git(start, revision, "rev-parse", "--show-toplevel").decode().strip())
    versions = Versions(root=root)
    versions.now = {_within(root, path): path for path in expand([path for path in files if path.exists()])}
    names = {_within(root, path): path for path in files}
    commit = _git(root, revision, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    tree = _git(root, revision, "ls-tree", "-r", "-z", commit, "--", *names).decode()
    for line in filter(None, tree.split("\0")):
        about, name = line.split("\t", 1)
        if name.endswith(".ttl"):
            blob = about.split()[2]
            versions.digests[name] = blob
            versions.base[name] = lambda blob=blob: _git(root, revision, "cat-file", "blob", blob)  # type: ignore[misc]
    for name, path in names.items():
        if not path.exists() and not any(each == name or each.startswith(f"{name}/") for each in versions.base):
            words = f"there is no such file, neither here nor at {revision}: check the name"
            raise InputError(words, source=str(path))
    return _sort_out(versions, _blob)


def _within(root: Path, path: Path) -> str:
    """Return the name of `path` in the repository at `root`; raise `InputError` where it lies outside."""
    try:
        return path.resolve().relative_to(root).as_posix()
    except ValueError:
        words = "this lies outside the repository of the first file: check it without --base"
        raise InputError(words, source=str(path)) from None


def differs(versions: Versions, revision: str, paths: Sequence[Path], *, beside: bool = False) -> bool:
    """Tell whether Turtle at or under any of `paths` in the repository differs from `revision`, or is gone, or new.

    With `beside` the files of the check itself do not count.
    """
    root = versions.root
    names = [
        path.resolve().relative_to(root).as_posix() for path in paths if root and path.resolve().is_relative_to(root)
    ]
    if not root or not names:
        return False
    known = _git(root, revision, "diff", "--name-only", "--no-renames", "-z", revision, "--", *names)
    new = _git(root, revision, "ls-files", "--others", "-z", "--", *names)
    found = {name for name in (known + new).decode("utf-8", "surrogateescape").split("\0") if name}
    found = {name for name in found if name.endswith(".ttl") or name in names}
    return bool(found - ({*versions.now, *versions.base} if beside else set()))


def _git(folder: Path, revision: str, *arguments: str) -> bytes:
    """Return what git prints; raises `InputError` where there is no repository or no such revision."""
    if revision.startswith("-"):
        raise InputError(f"{revision!r} is no revision: name a commit, a branch or a path")
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True)  # noqa: S603, S607
    except FileNotFoundError:
        raise InputError("git is not installed: give a folder as the base") from None
    except subprocess.CalledProcessError:
        raise InputError(
            f"{revision!r} is neither a path nor a revision of the repository around {folder}: check the name"
        ) from None
    return done.stdout


FORMAT = "5"
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
