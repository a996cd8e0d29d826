"""Oxigraph behind the port: loading, one evaluation, and the engine that answers in this very process."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import queue
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol, cast

import pyoxigraph as ox

from kg.errors import InputError, MercatoError, QueryRefusedError, QuerySyntaxError
from kg.query import FORMATS, Answer, Form, Query, inspect, position, prologue

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
CHUNK = 65536
"""Bytes that are gathered before they are passed on."""

_WHERE = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_EXPECTED = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:\'(?:\\.[^\']*|[^\'])\'|[^\]\'])*\]|[^,\[\]"]+')
_XML_NAME = re.compile(r"[^\W\d][\w.·-]*\Z")


class Sink(Protocol):
    """Where an evaluation writes its bytes."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


def load(files: Sequence[Path], store: ox.Store | None = None) -> ox.Store:
    """Return a store of the RDF files (any syntax by its extension, also `.gz`), quads in their graphs.

    The store's default graph is made the union of all graphs, each triple once: Oxigraph's own union counts a triple
    once for every graph it is in. Raises `InputError` with the file and, for bad syntax, line and column.
    """
    store = ox.Store() if store is None else store
    for path in files:
        extension = path.name.removesuffix(".gz").rpartition(".")[2]
        kind = ox.RdfFormat.from_extension(extension)
        if kind is None:
            raise InputError(
                "is no RDF file by its name: give .nq, .trig, .ttl, .nt, .jsonld or .rdf", source=str(path)
            )
        try:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                store.bulk_load(cast("IO[bytes]", file), kind)
        except SyntaxError as error:
            sentence = error.msg.rpartition(": ")[2]
            raise InputError(sentence, source=str(path), line=error.lineno, column=error.offset) from None
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"cannot be read ({reason}): check the name and its rights", source=str(path)) from None
    store.bulk_extend(
        ox.Quad(quad.subject, quad.predicate, quad.object)
        for graph in list(store.named_graphs())
        for quad in store.quads_for_pattern(None, None, None, graph)
    )
    return store


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


def evaluate(store: ox.Store, query: Query, form: Form, format: str, sink: Sink) -> None:  # noqa: A002
    """Answer the query from the store, writing into `sink` as it goes.

    Raises `QuerySyntaxError` before the first byte, and afterwards whatever stops the evaluation.
    """
    try:
        dataset = {}
        if query.default_graphs or query.named_graphs:
            dataset = {
                "default_graph": [ox.NamedNode(graph) for graph in query.default_graphs],
                "named_graphs": [ox.NamedNode(graph) for graph in query.named_graphs],
            }
        results = store.query(query.text, base_iri=query.base, **dataset)  # type: ignore[arg-type]
    except SyntaxError as error:
        raise _syntax_error(query.text, str(error.msg)) from None
    except ValueError as error:
        raise QuerySyntaxError(f"{error}: give graphs and base as absolute IRIs") from None
    if isinstance(results, ox.QueryTriples):
        triples: Iterator[ox.Triple] = _nameable(results) if format == "rdf" else results
        declared, _ = prologue(query.text)
        kept = {prefix: namespace for prefix, namespace in declared.items() if ":" in namespace}
        ox.serialize(triples, sink, GRAPHS[format], prefixes=kept)  # type: ignore[arg-type]
    else:
        results.serialize(sink, BINDINGS[format])  # type: ignore[arg-type]


def _nameable(triples: ox.QueryTriples) -> Iterator[ox.Triple]:
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


class Stopped(Exception):  # noqa: N818 - it is no error: nobody reads on
    """The reader of an answer has gone away."""


class Pump:
    """Runs what writes in a thread of its own, and gives out what it writes, at most a few chunks ahead."""

    def __init__(self, write: Callable[[Sink], None]):
        self._write = write
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=4)
        self._buffer = bytearray()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def write(self, data: bytes) -> int:
        """Take some bytes; raise `Stopped` where nobody reads any more."""
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            self._put(bytes(self._buffer))
            self._buffer.clear()
        return len(data)

    def flush(self) -> None:
        """Do nothing: the chunks are for the pump to decide."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes; raise what the writer raised."""
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def stop(self) -> None:
        """Have the writer stop at its next chunk."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            self._write(self)
            if self._buffer:
                self._put(bytes(self._buffer))
            self._put(None)
        except Stopped:
            pass
        except BaseException as error:
            # Without its traceback, whose frames hold Oxigraph's results: these may only be dropped in this thread.
            with contextlib.suppress(Stopped):
                self._put(error.with_traceback(None))

    def _put(self, item: bytes | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                return self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
        raise Stopped


def started(form: Form, format: str, write: Callable[[Sink], None]) -> Answer:  # noqa: A002
    """Return the answer that `write` writes, once its first chunk is there: an early error is raised here."""
    pump = Pump(write)
    chunks = pump.chunks()
    first = next(chunks, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from chunks

    return Answer(form, FORMATS[format].content_type, rest(), on_close=pump.stop)


def checked(query: Query, format: str) -> Form:  # noqa: A002
    """Return the form of the query, having seen that the format exists and serves it."""
    try:
        query.text.encode()
    except UnicodeEncodeError as error:
        line, column = position(query.text, error.start)
        raise QuerySyntaxError("the query is not UTF-8 here", line=line, column=column) from None
    form = inspect(query.text)
    if format not in FORMATS:
        raise ValueError(f"there is no format {format!r}: the formats are {', '.join(FORMATS)}")
    if not FORMATS[format].serves(form):
        fit = ", ".join(each.name for each in FORMATS.values() if each.serves(form))
        raise ValueError(f"the answer to {form} cannot be written as {format}: ask for {fit}")
    return form


class MemoryEngine:
    """Oxigraph in this process, for the command and for queries that are our own.

    It keeps no limit (`timeout` and `gone` are not heeded): Oxigraph offers no way to stop a query. Queries that
    somebody sends belong in `kg.sandbox`.
    """

    def __init__(self, files: Sequence[Path]):
        self._files = tuple(files)
        self.version = fingerprint(self._files)
        self._store = load(self._files)

    def answer(
        self,
        query: Query,
        format: str,  # noqa: A002
        *,
        timeout: float | None = None,
        gone: Callable[[], bool] | None = None,
    ) -> Answer:
        """Return the answer; see `kg.query.Engine`."""
        form = checked(query, format)
        store = self._store
        return started(form, format, lambda sink: evaluate(store, query, form, format, sink))

    def reload(self, files: Sequence[Path] | None = None) -> None:
        """Swap the dataset; answers on their way go on with the old one. Nothing changes where loading fails."""
        chosen = self._files if files is None else tuple(files)
        version, store = fingerprint(chosen), load(chosen)
        self._files, self.version, self._store = chosen, version, store

    def close(self) -> None:
        """Let go of the dataset."""
        self._store = ox.Store()


def open_engine(store: str, files: Sequence[Path]) -> MemoryEngine:
    """Return the engine for the setting `store`, over the RDF files. For now: `memory`."""
    if store != "memory":
        raise MercatoError(f"the store {store!r} cannot be opened yet: use memory")
    return MemoryEngine(files)
