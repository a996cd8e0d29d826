"""Sending a build to a real store: what arrives, and what a wrong address says."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from kg.errors import InputError
from kg.publish import dump
from kg.publish.compose import Sources, compose
from kg.publish.push import push
from tests.conftest import canonical


@pytest.fixture
def built(small: Sources, tmp_path: Path) -> Path:
    """Return the N-Quads of a build of the small graph."""
    dump.publish(compose(small), tmp_path / "out")
    return tmp_path / "out" / "mercato.nq"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[str]:
    """Run Oxigraph's server on a free port and return its address."""
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    if program is None:
        pytest.skip("the oxigraph server is not installed (pip install oxigraph)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [program, "serve", "--location", str(tmp_path / "store"), "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/store", timeout=1).close()
                break
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        yield address
        process.terminate()


def test_a_real_store_holds_the_dataset(built: Path, store: str) -> None:
    """After a push the store gives back every quad of the dump, and a second push changes nothing."""
    wanted = canonical(parse(path=built, format=RdfFormat.N_QUADS))
    for _ in range(2):
        sent = dict(push(built, f"{store}/store"))
        assert sum(sent.values()) == len(wanted)
        request = urllib.request.Request(f"{store}/store", headers={"Accept": "application/n-quads"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert canonical(parse(answer.read(), RdfFormat.N_QUADS)) == wanted


def test_a_refusal_is_told(built: Path, store: str) -> None:
    """A path that is no graph store is told with the status that came back."""
    with pytest.raises(InputError, match="answered 404"):
        list(push(built, f"{store}/nowhere"))


def test_wrong_addresses(built: Path, tmp_path: Path) -> None:
    """No http address, no listener and no dump are each told in words."""
    with pytest.raises(InputError, match="no http"):
        list(push(built, "ftp://127.0.0.1/x"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    with pytest.raises(InputError, match="cannot be reached"):
        list(push(built, f"http://127.0.0.1:{closed}/store"))
    with pytest.raises(InputError, match="run mercato build"):
        list(push(tmp_path / "nothing.nq", "http://127.0.0.1/store"))
