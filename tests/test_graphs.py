"""The reading half of the SPARQL 1.1 Graph Store HTTP Protocol."""

from __future__ import annotations

from urllib.parse import quote

import pyoxigraph as ox
import pytest
from serving import MARKET, Serving

RECORDS = "https://w3id.org/mercato/graph/records"
MEDIA = ("text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml")
BAD = ("", "?graph=", "?default&graph=http://x/", "?graph=http://x/&graph=http://y/", "?graph=relative")
AT_RECORDS = "/graphs?graph=" + quote(RECORDS, safe="")


def test_a_named_graph_is_whole(market: Serving) -> None:
    """GET of a graph by its name gives just its triples (section 5.2)."""
    quads = list(ox.parse(path=MARKET))
    expected = {str(quad.triple) for quad in quads if str(quad.graph_name) == f"<{RECORDS}>"}
    found = {str(quad.triple) for quad in ox.parse(market.ask(AT_RECORDS).body, ox.RdfFormat.TURTLE)}
    assert found == expected
    assert len(expected) == 5


def test_the_default_graph_is_the_union(market: Serving) -> None:
    """GET of the default graph gives the triples of every graph."""
    expected = {str(quad.triple) for quad in ox.parse(path=MARKET)}
    reply = market.ask("/graphs?default", accept="application/n-triples")
    assert {str(quad.triple) for quad in ox.parse(reply.body, ox.RdfFormat.N_TRIPLES)} == expected


@pytest.mark.parametrize("media", MEDIA)
def test_formats_and_head(market: Serving, media: str) -> None:
    """Each format is there, and HEAD has its headers (section 5.6)."""
    got, head = market.ask(AT_RECORDS, accept=media), market.ask(AT_RECORDS, accept=media, method="HEAD")
    assert (got.status, got.media) == (200, media)
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "ETag", "Vary"):
        assert head.headers[name] == got.headers[name]
    assert market.ask(AT_RECORDS, accept=media, headers={"If-None-Match": got.headers["ETag"]}).status == 304


def test_an_unknown_graph_is_404(market: Serving) -> None:
    """A graph that is not there is 404, with the names of those that are (section 5.2)."""
    reply = market.ask("/graphs?graph=" + quote("http://example.org/none", safe=""))
    assert reply.status == 404
    assert RECORDS in reply.json()["graphs"]


@pytest.mark.parametrize("query", BAD)
def test_one_graph_must_be_named(market: Serving, query: str) -> None:
    """None, two, or a name that is no absolute IRI is 400 (section 4.2)."""
    assert market.ask(f"/graphs{query}").status == 400


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_graphs_are_not_written(market: Serving, method: str) -> None:
    """The writing half is refused with 405 and Allow, and the graph stays as it is."""
    before = market.ask(AT_RECORDS).body
    reply = market.ask(AT_RECORDS, method=method, body=b"<a:a> <a:b> <a:c> .", headers={"Content-Type": "text/turtle"})
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert market.ask(AT_RECORDS).body == before
