"""`POST /check` as a public endpoint: hostile texts, full queues, hang-ups, and other people's graphs."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clock import in_time
from serving import MARKET, ROOT, Reply, Serving, descendants, serving
from test_posting import form, post, problem

from kg.check.report import FORMATS
from kg.check.run import Request, check
from kg.publish import dump
from kg.publish.compose import Sources, compose

LIMIT = 2.0
DATA = ROOT / "tests" / "data"
PROLOGUE = (
    "@prefix mc: <https://w3id.org/mercato/ontology#> . @prefix person: <https://w3id.org/mercato/id/person/> .\n"
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
DATATYPES = (
    "date dateTime time duration gYear gMonthDay hexBinary base64Binary anyURI integer decimal double boolean QName"
)


def namesakes(count: int) -> str:
    """Return so many people with nearly the same name: each pair of them is a likely duplicate."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return PROLOGUE + "".join(
        f'person:p{n} a mc:Person ; rdfs:label "Jonathan Archibald Smith{letters[n % 26]}"@en .\n' for n in range(count)
    )


RUNAWAY = namesakes(6000)
HOSTILE: dict[str, str | bytes] = {
    "10,000 syntax errors": "<x:s> <x:p> .\n" * 10_000,
    "10,000 of them in one line": "<x:s> <x:p> . " * 10_000,
    "10,000 unknown terms": PROLOGUE + "".join(f"<x:s{n}> a mc:Nope{n} .\n" for n in range(10_000)),
    "10,000 shape errors": PROLOGUE + "".join(f"person:s{n} a mc:Person .\n" for n in range(10_000)),
    "catastrophic duplicates": RUNAWAY,
    "one name 5,000 times": PROLOGUE
    + "".join(f'person:p{n} a mc:Person ; rdfs:label "Jo"@en .\n' for n in range(5000)),
    "lists in lists": f"<x:s> <x:p> {'(' * 100_000}{')' * 100_000} .",
    "brackets never closed": f"<x:s> <x:p> {'(' * 400_000}",
    "blank nodes in blank nodes": f"<x:s> <x:p> {'[ <x:p> ' * 30_000}1{']' * 30_000} .",
    "typed lists in lists": f"{PROLOGUE}person:a a mc:Person ; mc:person {'( ' * 20_000}1{')' * 20_000} .",
    "a literal of half a megabyte": f'<x:s> <x:p> "{"a" * 500_000}" .',
    "a number of 400,000 digits": f"{PROLOGUE}person:a a mc:Group ; mc:size {'9' * 400_000} .",
    "blank nodes that look alike": "".join(
        f"_:a{a} <x:p> _:a{b} .\n" for a in range(100) for b in range(100) if a != b
    ),
    "a ring of blank nodes": "".join(f"_:a{n} <x:p> _:a{(n * 7 + 1) % 20_000} .\n" for n in range(20_000)),
    "60,000 blank nodes": f"<x:s> <x:p> {','.join(['[]'] * 60_000)} .",
    "classes in a circle": PROLOGUE + "".join(f"<x:{n}> rdfs:subClassOf <x:{(n + 1) % 3000}> .\n" for n in range(3000)),
    "a vocabulary of its own": f"{PROLOGUE}mc:Person <http://www.w3.org/2002/07/owl#disjointWith> mc:Person .",
    "10,000 prefixes": "".join(f"@prefix p{n}: <x:{n}> .\n" for n in range(10_000)),
    "literals of every type": PROLOGUE
    + "".join(
        f'person:p{n} a mc:Person ; mc:date "{value}"^^xsd:{datatype} .\n'
        for n, value in enumerate(("2024", "", "x", "P1Y", "9" * 300))
        for datatype in DATATYPES.split()
    ),
    "NUL bytes": b'<x:s> <x:p> "a\0b" .\0\0',
    "a byte order mark": "\ufeff<x:s> <x:p> 1 .",
    "no UTF-8": b'<x:s> <x:p> "\xe9" .',
    "half a character": b'<x:s> <x:p> "\xf0\x9f',
}


@pytest.fixture(scope="module")
def limited(built: Path) -> Iterator[Serving]:
    """Return a server of Mercato's own graph that judges one text at a time, for two seconds at most."""
    limits = ("--check-timeout", str(LIMIT), "--check-workers", "1", "--check-queue", "1", "--cache", "0")
    with serving("--out", str(built), *limits) as server:
        yield server


def working(server: Serving) -> set[int]:
    """Return the processes in which texts are being judged."""
    below = descendants(server.process.pid)
    nurseries = {pid for pid, _, command in below if "kg.sandbox.check_worker" in command}
    return {pid for pid, parent, command in below if parent in nurseries and command}  # a zombie has none


