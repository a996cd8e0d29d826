"""`POST /check`: what is read, what is answered, in which format, and that it is the command's own verdict."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from rdflib import XSD, Literal
from serving import ROOT, Reply, Serving
from test_things import Links

from kg.check.report import FORMATS
from kg.check.run import Request, check_text, setup
from kg.commands.main import main

BAD = sorted((ROOT / "tests" / "data" / "bad").glob("*.ttl"))
MISSING = "tests/data/bad/move-person-missing.ttl"
MEDIA = {
    "text": "text/plain",
    "json": "application/json",
    "sarif": "application/sarif+json",
    "markdown": "text/markdown",
    "turtle": "text/turtle",
    "junit": "application/xml",
}
POSTED = "text/turtle, application/x-turtle, multipart/form-data, application/x-www-form-urlencoded"


def post(
    server: Serving, text: bytes | str, *, query: str = "", media: str | None = "text/turtle", accept: str | None = None
) -> Reply:
    """Return the answer to a text posted to `/check`."""
    body = text.encode() if isinstance(text, str) else text
    headers = {} if media is None else {"Content-Type": media}
    return server.ask(f"/check{query}", method="POST", body=body, headers=headers, accept=accept)


def form(**fields: str | tuple[str, bytes]) -> tuple[bytes, str]:
    """Return a multipart form and its media type; a pair is a file's name and content."""
    parts = []
    for name, value in fields.items():
        file, content = value if isinstance(value, tuple) else ("", value.encode())
        more = f'; filename="{file}"' if file else ""
        parts.append(f'--b-b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content)
    return b"\r\n".join([*parts, b"--b-b--\r\n"]), "multipart/form-data; boundary=b-b"


def rules(reply: Reply) -> list[str]:
    """Return the rules of the findings in a JSON report."""
    assert (reply.status, reply.media) == (200, "application/json"), reply.text
    return [finding["rule"] for finding in reply.json()["findings"]]


def problem(reply: Reply) -> str:
    """Return the name of the problem that was answered."""
    found = reply.json()
    assert reply.media == "application/problem+json"
    assert found["status"] == reply.status
    assert found["type"].startswith("https://w3id.org/mercato/problems/")
    assert found["detail"]
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    return str(found["type"].rpartition("/")[2])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "file", [MISSING, *(f"tests/data/bad/{name}.ttl" for name in ("syntax-crlf", "unknown-class", "date-two"))]
)
def test_the_verdict_is_the_commands(mercato: Serving, monkeypatch: pytest.MonkeyPatch, file: str, name: str) -> None:
    """Each format is, byte for byte, what `mercato check` writes on a file of the same name."""
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(main, ["check", file, "--format", name])
    reply = post(mercato, (ROOT / file).read_bytes(), query=f"?format={name}&name={file}")
    assert reply.status == 200
    assert reply.body == done.stdout_bytes
    assert reply.headers["Mercato-Verdict"].startswith("findings;" if done.exit_code else "passed;")


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.soak)])
def test_every_fixture_has_the_commands_findings(mercato: Serving, step: int) -> None:
    """Whatever is wrong with a text, the server finds what the command finds (every 13th fixture; soak: all)."""
    made = setup(Request(), [])
    for path in BAD[::step]:
        source = path.relative_to(ROOT).as_posix()
        expected = FORMATS["sarif"](check_text(path.read_bytes(), source, made))
        reply = post(mercato, path.read_bytes(), query=f"?format=sarif&name={source}")
        assert reply.text == expected, source


def test_a_check_leaves_no_trace() -> None:
    """A text that contradicts itself (owlrl judges that) leaves rdflib reading literals as it did before."""
    made = setup(Request(), [])
    contradiction = b"@prefix mc: <https://w3id.org/mercato/ontology#> . <x:a> a mc:Person , mc:Organisation ."
    before = [Literal(year, datatype=XSD.gYear).ill_typed for year in ("2024", "12024", "-2024", "x")]
    assert "inconsistent" in {finding.rule for finding in check_text(contradiction, "x.ttl", made).findings}
    assert [Literal(year, datatype=XSD.gYear).ill_typed for year in ("2024", "12024", "-2024", "x")] == before


