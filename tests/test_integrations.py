"""Where contributors are: the GitHub Action's steps and the pre-commit hook, run for real on a change that is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import git

ROOT = Path(__file__).parent.parent
SKOS = ROOT / "tests" / "data" / "skos"
COMMAND = f'#!/bin/sh\nexec {sys.executable} -c \'from kg.commands.main import main; main(prog_name="mercato")\' "$@"\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose last commit is good and whose work tree has a change that is not."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    shutil.copy(SKOS / "shapes.ttl", folder / "shapes.ttl")
    text = (SKOS / "good.ttl").read_text(encoding="utf-8")
    (folder / "trees.ttl").write_text(text, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "The trees")
    (folder / "trees.ttl").write_text(text.replace('"elm"@en', '"Ulme"@de'), encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `mercato` is this checkout's."""
    binary = tmp_path / "bin" / "mercato"
    binary.parent.mkdir()
    binary.write_text(COMMAND, encoding="utf-8")
    binary.chmod(0o755)
    return {
        **os.environ,
        # What the developers' extra installs is beside this Python, on the path or not.
        "PATH": os.pathsep.join([str(binary.parent), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def install_step() -> str:
    """Return the script of the Action's step that installs."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    return text.split("      run: python", 1)[1].splitlines()[0]


@pytest.mark.parametrize(("version", "installed"), [("", "/the action"), ("mercato==9", "mercato==9")])
def test_the_action_installs_itself(version: str, installed: str) -> None:
    """The Action installs the checkout that it is part of, and another version where one is asked for."""
    variables = {"MERCATO_VERSION": version, "GITHUB_ACTION_PATH": "/the action"}
    command = ["/bin/bash", "-c", f"printf '%s\\n' {install_step()}"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == installed


def check_step() -> str:
    """Return the script of the Action's last step."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    script = text.rsplit("      run: |\n", 1)[1]
    return "\n".join(line.removeprefix("        ") for line in script.splitlines())


def run_step(repository: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the Action's last step in `repository` as a shell with `variables` would."""
    command = ["bash", "-c", check_step()]
    return subprocess.run(command, cwd=repository, env=variables, capture_output=True, text=True, check=False)


def test_the_actions_step(repository: Path, environment: dict[str, str]) -> None:
    """The step annotates the line, fails the job, and writes the summary and the SARIF file."""
    inputs = {
        "FILES": "trees.ttl",
        "SHAPES": "shapes.ttl",
        "ONTOLOGY": "",
        "CONTEXT": "",
        "BASE": "HEAD",
        "SARIF": "out.sarif",
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
    }
    done = run_step(repository, {**environment, **inputs})
    assert done.returncode == 1, done.stderr
    assert "::error file=trees.ttl,line=7,endLine=7," in done.stdout
    assert "trees.ttl:7:" in (repository / "summary.md").read_text(encoding="utf-8")
    assert "Concept-label" in (repository / "out.sarif").read_text(encoding="utf-8")


def test_the_actions_step_on_a_good_change(repository: Path, environment: dict[str, str]) -> None:
    """A good change passes."""
    git(repository, "checkout", "--quiet", "trees.ttl")
    inputs = dict.fromkeys(("ONTOLOGY", "CONTEXT", "BASE", "SARIF"), "")
    inputs |= {"FILES": "trees.ttl", "SHAPES": "shapes.ttl", "GITHUB_STEP_SUMMARY": str(repository / "summary.md")}
    done = run_step(repository, {**environment, **inputs})
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_actions_step_that_could_not_be_done(repository: Path, environment: dict[str, str]) -> None:
    """A call that is wrong fails the job with an annotation and writes no summary."""
    inputs = dict.fromkeys(("ONTOLOGY", "CONTEXT", "BASE", "SARIF"), "")
    inputs |= {"FILES": "nowhere.ttl", "SHAPES": "shapes.ttl", "GITHUB_STEP_SUMMARY": str(repository / "summary.md")}
    done = run_step(repository, {**environment, **inputs})
    assert (done.returncode, (repository / "summary.md").exists()) == (2, False)
    assert done.stdout.startswith("::error title=mercato::")
    assert "nowhere.ttl: there is no such file" in done.stderr


def test_the_hook_names_the_command(repository: Path, environment: dict[str, str]) -> None:
    """pre-commit itself, with the hook's own entry and files, stops the commit at the line."""
    if shutil.which("pre-commit", path=environment["PATH"]) is None:
        pytest.skip("pre-commit is not installed")
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    local = (
        hook.replace("language: python", "language: system")
        .replace("entry: mercato check", "entry: mercato check --shapes shapes.ttl")
        .replace("files: \\.ttl$", "files: trees\\.ttl$")
    )
    body = "\n".join(f"      {line}" for line in local.splitlines())
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: local\n    hooks:\n{body}\n", encoding="utf-8"
    )
    git(repository, "add", ".")
    done = subprocess.run(
        ["pre-commit", "run", "--all-files"],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "trees.ttl:7:" in done.stdout
