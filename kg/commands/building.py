"""The commands `build` and `push`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from kg import settings
from kg.check.report.text import render
from kg.check.run import Request, check
from kg.errors import FindingsError
from kg.files import folder
from kg.publish import dump
from kg.publish.compose import Composition, Sources, compose
from kg.publish.push import push

_STEPS = ("read, reason and derive", "check", "write the dumps")


@click.command("build")
@settings.option("out")
@settings.source_options
@click.option("--force", is_flag=True, help="Build even where nothing changed.")
def build_command(out: str, force: bool, **given: Any) -> None:
    """Read the data, reason, derive, check, and write every dump."""
    manifest, fresh = build_if_needed(Path(out), Sources.from_settings(given), force=force)
    files = len(manifest["files"])
    state = "written" if fresh else "unchanged"
    click.echo(
        f"{out}: {files} files, {sum(manifest['graphs'].values())} quads, version {manifest['version']} ({state})"
    )


def build_if_needed(out: Path, chosen: Sources, *, force: bool = False) -> tuple[dict[str, Any], bool]:
    """Build `chosen` into `out` unless it is there already; return the manifest and whether it was built now.

    Raises `FindingsError` where the data breaks a rule; `out` then stays as it was.
    """
    if not force and dump.is_current(chosen, out):
        manifest = dump.read_manifest(out)
        if manifest is not None:
            return manifest, False
    dump.refuse_unwritable(out)
    hidden = not sys.stderr.isatty()
    with click.progressbar(_STEPS, label="build", file=sys.stderr, hidden=hidden, item_show_func=str) as steps:
        walk = iter(steps)
        next(walk)
        composition = compose(chosen)
        next(walk)
        refuse_findings(composition)
        next(walk)
        manifest = dump.publish(composition, out)
        next(walk, None)
    return manifest, True


def refuse_findings(composition: Composition) -> None:
    """Raise `FindingsError` where the data of `composition` clashes with its vocabulary or violates a shape."""
    chosen = composition.sources
    # Mercato's own house rules apply to Mercato's own graph alone.
    own = (chosen.ontology, chosen.shapes) == (folder("ontology"), folder("shapes"))
    shapes, ontology = ((), ()) if own else ((chosen.shapes,), (chosen.ontology,))
    found = check(Request([chosen.data], shapes, ontology, base=chosen.base, data=str(chosen.data)))
    if found.failed:
        raise FindingsError(f"the data has findings, so nothing was built\n{render(found, colour=False).rstrip()}")
    if composition.clashes:
        raise FindingsError("\n".join(["the data clashes with its vocabulary", *composition.clashes]))


@click.command("push")
@click.argument("url")
@settings.option("out")
@click.option("--credentials", envvar="MERCATO_CREDENTIALS", show_envvar=True, default="", help="user:password.")
def push_command(url: str, out: str, credentials: str) -> None:
    """Replace each graph of the build at the graph store URL (Graph Store Protocol)."""
    for graph, triples in push(Path(out) / "mercato.nq", url, credentials):
        click.echo(f"{graph}: {triples} triples")
