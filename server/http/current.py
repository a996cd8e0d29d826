"""What the running request belongs to: its edition, the cache and the configuration of its server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from flask import current_app, request

from server.config import Config
from server.http.cache import AnswerCache
from server.http.client import Client
from server.http.metrics import Metrics
from server.http.release import Edition

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

EDITION = "mercato.edition"
"""Key of the WSGI environment: the edition that this request is answered from."""

KEEP = "mercato.keep"
"""Key of the WSGI environment: set it to False where an answer may not be kept."""

CACHE, CONFIG, METRICS = "mercato.cache", "mercato.config", "mercato.metrics"
"""Names of what the application carries for its requests."""


def edition() -> Edition:
    """Return the edition that this request is answered from, the same to its last byte."""
    current: Edition = request.environ[EDITION]
    return current


def cache() -> AnswerCache:
    """Return the answers that the server keeps."""
    kept: AnswerCache = current_app.extensions[CACHE]
    return kept


def config() -> Config:
    """Return the server's configuration."""
    current: Config = current_app.extensions[CONFIG]
    return current


def metrics() -> Metrics:
    """Return what the server counts."""
    counted: Metrics = current_app.extensions[METRICS]
    return counted


def keep(allowed: bool) -> None:
    """Say whether the answer to this request may be kept."""
    request.environ[KEEP] = allowed


def client_of(environ: WSGIEnvironment) -> Client:
    """Return who sent the request in the WSGI environment."""
    connection = environ.get("gunicorn.socket")

    def gone() -> bool:
        """Say whether the client has hung up; where the WSGI server shows no socket nobody can know."""
        if connection is None:
            return False
        try:
            return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True

    return Client(
        method=environ["REQUEST_METHOD"],
        accept=environ.get("HTTP_ACCEPT"),
        if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
        knows_chunks=environ.get("SERVER_PROTOCOL") != "HTTP/1.0",
        gone=gone,
    )
