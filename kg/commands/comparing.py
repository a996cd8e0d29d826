"""The command `diff`."""

from __future__ import annotations

from pathlib import Path

import click

from kg import settings
from kg.commands.output import write_out
from kg.files import folder, turtle_files
from kg.publish import diff
from kg.sparql.questions import read_questions

_PATH = click.Path(path_type=Path)


@click.command("diff")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@settings.option("ontology")
@settings.option("queries")
@click.option("--format", "form", type=click.Choice(list(diff.FORMATS)), default="text", show_default=True)
@click.option("--output", type=_PATH, help="File to write to; standard output where not given.")
def diff_command(old: Path, new: Path, ontology: str, queries: str, form: str, output: Path | None) -> int:
    """Say what changes from the Turtle in OLD to that in NEW (files or folders), in terms of the graph.

    People, moves, offers and figures added, changed and withdrawn, and the named questions whose answers change.
    Leaves with 0 whether or not anything differs.
    """
    place = folder("queries", queries)
    terms = turtle_files(folder("ontology", ontology))
    found = diff.compare(old, new, terms, place, read_questions(queries).values())
    write_out(diff.FORMATS[form](found), output)
    return 0