def ended(server: Serving, seconds: float = 2.0) -> bool:
    """Return whether no text is being judged any more within so many seconds."""
    end = time.monotonic() + seconds
    while working(server) and time.monotonic() < end:
        time.sleep(0.02)
    return not working(server)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_ends_and_says_so(limited: Serving, kind: str) -> None:
    """Each is answered within the limit, with findings or with one problem that names a limit; never a 500."""
    began = time.monotonic()
    reply = post(limited, HOSTILE[kind], accept="application/json")
    assert in_time(time.monotonic() - began, LIMIT + 1)
    if reply.status == 200:
        assert reply.json()["summary"]["files"] == 1
    else:
        assert (reply.status, problem(reply)) in {(503, "time-limit"), (507, "memory-limit"), (413, "size-limit")}


@pytest.mark.soak
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_within_the_default_limits(mercato: Serving, kind: str) -> None:
    """The same with the limits as they come, and as a page."""
    reply = post(mercato, HOSTILE[kind], accept="text/html")
    assert (reply.status, reply.media) in {(status, "text/html") for status in (200, 503, 507, 413)}


def test_nobody_waits_for_a_runaway(limited: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    """While a text runs into its limit, queries are answered; then its process is gone."""
    waits: list[float] = []
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(post, limited, RUNAWAY) for _ in range(2)]
        while not all(future.done() for future in running):
            began = time.monotonic()
            assert limited.query("ASK {}").json()["boolean"] is True
            waits.append(time.monotonic() - began)
            time.sleep(0.02)
        replies = [future.result() for future in running]
    p95 = statistics.quantiles(waits, n=20)[-1]
    with capsys.disabled():
        print(f"\nASK beside two runaway checks: p95 {p95 * 1000:.0f} ms of {len(waits)}")
    assert {(reply.status, problem(reply)) for reply in replies} <= {(503, "time-limit"), (429, "busy")}
    assert int(replies[0].headers["Retry-After"]) > 0
    assert in_time(p95, 0.2)
    assert ended(limited)


def test_beyond_the_queue_is_429_at_once(limited: Serving) -> None:
    """With the seat and the place behind it taken a text is told to come again, with Retry-After."""
    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(post, limited, RUNAWAY) for _ in range(2)]
        time.sleep(0.5)
        began = time.monotonic()
        reply = post(limited, "<x:s> <x:p> 1 .")
        assert in_time(time.monotonic() - began, 0.5)
        assert (reply.status, problem(reply)) == (429, "busy")
        assert int(reply.headers["Retry-After"]) > 0
        assert {other.result().status for other in others} <= {503, 429}


def test_a_hung_up_client_stops_its_check(limited: Serving) -> None:
    """Where the client has gone, its text is judged no further."""
    body = RUNAWAY.encode()
    with socket.create_connection(("127.0.0.1", limited.port)) as client:
        head = f"POST /check HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        time.sleep(0.4)
        assert working(limited)
    began = time.monotonic()
    assert ended(limited)
    assert in_time(time.monotonic() - began, 1.2)


def test_too_long_a_text_is_413(limited: Serving) -> None:
    """A text over the setting is told both sizes; a body that is larger than any is refused before it is read."""
    reply = post(limited, "#" * (512 * 1024 + 1))
    assert (reply.status, problem(reply)) == (413, "request-size")
    assert "524,289 bytes, at most 524,288" in reply.json()["detail"]
    assert problem(post(limited, "#" * 1_000_001)) == "request-size"
    body, media = form(text="<x:s> <x:p> 1 . #" + "x" * 600_000)
    page = post(limited, body, media=media, accept="text/html")
    assert (page.status, page.media) == (413, "text/html")


def test_a_text_is_data_and_never_shapes(mercato: Serving) -> None:
    """Shapes, rules and imports in a text select nothing and add no finding to those of the same text without them."""
    shapes = (DATA / "skos" / "shapes.ttl").read_text(encoding="utf-8")
    text = "<x:a> a <http://www.w3.org/2004/02/skos/core#Concept> .\n"
    of = "application/json"
    alone = {each["rule"] for each in post(mercato, text, accept=of).json()["findings"]}
    beside = [
        each for each in post(mercato, f"{shapes}\n{text}", accept=of).json()["findings"] if each["focus"] == "<x:a>"
    ]
    assert {each["rule"] for each in beside} <= alone


def test_somebody_elses_files_have_nothing_to_judge_by(market: Serving) -> None:
    """Where neither shapes nor a vocabulary are given every report says that little was judged, and the page too."""
    text = '<x:s> <x:p> "abc"^^<http://www.w3.org/2001/XMLSchema#integer> .'
    findings = post(market, text, accept="application/json").json()["findings"]
    assert [(each["rule"], each["level"]) for each in findings] == [
        ("nothing-checked", "note"),
        ("ill-typed-literal", "error"),
    ]
    for name in FORMATS:
        assert "nothing-checked" in post(market, "<x:s> <x:p> 1 .", query=f"?format={name}").text, name
    assert post(market, "<x:s> <x:p> 1 .").headers["Mercato-Verdict"] == "passed;errors=0;warnings=0;notes=1"
    assert "only syntax and literals are judged" in market.ask("/check", accept="text/html").text


