"""Where a command's words go."""

from __future__ import annotations

from pathlib import Path

import click

from kg.files import atomic


def write_out(words: str, output: Path | None) -> None:
    """Write `words` to the file `output`, whole or not at all, or to standard output."""
    if output is None:
        click.echo(words.encode("utf-8"), nl=False)
        return
    with atomic(output) as file:
        file.write(words.encode("utf-8"))
