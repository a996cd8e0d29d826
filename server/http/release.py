"""What is being published: one version of the graph with its engine and files, and how a new one takes over.

A request takes the edition that is current when it comes and keeps it to its last byte. When a new edition is
published, the old one serves out its requests and is closed with the last of them. The files of an edition are
opened once, when it is taken up: a build that replaces them on disk does not change what this edition serves.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from kg.errors import InputError
from kg.publish.dump import CURRENT, MANIFEST
from kg.sandbox.checks import Checks
from kg.sparql.engine import Engine

CHUNK = 1 << 20
SUMS = "SHA256SUMS"


class OpenFile(io.RawIOBase):
    """A reader of its own over a file descriptor that others read too: it keeps its position to itself."""

    def __init__(self, descriptor: int, size: int):
        super().__init__()
        self._descriptor = descriptor
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to `offset` counted from the start, the position or the end; return the new position."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the position on; return the count of bytes, 0 at the end."""
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count


@dataclass(frozen=True)
class Dump:
    """One published file, open: its size in bytes, its SHA-256 and when it was last changed (seconds since 1970)."""

    name: str
    size: int
    modified: int
    sha256: str
    descriptor: int

    @classmethod
    def open(cls, path: Path) -> Dump:
        """Open the file at `path` and read it once for its digest; raise `InputError` where that fails."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", source=str(path)) from None
        digest, position = hashlib.sha256(), 0
        while block := os.pread(descriptor, CHUNK, position):
            digest.update(block)
            position += len(block)
        modified = int(os.fstat(descriptor).st_mtime)
        return cls(path.name, position, modified, digest.hexdigest(), descriptor)

    def reader(self) -> io.BufferedReader:
        """Return a reader from the first byte on; any number of them read side by side."""
        return io.BufferedReader(OpenFile(self.descriptor, self.size), 1 << 16)

    def read(self) -> bytes:
        """Return the whole file."""
        return os.pread(self.descriptor, self.size, 0) if self.size < CHUNK else self.reader().read()

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


@dataclass
class Edition:
    """One version of the graph as it is served: its engine, its files, the base IRI of its things and its prefixes.

    `checks` judges texts as additions to it, where that is wanted. `since` is when it was taken up (seconds since
    1970). `title` is the dataset's name by language. The rest is asked of the graph when first wanted, and kept:
    triples by graph and in all, instances by class, the index of names, and what is above each class and property.
    """

    version: str
    base: str
    engine: Engine
    dumps: Mapping[str, Dump] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    since: float = field(default_factory=time.time)
    graph_sizes: dict[str, int] | None = None
    size: int | None = None
    classes: list[tuple[str, int]] | None = None
    index: Any = None
    ancestors: dict[str, frozenset[str]] | None = None
    title: dict[str, str] = field(default_factory=dict)
    checks: Checks | None = None

    def close(self) -> None:
        """Let go of the engine, the checks and the files."""
        self.engine.close()
        if self.checks is not None:
            self.checks.close()
        for dump in self.dumps.values():
            dump.close()


class Published:
    """The edition that is current, and the requests that still hold an older one."""

    def __init__(self, edition: Edition):
        self._current = edition
        self._holders: dict[int, int] = {id(edition): 0}
        self._lock = Lock()

    @property
    def version(self) -> str:
        """The version that a new request would get."""
        return self._current.version

    def take(self) -> Edition:
        """Return the current edition; give it back with `release`."""
        with self._lock:
            self._holders[id(self._current)] += 1
            return self._current

    def release(self, edition: Edition) -> None:
        """Give back an edition that `take` returned; the last holder of an old one closes it."""
        with self._lock:
            self._holders[id(edition)] -= 1
            done = edition is not self._current and self._holders[id(edition)] == 0
            if done:
                del self._holders[id(edition)]
        if done:
            edition.close()

    def replace(self, edition: Edition) -> None:
        """Make `edition` current; the one before is closed now, or by its last holder."""
        with self._lock:
            before, self._current = self._current, edition
            self._holders[id(edition)] = 0
            idle = self._holders[id(before)] == 0
            if idle:
                del self._holders[id(before)]
        if idle:
            before.close()

    def close(self) -> None:
        """Close the current edition, whoever holds it."""
        self._current.close()


@dataclass(frozen=True)
class Build:
    """A build of `mercato build` as it is on disk: its folder, its version, its base IRI and its open files."""

    place: Path
    version: str
    base: str
    dumps: Mapping[str, Dump]

    def close(self) -> None:
        """Close its files."""
        for dump in self.dumps.values():
            dump.close()


def open_build(out: Path) -> Build:
    """Return the build that is current in the folder `out`, each file checked against the manifest's SHA-256.

    Raises `InputError` where there is no build, or a file that is not the one that the manifest names.
    """
    place = (out / CURRENT).resolve()  # once: a build that is published meanwhile moves the link
    try:
        manifest = json.loads((place / MANIFEST).read_bytes())
        files = manifest["files"]
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError("holds no build: run `mercato build` first", source=str(out)) from None
    dumps: dict[str, Dump] = {}
    try:
        for name, about in files.items():
            dumps[name] = Dump.open(place / name)
            if dumps[name].sha256 != about["sha256"]:
                sentence = "is not the file of its manifest: run `mercato build --force`"
                raise InputError(sentence, source=str(place / name))
        for name in (MANIFEST, SUMS):
            dumps[name] = Dump.open(place / name)
    except BaseException:
        for dump in dumps.values():
            dump.close()
        raise
    return Build(place, str(manifest["version"]), str(manifest["base"]), dumps)
