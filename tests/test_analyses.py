"""The analyses that have a row for every record are recounted here, from the claims alone and by other means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, RdfFormat, Store

from kg.names import MC, VOCABULARIES
from kg.publish.compose import Sources, read_curated

QUESTIONS = Path(__file__).parent.parent / "kg" / "queries" / "questions"
TYPE = VOCABULARIES["rdf"] + "type"
NUMBERS = {"amount", "minAmount", "maxAmount", "ratio", "rate", "minRate", "maxRate", "share", "count", "jobs"}
NUMBERS |= {"employers", "posts"}
MOOD_POINTS = {"OnRecord": 3, "Reported": 3, "Alleged": 1, "Conditional": 1, "Implied": 1}
# How the articles put a number into words, where they do not write its digits.
IN_WORDS: dict[Decimal, tuple[str, ...]] = {
    Decimal(2): ("deux",),
    Decimal(3): ("trois",),
    Decimal(5): ("cinq",),
    Decimal(8): ("huit",),
    Decimal(11): ("onze",),
    Decimal(50): ("cinquantaine",),
    Decimal("0.5"): ("moitié",),
    Decimal("0.25"): ("sur quatre",),
    Decimal(1000000): ("un million", "sept à neuf chiffres", "7 ou 9 chiffres", "sept chiffres"),
    Decimal(9999999): ("sept chiffres",),
    Decimal(100000000): ("neuf chiffres", "9 chiffres"),
    Decimal(999999999): ("neuf chiffres", "9 chiffres"),
    Decimal(20000000000): ("dizaines de milliards",),
}

Node = dict[str, list[NamedNode | Literal]]


@pytest.fixture(scope="module")
def nodes(project: Sources) -> dict[str, Node]:
    """Return the curated data as `{node: {property's local name: values}}`."""
    found: dict[str, Node] = defaultdict(lambda: defaultdict(list))
    for quad in read_curated(project):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode | Literal):
            name = re.split(r"[#/]", quad.predicate.value)[-1]
            found[quad.subject.value][name].append(quad.object)
    return found


@pytest.fixture(scope="module")
def claims(nodes: dict[str, Node]) -> list[Node]:
    """Return every claim of the curated data."""
    kind = str(MC) + "Claim"
    return [node for node in nodes.values() if any(value.value == kind for value in node["type"])]


def local(values: Iterable[NamedNode | Literal]) -> str:
    """Return the local name of the only one of `values`."""
    (value,) = values
    return re.split(r"[#/]", value.value)[-1]


Row = dict[str, NamedNode | Literal | None]


def text(row: Row, name: str) -> str:
    """Return the text of the column `name`, which must not be empty."""
    value = row[name]
    assert value is not None
    return value.value


@cache
def rows(graph: Store, name: str) -> list[Row]:
    """Return the rows of the question `name`."""
    answer = graph.query((QUESTIONS / f"{name}.rq").read_text("utf-8"), use_default_graph_as_union=True)
    assert isinstance(answer, QuerySolutions)
    columns = [variable.value for variable in answer.variables]
    return [dict(zip(columns, solution, strict=True)) for solution in answer]


def test_trust_can_be_recounted(graph: Store, nodes: dict[str, Node], claims: list[Node]) -> None:
    """The points of every record are those that its claims give when they are counted one by one."""
    best: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for claim in claims:
        if claim["repeats"] or local(claim["rank"]) == "Deprecated":
            continue
        (record,), (speaker,) = claim["asserts"], claim["claimant"]
        named = any(f"/id/{kind}/" in speaker.value for kind in ("person", "organisation"))
        points = MOOD_POINTS[local(claim["certainty"])] + named
        side = best[record.value, local(claim["stance"])]
        side[speaker.value] = max(side.get(speaker.value, 0), points)
    records = {claim["asserts"][0].value for claim in claims}
    wanted = {
        record: (
            sum(best[record, "Affirms"].values()),
            sum(best[record, "Denies"].values()),
            len(best[record, "Affirms"]),
        )
        for record in records
    }
    found = {}
    for row in rows(graph, "trust"):
        plus, minus, points, speakers = (int(text(row, name)) for name in ("for", "against", "points", "speakers"))
        assert points == plus - minus
        found[text(row, "record")] = (plus, minus, speakers)
    assert found == wanted


def test_every_number_has_its_passages(graph: Store, nodes: dict[str, Node], claims: list[Node]) -> None:
    """Each number of each record stands in as many rows as the record has claims, each with the claim's passage."""
    wanted = set()
    for name, claim in ((name, node) for name, node in nodes.items() if node in claims):
        record = claim["asserts"][0].value
        passage = nodes[claim["passage"][0].value]
        for number in NUMBERS & set(nodes[record]):
            (value,) = nodes[record][number]
            wanted.add((record, number, Decimal(value.value), name, passage["start"][0].value, passage["end"][0].value))
    found = {
        (
            text(row, "record"),
            text(row, "property"),
            Decimal(text(row, "value")),
            text(row, "claim"),
            text(row, "start"),
            text(row, "end"),
        )
        for row in rows(graph, "numbers-to-passages")
    }
    assert wanted
    assert found == wanted


