"""Turtle with positions: the W3C suite, the place of every term, and texts that are no Turtle."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg.errors import InputError
from kg.turtle import document as reading
from kg.turtle.document import Document, TurtleSyntaxError, canonical, parse, read
from kg.turtle.reader import RDF
from kg.turtle.text import Triple

SUITE = Path(__file__).parent.parent.parent / "shared" / "w3c" / "turtle"
MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
PREFIX = "@prefix : <http://example.org/> .\n"

pytestmark = pytest.mark.filterwarnings("error")
needs_suite = pytest.mark.skipif(not SUITE.is_dir(), reason="the W3C Turtle suite is not there (../shared/w3c/turtle)")


def suite(kind: str) -> list[tuple[str, str, str]]:
    """Return the suite's tests of `kind`: the file, its base IRI and the file of the expected triples."""
    if not SUITE.is_dir():
        return []
    store = ox.Store()
    store.load(path=str(SUITE / "manifest.ttl"), format=ox.RdfFormat.TURTLE, base_iri="x:/")
    rows = store.query(
        f"""PREFIX mf: <{MANIFEST}> SELECT ?action ?result ?base {{
        ?test a <http://www.w3.org/ns/rdftest#{kind}> ; mf:action ?action . ?manifest mf:assumedTestBase ?base
        OPTIONAL {{ ?test mf:result ?result }} }} ORDER BY ?action"""
    )
    tests = []
    for row in rows:  # type: ignore[union-attr]
        name = row["action"].value.removeprefix("x:/")
        tests.append((name, row["base"].value + name, row["result"].value.removeprefix("x:/") if row["result"] else ""))
    return tests


def terms(document: Document) -> list[tuple[object, ...]]:
    """Return the triples of `document` without their places."""
    return [triple[:3] for triple in document.triples]


@needs_suite
def test_the_suite_is_whole() -> None:
    """The W3C suite has 94 negative, 74 positive and 145 evaluation tests; fewer would be a suite cut short."""
    kinds = ("TestTurtleNegativeSyntax", "TestTurtlePositiveSyntax", "TestTurtleEval")
    assert [len(suite(kind)) for kind in kinds] == [94, 74, 145]


@needs_suite
@pytest.mark.parametrize(("name", "base", "_"), suite("TestTurtleNegativeSyntax"))
def test_w3c_negative(name: str, base: str, _: str) -> None:
    """What is not Turtle is rejected with its line and column, which lie inside the text."""
    text = (SUITE / name).read_text(encoding="utf-8")
    with pytest.raises(TurtleSyntaxError) as raised:
        read(SUITE / name, base=base)
    for fault in raised.value.faults:
        assert 1 <= fault.span.line <= text.count("\n") + 1
        assert 1 <= fault.span.column <= len(text.split("\n")[fault.span.line - 1]) + 1
        assert (fault.span.line, fault.span.column) < (fault.span.end_line, fault.span.end_column)
        assert fault.sentence


@needs_suite
@pytest.mark.parametrize(("name", "base", "_"), suite("TestTurtlePositiveSyntax"))
def test_w3c_positive(name: str, base: str, _: str) -> None:
    """What is Turtle is read, and agrees with pyoxigraph."""
    read(SUITE / name, base=base)


@needs_suite
@pytest.mark.parametrize(("name", "base", "result"), suite("TestTurtleEval"))
def test_w3c_evaluation(name: str, base: str, result: str) -> None:
    """The graph is the expected one, up to the names of blank nodes."""
    expected = ox.parse(path=str(SUITE / result), format=ox.RdfFormat.N_TRIPLES)
    document = read(SUITE / name, base=base)
    assert canonical(terms(document)) == canonical((q.subject, q.predicate, q.object) for q in expected)


@needs_suite
def test_the_quick_comparison_is_the_one_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings are compared in the order of the text; the canonical form is needed for none of the suite's files.

    It is there for a pyoxigraph that emits triples in another order, and is slow on many blank nodes.
    """
    monkeypatch.setattr(reading, "canonical", lambda triples: pytest.fail("fell back to the canonical form"))
    for kind in ("TestTurtlePositiveSyntax", "TestTurtleEval"):
        for name, base, _ in suite(kind):
            read(SUITE / name, base=base)


def test_the_canonical_comparison_agrees_too() -> None:
    """Triples in another order, with other blank nodes, are the same graph; with another object they are not."""
    document = parse(PREFIX + ":s :p [ :q (1 2) ] . [] :r _:x . _:x :s :t .", "x.ttl")
    names = {
        node: ox.BlankNode() for triple in document.triples for node in triple[:3] if isinstance(node, ox.BlankNode)
    }
    quads = [ox.Quad(*(names.get(node, node) for node in triple[:3])) for triple in reversed(document.triples)]  # type: ignore[arg-type, call-overload]
    assert reading._agree(document.triples, quads)
    other = ox.Quad(quads[0].subject, quads[0].predicate, ox.Literal("other"))
    assert not reading._agree(document.triples, [other, *quads[1:]])
    assert not reading._agree(document.triples, quads[1:])


def test_nodes_that_differ_are_not_one_graph() -> None:
    """One node twice and two nodes once are different graphs, in either direction."""
    one = parse("_:a <x:p> _:a .", "x.ttl").triples
    two = parse("_:a <x:p> _:b .", "x.ttl").triples
    assert not reading._agree(one, [ox.Quad(*two[0][:3])])  # type: ignore[arg-type]
    assert not reading._agree(two, [ox.Quad(*one[0][:3])])  # type: ignore[arg-type]


def test_a_disagreement_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that pyoxigraph reads as another graph is refused, never judged at the wrong place."""
    monkeypatch.setattr(reading, "_gate", lambda *_: [])
    with pytest.raises(reading.ReaderError, match="disagree"):
        parse(PREFIX + ":s :p :o .", "x.ttl")


