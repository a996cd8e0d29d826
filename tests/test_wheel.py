"""The wheel: what is in it, and that it works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(ROOT)]
    subprocess.run(command, check=True)
    (found,) = out.glob("mercato-*.whl")
    return found


def test_wheel_holds_the_turtle(wheel: Path) -> None:
    """The wheel has two packages, the vocabulary, shapes, data and queries, each file of them, and nothing else."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"kg", "server"}
    folders = {"ontology": "kg/ontology", "shapes": "kg/shapes", "kg/data": "kg/data", "kg/queries": "kg/queries"}
    for source, target in folders.items():
        files = [path.relative_to(ROOT / source).as_posix() for path in (ROOT / source).rglob("*.[tr][tqs]*")]
        assert files, source
        assert {f"{target}/{name}" for name in files} <= names


def test_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Installed in an environment of its own and run from an empty folder, the command builds the whole graph."""
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, system_site_packages=False)
    (site,) = (environment / "lib").glob("python*/site-packages")
    # The libraries are this environment's own: what is tested is the wheel, not the network.
    (site / "libraries.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")) + "\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    empty = tmp_path / "empty"
    empty.mkdir()

    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        start = "import sys; from kg.commands.main import main; import kg; print(kg.__file__, file=sys.stderr); main()"
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("MERCATO_", "PYTHON"))}
        command = [str(environment / "bin" / "python"), "-c", start, *arguments]
        return subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False, env=variables)

    done = run(["build"])
    assert done.returncode == 0, done.stderr
    assert str(site) in done.stderr
    assert (empty / "out" / "mercato.ttl").stat().st_size > 0
    assert run(["--version"]).stdout.startswith("mercato ")
    assert "serve" in run(["--help"]).stdout
