"""What every nursery and worker of the sandbox is, whatever it works on.

    server ──control──► nursery (loads once, single-threaded, runs nothing that somebody sent)
       │                   │ fork, copy-on-write
       └──────socket──► worker (pinned, one request at a time)

The server starts a nursery with `python -m` and the module of its plan, and asks it for workers over a SEQPACKET
socket. Forking there and not in the server is safe whatever threads the server has, takes milliseconds, and shares
the memory of what was loaded. `kg.sandbox.query_worker` answers queries, `kg.sandbox.check_worker` judges texts.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Protocol

from kg.errors import MercatoError
from kg.sparql.stream import CHUNK

FORK, KILL, STATUS = b"F", b"K", b"S"
"""What the nursery is asked: fork a worker, kill one, tell how one ended; each with a socket for the answer."""

READY = b"R"
"""What the nursery says once it has loaded; an error as JSON otherwise."""

DATA, END, ERROR = b"D", b"E", b"X"
"""The frames a worker sends."""

HEAD = struct.Struct("<cI")
"""Before each frame: its kind and the length of what follows."""

NUMBER = struct.Struct("<i")
REQUEST = struct.Struct("<I")
GRACE = 2.0
"""Seconds after its limit at which a worker ends by itself, should nobody be left to kill it."""

_PR_SET_PDEATHSIG = 1

Respond = Callable[[socket.socket, bytes], None]
"""Answers one request over the connection, whatever happens; a fault that leaves the process unsound ends it."""


class Plan(Protocol):
    """What a nursery holds; `module` is its program, `memory` the MiB that each of its workers may use."""

    module: ClassVar[str]

    @property
    def memory(self) -> int:
        """MiB that a worker may need beyond what is loaded."""

    def dumps(self) -> str:
        """Return it as JSON."""


class SizeReached(Exception):  # noqa: N818 - it is a limit and no fault
    """The answer is longer than it may be."""


class Writer:
    """Sends what is written in frames of some 64 KiB, and the last of it together with the end."""

    def __init__(self, connection: socket.socket, size: int):
        self._connection = connection
        self._left = size
        self._buffer = bytearray(HEAD.size)

    def write(self, data: bytes) -> int:
        """Take some bytes; raise `SizeReached` beyond the limit."""
        self._left -= len(data)
        if self._left < 0:
            raise SizeReached
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            self._send(b"")
        return len(data)

    def flush(self) -> None:
        """Do nothing: `finish` sends what is left."""

    def finish(self, kind: bytes, told: bytes = b"") -> None:
        """Send what is left and the last frame, of `kind`, in one piece."""
        self._send(HEAD.pack(kind, len(told)) + told)

    def _send(self, after: bytes) -> None:
        length = len(self._buffer) - HEAD.size
        if length:
            HEAD.pack_into(self._buffer, 0, DATA, length)
            self._connection.sendall(self._buffer + after)
        elif after:
            self._connection.sendall(after)
        self._buffer = bytearray(HEAD.size)


def told(error: MercatoError, **more: object) -> bytes:
    """Return an error as the body of an ERROR frame."""
    values = {"error": type(error).__name__, "sentence": error.sentence, "line": error.line, "column": error.column}
    return json.dumps(values | more).encode()


def respond(connection: socket.socket, size: int, seconds: float, task: Callable[[Writer], None]) -> None:
    """Have `task` write its answer, of at most `size` bytes and within some seconds, and tell how that ended."""
    writer = Writer(connection, size)
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE)
    try:
        task(writer)
        writer.finish(END)
    except SizeReached:
        writer.finish(ERROR, b'{"error": "size"}')
    except MercatoError as error:
        writer.finish(ERROR, told(error))
    except MemoryError:
        writer.finish(ERROR, b'{"error": "memory"}')
    except RecursionError:
        writer.finish(ERROR, b'{"error": "depth"}')
    except Exception:  # a fault of ours: the server's log shall have it, for this process has no output
        writer.finish(ERROR, json.dumps({"error": "fault", "sentence": traceback.format_exc()}).encode())
    signal.setitimer(signal.ITIMER_REAL, 0)


def receive(connection: socket.socket, length: int) -> bytes:
    """Return `length` bytes; raise `EOFError` where the server has gone."""
    data = bytearray()
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def pin(memory: int) -> None:
    """Let this process grow by `memory` MiB and open nothing more: no file, no socket, no core dump."""
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.close(null)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    while (spare := os.dup(0)) <= highest:  # no hole is left below the limit
        pass
    os.close(spare)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, highest + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    limit = used + memory * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def work(connection: socket.socket, opened: Callable[[], Respond], memory: int, nursery: int) -> None:
    """Be a worker until the server hangs up."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != nursery:
        return
    respond = opened()
    pin(memory)
    try:
        while True:
            (length,) = REQUEST.unpack(receive(connection, REQUEST.size))
            respond(connection, receive(connection, length))
    except (EOFError, ConnectionError):
        return


