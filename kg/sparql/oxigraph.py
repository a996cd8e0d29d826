"""Oxigraph: how RDF files come into a store, and how a query is answered from it."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, cast

import pyoxigraph as ox

from kg.errors import InputError, QueryRefusedError, QuerySyntaxError
from kg.sparql.engine import Query
from kg.sparql.guard import prologue

BINDINGS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
GRAPHS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdf": ox.RdfFormat.RDF_XML,
}
_WHERE = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_EXPECTED = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:\'(?:\\.[^\']*|[^\'])\'|[^\]\'])*\]|[^,\[\]"]+')
_XML_NAME = re.compile(r"[^\W\d][\w.·-]*\Z")


class Sink(Protocol):
    """Where an evaluation writes its bytes."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


def load(files: Sequence[Path], store: ox.Store | None = None) -> ox.Store:
    """Return a store of the RDF files (any syntax by its extension, also `.gz`), quads in their graphs.

    `evaluate` makes the default graph the union of all. Raises `InputError` with the file and, for bad syntax, line and
    column.
    """
    store = ox.Store() if store is None else store
    for path in files:
        with _opened(path) as (file, kind):
            store.bulk_load(file, kind)
    if _needs_union(store):
        store.bulk_extend(
            ox.Quad(quad.subject, quad.predicate, quad.object)
            for graph in list(store.named_graphs())
            for quad in store.quads_for_pattern(None, None, None, graph)
        )
    return store


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], ox.RdfFormat]]:
    """Yield the RDF file open, and its syntax; what goes wrong with it is raised as `InputError`."""
    extension = path.name.removesuffix(".gz").rpartition(".")[2]
    kind = ox.RdfFormat.from_extension(extension)
    if kind is None:
        raise InputError("is no RDF file by its name: give .nq, .trig, .ttl, .nt, .jsonld or .rdf", source=str(path))
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield cast("IO[bytes]", file), kind
    except SyntaxError as error:
        sentence = error.msg.rpartition(": ")[2]
        raise InputError(sentence, source=str(path), line=error.lineno, column=error.offset) from None
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot be read ({reason}): check the name and its rights", source=str(path)) from None


def quads(path: Path) -> Iterator[ox.Quad]:
    """Yield the quads of an RDF file (see `load`) in its order; raise `InputError` where it ends to be one."""
    with _opened(path) as (file, kind):
        yield from ox.parse(file, kind)


def _needs_union(store: ox.Store) -> bool:
    """Return whether the default graph must hold the union of all graphs, each triple once.

    Oxigraph's own union counts a triple once for every graph it is in, but it is faster: twice the quads take a join
    half as long again.
    """
    if not _default_is_empty(store):
        return any(store.named_graphs())
    twice = store.query("ASK { GRAPH ?g { ?s ?p ?o } GRAPH ?h { ?s ?p ?o } FILTER(?g != ?h) }")
    return bool(twice)


def _default_is_empty(store: ox.Store) -> bool:
    return next(store.quads_for_pattern(None, None, None, ox.DefaultGraph()), None) is None


def fingerprint(files: Sequence[Path]) -> str:
    """Return what names the content of the files: 16 hexadecimal digits of a SHA-256 over their names and bytes."""
    digest = hashlib.sha256()
    for path in files:
        try:
            with path.open("rb") as file:
                digest.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        except OSError as error:
            sentence = f"cannot be read ({error.strerror}): check the name and its rights"
            raise InputError(sentence, source=str(path)) from None
    return digest.hexdigest()[:16]


def folder_fingerprint(place: Path) -> str:
    """Return what names the content of a store on disk: its files are never changed, only replaced by others."""
    listing = sorted(f"{path.name} {path.stat().st_size}" for path in place.glob("*.sst"))
    listing += sorted(path.name for path in place.glob("MANIFEST-*"))
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()[:16]


def open_folder(place: Path) -> ox.Store:
    """Return the store on disk in the folder, for reading; raise `InputError` where it is none."""
    try:
        return ox.Store.read_only(str(place))
    except OSError as error:
        raise InputError(f"is no Oxigraph store ({error}): give the folder of one", source=str(place)) from None


