"""The SPARQL endpoint over real HTTP: the W3C's protocol tests, the result formats, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF
from serving import Reply, Serving, serving

SUITE = Path(__file__).parent.parent.parent / "shared" / "w3c" / "sparql11-protocol"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
STATUS = "http://www.w3.org/2011/http-statusCodes#StatusCode"

BOOLEAN = {"application/sparql-results+json", "application/sparql-results+xml"}
TABULAR = {*BOOLEAN, "text/csv", "text/tab-separated-values"}
GRAPHS = {"application/rdf+xml", "text/turtle", "application/n-triples"}
EXPECTED = {"boolean": BOOLEAN, "tabular": TABULAR, "RDF": GRAPHS}
RESULTS = "{http://www.w3.org/2005/sparql-results#}"


def manifest() -> tuple[Graph, list[URIRef]]:
    """Return the suite's manifest and its tests that ask a query or must be refused; without the suite, none."""
    graph = Graph()
    if not SUITE.is_dir():
        return graph, []
    graph.parse(SUITE / "manifest.ttl")
    head = next(graph.subjects(RDF.type, MF.Manifest))
    entries = Collection(graph, graph.value(head, MF.entries))
    names = [entry for entry in entries if isinstance(entry, URIRef)]
    return graph, [name for name in names if not name.rpartition("#")[2].startswith("update_")]


MANIFEST, TESTS = manifest()


@pytest.fixture(scope="module")
def protocol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a server of the suite's three graphs."""
    data = tmp_path_factory.mktemp("protocol") / "data.nq"
    lines = []
    for number in (1, 2, 3):
        triple = (SUITE / f"data{number}.nt").read_text().strip().removesuffix(".")
        lines.append(f"{triple} <http://kasei.us/2009/09/sparql/data/data{number}.rdf> .\n")
    data.write_text("".join(lines))
    with serving(str(data)) as server:
        yield server


def boolean(reply: Reply) -> bool:
    """Return the boolean in an answer as JSON or XML."""
    if reply.media == "application/sparql-results+json":
        return bool(reply.json()["boolean"])
    return ElementTree.fromstring(reply.body).findtext(f"{RESULTS}boolean") == "true"  # noqa: S314 - our own answer


def test_the_suite_has_its_27_read_only_tests() -> None:
    """No test of the suite is lost on the way: 27 of its 34 are not about carrying out an update."""
    if not TESTS:
        pytest.skip("the W3C protocol suite is not beside this checkout")
    assert len(TESTS) == 27


@pytest.mark.parametrize("name", TESTS, ids=lambda name: str(name).rpartition("#")[2])
def test_w3c_protocol(protocol: Serving, name: URIRef) -> None:
    """Each request of the test gets the status, the format and the boolean that the suite expects."""
    requests = Collection(MANIFEST, MANIFEST.value(MANIFEST.value(name, MF.action), HT.requests))
    assert len(requests) > 0
    for request in requests:
        headers = {}
        if listed := MANIFEST.value(request, HT.headers):
            for header in Collection(MANIFEST, listed):
                headers[str(MANIFEST.value(header, HT.fieldName))] = str(MANIFEST.value(header, HT.fieldValue))
        body = None
        if content := MANIFEST.value(request, HT.body):
            encoding = str(MANIFEST.value(content, CNT.characterEncoding))
            body = str(MANIFEST.value(content, CNT.chars)).encode(encoding)
        reply = protocol.ask(
            str(MANIFEST.value(request, HT.absolutePath)),
            method=str(MANIFEST.value(request, HT.methodName)),
            headers=headers,
            body=body,
        )
        expected = MANIFEST.value(request, HT.resp)
        statuses = {str(status).removeprefix(STATUS)[0] for status in MANIFEST.objects(expected, MF.expectedStatus)}
        assert str(reply.status)[0] in statuses, reply.text
        if form := MANIFEST.value(expected, MF.expectedFormat):
            assert reply.media in EXPECTED[str(form)]
        if (wanted := MANIFEST.value(expected, MF.expectedBoolean)) is not None:
            assert boolean(reply) is wanted.toPython()


NAMES = "SELECT ?name WHERE { ?s a <https://w3id.org/mercato/ontology#Person> ; rdfs:label ?name }"
NAMES = "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> " + NAMES


def test_select_as_json(market: Serving) -> None:
    """SELECT answers in the SPARQL JSON format (SPARQL 1.1 Query Results JSON Format, section 3)."""
    reply = market.query(NAMES, accept="application/sparql-results+json")
    assert reply.status == 200
    assert [row["name"]["value"] for row in reply.json()["results"]["bindings"]] == ["Jan Leike"]


def test_select_as_xml(market: Serving) -> None:
    """SELECT answers in the SPARQL XML format."""
    reply = market.query(NAMES, accept="application/sparql-results+xml")
    found = ElementTree.fromstring(reply.body).findall(f".//{RESULTS}literal")  # noqa: S314 - our own answer
    assert [literal.text for literal in found] == ["Jan Leike"]


