"""The dataset: curated Turtle, the vocabulary, what follows from both, as one set of named graphs.

The graphs (all under the base IRI): `graph/{folder}` for each folder of the data, `graph/claims/{file}` for each
file of claims, `graph/ontology`, and `graph/derived` for what reasoning and the `derive` queries add.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pyoxigraph import (
    BlankNode,
    NamedNode,
    Quad,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from kg.errors import InputError
from kg.files import PACKAGE, folder, read_text, turtle_files
from kg.names import prefixes
from kg.owl.reasoning import infer
from kg.settings import base_iri
from kg.turtle.writer import canonical

_ONE_GRAPH_A_FILE = "claims"
# The programs whose answers a build depends on: another version is another input.
_PROGRAMS = ("owlrl", "pyoxigraph", "pyshacl", "rdflib")
# Oxigraph's message begins with the place, which the error names in our own way.
_PLACE = re.compile(r"^Parser error at [^:]*: ")


@dataclass(frozen=True)
class Sources:
    """The folders that a dataset is made from, and its base IRI."""

    data: Path
    ontology: Path
    shapes: Path
    queries: Path
    base: str

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Sources:
        """Return the sources that the settings name.

        Raises `InputError` for a folder that is not there, `SettingError` for a base that names nothing.
        """
        places = {kind: folder(kind, settings[kind]) for kind in ("data", "ontology", "shapes", "queries")}
        return cls(**places, base=base_iri(settings["base"]))

    def files(self) -> list[Path]:
        """Return every file that a build reads, in a fixed order."""
        turtle = [path for place in (self.data, self.ontology, self.shapes) for path in turtle_files(place)]
        return turtle + sorted(self.queries.rglob("*.rq"))

    def digest(self) -> str:
        """Return the SHA-256 of all that a build depends on: files, base IRI, our own code and the libraries."""
        total = hashlib.sha256(self.base.encode())
        for program in _PROGRAMS:
            total.update(f"\0{program} {version(program)}".encode())
        for path in [*sorted(PACKAGE.rglob("*.py")), *self.files()]:
            total.update(b"\0" + path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()

    def prefixes(self) -> dict[str, str]:
        """Return the prefixes of the published graph."""
        return prefixes(self.base)


@dataclass(frozen=True)
class Composition:
    """A dataset, whole: quads by where they come from, and the clashes that reasoning found."""

    sources: Sources
    curated: list[Quad]
    ontology: list[Quad]
    shapes: list[Triple]
    derived: list[Quad]
    clashes: list[str]

    def quads(self) -> Iterator[Quad]:
        """Yield every quad of the served dataset."""
        yield from self.curated
        yield from self.ontology
        yield from self.derived

    @cached_property
    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted."""
        return sorted({quad.graph_name.value for quad in self.quads() if isinstance(quad.graph_name, NamedNode)})


def read_file(path: Path) -> list[Triple]:
    """Return the triples of the Turtle file at `path`.

    Raises `InputError` with file, line and column where it is no Turtle.
    """
    text = read_text(path)
    try:
        return [quad.triple for quad in parse(text, RdfFormat.TURTLE)]
    except SyntaxError as error:
        sentence = f"{_PLACE.sub('', error.msg)}: mend the Turtle here"
        raise InputError(sentence, source=str(path), line=error.lineno, column=error.offset) from None


def compose(sources: Sources) -> Composition:
    """Read the sources, reason over them and run the `derive` queries; return the dataset they make.

    Raises `InputError` for a file that cannot be read, or a data folder without any Turtle.
    """
    curated = read_curated(sources)
    name = NamedNode(f"{sources.base}graph/ontology")
    terms = [_within(triple, name) for path in turtle_files(sources.ontology) for triple in read_file(path)]
    shapes = [triple for path in turtle_files(sources.shapes) for triple in read_file(path)]
    curated, terms = _canonical(curated, terms)
    name = NamedNode(f"{sources.base}graph/derived")
    ontology, stated = [quad.triple for quad in terms], {quad.triple for quad in curated}
    derived: set[Triple] = set()
    inference = None
    while True:
        # A query may rest on an entailment and an entailment on a derived fact: on until neither adds any.
        store = Store()
        store.bulk_extend(curated)
        store.bulk_extend(terms)
        store.bulk_extend(_within(triple, name) for triple in {*derived, *(inference.entailed if inference else ())})
        new = set(derive(store, sources.queries)) - derived
        if inference and not new:
            break
        derived |= new
        inference = infer([*stated, *derived], ontology)
    added = sorted((derived | set(inference.entailed)) - stated, key=str)
    return Composition(sources, curated, terms, shapes, [_within(triple, name) for triple in added], inference.clashes)


def derive(store: Store, queries: Path) -> list[Triple]:
    """Return what the CONSTRUCT queries of the folder `derive` give on `store`, sorted, each triple once.

    Raises `InputError` for a file that is no CONSTRUCT query.
    """
    found: set[Triple] = set()
    for path in sorted((queries / "derive").glob("*.rq")):
        try:
            answer = store.query(read_text(path), use_default_graph_as_union=True)
        except SyntaxError as error:
            raise InputError(f"{error.msg}: mend the query", source=str(path)) from None
        if not isinstance(answer, QueryTriples):
            raise InputError("is no CONSTRUCT query: a derived fact is a triple", source=str(path))
        found.update(answer)
    return sorted(found, key=str)


def _canonical(curated: list[Quad], terms: list[Quad]) -> tuple[list[Quad], list[Quad]]:
    """Return the quads with their blank nodes named by RDFC-1.0: a parser's own names differ from run to run."""
    if not any(isinstance(term, BlankNode) for quad in (*curated, *terms) for term in (quad.subject, quad.object)):
        return curated, terms
    vocabulary = {quad.graph_name for quad in terms}
    named = canonical([*curated, *terms])
    own = [quad for quad in named if quad.graph_name in vocabulary]
    return [quad for quad in named if quad.graph_name not in vocabulary], own


def _within(triple: Triple, graph: NamedNode) -> Quad:
    return Quad(triple.subject, triple.predicate, triple.object, graph)


def read_curated(sources: Sources) -> list[Quad]:
    """Return the quads of the data folder; raise `InputError` where a file is no Turtle or there is none at all."""
    quads = []
    for path in turtle_files(sources.data):
        graph = NamedNode(f"{sources.base}graph/{_graph(path.relative_to(sources.data))}")
        quads += [_within(triple, graph) for triple in read_file(path)]
    if not quads:
        raise InputError("holds no Turtle file: give the folder of the data with --data", source=str(sources.data))
    return quads


def _graph(path: Path) -> str:
    """Return the name of the graph that the data file at `path` goes into: its folder's, or its own."""
    own = path.with_suffix("").as_posix()
    if len(path.parts) == 1 or path.parts[0] == _ONE_GRAPH_A_FILE:
        return own
    return path.parts[0]


def union(quads: Iterable[Quad]) -> list[Triple]:
    """Return the triples of `quads`, each once, in no order that matters."""
    return list({quad.triple for quad in quads})
