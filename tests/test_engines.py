"""Engines over a folder on disk, in process and in the sandbox."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kg import settings
from kg.errors import InputError, LimitError
from kg.sandbox.queries import Sandbox, open_sandbox
from kg.sparql.engine import Engine, Query
from kg.sparql.local import open_engine

A = "http://a.example"
COUNT = Query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")


def quads(path: Path, count: int) -> Path:
    """Write so many quads, each in two graphs."""
    lines = (f'<{A}/{n}> <{A}/p> "{n}" <{A}/g{g}> .\n' for n in range(count) for g in range(2))
    path.write_text("".join(lines), encoding="utf-8")
    return path


def opened(kind: str, folder: Path, files: list[Path]) -> Engine:
    """Return an engine over the folder: in this process or in the sandbox."""
    if kind == "process":
        return open_engine(str(folder), files)
    return open_sandbox(str(folder), files, settings.load({"query_timeout": 2.0}, {}))


@pytest.mark.parametrize("kind", ["process", "sandbox"])
def test_a_folder_is_filled_once_and_found_again(tmp_path: Path, kind: str) -> None:
    """A dataset is loaded into the folder once; the next engine reads what is there, and answers alike."""
    files = [quads(tmp_path / "a.nq", 500)]
    folder = tmp_path / "store"
    with closing(opened(kind, folder, files)) as engine:
        assert engine.answer(COUNT, "csv").read() == b"n\r\n500\r\n"
        version = engine.version
    (place,) = folder.iterdir()
    assert place.name == version
    before = {path.name: path.stat().st_mtime_ns for path in place.glob("*.sst")}
    with closing(opened(kind, folder, files)) as engine:
        assert engine.answer(COUNT, "csv").read() == b"n\r\n500\r\n"
        assert engine.version == version
    assert {path.name: path.stat().st_mtime_ns for path in place.glob("*.sst")} == before


@pytest.mark.parametrize("kind", ["process", "sandbox"])
def test_a_folder_is_reloaded_beside_the_old_one(tmp_path: Path, kind: str) -> None:
    """A reload takes up the new files; a reload that fails leaves the old dataset and no half-filled folder."""
    path = quads(tmp_path / "a.nq", 10)
    folder = tmp_path / "store"
    with closing(opened(kind, folder, [path])) as engine:
        old = engine.version
        quads(path, 20)
        engine.reload()  # type: ignore[attr-defined]
        assert engine.answer(COUNT, "csv").read() == b"n\r\n20\r\n"
        assert engine.version != old
        path.write_text("broken", encoding="utf-8")
        with pytest.raises(InputError):
            engine.reload()  # type: ignore[attr-defined]
        assert engine.answer(COUNT, "csv").read() == b"n\r\n20\r\n"
    assert len([each for each in folder.iterdir() if not each.name.startswith(".")]) == 2
    assert [each for each in folder.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize("kind", ["process", "sandbox"])
def test_a_store_of_oxigraphs_own_is_served_as_it_is(tmp_path: Path, kind: str) -> None:
    """What `oxigraph load` wrote is a dataset too: its default graph is the union of its graphs."""
    command = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    if command is None:
        pytest.skip("there is no oxigraph command: pip install oxigraph")
    path = quads(tmp_path / "a.nq", 10)
    folder = tmp_path / "store"
    subprocess.run([command, "load", "-l", folder, "-f", path], check=True, capture_output=True)
    with closing(opened(kind, folder, [])) as engine:
        assert engine.answer(Query(f"SELECT ?o {{ <{A}/7> ?p ?o }}"), "csv").read().startswith(b"o\r\n7\r\n")
        assert len(engine.version) == 16


@pytest.mark.parametrize("kind", ["process", "sandbox"])
def test_a_folder_that_is_no_store_is_named(tmp_path: Path, kind: str) -> None:
    """A missing folder and one of other things are named."""
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match="no Oxigraph store") as caught:
            opened(kind, folder, [])
        assert caught.value.source == str(folder)


def test_a_folder_has_the_sandbox_limits(tmp_path: Path) -> None:
    """Runaways over a folder end as those over memory do, and a worker has as little to open with."""
    engine = opened("sandbox", tmp_path / "store", [quads(tmp_path / "a.nq", 2000)])
    assert isinstance(engine, Sandbox)
    with closing(engine):
        for text, limits in (
            ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", {"time"}),
            ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i", {"time", "memory"}),
        ):
            with pytest.raises(LimitError) as caught:
                engine.answer(Query(text), "json").read()
            assert caught.value.limit in limits
        assert engine.answer(COUNT, "csv").read() == b"n\r\n2000\r\n"
        nursery = engine._seats._nursery._process.pid
        children = Path(f"/proc/{nursery}/task/{nursery}/children").read_text().split()
        assert children
        for pid in children:
            limit = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "open files" in line)
            handles = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
            assert handles == set(range(int(limit.split()[4])))