def test_somebody_elses_shapes_judge_somebody_elses_text(tmp_path: Path) -> None:
    """With `--shapes` a text is judged by them, as an addition to the files that are served, as the command does."""
    place = tmp_path / "shapes"
    place.mkdir()
    (place / "shapes.ttl").write_bytes((DATA / "dcat" / "shapes.ttl").read_bytes())
    good, bad = DATA / "dcat" / "good.ttl", DATA / "dcat" / "bad.ttl"
    expected = check(Request([bad], shapes=[place], context=[good]))
    with serving(str(good), "--shapes", str(place)) as server:
        reply = post(server, bad.read_bytes(), query=f"?name={bad.as_posix()}", accept="application/json")
        found = [(each["rule"], each["line"], each["column"]) for each in reply.json()["findings"]]
    assert len(found) >= 10
    assert found == [(each.rule, each.span.line, each.span.column) for each in expected.findings]


def test_shapes_that_cannot_be_read_are_told_at_the_start(tmp_path: Path) -> None:
    """A server whose shapes have a fault does not start, and says where the fault is."""
    (tmp_path / "shapes.ttl").write_text("<x:s> <x:p> .", encoding="utf-8")
    with (
        pytest.raises(AssertionError, match=r"shapes/shapes\.ttl:1:13"),
        serving(str(MARKET), "--shapes", str(tmp_path)),
    ):
        pass


def test_checks_can_be_switched_off() -> None:
    """With no workers `/check` is 404, nothing leads there, and no process waits for texts."""
    with serving(str(MARKET), "--check-workers", "0") as server:
        assert problem(server.ask("/check", accept="text/html")) == "not-found"
        assert problem(post(server, "<x:s> <x:p> 1 .")) == "not-found"
        assert '"/check"' not in server.ask("/", accept="text/html").text
        assert not any("kg.sandbox.check_worker" in command for _, _, command in descendants(server.process.pid))


def test_a_new_build_is_what_is_judged_by(small: Sources, tmp_path: Path) -> None:
    """Once a build with other shapes is published, texts are judged by those."""
    out = tmp_path / "out"
    dump.publish(compose(small), out)
    text = "<https://example.org/id/animal/tom> a <https://example.org/vocab#Cat> ."

    def findings(server: Serving) -> list[str]:
        reply = post(server, text, accept="application/json")
        return [each["rule"] for each in reply.json()["findings"] if each["level"] != "note"]

    with serving("--out", str(out)) as server:
        assert findings(server) == ["Animal-label"]
        shapes = small.shapes / "animals.ttl"
        shapes.write_text(shapes.read_text(encoding="utf-8").replace("minCount 1", "minCount 0"), encoding="utf-8")
        data = small.data / "animals.ttl"
        data.write_text(f"{data.read_text(encoding='utf-8')}id:rex ex:knows id:rex .\n", encoding="utf-8")
        before = server.ask("/health").json()["version"]
        dump.publish(compose(small), out)
        os.kill(server.process.pid, signal.SIGHUP)
        for _ in range(400):
            if server.ask("/health").json()["version"] != before:
                break
            time.sleep(0.05)
        assert findings(server) == []


def test_a_killed_nursery_is_replaced(limited: Serving) -> None:
    """A server whose check process was killed (say, for want of memory) judges the next text in a new one."""
    (nursery,) = [pid for pid, _, command in descendants(limited.process.pid) if "kg.sandbox.check_worker" in command]
    os.kill(nursery, signal.SIGKILL)
    reply = post(limited, "<x:s> <x:p> .", accept="application/json")
    assert [each["rule"] for each in reply.json()["findings"]] == ["syntax"]


def fuzzed(server: Serving, body: bytes, media: str) -> Reply:
    """Return the answer to a body of any bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("POST", "/check", body, {"Content-Type": media})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("step", [41, pytest.param(1, marks=pytest.mark.soak)])
def test_cut_and_changed_forms_never_break_anything(mercato: Serving, step: int) -> None:
    """A form that is cut anywhere, or has any byte changed, is judged or a 4xx; never a 500."""
    body, media = form(text="<x:s> <x:p> 1 .", file=("é.ttl", b"<x:s> <x:p> 2 ."), format="json")
    for place in range(0, len(body), step):
        changed = body[:place] + bytes([body[place] ^ 0x55]) + body[place + 1 :]
        for each in (body[:place], changed):
            assert fuzzed(mercato, each, media).status in {200, 400, 406, 413}, each
