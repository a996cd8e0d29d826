"""The engines that answer without a sandbox: in this process, from a folder, or by asking another service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyoxigraph as ox

from kg.sparql.engine import Answer, Engine, Query
from kg.sparql.oxigraph import evaluate, fingerprint, folder_fingerprint, folder_for, load, open_folder
from kg.sparql.remote import RemoteEngine, is_remote
from kg.sparql.stream import checked, started

UNLIMITED = 7 * 24 * 3600.0
"""Seconds that the command waits for another service."""


class MemoryEngine:
    """Oxigraph in this process, for the command and for queries that are our own.

    The dataset is in memory, or in the folder where one is given. It keeps no limit (`timeout` and `gone` are not
    heeded): Oxigraph offers no way to stop a query. Queries that somebody sends belong in `kg.sandbox`.
    """

    def __init__(self, files: Sequence[Path], folder: Path | None = None):
        self._files = tuple(files)
        self._folder = folder
        self.version, self._store = self._opened(self._files)

    def _opened(self, files: Sequence[Path]) -> tuple[str, ox.Store]:
        if self._folder is None:
            return fingerprint(files), load(files)
        place = folder_for(self._folder, files)
        return (fingerprint(files) if files else folder_fingerprint(place)), open_folder(place)

    def answer(
        self,
        query: Query,
        format: str,  # noqa: A002
        *,
        timeout: float | None = None,
        gone: Callable[[], bool] | None = None,
    ) -> Answer:
        """Return the answer; see `kg.sparql.engine.Engine`."""
        form = checked(query, format)
        store = self._store
        return started(form, format, lambda sink: evaluate(store, query, format, sink))

    def reload(self, files: Sequence[Path] | None = None) -> None:
        """Swap the dataset; answers on their way go on with the old one. Nothing changes where loading fails."""
        chosen = self._files if files is None else tuple(files)
        version, store = self._opened(chosen)
        self._files, self.version, self._store = chosen, version, store

    def close(self) -> None:
        """Let go of the dataset."""
        self._store = ox.Store()


def open_engine(store: str, files: Sequence[Path]) -> Engine:
    """Return the engine for the setting `store`: `memory`, a folder, or the http(s) URL of a SPARQL endpoint.

    `files` are the RDF files of the dataset; a folder without files is an Oxigraph store as it is, and a service has a
    dataset of its own. Raises `InputError`, and `SettingError` for a URL that is none.
    """
    if is_remote(store):
        return RemoteEngine(store, UNLIMITED)
    return MemoryEngine(files, None if store == "memory" else Path(store))
