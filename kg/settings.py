"""The settings, in one table that the command's help, the README and a test read.

A setting is given, in this order: as the command's option, as the environment variable `MERCATO_<NAME>`,
or by its default.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from kg.errors import SettingError
from kg.names import BASE

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Setting:
    """One setting: its name, its default (whose type is the setting's type), what it does, the numbers it may be."""

    name: str
    default: str | int | float
    help: str
    least: float | None = None
    most: float | None = None

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"MERCATO_{self.name.upper()}"

    def read(self, text: str) -> str | int | float:
        """Return `text` as a value of this setting; raise `SettingError` where it is none."""
        try:
            return type(self.default)(text)
        except ValueError:
            kind = {int: "a whole number", float: "a number"}[type(self.default)]
            raise SettingError(f"{self.variable} is {text!r}: give {kind}, such as {self.default}") from None

    def held(self, value: Any) -> Any:
        """Return `value`; raise `SettingError` where it is a number that this setting cannot be."""
        if self.least is not None and self.most is not None and not self.least <= value <= self.most:  # NaN is not
            raise SettingError(f"{self.name} is {value}: give a number from {self.least:,} to {self.most:,}")
        return value


SETTINGS: tuple[Setting, ...] = (
    Setting("data", "", "Folder of the curated Turtle; the graph that comes with Mercato where empty."),
    Setting("ontology", "", "Folder of the vocabulary's Turtle; Mercato's own where empty."),
    Setting("shapes", "", "Folder of the SHACL shapes; Mercato's own where empty."),
    Setting("queries", "", "Folder of the named queries; Mercato's own where empty."),
    Setting("base", BASE, "Base IRI of the published dataset: things are at {base}id/{kind}/{slug}."),
    Setting("out", "out", "Folder that a build writes and the server publishes."),
    Setting("host", "127.0.0.1", "Address the server listens on."),
    Setting("port", 8000, "Port the server listens on."),
    Setting(
        "store",
        "memory",
        "Where queries run: memory, a folder (Oxigraph on disk) or an http(s) SPARQL endpoint.",
    ),
    Setting("query_timeout", 10.0, "Seconds after which a query is stopped.", 0.01, 86_400),
    Setting("query_memory", 128, "MiB that a query may need beyond the dataset.", 16, 1_048_576),
    Setting("query_size", 64.0, "MiB that an answer may be long.", 0.001, 1_048_576),
    Setting("query_length", 1024, "KiB that a query's text may be long.", 1, 1_048_576),
    Setting("query_workers", 4, "Queries that run at the same time, in a process each.", 1, 256),
    Setting("query_long", 4, "Queries that may take longer than 0.1 s at the same time, besides those.", 1, 256),
    Setting("query_queue", 64, "Queries that may wait for a worker; the next one is told to come again.", 0, 100_000),
    Setting("check_timeout", 10.0, "Seconds after which the check of a posted text is stopped.", 0.01, 86_400),
    Setting("check_memory", 256, "MiB that the check of a posted text may need.", 16, 1_048_576),
    Setting("check_length", 512, "KiB that a posted text may be long.", 1, 1_048_576),
    Setting("check_workers", 2, "Posted texts that are checked at the same time; 0 for none at all.", 0, 256),
    Setting("check_queue", 16, "Posted texts that may wait to be checked; the next is told to come again.", 0, 100_000),
    Setting("threads", 64, "Requests that the server works on at the same time."),
    Setting("rate", 6000, "Requests a minute that the server takes of one client; 0 for no limit."),
    Setting("proxies", 0, "Reverse proxies in front of the server whose X-Forwarded headers count."),
    Setting("cache", 64, "Megabytes of answers that the server keeps; 0 for none."),
    Setting("max_request", 1_000_000, "Bytes that the body of a request may have."),
    Setting("access_log", "-", "File of the access log, one JSON object a line; - is standard error, empty for none."),
)


def names() -> dict[str, Setting]:
    """Return the settings by name."""
    return {setting.name: setting for setting in SETTINGS}


def load(given: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the value of every setting, `{name: value}`.

    `given` are values that a caller sets (they win); `environ` is the environment, the process's own by default.
    Raises `SettingError` for a name that is no setting or a value that is none of that setting.
    """
    environ = os.environ if environ is None else environ
    known = names()
    given = dict(given or {})
    for name in given:
        if name not in known:
            raise SettingError(f"there is no setting {name!r}: the settings are {', '.join(known)}")
    values: dict[str, Any] = {}
    for name, setting in known.items():
        if name in given and given[name] is not None:
            values[name] = setting.held(given[name])
        elif setting.variable in environ:
            values[name] = setting.held(setting.read(environ[setting.variable]))
        else:
            values[name] = setting.default
    return values


def base_iri(base: str) -> str:
    """Return `base`; raise `SettingError` where it is no http(s) IRI that ends in a slash."""
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.netloc or not base.endswith("/"):
        raise SettingError(f"base is {base!r}: give an http(s) IRI that ends in a slash")
    return base


def option(name: str, **more: Any) -> Callable[[Command], Command]:
    """Return the Click option of the setting `name`, its help, default and variable read from the table."""
    setting = names()[name]
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        default=setting.default,
        envvar=setting.variable,
        show_envvar=True,
        show_default=bool(setting.default),
        type=type(setting.default),
        help=setting.help,
        **more,
    )


def source_options(command: Command) -> Command:
    """Give a command the options that say where the graph comes from."""
    for name in reversed(("data", "ontology", "shapes", "queries", "base")):
        command = option(name)(command)
    return command
