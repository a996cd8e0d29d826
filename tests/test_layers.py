"""The architecture, on one page: a department imports from those above it in this list, and never from one below."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

DEPARTMENTS = (
    "kg.errors kg.names kg.formats kg.files kg.settings",  # the ground
    "kg.turtle",  # files ↔ triples with places
    "kg.owl kg.sparql",  # what the vocabulary entails; the port for queries and its engines
    "kg.shacl",  # shapes and their judge
    "kg.check",  # findings at their line and column
    "kg.publish",  # the dataset and its files
    "kg.sandbox",  # queries and texts from outside, in processes with limits
    "kg.commands",  # the command
    "server.config server.http",  # what every request passes
    "server.graph server.site server.endpoint",  # pages, and the endpoint for machines
    "server.openapi server.operate server server.production server.serve",  # the application and its process
)
"""From the ground up. Within a row, later imports from earlier."""

ORDER = {name: rank for rank, name in enumerate(" ".join(DEPARTMENTS).split())}


def modules() -> dict[str, Path]:
    """Return every module of the two packages by its dotted name."""
    paths = (path for package in ("kg", "server") for path in sorted((ROOT / package).rglob("*.py")))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def department(module: str) -> str:
    """Return the department that `module` is of: itself, where it stands in none."""
    parts = module.split(".")
    return next((name for size in (2, 1) if (name := ".".join(parts[:size])) in ORDER), module)


def imports() -> dict[str, set[str]]:
    """Return for each module those of ours that it imports, wherever in it; a package's own marker does not count."""
    found: dict[str, set[str]] = {}
    known = modules()
    for module, path in known.items():
        names = found.setdefault(module, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                members = {f"{node.module}.{alias.name}" for alias in node.names}
                names |= members & set(known) or {node.module}
        names &= set(known)
    return found


def test_every_module_is_of_a_department() -> None:
    """A module that stands in no department is an architecture that nobody decided."""
    assert [each for each in modules() if each != "kg" and department(each) not in ORDER] == []


def libraries(path: Path) -> set[str]:
    """Return the top-level packages that the module at `path` imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in names}


def test_pyshacl_is_behind_one_door() -> None:
    """Only the adapter calls pySHACL, and what the check handles are pyoxigraph's terms alone."""
    users = {name: libraries(path) for name, path in modules().items()}
    assert [name for name, used in users.items() if "pyshacl" in used] == ["kg.shacl.judge"]
    assert [name for name, used in users.items() if name.startswith("kg.check") and "rdflib" in used] == []


def test_imports_point_down() -> None:
    """No module imports one of a later department."""
    assert [
        f"{module} imports {target}"
        for module, targets in imports().items()
        for target in targets - {"kg"}
        if ORDER[department(target)] > ORDER.get(department(module), -1)
    ] == []


def test_no_module_imports_itself_around_a_corner() -> None:
    """Within a department there is an order too."""
    TopologicalSorter(imports()).prepare()


@pytest.mark.parametrize("package", [each for each in ORDER if modules()[each].name == "__init__.py"])
def test_each_department_says_what_may_not_happen_in_it(package: str) -> None:
    """Whoever opens a folder reads first what it is, and what belongs elsewhere."""
    document = ast.get_docstring(ast.parse(modules()[package].read_text(encoding="utf-8"))) or ""
    assert any(word in document.lower() for word in (" no ", "not ", "nothing ", "never ")), document


def test_the_drawing_names_modules_that_exist() -> None:
    """Each of the five journeys is told in five lines, by modules that are there."""
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:kg|server)(?:\.[a-z_]+)+\b", drawing))
    assert named - set(modules()) == set()
    journeys = drawing.partition("## Five journeys")[2].split("\n### ")[1:]
    assert [len(re.findall(r"^\d\. ", journey, re.MULTILINE)) for journey in journeys] == [5] * 5
    assert {each for each in ORDER if modules()[each].name == "__init__.py"} - {"server"} <= named


def test_modules_stay_short() -> None:
    """A module over 300 lines is split, or its docstring says why it is not."""
    long = [
        name
        for name, path in modules().items()
        if len(path.read_text(encoding="utf-8").splitlines()) > 300
        and "over 300 lines" not in (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    ]
    assert long == []
