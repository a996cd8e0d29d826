"""Content negotiation: what real clients send, and what each kind of resource answers (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from serving import Serving

TTL, NT, JSONLD, RDF = "text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"
SRJ, SRX, CSV, TSV = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
HTML, JSON, XML, PLAIN = "text/html", "application/json", "application/xml", "text/plain"

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,"
RDF4J = "application/sparql-results+json;q=0.8, application/json;q=0.8, application/x-binary-rdf-results-table, "

# Who sends it, the header, and what must come of a graph (thing, vocabulary, CONSTRUCT), of solutions (SELECT) and of
# a list that is HTML and JSON. None is 406.
TABLE: tuple[tuple[str, str | None, str | None, str | None, str | None], ...] = (
    ("no header at all: Python urllib", None, TTL, SRJ, HTML),
    ("an empty header", "", TTL, SRJ, HTML),
    ("curl, wget, requests, fetch", "*/*", TTL, SRJ, HTML),
    (
        "Chrome",
        f"{BROWSER}image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        HTML,
        HTML,
        HTML,
    ),
    ("Firefox, Safari", f"{BROWSER}*/*;q=0.8", HTML, HTML, HTML),
    ("Firefox 65", f"{BROWSER}image/webp,*/*;q=0.8", HTML, HTML, HTML),
    ("Internet Explorer", "text/html, application/xhtml+xml, */*", HTML, HTML, HTML),
    ("an image element", "image/avif,image/webp,*/*", TTL, SRJ, HTML),
    ("Java HttpURLConnection", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML, HTML, HTML),
    ("Googlebot", f"{BROWSER}application/signed-exchange;v=b3,*/*;q=0.8", HTML, HTML, HTML),
    ("w3m", "text/html, text/*;q=0.5, image/*", HTML, HTML, HTML),
    (
        "Lynx",
        "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
        HTML,
        HTML,
        HTML,
    ),
    (
        "SPARQLWrapper, JSON",
        "application/sparql-results+json,application/json,text/javascript,application/javascript",
        JSON,
        SRJ,
        JSON,
    ),
    ("SPARQLWrapper, XML", "application/sparql-results+xml", None, SRX, None),
    ("SPARQLWrapper, RDF/XML", "application/rdf+xml", RDF, None, None),
    ("SPARQLWrapper, Turtle", "application/turtle,text/turtle", TTL, None, None),
    (
        "SPARQLWrapper, N3",
        "text/rdf+n3,application/n-triples,application/turtle,application/n3,text/n3",
        NT,
        None,
        None,
    ),
    ("SPARQLWrapper, CSV", "text/csv", None, CSV, None),
    ("SPARQLWrapper, TSV", "text/tab-separated-values", None, TSV, None),
    ("SPARQLWrapper, JSON-LD", "application/ld+json,application/x-json+ld", JSONLD, None, None),
    ("rdflib SPARQLStore", "application/sparql-results+xml, application/rdf+xml", RDF, SRX, None),
    (
        "rdflib parse of an address",
        "application/rdf+xml,text/rdf+n3;q=0.9,application/xhtml+xml;q=0.5, */*;q=0.1",
        RDF,
        SRJ,
        HTML,
    ),
    ("rdflib, Turtle", "text/turtle, application/x-turtle, */*;q=0.1", TTL, SRJ, HTML),
    ("rdflib, N-Triples", "text/plain, */*;q=0.1", PLAIN, SRJ, HTML),
    ("rdflib, JSON-LD", "application/ld+json, application/json;p=0.9, */*;q=0.1", JSONLD, JSON, JSON),
    (
        "Jena, SELECT",
        (
            "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/tab-separated-values;q=0.7,"
            " text/csv;q=0.5, application/json;q=0.2, application/xml;q=0.2, */*;q=0.1"
        ),
        JSON,
        SRJ,
        JSON,
    ),
    (
        "Jena, graphs",
        "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,*/*;q=0.3",
        TTL,
        SRJ,
        HTML,
    ),
    ("Jena, XML results", "application/sparql-results+xml, application/xml;q=0.9, */*;q=0.1", XML, SRX, HTML),
    (
        "RDF4J, SELECT",
        (
            f"{RDF4J}application/sparql-results+xml;q=0.8, application/xml;q=0.8, text/csv;q=0.8,"
            " text/tab-separated-values;q=0.8"
        ),
        JSON,
        SRJ,
        JSON,
    ),
    (
        "RDF4J, graphs",
        (
            "application/x-binary-rdf, application/rdf+xml;q=0.8, application/xml;q=0.8, text/xml;q=0.8,"
            " text/turtle;q=0.8, application/x-turtle;q=0.8, application/trig;q=0.8, application/n-quads;q=0.8,"
            " application/n-triples;q=0.8, text/plain;q=0.8, text/n3;q=0.8, application/ld+json;q=0.8"
        ),
        RDF,
        XML,
        None,
    ),
    ("RDF4J, ASK", "text/boolean, application/sparql-results+xml;q=0.8", None, SRX, None),
    (
        "Comunica, documents",
        (
            "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,"
            "text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,application/xml;q=0.3,text/xml;q=0.3,"
            "image/svg+xml;q=0.3,text/html;q=0.2,application/xhtml+xml;q=0.18"
        ),
        JSONLD,
        XML,
        HTML,
    ),
    (
        "Comunica, endpoint",
        "application/sparql-results+json;q=1.0,application/sparql-results+xml;q=0.7",
        None,
        SRJ,
        None,
    ),
    ("LinkedDataHub, XML", "application/rdf+xml, application/sparql-results+xml", RDF, SRX, None),
    ("LinkedDataHub, page", "application/xhtml+xml, text/html;q=0.9", HTML, HTML, HTML),
    ("LinkedDataHub, RDF/XML or page", "application/rdf+xml;q=0.9, application/xhtml+xml", RDF, None, None),
    ("YASGUI, SELECT", "application/sparql-results+json,*/*;q=0.9", TTL, SRJ, HTML),
    ("YASGUI, CONSTRUCT", "text/turtle,*/*;q=0.9", TTL, SRJ, HTML),
    ("the sib-swiss editor", "application/sparql-results+json", None, SRJ, None),
    ("Oxigraph's client", "application/sparql-results+json, application/n-triples", NT, SRJ, None),
    (
        "Protégé",
        "application/rdf+xml, application/xml; q=0.7, text/xml; q=0.6, text/plain; q=0.1, */*; q=0.09",
        RDF,
        XML,
        HTML,
    ),
    ("LDspider", "application/rdf+xml;q=1.0,text/turtle;q=0.9,text/html;q=0.5", RDF, HTML, HTML),
    (
        "Virtuoso",
        "text/turtle; q=1, text/n3; q=0.9, application/rdf+xml; q=0.8, */*; q=0.1",
        TTL,
        SRJ,
        HTML,
    ),
    ("axios", "application/json, text/plain, */*", JSON, JSON, JSON),
    ("jQuery, JSON", "application/json, text/javascript, */*; q=0.01", JSON, JSON, JSON),
    ("jQuery, XML", "application/xml, text/xml, */*; q=0.01", XML, XML, HTML),
    ("a feed reader", "application/atom+xml, text/xml;q=0.9", "text/xml", "text/xml", None),
    ("curl that prefers CSV", "text/csv, */*;q=0.1", TTL, CSV, HTML),
    ("any text", "text/*", TTL, CSV, HTML),
    ("any application", "application/*", NT, SRJ, JSON),
    ("a lower weight for the first", "text/turtle;q=0.5, application/ld+json", JSONLD, None, None),
    ("anything but Turtle", "text/turtle;q=0, */*", NT, SRJ, HTML),
    ("nothing", "*/*;q=0", None, None, None),
    ("text but no HTML", "text/html;q=0, text/*", TTL, CSV, None),
    ("a type over its range", "text/*;q=0.9, text/html;q=0.1, application/*;q=0.5", TTL, CSV, JSON),
    ("the smallest weight", "text/turtle;q=0.001, application/rdf+xml;q=0", TTL, None, None),
    ("a charset", "text/turtle; charset=utf-8", TTL, None, None),
    ("capitals", "TEXT/TURTLE", TTL, None, None),
    ("a capital Q", "text/turtle;Q=0.3, application/n-triples;q=0.4", NT, None, None),
    (
        "a profile",
        'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
        JSONLD,
        None,
        None,
    ),
    ("a comma in quotes", 'application/ld+json;profile="a,b;q=0", text/turtle;q=0.2', JSONLD, None, None),
    ("quads", "application/trig, application/n-quads", None, None, None),
    ("a picture", "image/png", None, None, None),
    (
        "solutions by weight",
        "application/sparql-results+json;q=0.5, application/sparql-results+xml;q=0.9",
        None,
        SRX,
        None,
    ),
    ("solutions by order", "application/sparql-results+xml, application/sparql-results+json", None, SRX, None),
    ("malformed: a weight that is a word", "text/turtle;q=abc", TTL, SRJ, HTML),
    ("malformed: a weight above one", "text/html;q=2", TTL, SRJ, HTML),
    ("malformed: only punctuation", ";;;,,", TTL, SRJ, HTML),
    ("malformed: no subtype", "text", TTL, SRJ, HTML),
    ("malformed: an empty subtype", "text/", TTL, SRJ, HTML),
    ("malformed: any type of one subtype", "*/html", TTL, SRJ, HTML),
    ("malformed in part", "text/turtle, , ,application/json;q=0.1", TTL, JSON, JSON),
)

SELECT = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } LIMIT 1")
CONSTRUCT = "/sparql?query=" + quote("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 1")
KINDS: dict[str, tuple[str, int]] = {
    "thing": ("/id/person/jan-leike", 0),
    "vocabulary": ("/ontology", 0),
    "construct": (CONSTRUCT, 0),
    "select": (SELECT, 1),
    "list": ("/dumps/", 2),
}
"""Each kind of resource: where one is, and which column of the table it follows."""


def test_the_table_is_long_enough() -> None:
    """At least 60 different headers are tried."""
    assert len({accept for _, accept, *_ in TABLE}) >= 60


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("who", "accept", "columns"),
    [(row[0], row[1], row[2:]) for row in TABLE],
    ids=lambda part: part if isinstance(part, str) and "/" not in part else "",
)
def test_accept(mercato: Serving, who: str, accept: str | None, columns: tuple[str | None, ...], kind: str) -> None:
    """Each client gets from each kind of resource what its header asks for, and 406 lists what there is."""
    path, column = KINDS[kind]
    expected = columns[column]
    reply = mercato.ask(path, accept=accept)
    assert "Accept" in reply.headers["Vary"]
    if expected is None:
        assert (reply.status, reply.media) == (406, "application/problem+json"), who
        assert len(reply.json()["available"]) >= 2
        return
    if kind == "thing":
        assert reply.status == 303
        reply = mercato.ask(reply.headers["Location"])
        expected = {JSON: JSONLD, XML: RDF, PLAIN: NT, "text/xml": RDF}.get(expected, expected)
    assert (reply.status, reply.media) == (200, expected), who


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/sparql?format=csv&query=" + quote("SELECT * {} "), CSV),
        ("/sparql?format=text%2Fcsv&query=" + quote("SELECT * {} "), CSV),
        ("/ontology?format=jsonld", JSONLD),
        ("/ontology?format=nt", NT),
        ("/id/person/jan-leike?format=rdf", RDF),
        ("/id/person/jan-leike.nt", NT),
        ("/data/person/jan-leike.jsonld", JSONLD),
        ("/dumps/?format=json", JSON),
        ("/search?q=leike&format=json", JSON),
        ("/catalog?format=rdf", RDF),
        ("/sparql?format=rdf", RDF),
    ],
)
def test_format_and_extension_override_the_header(mercato: Serving, path: str, media: str) -> None:
    """`?format=` and an extension decide, whatever the header says."""
    reply = mercato.ask(path, accept="text/html;q=0.9, image/png")
    if reply.status == 303:
        reply = mercato.ask(reply.headers["Location"], accept="image/png")
    assert (reply.status, reply.media) == (200, media)


@pytest.mark.parametrize("path", ["/ontology?format=xlsx", "/id/person/jan-leike?format=csv", "/dumps/?format=ttl"])
def test_an_unknown_format_lists_what_there_is(mercato: Serving, path: str) -> None:
    """A format that is not on offer is 406, with the list."""
    reply = mercato.ask(path)
    assert reply.status == 406
    assert all({"media", "format"} <= set(each) for each in reply.json()["available"])
