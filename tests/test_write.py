"""The Turtle that we write: the same text for the same graph, and the same graph back."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, parse

from kg.files import turtle_files
from kg.names import MC, prefixes
from kg.turtle.house import without_derived
from kg.turtle.writer import sections, trig, turtle
from tests.conftest import canonical as canonical_quads

HEAD = "@prefix ex: <https://example.org/> .\n"
NAMES = {"ex": "https://example.org/", "deep": "https://example.org/deep/", "unused": "https://example.com/"}
EX = NAMES["ex"]


def triples(text: str) -> list[Triple]:
    """Return the triples of a Turtle text."""
    return [quad.triple for quad in parse(text, RdfFormat.TURTLE)]


def canonical(text: str) -> set[str]:
    """Return the triples of a Turtle text as strings, its blank nodes named by RDFC-1.0."""
    return canonical_quads(Quad(t.subject, t.predicate, t.object) for t in triples(text))


def test_layout() -> None:
    """A subject, a predicate and each of several objects stand on lines of their own; only prefixes in use appear."""
    written = turtle(triples(HEAD + 'ex:b ex:p "x"@fr, ex:c, 2.50 . ex:a a ex:T .'), NAMES)
    assert written == (
        "@prefix ex: <https://example.org/> .\n\n"
        "ex:a\n    a ex:T ;\n.\n\n"
        'ex:b\n    ex:p\n        ex:c ,\n        2.50 ,\n        "x"@fr ;\n.\n'
    )


def test_passages_stand_before_the_first_claim() -> None:
    """A passage takes one line before the first claim that names it; one that no claim names stands by its IRI."""
    names = {**NAMES, "mc": str(MC)}
    written = turtle(
        triples(
            f"@prefix mc: <{MC}> . {HEAD}"
            "ex:c2 a mc:Claim ; mc:passage ex:p1, ex:p3 . ex:c1 a mc:Claim ; mc:passage ex:p3 ."
            'ex:p1 a mc:Passage ; ex:q 1 . ex:p2 a mc:Passage ; ex:q "a", "b" . ex:p3 a mc:Passage ; ex:q 3 .'
            "ex:p4 a mc:Passage ; mc:passage ex:p4 . ex:p5 a mc:Passage ; ex:q [ ex:r 5 ] ."
        ),
        names,
    )
    assert written.split("\n\n", 1)[1] == (
        "ex:p3 a mc:Passage ; ex:q 3 .\nex:c1\n    a mc:Claim ;\n    mc:passage ex:p3 ;\n.\n\n"
        "ex:p1 a mc:Passage ; ex:q 1 .\n"
        "ex:c2\n    a mc:Claim ;\n    mc:passage\n        ex:p1 ,\n        ex:p3 ;\n.\n\n"
        'ex:p2 a mc:Passage ; ex:q "a" , "b" .\n\n'
        "ex:p4 a mc:Passage ; mc:passage ex:p4 .\n\n"
        "ex:p5\n    a mc:Passage ;\n    ex:q [\n        ex:r 5 ;\n    ] ;\n.\n"
    )
    assert turtle(triples(written), names) == written


def test_the_longest_namespace_wins() -> None:
    """An IRI is abbreviated by the prefix that leaves least of it."""
    assert "deep:x" in turtle(triples("<https://example.org/deep/x> a <https://example.org/T> ."), NAMES)


@pytest.mark.parametrize(
    "statement",
    [
        "ex:a ex:p ( 1 2.0 3e0 true ) .",
        "ex:a ex:p ( ( ) [ ex:q ( ex:b ) ] ) .",
        "ex:a ex:p [ ex:q [ ex:r 1 ] , [ ex:r 2 ] ] .",
        "_:x ex:p _:y . _:y ex:p _:x .",
        "_:x ex:p _:x . _:x ex:p _:y . _:y ex:q 1 .",
        "_:x ex:p 1 . ex:a ex:q _:x . ex:b ex:q _:x .",
        r'ex:a ex:p "tab\t quote\" line\n back\\ bell\u0007 é 🐈" .',
        "ex:a ex:p <https://example.org/é/ü> , <https://elsewhere.example/x?y=(z)#w> .",
        'ex:a ex:p "01"^^<http://www.w3.org/2001/XMLSchema#integer> , "x"^^ex:type , "1.0"^^ex:type .',
        'ex:a ex:p -5.0 , +7 , .5 , "TRUE"^^<http://www.w3.org/2001/XMLSchema#boolean> .',
        "ex:a.b ex:p ex:1x , ex:x- , <https://example.org/x.> , <https://example.org/-x> , ex: .",
    ],
)
def test_round_trip(statement: str) -> None:
    """What is written reads back as the same graph, and writing it again changes nothing."""
    text = HEAD + statement
    written = turtle(triples(text), NAMES)
    assert canonical(written) == canonical(text)
    assert turtle(triples(written), NAMES) == written


def test_order_of_input_does_not_matter() -> None:
    """The same triples in another order, with other blank-node names, give the same text."""
    one = HEAD + "ex:a ex:p _:x , _:y . _:x ex:q 1 . _:y ex:q 2 . _:z ex:r _:x ."
    two = HEAD + "_:c ex:r _:a . _:b ex:q 2 . _:a ex:q 1 . ex:a ex:p _:b , _:a ."
    assert turtle(triples(one), NAMES) == turtle(triples(two), NAMES)


def test_trig_and_sections_read_back() -> None:
    """TriG keeps the graphs; the parts of one document keep their headings and add up to the whole."""
    data = triples(HEAD + "ex:a ex:p ex:b . ex:c ex:p 1 .")
    quads = [Quad(t.subject, t.predicate, t.object, NamedNode(EX + f"g{n}")) for n, t in enumerate(data)]
    assert set(parse(trig(quads, NAMES), RdfFormat.TRIG)) == set(quads)
    text = sections([("One", data[:1]), ("None", []), ("Two", data[1:])], NAMES)
    assert set(triples(text)) == set(data)
    assert "# One" in text
    assert "# None" not in text


def test_committed_turtle_is_formatted() -> None:
    """Every Turtle file of the vocabulary, the data and the shapes is as this module writes it."""
    root = Path(__file__).parent.parent
    names = prefixes()
    files = [path for place in ("ontology", "kg/data", "shapes") for path in turtle_files(root / place)]
    assert files
    unlike = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        own = {quad_prefix: space for quad_prefix, space in parse_prefixes(text).items() if quad_prefix not in names}
        if turtle(without_derived(triples(text)), {**names, **own}) != text:
            unlike.append(path.relative_to(root).as_posix())
    assert unlike == []


def parse_prefixes(text: str) -> dict[str, str]:
    """Return the prefixes that a Turtle text declares."""
    reader = parse(text, RdfFormat.TURTLE)
    for _ in reader:
        pass
    return dict(reader.prefixes)
