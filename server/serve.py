"""`mercato serve`: the graph over HTTP, from a build or from any RDF files."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

import click
from pyoxigraph import Literal, NamedNode

from kg.commands.building import build_if_needed
from kg.errors import InputError, SettingError
from kg.files import folder, turtle_files
from kg.names import VOCABULARIES, prefixes
from kg.publish.compose import Sources
from kg.publish.dump import read_manifest
from kg.sandbox.checks import Checks
from kg.sandbox.messages import CheckPlan
from kg.sandbox.queries import open_sandbox
from kg.settings import load, option
from kg.sparql.questions import read_questions
from kg.sparql.remote import is_remote
from server import Server, create_app
from server.config import Config
from server.graph import parse_turtle
from server.http.release import Build, Edition, Published, open_build
from server.production import Production

OPTIONS = (
    "host",
    "port",
    "store",
    "out",
    "data",
    "ontology",
    "shapes",
    "queries",
    "base",
    "query_timeout",
    "query_memory",
    "query_size",
    "query_length",
    "query_workers",
    "query_long",
    "query_queue",
    "check_timeout",
    "check_memory",
    "check_length",
    "check_workers",
    "check_queue",
    "threads",
    "rate",
    "proxies",
    "cache",
    "max_request",
    "access_log",
)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host`:`port`; raise `SettingError` where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        # Python adds the address to `strerror`, and gives a name that is none a number below 0.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else "that is no address of this machine"
        sentence = f"cannot listen at {host}:{port} ({reason}): choose another with --port or --host"
        raise SettingError(sentence) from None


def titles(catalog: bytes) -> dict[str, str]:
    """Return the title of the dataset in a catalogue (Turtle), by language."""
    dataset, title = (
        NamedNode(VOCABULARIES[name] + local) for name, local in (("dcat", "Dataset"), ("dcterms", "title"))
    )
    listed = list(parse_turtle(catalog))
    datasets = {triple.subject for triple in listed if triple.object == dataset}
    named = (triple for triple in listed if triple.subject in datasets and triple.predicate == title)
    return {
        triple.object.language or "en": triple.object.value for triple in named if isinstance(triple.object, Literal)
    }


def needs_build(values: Mapping[str, Any], files: Sequence[Path]) -> bool:
    """Return whether there must be a build before anything can be served, and there is none."""
    return not files and not is_remote(values["store"]) and read_manifest(Path(values["out"])) is None


def checks_for(values: Mapping[str, Any], files: Sequence[Path], base: str, build: Build | None) -> Checks | None:
    """Return what judges posted texts: by what a build publishes, or by the settings `shapes` and `ontology`.

    Somebody's RDF files bring neither, and Mercato's own are not theirs. What was derived is no part of what a text
    may refer to: it would be derived anew with the text. `None` where no texts are to be checked.
    """
    if not values["check_workers"]:
        return None
    memory = int(values["check_memory"])
    if build is None:
        shapes, ontology = (_turtle(kind, values[kind]) for kind in ("shapes", "ontology"))
        data = tuple(str(file.absolute()) for file in files)
        return Checks(CheckPlan(shapes, ontology, data, (), base, memory), values)
    published = {name: ((name, str(build.place / name)),) for name in ("shapes.ttl", "ontology.ttl")}
    shapes, ontology = (parts if name in build.dumps else () for name, parts in published.items())
    without = tuple(f"{base}graph/{name}" for name in ("derived", "ontology"))
    return Checks(CheckPlan(shapes, ontology, (str(build.place / "mercato.nq"),), without, base, memory), values)


def _turtle(kind: str, given: str) -> tuple[tuple[str, str], ...]:
    """Return the Turtle files of a folder, each with a name that says nothing of the machine."""
    if not given:
        return ()
    place = folder(kind, given)
    return tuple((f"{kind}/{path.relative_to(place).as_posix()}", str(path.absolute())) for path in turtle_files(place))


def open_edition(config: Config, values: Mapping[str, Any], files: Sequence[Path]) -> Edition:
    """Return what is to be served now: the RDF files where there are any, else the build in `config.out`.

    Another service (`store` is its address) is served with the files of a build where there is one; nobody says when
    its data change, so the edition has no version and nothing is kept.
    """
    store = values["store"]
    with ExitStack() as opened:  # nothing stays open where something cannot be opened
        if files or (is_remote(store) and read_manifest(config.out) is None):
            engine = opened.enter_context(closing(open_sandbox(store, files, values)))
            checks = checks_for(values, files, config.base, None)
            opened.pop_all()
            return Edition(engine.version, config.base, engine, {}, prefixes(config.base), checks=checks)
        build = opened.enter_context(closing(open_build(config.out)))
        engine = opened.enter_context(closing(open_sandbox(store, [build.place / "mercato.nq"], values)))
        checks = checks_for(values, (), build.base, build)
        opened.pop_all()
    title = titles(build.dumps["catalog.ttl"].read()) if "catalog.ttl" in build.dumps else {}
    version = "" if is_remote(store) else build.version
    return Edition(version, build.base, engine, build.dumps, prefixes(build.base), title=title, checks=checks)


def open_log(name: str) -> IO[str] | None:
    """Return where the access log goes: a file, standard error for `-`, nowhere for an empty name."""
    if not name:
        return None
    if name == "-":
        return sys.stderr
    try:
        return Path(name).open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise InputError(
            f"the access log cannot be written ({error.strerror}): name another with --access-log", source=name
        ) from None


def run(values: dict[str, Any], files: Sequence[Path]) -> None:
    """Serve with the settings `values` until told to stop."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the server takes it as the call to publish anew
    config = Config.read(values)
    log = open_log(config.access_log)
    questions = {} if files else read_questions(values["queries"])
    listener = listen(config.host, config.port)
    if needs_build(values, files):
        build_if_needed(config.out, Sources.from_settings(values))
    first = open_edition(config, values, files)
    host, port = listener.getsockname()[:2]

    def make(again: bool) -> Server:
        edition = open_edition(config, values, files) if again else first
        return create_app(config, Published(edition), questions=questions, log=log)

    def republish(server: Server) -> str:
        edition = open_edition(config, values, files)
        server.published.replace(edition)
        server.cache.clear()
        server.metrics.serves(edition.version)
        return edition.version

    address = f"[{host}]" if ":" in host else host
    what = f"version {first.version}" if first.version else values["store"]
    click.echo(f"Mercato serves {what} at http://{address}:{port}/ (stop with Ctrl+C)")
    sys.stdout.flush()
    Production(listener, config.threads, make, republish).run()


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def serve(files: tuple[Path, ...], **given: Any) -> None:
    """Serve the graph over HTTP: SPARQL endpoint, things, pages and dumps.

    Without FILE the build in the folder `out` is served. With FILE… any RDF files are, quads in their graphs.
    """
    run(load(given), files)


for _name in reversed(OPTIONS):
    serve = option(_name)(serve)
