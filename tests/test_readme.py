"""The README: whatever it shows, it shows as it really comes out."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = "http://localhost:8000"


def sessions(path: Path) -> list[list[tuple[str, str]]]:
    """Return the ```console blocks of a page, each as its `(command, output)` pairs; `> ` continues a command."""
    blocks = re.findall(r"^```console\n(.*?)^```", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = []
    for block in blocks:
        parts = re.findall(r"^\$ (.*\n(?:> .*\n)*)((?:(?!\$ ).*\n)*)", block, flags=re.M)
        found.append([(command.replace("\n> ", "\n"), shown) for command, shown in parts])
    return found


CASES = [(path.name, number, block) for path in PAGES for number, block in enumerate(sessions(path), start=1)]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a `bin/mercato` that runs this checkout, the example files of the tests and a build."""
    place = tmp_path_factory.mktemp("readme")
    (place / "bin").mkdir()
    program = place / "bin" / "mercato"
    program.write_text(f"#!{sys.executable}\nfrom kg.commands.main import main\nmain(prog_name='mercato')\n")
    program.chmod(0o755)
    (place / "tests").symlink_to(ROOT / "tests")
    (place / "kg").symlink_to(ROOT / "kg")
    done = subprocess.run([program, "build"], cwd=place, env=environment(place), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


def environment(place: Path) -> dict[str, str]:
    """Return an environment in which `mercato` is this checkout's and no setting is set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERCATO_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def address(workplace: Path) -> Iterator[str]:
    """Serve the build and return the server's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [workplace / "bin" / "mercato", "serve", "--port", str(port), "--access-log", ""]
    server = subprocess.Popen(command, cwd=workplace, env=environment(workplace), stdout=subprocess.DEVNULL)
    here = f"http://localhost:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{here}/health", timeout=1).close()
                break
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        yield here
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize(("page", "number", "block"), CASES, ids=[f"{page}-{number}" for page, number, _ in CASES])
def test_output_is_real(page: str, number: int, block: list[tuple[str, str]], workplace: Path, address: str) -> None:
    """Each command of a page prints just what the page shows below it."""
    for command, shown in block:
        line = command.replace(SHOWN, address)
        done = subprocess.run(
            ["bash", "-c", line], cwd=workplace, env=environment(workplace), capture_output=True, text=True, check=False
        )
        assert (done.stdout + done.stderr).replace(address, SHOWN).strip() == shown.strip(), command


def test_the_readme_shows_something() -> None:
    """The README has at least three queries with their output."""
    commands = [command for block in sessions(ROOT / "README.md") for command, _ in block]
    assert len([command for command in commands if "ask" in command or "query" in command]) >= 3


def test_links_lead_somewhere() -> None:
    """Each relative link of a page leads to a file or folder of the project."""
    links = [
        (page, target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    broken = [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()]
    assert broken == []