def spellings(number: Decimal) -> set[str]:
    """Return the ways in which an article may write `number`, without blanks: as it is, scaled, or as a percentage."""
    forms = {number, abs(number) * 100}
    forms |= {number / scale for scale in (10**3, 10**6, 10**9)}
    texts = {format(form.normalize(), "f") for form in forms}
    return texts | {text.replace(".", ",") for text in texts}


def bears(words: str, number: Decimal) -> bool:
    """Return whether `words` say `number`, in digits that stand alone or in letters."""
    if any(spelt in words.lower() for spelt in IN_WORDS.get(number, ())):
        return True
    joined = re.sub(r"(?<=\d)[\s\u00a0\u202f](?=\d{3}\b)", "", words)
    return any(re.search(rf"(?<![\d,.]){re.escape(text)}(?![\d]|[,.]\d)", joined) for text in spellings(number))


@pytest.mark.parametrize(
    ("words", "number", "held"),
    [
        ("valorisée à 61,5 milliards", "61500000000", True),
        ("près de 300 000 $", "300000", True),
        ("un taux de 80%", "0.80", True),
        ("une chute de 15 %", "-0.15", True),
        ("pour chaque 10,6 personnes", "0.6", False),
        ("1280 euros", "280", False),
    ],
)
def test_bears(words: str, number: str, held: bool) -> None:
    """A number is found as written, scaled or as a percentage, and never inside another number."""
    assert bears(words, Decimal(number)) is held


def test_every_number_is_in_the_words(shared: Path, nodes: dict[str, Node], claims: list[Node]) -> None:
    """Each number of each record is said, in digits or letters, by the passage of at least one of its claims."""
    said: dict[tuple[str, str, Decimal], bool] = defaultdict(bool)
    for claim in claims:
        record = claim["asserts"][0].value
        passage = nodes[claim["passage"][0].value]
        (file,) = nodes[passage["hasSource"][0].value]["file"]
        article = (shared / "seeds" / f"{file.value}.txt").read_bytes().decode()
        words = article[int(passage["start"][0].value) : int(passage["end"][0].value)]
        for name in NUMBERS & set(nodes[record]):
            number = Decimal(nodes[record][name][0].value)
            said[record, name, number] |= bears(words, number)
    assert said
    unsaid = {record.partition("/id/")[2] for (record, _, _), held in said.items() if not held}
    assert unsaid == set()


def test_net_flows_mirror_each_other() -> None:
    """What one organisation gains on balance from another is what the other loses to it."""
    moves = [("ann", "x", "y"), ("bob", "x", "y"), ("cid", "x", "y"), ("dot", "y", "x")]
    turtle = f"@prefix : <https://example.org/> . @prefix mc: <{MC}> . @prefix rdfs: <{VOCABULARIES['rdfs']}> ."
    turtle += ' :x rdfs:label "X"@en . :y rdfs:label "Y"@en .'
    for who, origin, destination in moves:
        turtle += f" :{who} a mc:Person . :move-{who} a mc:Move ; mc:person :{who} ."
        turtle += f" :move-{who} mc:from :{origin} ; mc:to :{destination} ."
        turtle += f" :claim-{who} mc:asserts :move-{who} ; mc:stance mc:Affirms ; mc:certainty mc:Reported ."
        turtle += f" :claim-{who} mc:rank mc:Normal ."
    small = Store()
    small.load(turtle.encode(), format=RdfFormat.TURTLE)
    net = {(text(row, "origin"), text(row, "destination")): int(text(row, "net")) for row in rows(small, "net-flows")}
    here, there = "https://example.org/x", "https://example.org/y"
    assert net == {(here, there): 2, (there, here): -2}


@pytest.mark.parametrize("name", sorted(path.stem for path in QUESTIONS.glob("*.rq")))
def test_answers_lead_to_words(graph: Store, nodes: dict[str, Node], claims: list[Node], name: str) -> None:
    """Every record and claim that an answer names leads to a passage with offsets and a hash."""
    passages = {claim["asserts"][0].value: claim["passage"][0].value for claim in claims}
    for row in rows(graph, name):
        for value in row.values():
            node = value.value if isinstance(value, NamedNode) else ""
            if node in passages:
                assert nodes[passages[node]]["sha256"]
            elif "/id/claim/" in node:
                assert nodes[nodes[node]["passage"][0].value]["sha256"]