def test_places() -> None:
    """Each triple knows the tokens that say it, shared ones included."""
    document = parse(PREFIX + ':s a :C ;\n  :p "é" , 12 .\n[ :q (1 :i) ] .', "x.ttl")
    places = [
        " ".join(f"{document.text[at[0] : at[1]]}@{document.span(at)}" for at in triple[3:])
        for triple in document.triples
    ]
    assert places == [
        ":s@2:1-2:3 a@2:4-2:5 :C@2:6-2:8",
        ':s@2:1-2:3 :p@3:3-3:5 "é"@3:6-3:9',
        ":s@2:1-2:3 :p@3:3-3:5 12@3:12-3:14",
        "1@4:7-4:8 1@4:7-4:8 1@4:7-4:8",
        "[@4:1-4:2 :q@4:3-4:5 (@4:6-4:7",
        ":i@4:9-4:11 :i@4:9-4:11 :i@4:9-4:11",
        ":i@4:9-4:11 :i@4:9-4:11 :i@4:9-4:11",
        ")@4:11-4:12 )@4:11-4:12 )@4:11-4:12",
    ]


NAMES = st.sampled_from(
    [":s", ":é", ":a.b", ":a\\,b", ":%41", ":", "<http://example.org/x#\\u00e9>", "<rel>", "_:b", "_:b.c"]
)
VALUES = st.one_of(
    NAMES,
    st.sampled_from(
        ['"""a\n"b" c"""', "'x'@en-GB", '"5"^^:t', '"a\\tb\\""', "1", "-1.5", "1e3", ".5", "true", "false"]
    ),
)
NESTED = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"( {' '.join(items)} )"),
        st.lists(inner, max_size=2).map(lambda items: f"[ {' ; '.join(f':p {item}' for item in items)} ]"),
    ),
    max_leaves=8,
)
SPACE = st.sampled_from([" ", "\n", "\r\n", "\t", " # a . comment ; \n"])
STATEMENTS = st.lists(
    st.tuples(st.one_of(NAMES, NESTED.filter(lambda text: text[0] in "([" and text != "[  ]")), NESTED, SPACE, NESTED),
    min_size=1,
    max_size=5,
).map(lambda rows: "".join(f"{s}{space}:p{space}{o} , {o2}{space}; a :C .{space}" for s, o, space, o2 in rows))


@settings(max_examples=150, deadline=None)
@given(STATEMENTS)
@example("( ) :p ( ( ) ( 1 ) [ ] ) .")
def test_a_token_read_alone_is_the_term(body: str) -> None:
    """What stands at a term's place, read by pyoxigraph alone, is that term: places are right, not just plausible."""
    document = parse(PREFIX + body, "x.ttl", base="http://example.org/")
    for triple in document.triples:
        for term, at in zip(triple[:3], triple[3:], strict=True):
            token = document.text[at[0] : at[1]]
            if isinstance(term, ox.BlankNode) or term.value.startswith(RDF):  # said by a bracket or by `a`
                continue
            alone = f"{PREFIX}<x:s> <x:p> {token} ."
            quad = next(iter(ox.parse(alone, format=ox.RdfFormat.TURTLE, base_iri="http://example.org/")))
            assert quad.object == term


def test_blank_nodes_are_named_after_their_place() -> None:
    """Two readings give the same names, and texts read under different `blank` never share one."""
    text = PREFIX + "_:a :p [ :q _:a ] ."
    assert terms(parse(text, "x.ttl")) == terms(parse(text, "x.ttl"))

    def nodes(blank: str) -> set[object]:
        triples: list[Triple] = parse(text, "x.ttl", blank=blank).triples
        return {term for triple in triples for term in triple[:3] if isinstance(term, ox.BlankNode)}

    assert len(nodes("f1")) == 2
    assert not nodes("f1") & nodes("f2")


