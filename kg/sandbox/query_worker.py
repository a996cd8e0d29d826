"""Queries inside the sandbox: the nursery holds the dataset, the workers answer from it."""

from __future__ import annotations

import marshal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg.errors import MercatoError, QueryRefusedError
from kg.sandbox import inside
from kg.sparql.engine import Query
from kg.sparql.oxigraph import evaluate, load, open_folder


def respond(store: ox.Store, connection: socket.socket, request: bytes) -> None:
    """Answer one query."""
    text, default, named, base, format_name, size, seconds = marshal.loads(request)  # noqa: S302 - our own server sent it

    def answer(writer: inside.Writer) -> None:
        try:
            evaluate(store, Query(text, default, named, base), format_name, writer)
        except MercatoError:
            raise
        except (OSError, ValueError, RuntimeError) as error:
            sentence = f"it cannot be evaluated: {error}"
            raise QueryRefusedError(sentence) from None

    inside.respond(connection, size, seconds, answer)


def loaded(values: dict[str, Any]) -> Callable[[], inside.Respond]:
    """Return what opens the dataset of the plan in a worker: loaded once here, or a store on disk."""
    if values["folder"]:
        return lambda: partial(respond, open_folder(Path(values["folder"])))
    store = load([Path(file) for file in values["files"]])
    return lambda: partial(respond, store)


if __name__ == "__main__":
    inside.main(loaded)
