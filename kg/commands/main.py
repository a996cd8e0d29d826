"""The command `mercato`.

Exit codes: 0 done, 1 the data has findings, 2 the call or its input was wrong, 3 our own fault. Errors are one
sentence on standard error; a traceback only with `MERCATO_DEBUG` set. A command's module is loaded when it is called
for: a check of a small change is done before all of them would be.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from kg.errors import MercatoError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

_COMMANDS = {
    "ask": "asking:ask_command",
    "build": "building:build_command",
    "check": "checking:check_command",
    "diff": "comparing:diff_command",
    "format": "curating:format_command",
    "push": "building:push_command",
    "query": "asking:query_command",
    "sources": "curating:sources_group",
}
"""Where each command of ours is, below `kg.commands`."""


class _Group(click.Group):
    """A group whose commands leave with the right exit code and never with a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs |= {"standalone_mode": False, "prog_name": "mercato"}
        if sys.stdout is None or sys.stderr is None:
            # Python gives no stream for a closed descriptor, and the next file opened would take its number.
            click.echo("mercato: an output is closed: send it to a file or to /dev/null", err=True)
            sys.exit(2)
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.Abort:
            click.echo("mercato: stopped", err=True)
            sys.exit(130)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(2)
        except click.ClickException as error:
            click.echo(f"mercato: {_told(error)}", err=True)
            sys.exit(2)
        except MercatoError as error:
            click.echo(f"mercato: {error}", err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            # The reader of our output went away (`mercato … | head`): nothing is wrong.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except MemoryError:
            click.echo("mercato: the memory of this machine is used up: give fewer or smaller files", err=True)
            sys.exit(2)
        except RecursionError:
            if os.environ.get("MERCATO_DEBUG"):
                raise
            click.echo("mercato: shapes, paths or a query are nested hundreds deep: make them flatter", err=True)
            sys.exit(2)
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
        return sorted({*_COMMANDS, *(point.name for point in _points())})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command of that name, loaded: ours, or one that another package adds."""
        if name in _COMMANDS:
            module, command = _COMMANDS[name].split(":")
            loaded: object = getattr(import_module(f"kg.commands.{module}"), command)
        else:
            loaded = next((point.load() for point in _points() if point.name == name), None)
        return loaded if isinstance(loaded, click.Command) else None


def _told(error: click.ClickException) -> str:
    """Return Click's `error` in one line, with where to look for help."""
    words = " ".join(error.format_message().split())
    words = words[:1].lower() + words[1:]
    context = getattr(error, "ctx", None)
    return f"{words.rstrip('.')} (see {context.command_path} --help)" if context else words


def _points() -> EntryPoints:
    from importlib.metadata import entry_points  # takes as long to import as half of our own commands

    return entry_points(group="mercato.commands")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mercato", message="mercato %(version)s")
def main() -> None:
    """Mercato: the AI talent market as linked open data."""
