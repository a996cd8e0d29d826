"""Real servers for the tests: the command itself in a process of its own, and a client that shows every byte."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).parent.parent
MARKET = ROOT / "tests" / "data" / "serve" / "market.trig"
COMMAND = [sys.executable, "-c", "from kg.commands.main import main; main()"]


@dataclass(frozen=True)
class Reply:
    """One answer as it came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def media(self) -> str:
        """The media type without its parameters."""
        return (self.headers["Content-Type"] or "").partition(";")[0]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Serving:
    """A server that runs: its port, its process, and the file that holds what it said."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    options: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address, without a closing slash."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        *,
        accept: str | None = None,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer to one request on a connection of its own; no header is added but Host."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            fields = dict(headers or {})
            connection.putrequest(method, path, skip_host="Host" in fields, skip_accept_encoding=True)
            if accept is not None:
                fields["Accept"] = accept
            if body is not None and "Content-Length" not in fields and "Transfer-Encoding" not in fields:
                fields["Content-Length"] = str(len(body))
            for name, value in fields.items():
                connection.putheader(name, value.encode("latin-1"))
            connection.endheaders(body)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def query(self, text: str, *, accept: str | None = None, **parameters: str) -> Reply:
        """Return the answer to a SPARQL query by GET."""
        return self.ask(f"/sparql?{urlencode({'query': text, **parameters})}", accept=accept)

    def stop(self, seconds: float = 40) -> int:
        """Stop it as an operator would, and return its exit code."""
        self.process.terminate()
        return self.process.wait(seconds)


@contextmanager
def serving(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """Run `mercato serve` with these arguments on a free port of loopback until the block ends."""
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", "--rate", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **(env or {})},
            cwd=ROOT,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            found = re.search(r" at http://127\.0\.0\.1:(\d+)/", line)
            assert found, f"no address in {line!r}: {Path(log.name).read_text()}"
            yield Serving(int(found[1]), process, Path(log.name))
        finally:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def descendants(root: int) -> list[tuple[int, int, str]]:
    """Return every process below `root` as (process, parent, command line)."""
    table: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                table[int(entry.name)] = parent, (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:  # it has just ended
                continue
    found: list[tuple[int, int, str]] = []
    wanted = {root}
    while below := {pid for pid, (parent, _) in table.items() if parent in wanted}:
        found += [(pid, *table[pid]) for pid in sorted(below)]
        wanted = below
    return found