def nurse(control: socket.socket, memory: int, load: Callable[[], Callable[[], Respond]]) -> None:
    """Load, say so, and fork workers until the last server hangs up; then nothing of it is left.

    What `load` returns is called once in each worker, before it is pinned.
    """
    try:
        opened = load()
    except MercatoError as error:
        control.send(told(error, source=error.source))
        return
    control.send(READY)
    gc.collect()
    gc.freeze()
    myself = os.getpid()
    children = Children()
    while True:
        message, handles, _, _ = socket.recv_fds(control, 64, 2)
        if not message:
            break
        sockets = [socket.socket(fileno=handle) for handle in handles]
        if message[:1] == FORK:
            answer = os.fork()
            if answer == 0:
                try:
                    control.close()
                    sockets[1].close()
                    work(sockets[0], opened, memory, myself)
                finally:
                    os._exit(0)
            children.add(answer)
        else:
            (child,) = NUMBER.unpack(message[1:])
            answer = children.kill(child) if message[:1] == KILL else children.ended(child)
        with contextlib.suppress(OSError):  # whoever asked may have gone
            sockets[-1].send(NUMBER.pack(answer))
        for each in sockets:
            each.close()
    children.end()


class Children:
    """The workers that a nursery has forked, and how those ended that have."""

    def __init__(self) -> None:
        self._statuses: dict[int, int | None] = {}
        self._killed: set[int] = set()

    def add(self, child: int) -> None:
        """Note a new one, and let go of the zombies of others."""
        self._statuses[child] = None
        for other in [pid for pid, status in self._statuses.items() if status is None] + list(self._killed):
            pid, status = os.waitpid(other, os.WNOHANG)
            if pid in self._killed:
                self._killed.discard(pid)
            elif pid:
                self._statuses[pid] = status

    def kill(self, child: int) -> int:
        """Kill one and do not wait for its end: on a busy machine the kernel may take long to free its memory."""
        if child in self._statuses and self._statuses.pop(child) is None:
            os.kill(child, signal.SIGKILL)
            self._killed.add(child)
        return signal.SIGKILL

    def ended(self, child: int) -> int:
        """Return the wait status of one that has hung up."""
        status = self._statuses.pop(child, 0)
        return os.waitpid(child, 0)[1] if status is None else status

    def end(self) -> None:
        """Kill them all."""
        for child in list(self._statuses):
            self.kill(child)


def main(load: Callable[[dict[str, Any]], Callable[[], Respond]]) -> None:
    """Be a nursery that loads by `load`: the arguments are the control socket's number and the plan."""
    resource.setrlimit(resource.RLIMIT_STACK, (64 * 2**20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    values = json.loads(sys.argv[2])
    control = socket.socket(fileno=int(sys.argv[1]))
    nurse(control, values["memory"], lambda: load(values))


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
