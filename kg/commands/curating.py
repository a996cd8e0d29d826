"""The commands `sources` and `format`, for those who add facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kg import settings
from kg.check import passages
from kg.errors import FindingsError, InputError
from kg.files import atomic, read_text
from kg.publish.compose import Sources, read_curated, read_file
from kg.turtle import house


@click.group("sources")
def sources_group() -> None:
    """Prove the passages against the articles' texts, and find words in them."""


@sources_group.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
@settings.source_options
def verify(folder: Path, **given: Any) -> None:
    """Re-read the articles in FOLDER and prove every passage's hash."""
    chosen = Sources.from_settings(given)
    curated = read_curated(chosen)
    result = passages.verify(curated, folder)
    for fault in result.faults:
        click.echo(f"{fault.node}: {fault.sentence}", err=True)
    counts = f"{result.proved} of {result.passages} passages proved"
    click.echo(f"{result.articles} articles, {counts}, {result.claims} claims")
    uncovered = 0
    for reading in passages.coverage(curated, chosen.data / "coverage"):
        covered = reading.wanted - len(reading.missing)
        uncovered += len(reading.missing)
        click.echo(f"{reading.article}: {covered} of {reading.wanted} places of the second reading covered")
        for start, end, kind in reading.missing:
            click.echo(f"{reading.article}: characters {start} to {end} need a claim of a {kind}", err=True)
    if result.faults or uncovered:
        raise FindingsError(f"{len(result.faults)} do not match the texts, {uncovered} places have no claim")


@sources_group.command("locate")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("text")
@click.option("--asserts", default="move:name-the-record", show_default=True, help="The record that the words state.")
def locate(file: Path, text: str, asserts: str) -> None:
    """Print a claim for each place of TEXT in FILE, whole, to paste into the article's claims."""
    for place in passages.locate_in(file, text):
        click.echo(house.claim(asserts, file.stem, place.start, place.end, place.sha256))


@click.command("format")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 where a file is not formatted.")
@settings.option("base")
def format_command(files: tuple[Path, ...], only_check: bool, base: str) -> None:
    """Write Turtle FILES in the one form that this project keeps."""
    unlike = []
    for path in files:
        before = read_text(path)
        after = house.house(read_file(path), base)
        if before == after:
            continue
        unlike.append(path)
        if not only_check:
            if any(line.lstrip().startswith("#") for line in before.splitlines()):
                raise InputError(
                    "holds comments, which formatting would drop: make them rdfs:comment", source=str(path)
                )
            with atomic(path) as file:
                file.write(after.encode())
    for path in unlike:
        click.echo(f"{path}: {'is not formatted' if only_check else 'formatted'}")
    if only_check and unlike:
        raise FindingsError(f"{len(unlike)} not formatted: run mercato format on them")
