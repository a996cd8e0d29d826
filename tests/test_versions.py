"""The files of a check against those of a base."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import git

from kg.check.base import compare
from kg.errors import InputError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with `data/a.ttl` and `data/b.ttl` in its one commit."""
    folder = tmp_path / "repository"
    (folder / "data").mkdir(parents=True)
    git(folder, "init", "--quiet")
    for name in ("a", "b"):
        (folder / "data" / f"{name}.ttl").write_text(f"<x:{name}> <x:p> 1 .", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Two files")
    return folder


def test_no_files_at_all() -> None:
    """A check of nothing is a wrong call with a base, as it is without one."""
    with pytest.raises(InputError, match="there is nothing to check"):
        compare([], "HEAD")


@pytest.mark.parametrize("name", ["data/c.ttl", "dat", "data/a", "nowhere/a.ttl"])
def test_a_name_that_neither_version_has(repository: Path, name: str) -> None:
    """A misspelt name does not pass as a change of nothing."""
    with pytest.raises(InputError, match="neither here nor at HEAD"):
        compare([repository / "data" / "a.ttl", repository / name], "HEAD")


def test_a_name_that_only_the_base_has(repository: Path) -> None:
    """A file that the change removes may be named, and so may a folder."""
    (repository / "data" / "a.ttl").unlink()
    assert compare([repository / "data" / "a.ttl"], "HEAD").gone == ["data/a.ttl"]
    (repository / "data" / "b.ttl").unlink()
    (repository / "data").rmdir()
    (repository / "c.ttl").write_text("", encoding="utf-8")
    assert compare([repository / "c.ttl", repository / "data"], "HEAD").gone == ["data/a.ttl", "data/b.ttl"]


def test_a_file_of_another_repository(repository: Path, tmp_path: Path) -> None:
    """A file that the revision cannot hold is refused by its name."""
    outside = tmp_path / "outside.ttl"
    outside.write_text("<x:s> <x:p> 1 .", encoding="utf-8")
    with pytest.raises(InputError, match="outside the repository") as caught:
        compare([repository / "data", outside], "HEAD")
    assert caught.value.source == str(outside)


@pytest.mark.parametrize("given", [["one", "two"], ["one/a.ttl", "two/a.ttl"]], ids=["folders", "files"])
def test_two_files_for_one_of_the_base(tmp_path: Path, given: list[str]) -> None:
    """Namesakes of two folders are refused against a base that holds one of them: neither is passed over."""
    for name in ("one", "two", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.ttl").write_text(f"<x:{name}> <x:p> 1 .", encoding="utf-8")
    with pytest.raises(InputError, match="the same name in the base"):
        compare([tmp_path / name for name in given], str(tmp_path / "old"))
    assert compare([tmp_path / given[0]], str(tmp_path / "old")).changed == ["a.ttl"]
