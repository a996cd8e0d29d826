"""The command `check`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from kg import settings
from kg.check.change import check_change
from kg.check.inputs import STANDARD_INPUT
from kg.check.report import FORMATS, text
from kg.check.run import Request, check
from kg.commands.output import write_out


class _Name(click.Path):
    """The name of a file or folder; whether it can be read is told by who reads it."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty name, which would stand for the folder we are in, and tell the file `./-` from `-`."""
        if value == "":
            self.fail("this name is empty: give one, or see whether a variable of the shell is unset", param, ctx)
        path = super().convert(value, param, ctx)
        return path.absolute() if path == STANDARD_INPUT and str(value) != "-" else path


_PATH = _Name()


def _paths(name: str, words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `name`, a file or folder, given any number of times."""
    return click.option(
        f"--{name}", name, multiple=True, type=_PATH, envvar=f"MERCATO_{name.upper()}", show_envvar=True, help=words
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no rings of garbage: a check makes millions of objects that it keeps, and looking takes as long."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@click.command("check")
@click.argument("files", nargs=-1, type=_PATH)
@_paths("shapes", "SHACL shapes to judge by (file or folder). Given alone, terms and consistency are not judged.")
@_paths("ontology", "Vocabulary to judge by (file or folder). Given alone, no shapes are judged.")
@_paths("context", "Turtle that the files may refer to and that is not judged (file or folder).")
@click.option("--stdin-filename", default="<stdin>", show_default=True, help="Name to report standard input (-) by.")
@click.option("--base", help="Path or git revision to compare with: judge only what the difference can affect.")
@click.option("--texts", type=_PATH, help="Folder of the articles' texts: prove the passages' hashes against them.")
@settings.option("data")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--output", type=_PATH, help="File to write the report to; standard output where not given, or -.")
def check_command(
    files: tuple[Path, ...],
    shapes: tuple[Path, ...],
    ontology: tuple[Path, ...],
    context: tuple[Path, ...],
    stdin_filename: str,
    base: str | None,
    texts: Path | None,
    data: str,
    form: str,
    output: Path | None,
) -> int:
    """Judge Turtle FILES (or folders of them, or - for standard input): each finding with its line and what to do.

    With neither --shapes nor --ontology the graph is Mercato's own: its shapes, vocabulary and house rules apply.
    With either, it is somebody else's, and nothing of Mercato's own applies.

    Leaves with 0 when clean, 1 with findings, 2 when the input could not be read or the call was wrong.
    """
    base_iri = settings.load()["base"]
    request = Request(files, shapes, ontology, context or None, base_iri, data, texts, stdin_filename)
    if base == "":  # most likely a variable that was not set
        raise click.UsageError("--base is empty: name a path or a revision, or leave it out")
    if base and texts:
        raise click.UsageError("--texts proves whole files: give it without --base")
    if [*files, *shapes, *ontology, *context].count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input can be read once: give - once")
    with _uncollected():
        found = check_change(request, base) if base else check(request)
    found = replace(found, scope=" ".join(filter(None, (found.scope, request.without))))
    output = None if output == Path("-") else output
    if output is None and form == "text":
        click.echo(text.render(found, colour=sys.stdout.isatty()), nl=False)
    else:
        write_out(FORMATS[form](found), output)
    return int(found.failed)
