"""Answers kept for the next time: the least recently used go when the limit of bytes is reached.

A key holds the dataset's version, so that an answer can never outlive the data that it came from.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock

OVERHEAD = 1000
"""Bytes that an answer takes beside its body: key, headers and the records of both."""


@dataclass(frozen=True)
class Stored:
    """A whole answer: its status line, header fields and body."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    etag: str

    @property
    def size(self) -> int:
        """Bytes that the answer takes in the cache."""
        return len(self.body) + OVERHEAD


class AnswerCache:
    """Answers by key, at most `limit` bytes of them; safe for threads. A limit of 0 keeps nothing."""

    def __init__(self, limit: int):
        self.limit = limit
        self.size = 0
        self._stored: OrderedDict[Hashable, Stored] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._stored)

    def get(self, key: Hashable) -> Stored | None:
        """Return the answer under `key`, or `None`."""
        with self._lock:
            stored = self._stored.get(key)
            if stored is not None:
                self._stored.move_to_end(key)
            return stored

    def takes(self, size: int) -> bool:
        """Return whether an answer of `size` bytes is kept: one may take at most an eighth of the whole."""
        return size + OVERHEAD <= self.limit // 8

    def put(self, key: Hashable, stored: Stored) -> None:
        """Keep `stored` under `key` and drop what was used longest ago, down to the limit."""
        if not self.takes(len(stored.body)):
            return
        with self._lock:
            before = self._stored.pop(key, None)
            if before is not None:
                self.size -= before.size
            self._stored[key] = stored
            self.size += stored.size
            while self.size > self.limit:
                _, oldest = self._stored.popitem(last=False)
                self.size -= oldest.size

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._stored.clear()
            self.size = 0
