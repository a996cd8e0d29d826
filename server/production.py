"""The production server: gunicorn, one process of threads, with what a public endpoint needs of it.

Why gunicorn: it shows the client's socket, by which a hung-up client is seen and its query stopped, and it cuts an
answer that fails on its way. Granian answers up to twice as fast, but its WSGI ends an answer that fails as if it
were whole, and shows no socket. Why one process: the work is done in the query workers, and cache, rates and counts
are whole in one place.

SIGHUP publishes the build anew within the running process, so that no connection is closed for it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from kg.errors import MercatoError
from server.http.headers import EVERYWHERE
from server.http.problems import MEDIA, MESSAGES, PROBLEMS, body

if TYPE_CHECKING:
    from server import Server

RECEIVE, SEND = 30, 120
"""Seconds that a client may leave a read or a write of its connection waiting."""

LINGER = 20
"""Milliseconds that a thread waits for the next request of its connection, while half of the threads are free."""

TRIES, PAUSE = 20, 0.5
"""How often, and how many seconds apart, a build that is still being written is looked at again."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's thread worker, with our answer to messages that are no HTTP and with SIGHUP for a new build."""

    def init_signals(self) -> None:
        """Take SIGHUP as the call to publish anew; gunicorn's own worker would die of it."""
        self.republish = threading.Event()
        super().init_signals()
        signal.signal(signal.SIGHUP, self.handle_hup)
        signal.siginterrupt(signal.SIGHUP, False)

    def handle_hup(self, number: int, frame: FrameType | None) -> None:
        """Note that there is a new build."""
        self.republish.set()

    def handle(self, conn: Any) -> Any:
        """Handle the requests of one connection for as long as they follow each other closely.

        Gunicorn hands a connection back to its main thread after every request, and each of these hand-overs costs
        more than an answer from the cache. A client that stalls gives its thread back in the end.
        """
        if not conn.initialized:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", RECEIVE, 0))
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND, 0))
        poll = select.poll()
        poll.register(conn.sock, select.POLLIN)
        while True:
            again = super().handle(conn)
            if again is not True or not self.alive or conn.parser.unreader.buf.getvalue():
                return again
            if self.nr_conns > self.cfg.threads // 2 or not poll.poll(LINGER):
                return again

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what could not be read as HTTP (or failed before any answer) as a problem, like everything else."""
        name = next((name for kind, name in MESSAGES.items() if isinstance(exc, kind)), "own-fault")
        problem = PROBLEMS[name]
        detail = "the server made a mistake; its log says which"
        if name == "own-fault":
            self.log.exception("own fault")
        else:
            detail = str(exc)[:300] or problem.title
        if name == "uri-size":
            detail = "the address is longer than 8190 bytes: send the query by POST"
        content = body(problem, detail)
        fields = [
            ("Content-Type", MEDIA),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
            *EVERYWHERE,
        ]
        head = f"HTTP/1.1 {problem.status} {problem.title}\r\n" + "".join(
            f"{key}: {value}\r\n" for key, value in fields
        )
        try:
            client.sendall(head.encode("latin-1") + b"\r\n" + content)
        except OSError:
            self.log.debug("the client did not wait for the answer")


class Master(Arbiter):  # type: ignore[misc]
    """Gunicorn's master, which passes SIGHUP on."""

    def handle_hup(self) -> None:
        """Have the worker publish anew, where gunicorn would replace it."""
        self.kill_workers(signal.SIGHUP)


class Production(BaseApplication):  # type: ignore[misc]
    """Serves what `make` makes on the listening socket, until it is told to stop.

    `make(again)` returns the server; `again` says that a worker died before and its edition with it. `republish`
    takes up the build that is there now.
    """

    def __init__(
        self, listener: socket.socket, threads: int, make: Callable[[bool], Server], republish: Callable[[Server], str]
    ):
        self.listener = listener
        self.threads = threads
        self.make = make
        self.republish = republish
        self.started = False
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn up; no file, variable or command line of its own is read."""
        chosen = {
            "bind": f"fd://{self.listener.fileno()}",
            "worker_class": Worker,
            "workers": 1,
            "threads": self.threads,
            "worker_connections": 1000,
            "backlog": 1024,
            "keepalive": 30,
            "timeout": 120,
            "graceful_timeout": 30,
            "limit_request_line": 8190,
            "limit_request_fields": 100,
            "limit_request_field_size": 8190,
            "loglevel": "warning",
            "control_socket_disable": True,
            "pre_fork": self._forking,
            "post_worker_init": self._begun,
            "worker_exit": self._ended,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the WSGI application, in the worker process."""
        try:
            self.server = self.make(self.started)
        except MercatoError as error:
            sys.stderr.write(f"mercato: {error}\n")
            sys.exit(error.exit_code)
        return self.server.wsgi

    def _forking(self, master: Any, worker: Worker) -> None:
        self.started = self.started or bool(master.WORKERS) or worker.age > 1

    def _begun(self, worker: Worker) -> None:
        threading.Thread(target=self._republishing, args=(worker,), daemon=True).start()

    def _republishing(self, worker: Worker) -> None:
        """Publish anew whenever SIGHUP came; a build that cannot be taken up leaves the one that is served."""
        while worker.republish.wait():
            worker.republish.clear()
            outcome = "failed"
            for attempt in range(TRIES):
                try:
                    version = self.republish(self.server)
                except MercatoError as error:
                    worker.log.warning("the new build is not taken up (%s)", error)
                    if attempt < TRIES - 1:
                        threading.Event().wait(PAUSE)
                else:
                    outcome = "done"
                    worker.log.warning("published version %s", version)
                    break
            self.server.metrics.republished.labels(outcome).inc()

    def _ended(self, master: Any, worker: Worker) -> None:
        server = getattr(self, "server", None)
        if server is None:
            return
        server.published.close()
        if worker.booted:
            # A store on disk was opened before the fork, and its threads did not come along: its destructor, which
            # an ordinary exit runs, would wait for them for ever.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; requests that are under way are answered first."""
        Master(self).run()
