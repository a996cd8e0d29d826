"""The command `mercato`.

Exit codes: 0 done, 1 the data has findings, 2 the call or its input was wrong, 3 our own fault. Errors are one
sentence on standard error; a traceback only with `MERCATO_DEBUG` set.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

import click

from kg import dump, settings, sources, write
from kg.asking import ask_command, query_command
from kg.build import Composition, Sources, compose, read_curated, read_file
from kg.check import report
from kg.check.judge import Request, check
from kg.commands import check_command, diff_command
from kg.errors import FindingsError, InputError, MercatoError
from kg.files import atomic, folder, read_text
from kg.names import prefixes
from kg.push import push

_STEPS = ("read, reason and derive", "check", "write the dumps")


class _Group(click.Group):
    """A group whose commands leave with the right exit code and never with a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        if sys.stdout is None or sys.stderr is None:
            # Python gives no stream for a closed descriptor, and the next file opened would take its number.
            click.echo("mercato: an output is closed: send it to a file or to /dev/null", err=True)
            sys.exit(2)
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.Abort:
            click.echo("mercato: stopped", err=True)
            sys.exit(130)
        except click.ClickException as error:
            error.show()
            sys.exit(2)
        except MercatoError as error:
            click.echo(f"mercato: {error}", err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            # The reader of our output went away (`mercato … | head`): nothing is wrong.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except OSError as error:
            # A full disk, missing rights: the machine's fault and not the program's.
            if os.environ.get("MERCATO_DEBUG"):
                raise
            place = f"{error.filename}: " if error.filename else ""
            reason = error.strerror or type(error).__name__
            click.echo(f"mercato: {place}cannot be read or written ({reason}): check rights and room there", err=True)
            sys.exit(2)
        except Exception as error:
            if os.environ.get("MERCATO_DEBUG"):
                raise
            kind = type(error).__name__
            click.echo(
                f"mercato: our own fault: {kind}: {error}. Set MERCATO_DEBUG=1 for the traceback and report it.",
                err=True,
            )
            sys.exit(3)
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of our commands and of those that other packages add."""
        return sorted({*super().list_commands(context), *(point.name for point in _points())})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command of that name; one from another package is loaded only when it is called for."""
        found = super().get_command(context, name)
        if found is None and (points := [point for point in _points() if point.name == name]):
            loaded = points[0].load()
            found = loaded if isinstance(loaded, click.Command) else None
        return found


def _points() -> EntryPoints:
    return entry_points(group="mercato.commands")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mercato", message="mercato %(version)s")
def main() -> None:
    """Mercato: the AI talent market as linked open data."""


main.add_command(ask_command)
main.add_command(check_command)
main.add_command(diff_command)
main.add_command(query_command)

_SOURCE_OPTIONS = ("data", "ontology", "shapes", "queries", "base")


def source_options(command: settings.Command) -> settings.Command:
    """Give a command the options that say where the graph comes from."""
    for name in reversed(_SOURCE_OPTIONS):
        command = settings.option(name)(command)
    return command


@main.command()
@settings.option("out")
@source_options
@click.option("--force", is_flag=True, help="Build even where nothing changed.")
def build(out: str, force: bool, **given: Any) -> None:
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
        raise FindingsError(f"the data has findings, so nothing was built\n{report.text(found, colour=False).rstrip()}")
    if composition.clashes:
        raise FindingsError("\n".join(["the data clashes with its vocabulary", *composition.clashes]))


@main.command("push")
@click.argument("url")
@settings.option("out")
@click.option("--credentials", envvar="MERCATO_CREDENTIALS", show_envvar=True, default="", help="user:password.")
def push_(url: str, out: str, credentials: str) -> None:
    """Replace each graph of the build at the graph store URL (Graph Store Protocol)."""
    for graph, triples in push(Path(out) / "mercato.nq", url, credentials):
        click.echo(f"{graph}: {triples} triples")


@main.group("sources")
def sources_group() -> None:
    """Prove the passages against the articles' texts, and find words in them."""


@sources_group.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
@source_options
def verify(folder: Path, **given: Any) -> None:
    """Re-read the articles in FOLDER and prove every passage's hash."""
    chosen = Sources.from_settings(given)
    curated = read_curated(chosen)
    result = sources.verify(curated, folder)
    for fault in result.faults:
        click.echo(f"{fault.node}: {fault.sentence}", err=True)
    counts = f"{result.proved} of {result.passages} passages proved"
    click.echo(f"{result.articles} articles, {counts}, {result.claims} claims")
    uncovered = 0
    for reading in sources.coverage(curated, chosen.data / "coverage"):
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
def locate(file: Path, text: str) -> None:
    """Print where TEXT stands in FILE: the passage to paste into a claim."""
    number = file.stem.split("_", 1)[0]
    for place in sources.locate_in(file, text):
        click.echo(
            f"passage:{number}-{place.start}-{place.end}\n    a mc:Passage ;\n    oa:end {place.end} ;\n"
            f"    oa:hasSource article:{file.stem} ;\n    oa:start {place.start} ;\n"
            f'    mc:sha256 "{place.sha256}" ;\n.'
        )


@main.command("format")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 where a file is not formatted.")
@settings.option("base")
def format_(files: tuple[Path, ...], only_check: bool, base: str) -> None:
    """Write Turtle FILES in the one form that this project keeps."""
    unlike = []
    for path in files:
        before = read_text(path)
        after = write.turtle(read_file(path), prefixes(base))
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