@pytest.mark.parametrize("name", MEDIA)
def test_the_format_is_negotiated(mercato: Serving, name: str) -> None:
    """Accept chooses among six formats, each readable by its own reader; findings are 200, and nothing is kept."""
    reply = post(mercato, (ROOT / MISSING).read_bytes(), accept=MEDIA[name])
    assert (reply.status, reply.media) == (200, MEDIA[name])
    assert re.fullmatch(r"findings;errors=[1-9]\d*;warnings=\d+;notes=\d+", reply.headers["Mercato-Verdict"])
    assert "Accept" in reply.headers["Vary"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Mercato-Verdict" in reply.headers["Access-Control-Expose-Headers"]
    readers = {
        "json": json.loads,
        "sarif": json.loads,
        "junit": ElementTree.fromstring,
        "turtle": lambda text: list(ox.parse(text, ox.RdfFormat.TURTLE)),
    }
    assert readers.get(name, str)(reply.text)


def test_without_accept_the_report_is_for_people(mercato: Serving) -> None:
    """A client that names no format gets the text report, and GitHub's commands only by name."""
    for accept in (None, "*/*", "text/plain"):
        assert "error [move-person]" in post(mercato, (ROOT / MISSING).read_bytes(), accept=accept).text
    reply = post(mercato, (ROOT / MISSING).read_bytes(), query="?format=github", accept="application/json")
    assert (reply.media, reply.text.startswith("::error file=text.ttl,line=12,")) == ("text/plain", True)


def test_a_clean_text_passes(mercato: Serving) -> None:
    """A text without a fault is told so, in the body and in the header."""
    reply = post(mercato, (ROOT / "kg" / "data" / "records" / "moves.ttl").read_bytes(), accept="application/json")
    assert rules(reply) == []
    assert reply.json()["summary"]["nodes"] > 50
    assert reply.headers["Mercato-Verdict"] == "passed;errors=0;warnings=0;notes=0"


@pytest.mark.parametrize(
    "media", [None, "application/ld+json", "application/rdf+xml", "text/plain", "text/turtle;charset=latin-1"]
)
def test_another_media_type_is_refused(mercato: Serving, media: str | None) -> None:
    """What is not Turtle in UTF-8, or does not say what it is, is 415 with what is taken."""
    reply = post(mercato, "<x:s> <x:p> 1 .", media=media)
    assert (reply.status, problem(reply)) == (415, "media-type")
    assert reply.headers["Accept-Post"] == POSTED
    assert "Accept-Post" in reply.headers["Access-Control-Expose-Headers"]


def test_a_coded_body_is_refused(mercato: Serving) -> None:
    """A compressed body is 415 with the codings that are taken, not a text of odd bytes."""
    headers = {"Content-Type": "text/turtle", "Content-Encoding": "gzip"}
    reply = mercato.ask("/check", method="POST", body=b"\x1f\x8b", headers=headers)
    assert (reply.status, problem(reply), reply.headers["Accept-Encoding"]) == (415, "media-type", "identity")


def test_what_can_be_posted_is_told(mercato: Serving) -> None:
    """OPTIONS and GET say in Accept-Post what can be posted (LDP, section 7.1)."""
    options = mercato.ask("/check", method="OPTIONS")
    assert (options.status, options.headers["Accept-Post"]) == (204, POSTED)
    assert "POST" in options.headers["Access-Control-Allow-Methods"]
    assert mercato.ask("/check", accept="text/html").headers["Accept-Post"] == POSTED


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_no_text_is_a_problem(mercato: Serving, text: str) -> None:
    """A body without a text is 400, whatever way it comes."""
    assert problem(post(mercato, text)) == "text-missing"
    body, media = form(text=text, format="json")
    assert problem(post(mercato, body, media=media)) == "text-missing"
    assert problem(post(mercato, f"text={text}", media="application/x-www-form-urlencoded")) == "text-missing"


def test_curl_without_a_media_type_is_told_what_to_do(mercato: Serving) -> None:
    """Turtle that was sent as a form, as `curl --data-binary` does by itself, is answered with the right type."""
    reply = post(mercato, (ROOT / MISSING).read_bytes(), media="application/x-www-form-urlencoded")
    assert reply.status == 400
    assert "text/turtle" in reply.json()["detail"]


def test_forms_are_read(mercato: Serving) -> None:
    """A form's text or file is judged, under the name that the query, the file or the form gives."""
    text = "<x:s> <x:p> ."
    ways = {
        "pasted.ttl": form(text=text, name="pasted.ttl", format="json"),
        "up/loaded.ttl": form(text="", file=("up/loaded.ttl", text.encode()), format="json"),
        "chosen.ttl": form(text="left from before", name="old.ttl", file=("chosen.ttl", text.encode()), format="json"),
        "coded.ttl": (b"text=%3Cx:s%3E+%3Cx:p%3E+.&name=coded.ttl&format=json", "application/x-www-form-urlencoded"),
    }
    for name, (body, media) in ways.items():
        found = post(mercato, body, media=media).json()["findings"]
        assert [(each["source"], each["rule"], each["column"]) for each in found] == [(name, "syntax", 13)]
    body, media = form(text="# a\r\n# b\r\n<x:s> <x:p> .", name="in-the-form.ttl")
    (found,) = post(mercato, body, media=media, query="?format=json&name=in-the-query.ttl").json()["findings"]
    assert (found["source"], found["line"], found["text"]) == ("in-the-query.ttl", 3, text)


def test_broken_forms_are_problems(mercato: Serving) -> None:
    """A form that is cut, has no boundary, two files or too many fields is a 4xx with a sentence."""
    body, media = form(text="<x:s> <x:p> 1 .")
    assert problem(post(mercato, body[:-12], media=media)) == "bad-request"
    assert post(mercato, body, media="multipart/form-data").status == 400
    two = form(file=("a.ttl", b"<x:s> <x:p> 1 ."))[0].replace(b"--b-b--\r\n", b"") * 2 + b"--b-b--\r\n"
    assert problem(post(mercato, two, media=media)) == "bad-request"
    many, media = form(**{f"field{number}": "" for number in range(30)})
    assert problem(post(mercato, many, media=media)) == "request-size"
    assert problem(post(mercato, b"text=%ff", media="application/x-www-form-urlencoded")) == "not-utf-8"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a/b.ttl", "a/b.ttl"),
        ("../../etc/./passwd", "etc/passwd"),
        ("/home/someone/x.ttl", "home/someone/x.ttl"),
        ("C:%5Cmine%5Cx.ttl", "C:/mine/x.ttl"),
        ("a%0A::error::b%1B[31m%E2%80%AE.ttl", "a_::error::b_[31m_.ttl"),
        ("%20", "text.ttl"),
        ("..", "text.ttl"),
        ("x" * 500, "x" * 200),
    ],
)
def test_names_are_made_harmless(mercato: Serving, given: str, shown: str) -> None:
    """A name is a relative path of visible characters, so that no report can be broken by one."""
    (found,) = post(mercato, "<x:s> <x:p> .", query=f"?format=json&name={given}").json()["findings"]
    assert found["source"] == shown


