"""Nothing that a client sends makes the server open a connection or a file elsewhere."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from serving import Serving


class Trap:
    """A listener and a named pipe that tell whether anybody came."""

    def __init__(self, place: Path):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/data.ttl"
        self.pipe = place / "data.ttl"
        os.mkfifo(self.pipe)

    def connections(self) -> int:
        """Return how many came to the listener."""
        count = 0
        while True:
            try:
                self.listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def readers(self) -> int:
        """Return 1 where somebody has the pipe open or waits to, else 0: a writer is let in only then."""
        try:
            os.close(os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            return 0 if error.errno == errno.ENXIO else -1
        return 1


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    """Return a trap that is empty yet."""
    made = Trap(tmp_path)
    yield made
    made.listener.close()


def test_the_trap_works(trap: Trap) -> None:
    """The trap sees a connection and a reader, so that an empty one says something."""
    socket.create_connection(trap.listener.getsockname()).close()
    reader = os.open(trap.pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert (trap.connections(), trap.readers()) == (1, 1)
    os.close(reader)


ENTITY = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "{where}">]><r>&e;</r>'
CONTEXT = '{{"@context": "{where}", "@id": "http://example.org/a"}}'
IMPORTS = "<http://example.org/a> <http://www.w3.org/2002/07/owl#imports> <{where}> ."
QUERIES = (
    "SELECT * {{ SERVICE <{where}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{where}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ VALUES ?where {{ <{where}> }} SERVICE ?where {{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND(IRI('{where}') AS ?where) SERVICE SILENT ?where {{ ?s ?p ?o }} }}",
    "SELECT * FROM <{where}> {{ ?s ?p ?o }}",
    "SELECT * FROM NAMED <{where}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "SELECT * {{ GRAPH <{where}> {{ ?s ?p ?o }} }}",
    "DESCRIBE <{where}>",
    "CONSTRUCT {{ ?s ?p ?o }} FROM <{where}> WHERE {{ ?s ?p ?o }}",
    "LOAD <{where}>",
    "LOAD SILENT <{where}> INTO GRAPH <http://example.org/g>",
    "CONSTRUCT {{ <http://example.org/a> <http://www.w3.org/2002/07/owl#imports> <{where}> }} WHERE {{}}",
)
ADDRESSES = (
    "/sparql?query=ASK%7B?s?p?o%7D&default-graph-uri={where}",
    "/sparql?query=ASK%7BGRAPH?g%7B?s?p?o%7D%7D&named-graph-uri={where}",
    "/graphs?graph={where}",
    "/describe?iri={where}",
    "/describe?format=jsonld&iri={where}",
    "/search?q={where}",
    "/sparql?edit={where}",
)
BODIES = (("application/rdf+xml", ENTITY), ("application/ld+json", CONTEXT), ("text/turtle", IMPORTS))


SHACL = "http://www.w3.org/ns/shacl#"
OWL = "http://www.w3.org/2002/07/owl#"
TURTLES = (
    f"<{{where}}> a <{OWL}Ontology> ; <{OWL}imports> <{{where}}> .",
    f"<x:a> <{SHACL}shapesGraph> <{{where}}> ; <{SHACL}entailment> <{{where}}> .",
    "@base <{where}> . @prefix p: <{where}#> . <> p:a <other> , <> .",
    """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix mc: <https://w3id.org/mercato/ontology#> .
    <x:s> a sh:NodeShape ; sh:targetClass mc:Person ; sh:js [ sh:jsLibrary [ sh:jsLibraryURL <{where}> ] ] ;
        sh:rule [ sh:construct "CONSTRUCT WHERE {{ SERVICE <{where}> {{ ?s ?p ?o }} }}" ] ;
        sh:sparql [ sh:select "SELECT $this FROM <{where}> WHERE {{ SERVICE <{where}> {{ ?s ?p ?o }} }}" ] .
    <x:a> a mc:Person .""",
    """@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
    <x:a> <x:b> '{{"@context": "{where}"}}'^^rdf:JSON .""",
    """@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
    <x:a> <x:b> '<!DOCTYPE r [<!ENTITY e SYSTEM "{where}">]><r>&e;</r>'^^rdf:XMLLiteral .""",
)
"""Turtle that names something elsewhere, in each way that somebody might follow."""


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_posted_text_fetches_nothing(mercato: Serving, market: Serving, trap: Trap, scheme: str) -> None:
    """Imports, shapes, queries, scripts, contexts and entities in a text are judged as data: 0 sockets and 0 files."""
    where = trap.url if scheme == "http" else trap.pipe.as_uri()
    for server in (mercato, market):
        for text in TURTLES:
            body = text.format(where=where).encode()
            path = f"/check?name={quote(where, safe='')}"
            reply = server.ask(path, method="POST", body=body, headers={"Content-Type": "text/turtle"})
            assert reply.status == 200, reply.text
            assert "[syntax]" not in reply.text, reply.text
    for media, text in BODIES[:2]:
        body = text.format(where=where).encode()
        assert mercato.ask("/check", method="POST", body=body, headers={"Content-Type": media}).status == 415
    assert (trap.connections(), trap.readers()) == (0, 0)


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_nothing_gets_out_and_nothing_in(market: Serving, trap: Trap, scheme: str) -> None:
    """SERVICE, FROM, LOAD, datasets, contexts, entities and imports open 0 sockets and 0 files, and break nothing."""
    where = trap.url if scheme == "http" else trap.pipe.as_uri()
    replies = [market.ask("/sparql?" + urlencode({"query": query.format(where=where)})) for query in QUERIES]
    replies += [market.ask(address.format(where=quote(where, safe=""))) for address in ADDRESSES]
    for media, body in BODIES:
        for path in ("/sparql", "/graphs?default"):
            content = body.format(where=where).encode()
            replies.append(market.ask(path, method="POST", body=content, headers={"Content-Type": media}))
    assert len(replies) == len(QUERIES) + len(ADDRESSES) + 2 * len(BODIES)
    assert {reply.status for reply in replies} <= {200, 400, 403, 404, 405, 415}
    assert [reply.status for reply in replies[:4]] == [403] * 4
    assert (trap.connections(), trap.readers()) == (0, 0)