def test_select_as_csv_and_tsv(market: Serving) -> None:
    """SELECT answers as CSV and TSV (SPARQL 1.1 Query Results CSV and TSV Formats)."""
    rows = list(csv.reader(io.StringIO(market.query(NAMES, accept="text/csv").text)))
    assert rows == [["name"], ["Jan Leike"]]
    assert market.query(NAMES, accept="text/tab-separated-values").text == '?name\n"Jan Leike"\n'


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ("text/turtle", ox.RdfFormat.TURTLE),
        ("application/n-triples", ox.RdfFormat.N_TRIPLES),
        ("application/ld+json", ox.RdfFormat.JSON_LD),
        ("application/rdf+xml", ox.RdfFormat.RDF_XML),
    ],
)
def test_construct_in_every_format(market: Serving, media: str, kind: ox.RdfFormat) -> None:
    """CONSTRUCT answers in each RDF format, and all say the same."""
    text = "CONSTRUCT { ?s a ?type } WHERE { ?s a ?type FILTER(?type = <https://w3id.org/mercato/ontology#Move>) }"
    reply = market.query(text, accept=media)
    assert (reply.status, reply.media) == (200, media)
    triples = {str(quad.triple) for quad in ox.parse(reply.body, kind)}
    a = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    move = "<https://w3id.org/mercato/id/move/jan-leike-openai-anthropic>"
    assert triples == {f"{move} {a} <https://w3id.org/mercato/ontology#Move>"}


def test_default_graph_is_the_union(market: Serving) -> None:
    """Without a dataset the default graph holds every named graph's triples."""
    text = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    named = "SELECT (COUNT(*) AS ?n) WHERE { SELECT DISTINCT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } } }"
    counts = [market.query(each).json()["results"]["bindings"][0]["n"]["value"] for each in (text, named)]
    assert counts[0] == counts[1] != "0"


def test_unknown_graphs_are_empty(market: Serving) -> None:
    """A dataset of graphs that the store does not have is empty, and no error."""
    reply = market.query("ASK { ?s ?p ?o }", **{"default-graph-uri": "http://example.org/none"})
    assert (reply.status, reply.json()["boolean"]) == (200, False)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a:a> <a:b> <a:c> }",
        "LOAD <http://example.org/>",
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT ?s { ?s ?p ?o } }",
        "CLEAR ALL",
    ],
)
def test_what_reads_elsewhere_or_writes_is_refused_by_name(market: Serving, text: str) -> None:
    """Updates, LOAD and SERVICE get 403 and a sentence that names them, before anything runs."""
    reply = market.query(text)
    assert reply.status == 403
    assert reply.media == "application/problem+json"
    word = "SERVICE" if "SERVICE" in text else text.split()[0]
    assert word in reply.json()["detail"]


@pytest.mark.parametrize(
    "text",
    [
        'ASK { ?s ?p "SERVICE <http://example.org/> { }" }',
        "ASK { ?SERVICE ?p ?LOAD } # SERVICE <http://example.org/> {}",
        "PREFIX SERVICE: <http://example.org/SERVICE#> ASK { ?s SERVICE:SERVICE ?o }",
        "ASK { <http://example.org/SERVICE> ?p ?o }",
    ],
)
def test_words_that_only_look_like_it_are_not_refused(market: Serving, text: str) -> None:
    """SERVICE in a string, variable, comment, prefixed name or IRI is none."""
    assert market.query(text).status == 200


def test_syntax_errors_say_where(market: Serving) -> None:
    """A query that is not SPARQL gets 400 with line and column, as problem+json with CORS."""
    reply = market.query("SELECT ?s WHERE {\n  ?s ?p\n}")
    problem = reply.json()
    assert (reply.status, reply.media) == (400, "application/problem+json")
    assert problem["type"] == "https://w3id.org/mercato/problems/query-syntax"
    assert (problem["line"], problem["status"]) == (3, 400)
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        (DIRECT, b"", 400),
        (DIRECT, b"   \n", 400),
        (DIRECT, b"ASK {}" + b" " * 10_000_000, 413),
        (DIRECT, b"\x00\x01\x02\xff", 400),
        (DIRECT, "ASK {}".encode("utf-16"), 400),
        (DIRECT, "ASK { ?s ?p 'é' }".encode("latin-1"), 400),
        (f"{DIRECT}; charset=utf-16", "ASK {}".encode("utf-16"), 415),
        (DIRECT, b"ASK " + b"{" * 10_000 + b"}" * 10_000, 403),
        (FORM, b"", 400),
        (FORM, b"query=ASK%20%7B%7D&query=ASK%20%7B%7D", 400),
        (FORM, b"query=%ff%fe", 400),
        (FORM, b"update=CLEAR%20ALL", 403),
        (FORM, b"query=ASK%20%7B%7D&timeout=soon", 400),
        (FORM, b"query=ASK%20%7B%7D&timeout=-1", 400),
        (FORM, b"&".join(b"a%d=1" % number for number in range(2000)), 400),
        ("text/plain", b"ASK {}", 415),
        ("application/sparql-update", b"CLEAR ALL", 403),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        (None, b"ASK {}", 415),
    ],
)
def test_bad_posts_are_the_callers_fault(market: Serving, media: str | None, body: bytes, status: int) -> None:
    """A POST that is none of the protocol's gets a 4xx that says why, and the server lives on."""
    reply = market.ask("/sparql", method="POST", body=body, headers={"Content-Type": media} if media else {})
    assert (reply.status, reply.media) == (status, "application/problem+json")
    assert len(reply.json()["detail"]) > 10
    assert market.query("ASK {}").status == 200


