"""The architecture, on one page: imports point down only."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent

# From the top down; a module may import from the rows below its own, never from its own row or above.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("server.serve",),
    ("server.production",),
    ("server",),
    (
        "server.asking",
        "server.check",
        "server.graphs",
        "server.operate",
        "server.sparql",
        "server.things",
        "server.vocabulary",
    ),
    ("server.dumps",),
    ("server.pages",),
    ("server.index",),
    ("server.knowledge", "server.description", "server.questions"),
    ("server.charts", "server.hierarchy"),
    ("server.lookup", "server.texts"),
    ("server.direct", "server.front", "server.posting"),
    ("server.context",),
    ("server.protocol",),
    ("server.openapi",),
    ("server.errors", "server.cache", "server.config", "server.edition"),
    ("server.fields", "server.links", "server.metrics"),
    ("server.negotiate", "server.response"),
    ("kg.cli",),
    ("kg.commands.asking", "kg.commands.building", "kg.commands.checking", "kg.commands.comparing"),
    ("kg.commands.curating", "kg.commands.output"),
    ("kg.dump",),
    ("kg.catalog", "kg.push"),
    # The sandbox: the server's end of it, then what runs inside.
    ("kg.sandbox.checks", "kg.sandbox.pool"),
    ("kg.sandbox.limits", "kg.sandbox.seats"),
    ("kg.sandbox.nursery",),
    ("kg.sandbox.checker", "kg.sandbox.worker"),
    ("kg.sandbox.plans", "kg.sandbox.process", "kg.sandbox.seal"),
    ("kg.diff",),
    ("kg.check.incremental",),
    ("kg.check.baseline", "kg.check.judge"),
    ("kg.check.versions",),
    # What a check is made of, from the pipeline's end to its start.
    (
        "kg.check.excerpt",
        "kg.check.coverage",
        "kg.check.evidence",
        "kg.check.rules",
        "kg.check.consistency",
        "kg.check.sentences",
    ),
    ("kg.check.inputs", "kg.check.report"),
    ("kg.check.world",),
    ("kg.check.place", "kg.check.finding"),
    ("kg.shacl.memory", "kg.shacl.verdict"),
    ("kg.shacl.footprint", "kg.shacl.sieve"),
    ("kg.shacl.disk", "kg.shacl.suspects"),
    ("kg.shacl.automaton", "kg.shacl.paths", "kg.shacl.patterns", "kg.shacl.wellformed"),
    ("kg.shacl.index",),
    ("kg.shacl.shapes",),
    ("kg.shacl.algebra", "kg.shacl.parameters", "kg.shacl.prepared", "kg.shacl.result"),
    ("kg.vocabulary",),
    ("kg.terms",),
    ("kg.engines",),
    ("kg.remote",),
    ("kg.pump",),
    ("kg.oxigraph",),
    ("kg.query", "kg.questions", "kg.sources"),
    ("kg.build",),
    ("kg.infer", "kg.turtle", "kg.write"),
    ("kg.reader",),
    ("kg.terminals", "kg.spans"),
    ("kg.files", "kg.settings"),
    ("kg.names", "kg.errors"),
    ("kg", "kg.check", "kg.commands", "kg.sandbox", "kg.shacl"),
)


def modules() -> dict[str, Path]:
    """Return every module of the two packages by its dotted name."""
    found = {}
    for package in ("kg", "server"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def imports(path: Path, known: set[str]) -> set[str]:
    """Return the modules of ours that the file at `path` imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names & known


def test_every_module_has_a_layer() -> None:
    """A module that stands in no row is an architecture that nobody decided."""
    assert set(modules()) - {name for row in LAYERS for name in row} == set()


def test_imports_point_down() -> None:
    """No module imports one of its own row or of a row above."""
    depth = {name: number for number, row in enumerate(LAYERS) for name in row}
    upward = [
        f"{name} imports {target}"
        for name, path in modules().items()
        for target in imports(path, set(depth)) - {name}
        if depth.get(name, -1) >= depth[target] and target not in ("kg", "server")
    ]
    assert upward == []


def test_modules_stay_short() -> None:
    """A module over 300 lines is split, or its docstring says why it is not."""
    long = [
        name
        for name, path in modules().items()
        if len(path.read_text(encoding="utf-8").splitlines()) > 300
        and "over 300 lines" not in (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    ]
    assert long == []
