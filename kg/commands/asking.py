"""The commands `query` and `ask`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from prettytable import PrettyTable, TableStyle

from kg import settings
from kg.errors import InputError, QueryRefusedError, QuerySyntaxError
from kg.files import read_text
from kg.formats import FORMATS, Form
from kg.names import prefixes
from kg.sparql.engine import Query
from kg.sparql.guard import inspect
from kg.sparql.local import open_engine
from kg.sparql.questions import question, read_questions
from kg.sparql.remote import is_remote

TABLE = "table"
"""The format for eyes; the others are the standards'."""

_FORMAT = click.Choice([TABLE, *FORMATS])


def dataset_options(command: settings.Command) -> settings.Command:
    """Give a command the options that say what is asked."""
    for name in ("base", "out", "store"):
        command = settings.option(name)(command)
    command = click.option(
        "--file",
        "files",
        multiple=True,
        type=click.Path(path_type=Path),
        help="RDF file to ask, any number of times, in place of the build in the folder `out`.",
    )(command)
    return click.option(
        "--format", "form", type=_FORMAT, help="table on a terminal where not given; in a pipe csv, for graphs ttl."
    )(command)


@click.command("query")
@click.argument("text")
@dataset_options
def query_command(text: str, form: str | None, files: tuple[Path, ...], **given: Any) -> None:
    """Run a SPARQL query: a file, - for standard input, or the TEXT itself."""
    words, source = read_query(text)
    try:
        run(Query(words, base=given["base"]), form, files, given)
    except (QuerySyntaxError, QueryRefusedError) as error:
        error.source = source
        raise


@click.command("ask")
@click.argument("name", required=False)
@settings.option("queries")
@dataset_options
def ask_command(name: str | None, form: str | None, files: tuple[Path, ...], queries: str, **given: Any) -> None:
    """Answer the question NAME; without NAME list the questions there are."""
    known = read_questions(queries)
    if name is None:
        width = max(map(len, known), default=0)
        for each in known.values():
            click.echo(f"{each.name:{width}}  {each.title()}")
        return
    run(Query(question(name, known).text, base=given["base"]), form, files, given)


def read_query(text: str) -> tuple[str, str]:
    """Return the query's words and where they are from: standard input for `-`, a file where there is one, else `text`.

    Raises `InputError` for no text at all and for a file that is not there: what has no blank and no bracket is meant
    as a file's name.
    """
    if text == "-":
        try:
            return sys.stdin.buffer.read().decode("utf-8"), "standard input"
        except UnicodeDecodeError as error:
            raise InputError(f"byte {error.start} is no UTF-8: send UTF-8", source="standard input") from None
    if not text.strip():
        raise InputError("is empty: write SPARQL, or name a file of it", source="query")
    if not any(letter.isspace() or letter in "{}" for letter in text) or text.endswith(".rq"):
        return read_text(Path(text)), text
    return text, "query"


def dataset(files: Sequence[Path], store: str, out: str) -> list[Path]:
    """Return the files to ask: those given, else the quads of the build in `out`; none where `store` has its own."""
    if files or is_remote(store):
        return list(files)
    built = Path(out) / "mercato.nq"
    if not built.is_file():
        raise InputError("there is no build: run `mercato build`, or give --file", source=str(built))
    return [built]


def run(query: Query, form: str | None, files: Sequence[Path], given: Mapping[str, Any]) -> None:
    """Answer the query on standard output."""
    is_graph = inspect(query.text).is_graph
    chosen = form or (TABLE if sys.stdout.isatty() else "ttl" if is_graph else "csv")
    name = ("ttl" if is_graph else "json") if chosen == TABLE else chosen
    if not FORMATS[name].serves(Form.CONSTRUCT if is_graph else Form.SELECT):
        fit = ", ".join(each.name for each in FORMATS.values() if each.is_graph == is_graph)
        raise click.UsageError(f"the answer cannot be written as {name}: choose {TABLE}, {fit}")
    engine = open_engine(given["store"], dataset(files, given["store"], given["out"]))
    with closing(engine), engine.answer(query, name) as answer:
        if chosen == TABLE and not is_graph:
            click.echo(table(json.loads(answer.read()), prefixes(given["base"])))
            return
        for chunk in answer.chunks:
            click.echo(chunk, nl=False)


def table(results: dict[str, Any], short: Mapping[str, str]) -> str:
    """Return SPARQL JSON results as a table, IRIs shortened by the prefixes `short`; an ASK's answer as one word."""
    if "boolean" in results:
        return "yes" if results["boolean"] else "no"
    names = results["head"]["vars"]
    shown = PrettyTable(names, align="l")
    shown.set_style(TableStyle.SINGLE_BORDER)
    namespaces = sorted(((namespace, prefix) for prefix, namespace in short.items()), key=lambda pair: -len(pair[0]))
    for binding in results["results"]["bindings"]:
        shown.add_row([_term(binding[name], namespaces) if name in binding else "" for name in names])
    count = len(results["results"]["bindings"])
    return f"{shown}\n{count} row{'' if count == 1 else 's'}"


def _term(term: Mapping[str, Any], namespaces: Sequence[tuple[str, str]]) -> str:
    """Return a term for eyes: a short IRI, a literal's words with its language."""
    value = str(term["value"])
    if term["type"] == "uri":
        for namespace, prefix in namespaces:
            if value.startswith(namespace) and value != namespace:
                return f"{prefix}:{value.removeprefix(namespace)}"
        return f"<{value}>"
    if term["type"] == "bnode":
        return f"_:{value}"
    words = "".join(letter if letter.isprintable() else " " for letter in value)
    return f"{words} @{term['xml:lang']}" if "xml:lang" in term else words