def folder_for(place: Path, files: Sequence[Path]) -> Path:
    """Return the folder of a store on disk that holds exactly the files; it is filled first where it is not there yet.

    The stores of several datasets lie side by side in `place`, each under its fingerprint, so that a server can change
    from one to the next. Without files `place` is a store itself, such as `oxigraph load` writes. Raises `InputError`.
    """
    if not files:
        open_folder(place)
        return place
    target = place / fingerprint(files)
    if target.is_dir():
        return target
    try:
        place.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=place, prefix=".part-"))
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror}): check its rights", source=str(place)) from None
    try:
        store = load(files, ox.Store(str(part)))
        store.flush()
        store.optimize()
        del store
        part.rename(target)
    except OSError as error:
        if not target.is_dir():  # another process may have been quicker
            raise InputError(f"cannot be written ({error}): is there room?", source=str(place)) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def evaluate(store: ox.Store, query: Query, format: str, sink: Sink) -> None:  # noqa: A002
    """Answer the query from the store, writing into `sink` as it goes.

    A triple that is in two graphs of several in FROM (or `default_graphs`) is found twice, as Oxigraph has it; in the
    union of all graphs it is found once.

    Raises `QuerySyntaxError` before the first byte, and afterwards whatever stops the evaluation.
    """
    try:
        dataset: dict[str, Any] = {}
        if query.default_graphs or query.named_graphs:
            dataset = {
                "default_graph": [ox.NamedNode(graph) for graph in query.default_graphs],
                "named_graphs": [ox.NamedNode(graph) for graph in query.named_graphs],
            }
        elif _default_is_empty(store):
            dataset = {"use_default_graph_as_union": True}
        results = store.query(query.text, base_iri=query.base, **dataset)
    except SyntaxError as error:
        raise _syntax_error(query.text, str(error.msg)) from None
    except ValueError as error:
        raise QuerySyntaxError(f"{error}: give graphs and base as absolute IRIs") from None
    if isinstance(results, ox.QueryTriples):
        triples: Iterator[ox.Triple] = nameable(results) if format == "rdf" else results
        declared, _ = prologue(query.text)
        kept = {prefix: namespace for prefix, namespace in declared.items() if ":" in namespace}
        ox.serialize(triples, sink, GRAPHS[format], prefixes=kept)  # type: ignore[arg-type]
    else:
        results.serialize(sink, BINDINGS[format])  # type: ignore[arg-type]


def nameable(triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """Yield the triples; raise for a predicate that XML has no name for, where the serializer writes broken XML."""
    seen = set()
    for triple in triples:
        if triple.predicate not in seen:
            seen.add(triple.predicate)
            if not _XML_NAME.search(triple.predicate.value):
                raise QueryRefusedError(f"RDF/XML has no way to write the predicate {triple.predicate}: ask for Turtle")
        yield triple


def _syntax_error(text: str, message: str) -> QuerySyntaxError:
    """Return Oxigraph's message as a sentence with line and column, without its lists of character ranges."""
    found = _WHERE.match(message)
    if found is None:
        return QuerySyntaxError(message)
    line, column = int(found[1]), int(found[2])
    words = [word.strip() for word in _EXPECTED.findall(found[3]) if not word.startswith("[")]
    words = [word for word in words if word and word != "_"]
    telling = [word for word in words if " " in word]  # Oxigraph's own sentences, such as “Prefix not found”
    lines = text.splitlines() or [""]
    rest = lines[line - 1][column - 1 :].strip() if line <= len(lines) else ""
    here = f"before “{rest[:40]}”" if rest else "at the end of the line" if line < len(lines) else "at the end"
    wanted = "; ".join(telling) or (f"expected {', '.join(words[:8])}" if words else "this is not SPARQL 1.1")
    return QuerySyntaxError(f"{wanted} (read up to here, {here})", line=line, column=column)