def test_literals_stay_as_written() -> None:
    """`-5.0`, `01` and an ill-typed literal keep their text: what is judged is what was written."""
    document = parse(PREFIX + ':s :p -5.0, 01, "abc"^^<http://www.w3.org/2001/XMLSchema#integer> .', "x.ttl")
    assert [triple.object.value for triple in document.triples] == ["-5.0", "01", "abc"]


def test_relative_iris_do_not_depend_on_the_machine() -> None:
    """Without a base the text's own name is it, so that two machines read the same graph."""
    assert parse("<#a> <p> <> .", "some where/x.ttl").triples[0][:3] == (
        ox.NamedNode("file:///some%20where/x.ttl#a"),
        ox.NamedNode("file:///some%20where/p"),
        ox.NamedNode("file:///some%20where/x.ttl"),
    )


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        (":s :p <http://example.org/a b> .", "2:7-2:31", "percent-encode"),
        (":s x:p :o .", "2:4-2:7", "@prefix x:"),
        (":s :p :o", "2:9-2:10", "finish it"),
        (':s :p "abc\n:s :q :r .', "2:7-3:11", "string"),
        (":s :p :o :t .", "2:10-2:12", "missing"),
        (":s :p << :a :b :c >> .", "2:7-2:8", "RDF 1.2"),
        (':s :p "x"@en--ltr .', "2:13-2:14", "RDF 1.2"),
        (":s :p :a\\..", "2:7-2:11", "put a blank between this name and the dot"),
        (":s :p 'x'^^:a\\..", "2:12-2:16", "put a blank between this name and the dot"),
        ('VERSION "1.2"\n:s :p :o .', "2:1-2:2", "RDF 1.2"),
    ],
)
def test_faults_say_where_and_what_to_do(body: str, place: str, words: str) -> None:
    """A syntax error has its place and a sentence that helps."""
    with pytest.raises(TurtleSyntaxError) as raised:
        parse(PREFIX + body, "x.ttl")
    assert words in raised.value.faults[0].sentence
    assert str(raised.value.faults[0].span) == place


def test_every_fault_is_found() -> None:
    """10,000 broken statements are 10,000 faults, each on its own line."""
    with pytest.raises(TurtleSyntaxError) as raised:
        parse(PREFIX + ":s :p ??? .\n" * 10_000, "x.ttl")
    assert {fault.span.line for fault in raised.value.faults} == set(range(2, 10_002))


def test_deep_nesting() -> None:
    """Brackets 10,000 deep are read like any others."""
    depth = 10_000
    document = parse(PREFIX + ":s :p " + "[ :p " * depth + ":o" + " ]" * depth + " .", "x.ttl")
    assert len(document.triples) == depth + 1
    assert len(parse(PREFIX + ":s :p " + "(" * depth + ")" * depth + " .", "x.ttl").triples) == 2 * depth - 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe:\x00s\x00", "no UTF-8"),
        (PREFIX.encode() + b':s :p "caf\xe9" .', "2:11"),
        (b"PK\x03\x04\x00\x00\x00", "cannot start with"),
        (b'{ "@id": "http://example.org/" }', "1:1"),
        (b"<?xml version='1.0'?><rdf:RDF/>", "1:1"),
        (PREFIX.encode() + b":s :p \x00 .", "2:7"),
    ],
)
def test_bytes_that_are_no_turtle(tmp_path: Path, data: bytes, words: str) -> None:
    """Other encodings, formats and NUL bytes end in a sentence with the place."""
    path = tmp_path / "x.ttl"
    path.write_bytes(data)
    with pytest.raises(InputError, match=words):
        read(path)


def test_line_ends_of_any_kind(tmp_path: Path) -> None:
    """CRLF ends a line, is not part of it, and is kept inside a long string."""
    path = tmp_path / "x.ttl"
    path.write_bytes((PREFIX + ':s :p """a\nb""" ,\n  :o .').replace("\n", "\r\n").encode())
    document = read(path)
    assert document.triples[0].object == ox.Literal("a\r\nb")
    assert str(document.span(document.triples[1].object_at)) == "4:3-4:5"
    assert document.line(4) == "  :o ."
    assert document.line(99) == ""


def test_a_carriage_return_alone_ends_no_line() -> None:
    """Lines are those of git and editors: pyoxigraph counts a lone CR too, and its faults are put at our lines."""
    with pytest.raises(TurtleSyntaxError) as raised:
        parse("<x:s>\r<x:p> #\r 'a\rb' .\r\n<x:s> é:p 1 .", "x.ttl")
    assert [str(fault.span) for fault in raised.value.faults] == ["1:18-1:19", "2:7-2:10"]


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    """A missing file and a folder are named in one sentence."""
    with pytest.raises(InputError, match="nowhere"):
        read(tmp_path / "nowhere.ttl")
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path)
