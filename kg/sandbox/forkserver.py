"""The server's end of the sandbox: the nursery process that holds what is loaded, and the workers it forks for us."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from kg.errors import InputError, MercatoError, SettingError
from kg.sandbox import inside

RECEIVE = 2**18
"""Bytes that are read at once."""

_CPUCLOCK_SCHED = 2

_START = 600.0
"""Seconds that loading may take."""


class Worker:
    """One worker process, from here: what is sent to it and what comes back."""

    def __init__(self, nursery: Nursery, connection: socket.socket, pid: int):
        self.nursery = nursery
        self.pid = pid
        self.is_fresh = True
        self._connection = connection
        self._received = bytearray()
        self._began = 0.0

    def send(self, request: bytes) -> None:
        """Have the worker answer; raise `OSError` where it has died."""
        self._began = self._processor_time()
        self._connection.sendall(inside.REQUEST.pack(len(request)) + request)

    def worked(self) -> float:
        """Return the seconds of processor time that the request has used so far."""
        return self._processor_time() - self._began

    def _processor_time(self) -> float:
        # What clock_getcpuclockid(3) makes of a process number; Python has no name for it.
        try:
            return time.clock_gettime((~self.pid << 3) | _CPUCLOCK_SCHED)
        except OSError:  # it has died, which shows elsewhere
            return 0.0

    def receive(self, seconds: float) -> tuple[bytes, bytes] | None:
        """Return the next frame, (kind, body), or None where there is none within so many seconds.

        Raises `EOFError` where the worker has died.
        """
        while True:
            buffer = self._received
            if len(buffer) >= inside.HEAD.size:
                kind, length = inside.HEAD.unpack_from(buffer)
                end = inside.HEAD.size + length
                if len(buffer) >= end:
                    body = bytes(buffer[inside.HEAD.size : end])
                    del buffer[:end]
                    return kind, body
            self._connection.settimeout(max(seconds, 0.001))
            try:
                part = self._connection.recv(RECEIVE)
            except TimeoutError:
                return None
            except OSError:
                part = b""
            if not part:
                raise EOFError
            buffer += part

    def slow_down(self) -> None:
        """Give the worker's processor time to others first."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, 10)

    def pause(self) -> None:
        """Have the worker stand still."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.pid, number)

    def end(self, *, kill: bool = True) -> int:
        """Kill the worker, or see how it ended by itself; return the signal that ended it, 0 for none."""
        status = self.nursery.status(inside.KILL if kill else inside.STATUS, self.pid)
        self._connection.close()
        self.nursery.left(self.pid)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def forget(self) -> None:
        """Close our copy of the connection, in a process that only inherited it."""
        self._connection.close()


class Nursery:
    """What a plan names, loaded in a process of its own.

    Raises `InputError` where it cannot be loaded. The process ends when every server process that knows it
    has closed it or has ended.
    """

    def __init__(self, plan: inside.Plan):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        package = str(Path(__file__).parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", plan.module, str(theirs.fileno()), plan.dumps()],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        self._control = ours
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._workers: set[int] = set()
        self._closing = False
        ours.settimeout(_START)
        try:
            ready = ours.recv(65536)
        except TimeoutError:
            ready = b""
        if ready != inside.READY:
            self.close()
            raise _unloaded(ready)
        ours.settimeout(None)

    @property
    def is_alive(self) -> bool:
        """Whether the process is still there."""
        poll = select.poll()
        poll.register(self._control, 0)  # asks for nothing but POLLHUP and POLLERR
        return not self._closing and not poll.poll(0)

    def worker(self) -> Worker:
        """Return a new worker; raise `OSError` where the nursery has died."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = self._ask(inside.FORK, [theirs])
            except OSError:
                ours.close()
                raise
        with self._lock:
            self._workers.add(pid)
        return Worker(self, ours, pid)

    def status(self, kind: bytes, pid: int) -> int:
        """Return the wait status of the worker, killed by now; that of a killed one where the nursery has died."""
        try:
            return self._ask(kind + inside.NUMBER.pack(pid), [])
        except OSError:
            return signal.SIGKILL

    def _ask(self, message: bytes, sockets: list[socket.socket]) -> int:
        # One packet with a reply socket of its own: threads, and processes forked from this one, cannot mix theirs up.
        reply, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with reply:
            with theirs:
                socket.send_fds(self._control, [message], [each.fileno() for each in (*sockets, theirs)])
            answer = reply.recv(inside.NUMBER.size)
        if not answer:
            raise ConnectionResetError
        number: int = inside.NUMBER.unpack(answer)[0]
        return number

    def left(self, pid: int) -> None:
        """Note that a worker has ended; the last one of a nursery that is closing closes it."""
        with self._lock:
            last = self._closing and self._workers == {pid}
            self._workers.discard(pid)
        if last:
            self._shut()

    def close(self) -> None:
        """End the process once the workers that still answer have ended."""
        with self._lock:
            self._closing = True
            idle = not self._workers
        if idle:
            self._shut()

    def forget(self) -> None:
        """Start anew in a process that only inherited this: none of the workers is its own."""
        self._lock = threading.Lock()
        self._workers = set()

    def _shut(self) -> None:
        self._control.close()
        if self._owner == os.getpid():
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _unloaded(ready: bytes) -> MercatoError:
    if not ready:
        return SettingError(
            "a process of the sandbox could not load its data: it ended or took too long; is there memory for it?"
        )
    values = json.loads(ready)
    return InputError(values["sentence"], source=values["source"], line=values["line"], column=values["column"])
