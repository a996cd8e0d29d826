"""Loud where a pinned process would be silent.

A process that can open no file cannot load a module either, and a library may take a module that is not there for one
that need not be: rdflib then finds that 2024 is no year. Who seals its process learns of the first such try.
"""

from __future__ import annotations

import sys

OPENING = frozenset(("import", "open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.listdir"))
"""Audit events (https://docs.python.org/3/library/audit_events.html) of what a sealed process has no use for."""


class Seal:
    """Refuses, from now on and for good, what this process can no longer do; `tried` is what was tried first."""

    def __init__(self) -> None:
        self.tried = ""
        sys.addaudithook(self._watch)

    def _watch(self, event: str, values: tuple[object, ...]) -> None:
        if event in OPENING and not self.tried:  # once it is known, what follows (a traceback) fails as it may
            self.tried = f"{event} {values[0]!r}: the process that this one was forked from should have loaded it"
            raise OSError(self.tried)

    def check(self) -> None:
        """Raise `RuntimeError` where something was tried, whoever swallowed the refusal."""
        if self.tried:
            raise RuntimeError(self.tried)
