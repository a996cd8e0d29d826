"""The pages a person reads: each answers in both languages, within the policy, and leads only to what is there."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from serving import Serving
from test_things import Links

from server.http.negotiate import GRAPHS
from server.site.texts import FRENCH, HEDGES

TEMPLATES = Path(__file__).parent.parent / "server" / "templates"
PAGES = (
    "/",
    "/search?q=leike",
    "/search?q=xyzzy",
    "/questions",
    "/sparql",
    "/sparql?query=ASK%20%7B%7D",
    "/dumps/",
    "/check",
    "/ontology",
    "/shapes",
    "/catalog",
    "/page/person/jan-leike",
    "/page/organisation/anthropic",
    "/problems/time-limit",
)


@pytest.mark.parametrize(("language", "blank"), [("en", ","), ("fr", "\u202f")])
def test_numbers_are_written_as_the_reader_writes_them(mercato: Serving, language: str, blank: str) -> None:
    """The sizes of the dumps have a comma between thousands in English, a narrow blank in French."""
    sizes = [each["bytes"] for each in mercato.ask("/dumps/manifest.json").json()["files"].values()]
    reply = mercato.ask("/dumps/", accept="text/html", headers={"Accept-Language": language})
    assert sizes
    assert max(sizes) > 1_000_000
    for size in sizes:
        assert f">{size:,}<".replace(",", blank) in reply.text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_pages_answer_in_both_languages(mercato: Serving, path: str, language: str) -> None:
    """Every page answers in the language that the browser asks for, says which, and holds nothing inline."""
    reply = mercato.ask(path, accept="text/html", headers={"Accept-Language": language})
    assert (reply.status, reply.media) == (200, "text/html")
    assert f'<html lang="{language}">' in reply.text
    assert "Accept-Language" in reply.headers["Vary"]
    assert Links(reply.text).inline == []


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(mercato: Serving, path: str) -> None:
    """No page has a link of ours that is broken, and none loads anything from another host."""
    page = mercato.ask(path, accept="text/html")
    assert not re.search(r'(?:src|<link[^>]*href)="(?:https?:)?//', page.text)
    found = {link.partition("#")[0] for link in Links(page.text).found if link.startswith("/")}
    broken = {link for link in sorted(found)[:60] if mercato.ask(link, accept="text/html,*/*").status not in (200, 303)}
    assert broken == set()


def test_every_word_of_the_templates_has_its_french() -> None:
    """Each sentence in `say(…)` is in the table, and the table holds no other."""
    used = set()
    for path in TEMPLATES.glob("*.html"):
        used |= {found[1] for found in re.findall(r"""say\((["'])(.*?)\1\)""", path.read_text(encoding="utf-8"))}
    sections = {"Classes", "Properties", "Concepts"}
    assert used | sections == set(FRENCH)


def test_every_stance_and_certainty_has_its_words(mercato: Serving) -> None:
    """Each pair of a stance and a certainty of the vocabulary is said in words of its own."""
    text = (
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX mc: <https://w3id.org/mercato/ontology#>"
        " SELECT ?stance ?certainty { ?stance a mc:Stance . ?certainty a mc:Certainty }"
    )
    rows = mercato.query(text).json()["results"]["bindings"]
    assert rows
    pairs = {tuple(row[name]["value"].rpartition("#")[2] for name in ("stance", "certainty")) for row in rows}
    assert pairs == set(HEDGES)
    assert len(set(HEDGES.values())) == len(HEDGES)


def test_search_finds_by_any_part_of_a_name(mercato: Serving) -> None:
    """Search heeds neither case nor accents nor the order of words, and names the class."""
    for text in ("leike", "LEIKE", "jan leike", "leike jan", "Léïke"):
        results = mercato.ask(f"/search?format=json&q={quote(text)}").json()["results"]
        assert "https://w3id.org/mercato/id/person/jan-leike" in [found["iri"] for found in results]


def test_policy(mercato: Serving) -> None:
    """Every answer, errors included, carries the policy, CORS and the rest of what protects a reader."""
    for path in ("/", "/nowhere", "/sparql?query=x", "/dumps/mercato.nt", "/static/mercato.css", "/health"):
        headers = mercato.ask(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert len(headers.get_all("Access-Control-Allow-Origin")) == 1


def test_pages_name_every_format() -> None:
    """The media types in the templates are those on offer."""
    text = (TEMPLATES / "thing.html").read_text(encoding="utf-8")
    assert all(f"'{offer.extension}': '{offer.media}'" in text for offer in GRAPHS)
