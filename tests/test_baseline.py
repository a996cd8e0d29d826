"""The base of a change, as it is kept on disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg.check.base import Versions, cache, compare, stored
from kg.shacl.disk import DiskIndex

TRIPLES = 5000


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Versions:
    """Return a base of one file; the cache is a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.ttl").write_text("".join(f"<x:s{n}> <x:p> {n} .\n" for n in range(TRIPLES)), encoding="utf-8")
    return compare([data], str(data))


def count(path: Path) -> int:
    """Return how many triples the index at `path` has."""
    index = DiskIndex(path)
    try:
        return sum(1 for _ in index.triples())
    finally:
        index.close()


def test_a_base_is_made_once(versions: Versions) -> None:
    """The second time nothing is written, and nothing but the index lies in the cache."""
    path = stored(versions, [])
    made = path.stat().st_ino
    assert stored(versions, []).stat().st_ino == made
    assert [each.name for each in cache().iterdir()] == [path.name]
    assert count(path) == TRIPLES


@pytest.mark.parametrize("kept", [0, 8, 100, 5000, -4096], ids=["none", "few", "header", "page", "all but a page"])
def test_a_base_that_was_cut_short(versions: Versions, kept: int) -> None:
    """What a crash or a full disk left of an index is made anew."""
    path = stored(versions, [])
    whole = path.read_bytes()
    path.write_bytes(whole[:kept])
    assert count(stored(versions, [])) == TRIPLES


def test_a_base_that_is_no_index(versions: Versions) -> None:
    """A file of other content under the name of an index is replaced."""
    path = stored(versions, [])
    path.write_bytes(b"something else, and long enough for a header" * 100)
    assert count(stored(versions, [])) == TRIPLES


def test_checks_at_the_same_time(versions: Versions) -> None:
    """Several checks that make the same index at once each get a whole one."""
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: stored(versions, []), range(4)))
    assert [count(path) for path in paths] == [TRIPLES] * 4
    assert [each.name for each in cache().iterdir()] == [paths[0].name]
