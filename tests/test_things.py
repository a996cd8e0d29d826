"""Things by their IRIs: 303, pages and data, unknown and withdrawn ones, and what must be escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from serving import Serving

LEIKE = "https://w3id.org/mercato/id/person/jan-leike"
SCRIPT = "/page/organisation/script"
KINDS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdf": ox.RdfFormat.RDF_XML,
}


class Links(HTMLParser):
    """Collects every address in a page, and whether it holds a script, a handler or a style of its own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of one element, and what the policy forbids in it."""
        if tag in ("script", "style"):
            self.inline.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "action") and value is not None:
                self.found.append(value)
            if name.startswith("on") or name == "style":
                self.inline.append(name)


@pytest.mark.parametrize("extension", KINDS)
def test_data_of_a_thing_in_every_format(market: Serving, extension: str) -> None:
    """The data of a thing holds its own triples and those that point at it, the same in each format."""
    reply = market.ask(f"/data/person/jan-leike.{extension}")
    assert reply.status == 200
    found = {str(quad.triple) for quad in ox.parse(reply.body, KINDS[extension])}
    mc, a = "https://w3id.org/mercato/ontology#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    move = "https://w3id.org/mercato/id/move/jan-leike-openai-anthropic"
    assert found == {
        f"<{LEIKE}> <{a}> <{mc}Person>",
        f'<{LEIKE}> <http://www.w3.org/2000/01/rdf-schema#label> "Jan Leike"',
        f"<{move}> <{mc}person> <{LEIKE}>",
    }


def test_see_other(market: Serving) -> None:
    """A thing's own address answers 303 to a page or to data, with Vary and Link."""
    page = market.ask("/id/person/jan-leike", accept="text/html")
    data = market.ask("/id/person/jan-leike", accept="application/ld+json")
    assert (page.status, page.headers["Location"]) == (303, "/page/person/jan-leike")
    assert (data.status, data.headers["Location"]) == (303, "/data/person/jan-leike.jsonld")
    for reply in (page, data):
        assert reply.headers["Vary"] == "Accept"
        assert 'rel="alternate"; type="text/turtle"' in reply.headers["Link"]
        assert 'rel="describedby"' in reply.headers["Link"]


def test_page_and_data_link_to_each_other(market: Serving) -> None:
    """A page names its data as alternates, the data names what it describes."""
    assert '</data/person/jan-leike.ttl>; rel="describedby"' in market.ask("/page/person/jan-leike").headers["Link"]
    assert f'<{LEIKE}>; rel="describes"' in market.ask("/data/person/jan-leike.ttl").headers["Link"]


@pytest.mark.parametrize("path", ["/id/person/nobody", "/page/person/nobody", "/data/person/nobody.ttl"])
def test_unknown_things(market: Serving, path: str) -> None:
    """What the graph does not know is 404."""
    reply = market.ask(path)
    assert (reply.status, reply.json()["type"].rpartition("/")[2]) == (404, "unknown-thing")


@pytest.mark.parametrize(
    "path", ["/id/organisation/open-ai", "/page/organisation/open-ai", "/data/organisation/open-ai.nt"]
)
def test_withdrawn_things(market: Serving, path: str) -> None:
    """What was withdrawn is 410, with what replaces it."""
    reply = market.ask(path)
    assert reply.status == 410
    assert reply.json()["replaced_by"] == ["https://w3id.org/mercato/id/organisation/openai"]
    assert reply.headers["Link"] == '</page/organisation/openai>; rel="successor-version"'


@pytest.mark.parametrize("name", ["société-générale", "字节跳动"])
def test_iris_beyond_ascii(market: Serving, name: str) -> None:
    """A thing whose IRI has letters beyond ASCII is found under its percent-encoded path, and linked that way."""
    path = "/organisation/" + quote(name)
    assert market.ask(f"/data{path}.nt").status == 200
    reply = market.ask(f"/id{path}", accept="text/html")
    assert (reply.status, reply.headers["Location"]) == (303, f"/page{path}")
    assert market.ask(reply.headers["Location"]).status == 200


def test_nodes_that_are_not_ours_are_described_too(market: Serving) -> None:
    """Any node of the graph has a page and data under /describe."""
    iri = quote("http://example.org/elsewhere", safe="")
    assert "A node that is not ours" in market.ask(f"/describe?iri={iri}", accept="text/html").text
    assert market.ask(f"/describe?iri={iri}&format=nt").media == "application/n-triples"
    assert market.ask("/describe").status == 400
    assert market.ask("/describe?iri=" + quote("no iri", safe="")).status == 400


@pytest.mark.parametrize(
    "iri", ["a:b> } INSERT { <a:b", "http://example.org/\\u003E", "http://example.org/ a", "relative", ""]
)
def test_an_iri_cannot_break_out_of_its_query(market: Serving, iri: str) -> None:
    """What is no absolute IRI is refused before a query is made of it."""
    reply = market.ask("/describe?iri=" + quote(iri, safe=""))
    assert reply.status == 400


def test_labels_and_iris_are_escaped(market: Serving) -> None:
    """A label with markup and a `javascript:` IRI are shown as text and lead nowhere but to our own pages."""
    reply = market.ask(SCRIPT)
    links = Links(reply.text)
    assert "&lt;script&gt;alert(" in reply.text
    assert links.inline == []
    assert len(links.found) > 10
    assert all(link.startswith(("/", "#")) for link in links.found), links.found


def test_the_page_says_how_surely(market: Serving) -> None:
    """A page shows each record with who claims it, how surely, where, and who denies it, in both languages."""
    english = market.ask("/page/person/jan-leike").text
    french = market.ask("/page/person/jan-leike?lang=fr").text
    for page, words in (
        (english, ("An article", "only in the conditional", "denies it on record", "10–20", "deprecated")),
        (french, ("Un article", "au conditionnel", "le dément publiquement", "10–20", "écartée")),
    ):
        assert [word for word in words if word not in page] == []
    assert '<html lang="fr">' in french


def test_things_have_strong_etags(market: Serving) -> None:
    """Pages and data have strong ETags and answer 304."""
    for path in ("/page/person/jan-leike", "/data/person/jan-leike.ttl"):
        tag = market.ask(path).headers["ETag"]
        assert tag.startswith('"')
        reply = market.ask(path, headers={"If-None-Match": tag})
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)
