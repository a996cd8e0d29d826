"""The command `check`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kg import settings
from kg.check import report
from kg.check.incremental import check_change
from kg.check.judge import Request, check
from kg.commands.output import write_out

_PATH = click.Path(path_type=Path)


def _paths(name: str, words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `name`, a file or folder, given any number of times."""
    return click.option(
        f"--{name}", name, multiple=True, type=_PATH, envvar=f"MERCATO_{name.upper()}", show_envvar=True, help=words
    )


@click.command("check")
@click.argument("files", nargs=-1, type=_PATH)
@_paths("shapes", "SHACL shapes to judge by (file or folder); Mercato's own where none is given.")
@_paths("ontology", "Vocabulary to judge by (file or folder); Mercato's own where none is given.")
@_paths("context", "Turtle that the files may refer to and that is not judged (file or folder).")
@click.option("--base", help="Path or git revision to compare with: judge only what the difference can affect.")
@click.option("--texts", type=_PATH, help="Folder of the articles' texts: prove the passages' hashes against them.")
@settings.option("data")
@click.option("--format", "form", type=click.Choice(list(report.FORMATS)), default="text", show_default=True)
@click.option("--output", type=_PATH, help="File to write the report to; standard output where not given.")
def check_command(
    files: tuple[Path, ...],
    shapes: tuple[Path, ...],
    ontology: tuple[Path, ...],
    context: tuple[Path, ...],
    base: str | None,
    texts: Path | None,
    data: str,
    form: str,
    output: Path | None,
) -> int:
    """Judge Turtle FILES (or folders of them): every finding with its line, its column and what to do.

    Leaves with 0 when clean, 1 with findings, 2 when the input could not be read or the call was wrong.
    """
    request = Request(files, shapes, ontology, context or None, settings.load()["base"], data, texts)
    if base and texts:
        raise click.UsageError("--texts proves whole files: give it without --base")
    found = check_change(request, base) if base else check(request)
    if output is None and form == "text":
        click.echo(report.text(found, colour=sys.stdout.isatty()), nl=False)
    else:
        write_out(report.FORMATS[form](found), output)
    return int(found.failed)