def test_long_headers_and_addresses(market: Serving) -> None:
    """Headers of 100 KB and addresses of 20 KB get 431 and 414 as problem+json with CORS."""
    for reply, status in (
        (market.ask("/sparql", headers={"X-Long": "a" * 100_000}), 431),
        (market.ask("/sparql?query=" + "a" * 20_000), 414),
    ):
        assert (reply.status, reply.media) == (status, "application/problem+json")
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert reply.json()["status"] == status


def test_chunked_post(market: Serving) -> None:
    """A body in chunks, without Content-Length, is read like any other."""
    body = b"6\r\nASK {}\r\n0\r\n\r\n"
    headers = {"Content-Type": DIRECT, "Transfer-Encoding": "chunked"}
    assert market.ask("/sparql", method="POST", body=body, headers=headers).json()["boolean"] is True


def test_sparqlwrappers_parameters(market: Serving) -> None:
    """The `format`, `output` and `results` that SPARQLWrapper sends choose the format, and an unknown one is said."""
    assert market.query("ASK {}", format="json", output="json", results="json").media.endswith("+json")
    assert market.query("ASK {}", format="xml", output="xml", results="xml").media.endswith("+xml")
    assert market.query(NAMES, format="csv").media == "text/csv"
    assert market.query("CONSTRUCT WHERE { ?s ?p ?o }", format="json").media == "application/ld+json"
    assert market.query(NAMES, format="xlsx").status == 406


def test_if_none_match(market: Serving) -> None:
    """An answer has a strong ETag, the same for the same question, and 304 saves its body."""
    first, again = market.query(NAMES), market.query(NAMES)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    assert again.headers["ETag"] == tag
    path = "/sparql?" + urlencode({"query": NAMES})
    saved = market.ask(path, headers={"If-None-Match": tag})
    assert (saved.status, saved.body, saved.headers["ETag"]) == (304, b"", tag)
    other = market.query(NAMES, accept="text/csv")
    assert other.headers["ETag"] != tag
    assert market.query(NAMES.replace("Person", "Move")).headers["ETag"] != tag


@pytest.mark.parametrize("function", ["RAND()", "NOW()", "UUID()", "STRUUID()"])
def test_what_changes_from_call_to_call_is_not_kept(market: Serving, function: str) -> None:
    """The answer to a query with RAND, NOW or UUID is neither kept nor given an ETag."""
    replies = [market.query(f"SELECT ({function} AS ?x) {{}}") for _ in range(2)]
    assert replies[0].body != replies[1].body
    assert {reply.headers["ETag"] for reply in replies} == {None}
    assert {reply.headers["Cache-Control"] for reply in replies} == {"no-store"}


def test_head(market: Serving) -> None:
    """HEAD answers what GET does, without the body."""
    path = "/sparql?query=" + quote(NAMES)
    got, head = market.ask(path), market.ask(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Vary"):
        assert head.headers[name] == got.headers[name]


def test_browser_gets_a_page_with_the_answer(market: Serving) -> None:
    """A browser that sends a query gets the editor with the answer below it, errors included."""
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    good = market.query(NAMES, accept=accept)
    assert (good.status, good.media) == (200, "text/html")
    assert "Jan Leike" in good.text
    for text, status in (("SELECT ?s WHERE {", 400), ("no query", 400), ("CLEAR ALL", 403)):
        bad = market.query(text, accept=accept)
        assert (bad.status, bad.media) == (status, "text/html")
        assert "<textarea" in bad.text
        assert "ETag" not in bad.headers


def test_preflight(market: Serving) -> None:
    """A browser's preflight is answered for every path, with the methods and headers that scripts need."""
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    reply = market.ask("/sparql", method="OPTIONS", headers=headers)
    assert (reply.status, reply.body) == (204, b"")
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in reply.headers["Access-Control-Allow-Headers"]


def test_http_1_0_gets_the_whole_answer(market: Serving) -> None:
    """A client of HTTP/1.0, which knows no chunks, gets a Content-Length, so that it sees a cut."""
    text = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 20000"
    with socket.create_connection(("127.0.0.1", market.port)) as client:
        client.sendall(f"GET /sparql?query={quote(text)} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        data = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert len(json.loads(body)["results"]["bindings"]) == 20000