def test_formats_that_are_not_there_are_406(mercato: Serving) -> None:
    """An Accept header or a format that nothing serves is 406 with what there is; so is GET for data."""
    text = (ROOT / MISSING).read_bytes()
    for reply in (post(mercato, text, accept="image/png"), post(mercato, text, query="?format=pdf")):
        assert (reply.status, problem(reply)) == (406, "not-acceptable")
        assert {each["media"] for each in reply.json()["available"]} >= {*MEDIA.values(), "text/html"}
    assert problem(mercato.ask("/check", accept="application/json")) == "not-acceptable"
    assert problem(mercato.ask("/check", method="DELETE")) == "method"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_shows_findings_at_their_words(mercato: Serving, language: str) -> None:
    """A browser gets the findings with the source line, the words marked, and its text back in the form."""
    body, media = form(text="", file=("mine.ttl", (ROOT / MISSING).read_bytes()))
    reply = post(mercato, body, media=media, query=f"?lang={language}", accept="text/html")
    assert (reply.status, reply.media, reply.headers["Content-Language"]) == (200, "text/html", language)
    assert reply.headers["Cache-Control"] == "no-store"
    assert "<strong>12:5</strong>" in reply.text
    assert "    <mark>a mc:Move</mark> ;" in reply.text
    assert "mine.ttl" in reply.text
    assert "\n# breaks: move-person" in reply.text
    assert Links(reply.text).inline == []


def test_nothing_in_a_text_becomes_markup(mercato: Serving) -> None:
    """What a text, a term or a file name holds is shown as it is written and never becomes an element."""
    attack = "<script>alert(1)</script>"
    text = f'<x:s> <x:p> "</textarea>{attack}"^^<http://www.w3.org/2001/XMLSchema#integer> , "\u202e{attack}" .'
    body, media = form(file=(f"{attack}.ttl", text.encode()))
    reply = post(mercato, body, media=media, accept="text/html")
    assert reply.status == 200
    assert "ill-typed-literal" in reply.text
    assert "&lt;script&gt;" in reply.text
    assert "<script" not in reply.text
    assert reply.text.count("</textarea>") == 1
    assert "script-src 'self'" in reply.headers["Content-Security-Policy"]


def test_the_page_says_what_went_wrong(mercato: Serving) -> None:
    """A browser gets a problem as the page, with its status and its text back."""
    body, media = form(text="  ")
    reply = post(mercato, body, media=media, accept="text/html")
    assert (reply.status, reply.media) == (400, "text/html")
    assert 'role="alert"' in reply.text


def test_the_page_is_linked(mercato: Serving) -> None:
    """The start page leads to the check, and its page to what texts are judged by."""
    assert "/check" in Links(mercato.ask("/", accept="text/html").text).found
    assert {"/shapes", "/ontology"} <= set(Links(mercato.ask("/check", accept="text/html").text).found)


def test_checks_are_counted(mercato: Serving) -> None:
    """`/metrics` counts the requests to the check by status."""
    post(mercato, "")
    post(mercato, "<x:s> <x:p> 1 .")
    counted = mercato.ask("/metrics").text
    assert re.search(r'mercato_requests_total\{area="check",status="200"\} [1-9]', counted)
    assert re.search(r'mercato_requests_total\{area="check",status="400"\} [1-9]', counted)
