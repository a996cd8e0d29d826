"""The derived facts: one rule of ranks, the same in every `derive` query, on small graphs and on the whole one."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Store

from kg.names import BASE, prefixes
from kg.names import MC as NAMESPACE
from kg.publish.compose import Composition, derive

QUERIES = Path(__file__).parent.parent / "kg" / "queries"
EXPECTED = Path(__file__).parent / "data" / "derived.csv"
PREFIXES = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in prefixes().items())
DERIVED = ("founded", "movedTo", "workedFor", "worksFor")

MC = str(NAMESPACE)
MOVE = (
    "person:ada a mc:Person . move:one a mc:Move ; mc:status mc:Done ; mc:person person:ada ; mc:to organisation:new . "
)
HELD = "claim:held mc:asserts move:one ; mc:stance mc:Affirms ; mc:certainty mc:Reported ; mc:rank mc:Normal . "
DENIED = "claim:denied mc:asserts move:one ; mc:stance mc:Denies ; mc:certainty mc:OnRecord ; mc:rank mc:Normal . "
OTHER = (
    "move:two a mc:Move ; mc:status mc:Done ; "
    "mc:person person:ada ; mc:to organisation:other ; mc:sameOccasionAs move:one . "
    "claim:other mc:asserts move:two ; mc:stance mc:Affirms ; mc:certainty mc:Reported ; mc:rank mc:Normal . "
)
POST = (
    "person:ada a mc:Person . employment:one a mc:Employment ; mc:person person:ada ; mc:employer organisation:new ; "
)
KEPT = "claim:kept mc:asserts employment:one ; mc:stance mc:Affirms ; mc:certainty mc:Reported ; mc:rank mc:Normal . "


def closed(turtle: str) -> Store:
    """Return a store of `turtle` with all that the queries derive from it, and from what they derive."""
    store = Store()
    store.load(f"{PREFIXES}{turtle}".encode(), RdfFormat.TURTLE)
    while new := [triple for triple in derive(store, QUERIES) if Quad(*triple) not in store]:
        store.extend(Quad(*triple) for triple in new)
    return store


def derived(turtle: str) -> set[tuple[str, str]]:
    """Return the direct facts derived from `turtle` as (property, organisation's slug)."""
    quads = closed(turtle).quads_for_pattern(None, None, None)
    names = ((q.predicate.value.removeprefix(MC), q.object.value.rpartition("/")[2]) for q in quads
             if isinstance(q.object, NamedNode))  # fmt: skip
    return {(name, slug) for name, slug in names if name in (*DERIVED, "article")}


def standing(turtle: str, record: str = "move/one") -> str:
    """Return the one standing that `record` has in `turtle`."""
    node = NamedNode(f"{BASE}id/{record}")
    (found,) = closed(turtle).quads_for_pattern(node, NamedNode(f"{MC}standing"), None)
    return found.object.value.removeprefix(MC)  # type: ignore[union-attr]


def test_the_rule_stands_in_one_place() -> None:
    """Only the query for standings, and those that count sources, look at ranks; facts ask for the standing."""
    texts = {path.stem: path.read_text("utf-8") for path in (QUERIES / "derive").glob("*.rq")}
    assert [name for name, text in texts.items() if "mc:rank" in text and name.startswith(("1", "4", "5"))] == [
        "1-standing"
    ]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        (HELD, "Stands"),
        (HELD.replace("Reported", "OnRecord"), "Stands"),
        (HELD.replace("Reported", "Conditional"), "Tentative"),
        (HELD.replace("Reported", "Alleged"), "Tentative"),
        (HELD.replace("Reported", "Implied"), "Tentative"),
        (HELD + DENIED, "Disputed"),
        (HELD.replace("Normal", "Preferred") + DENIED, "Stands"),
        (HELD + DENIED.replace("Normal", "Preferred"), "Denied"),
        (DENIED, "Denied"),
        (HELD.replace("Normal", "Deprecated"), "Discounted"),
        (HELD + OTHER.replace("Normal", "Preferred"), "Outranked"),
        (HELD + OTHER, "Stands"),
        (HELD + OTHER + "claim:held mc:contradicts claim:other . ", "Disputed"),
        (HELD + OTHER.replace("Normal", "Preferred") + "claim:other mc:contradicts claim:held . ", "Outranked"),
        (HELD + OTHER + "move:one mc:lessPreciseThan move:two . ", "Outranked"),
        (HELD + OTHER.replace("mc:sameOccasionAs", "mc:supersedes"), "Superseded"),
        (HELD + OTHER.replace("mc:sameOccasionAs", "mc:supersedes").replace("Reported", "Conditional"), "Stands"),
    ],
)
def test_standing(claims: str, expected: str) -> None:
    """Each clause of the rule of ranks (docs/standing.md) on a record that only it decides."""
    assert standing(MOVE + claims) == expected


def test_every_record_of_our_graph_has_one_standing(composition: Composition) -> None:
    """Whatever a claim asserts has a standing, and just one."""
    asserted = {quad.object for quad in composition.quads() if quad.predicate.value == f"{MC}asserts"}
    found = Counter(quad.subject for quad in composition.quads() if quad.predicate.value == f"{MC}standing")
    assert set(found) == asserted
    assert set(found.values()) == {1}


def test_article_of_a_claim() -> None:
    """A claim's article is the source of its passage; without a passage it has none."""
    claim = "claim:held a mc:Claim ; mc:passage passage:one . claim:other a mc:Claim . "
    assert derived(claim + "passage:one oa:hasSource article:story . ") == {("article", "story")}


def test_every_claim_of_our_own_graph_has_its_article(composition: Composition) -> None:
    """Each published claim has as its one article the source of each of its passages."""
    said: dict[str, list[tuple[object, object]]] = {"article": [], "passage": [], "hasSource": [], "Claim": []}
    for quad in composition.quads():
        name = quad.predicate.value.rpartition("/")[2].rpartition("#")[2]
        if name in said:
            said[name].append((quad.subject, quad.object))
        elif quad.object == NamedNode(f"{MC}Claim") and name == "type":
            said["Claim"].append((quad.subject, None))
    source = dict(said["hasSource"])
    expected = {(claim, source[passage]) for claim, passage in said["passage"]}
    assert expected
    assert {claim for claim, _ in expected} == {claim for claim, _ in said["Claim"]}
    assert sorted(map(str, said["article"])) == sorted(map(str, expected))


def test_held_record_counts() -> None:
    """A record that a reported claim affirms gives its fact."""
    assert derived(MOVE + HELD) == {("movedTo", "new"), ("worksFor", "new")}


@pytest.mark.parametrize("certainty", ["Conditional", "Alleged", "Implied"])
def test_unsure_claim_does_not_count(certainty: str) -> None:
    """A claim in the conditional, an allegation and an implication give no fact."""
    assert derived(MOVE + HELD.replace("Reported", certainty)) == set()


def test_claim_on_record_counts() -> None:
    """A claimant's own word gives its fact as well as an article's."""
    assert derived(MOVE + HELD.replace("Reported", "OnRecord")) == {("movedTo", "new"), ("worksFor", "new")}


def test_deprecated_claim_does_not_count() -> None:
    """A deprecated claim gives no fact."""
    assert derived(MOVE + HELD.replace("Normal", "Deprecated")) == set()


def test_denial_of_equal_rank_undoes() -> None:
    """A record that is affirmed and denied with equal rank gives no fact."""
    assert derived(MOVE + HELD + DENIED) == set()


def test_denial_of_lower_rank_does_not_undo() -> None:
    """A preferred claim outranks a normal denial, and a normal one a deprecated denial."""
    assert derived(MOVE + HELD.replace("Normal", "Preferred") + DENIED) == {("movedTo", "new"), ("worksFor", "new")}
    assert derived(MOVE + HELD + DENIED.replace("Normal", "Deprecated")) == {("movedTo", "new"), ("worksFor", "new")}


def test_denial_of_highest_rank_undoes() -> None:
    """A preferred denial undoes even a preferred claim."""
    both = HELD.replace("Normal", "Preferred") + DENIED.replace("Normal", "Preferred")
    assert derived(MOVE + both) == set()


def test_readings_of_one_occasion_without_preference() -> None:
    """Of two readings with none preferred, both count."""
    assert derived(MOVE + HELD + OTHER) == {
        ("movedTo", "new"),
        ("worksFor", "new"),
        ("movedTo", "other"),
        ("worksFor", "other"),
    }


@pytest.mark.parametrize("link", ["move:two mc:sameOccasionAs move:one", "move:one mc:sameOccasionAs move:two"])
def test_preferred_reading_of_one_occasion(link: str) -> None:
    """Of two readings only the preferred one counts, whichever way they are joined."""
    unlinked = OTHER.replace("; mc:sameOccasionAs move:one ", "")
    assert derived(MOVE + HELD + unlinked.replace("mc:Normal", "mc:Preferred") + f"{link} . ") == {
        ("movedTo", "other"),
        ("worksFor", "other"),
    }


def test_preferred_reading_counts_along_a_chain() -> None:
    """Readings joined through a third one are of one occasion too."""
    chain = "move:three a mc:Move ; mc:sameOccasionAs move:one . "
    far = OTHER.replace("mc:sameOccasionAs move:one", "mc:sameOccasionAs move:three").replace("Normal", "Preferred")
    assert derived(MOVE + HELD + chain + far) == {("movedTo", "other"), ("worksFor", "other")}


def test_groups_get_no_facts() -> None:
    """The direct facts are of persons, not of groups of them."""
    assert derived((MOVE + HELD).replace("mc:Person", "mc:Group")) == set()


def test_move_makes_a_former_employer() -> None:
    """What a move leaves is a former employer."""
    left = MOVE.replace("mc:to organisation:new", "mc:to organisation:new ; mc:from organisation:old")
    assert derived(left + HELD) == {("movedTo", "new"), ("worksFor", "new"), ("workedFor", "old")}


def test_present_and_former_posts() -> None:
    """A post that is held gives a present employer, one that was held a former one."""
    assert derived(POST + "mc:tenure mc:Current . " + KEPT) == {("worksFor", "new")}
    assert derived(POST + "mc:tenure mc:Former . " + KEPT) == {("workedFor", "new")}


def test_superseded_post_is_former() -> None:
    """A post that a later record supersedes is no present one any more."""
    later = "employment:two mc:supersedes employment:one . " + KEPT.replace("kept", "later").replace(":one", ":two")
    assert derived(POST + "mc:tenure mc:Current . " + KEPT + later) == {("workedFor", "new")}


def test_founder() -> None:
    """Each founder of a held founding gets the fact."""
    founding = "person:ada a mc:Person . person:bob a mc:Person . founding:one a mc:Founding ; "
    founding += "mc:founder person:ada , person:bob ; mc:organisation organisation:new . "
    assert derived(founding + HELD.replace("move:one", "founding:one")) == {("founded", "new")}


def test_facts_of_our_own_graph(composition: Composition) -> None:
    """The direct facts of the whole graph are those that the rule gives when applied to the articles by hand."""
    rows = [tuple(row) for row in csv.reader(EXPECTED.read_text("utf-8").splitlines())]
    found = {
        (
            str(q.subject.value).rpartition("/")[2],
            q.predicate.value.removeprefix(str(MC)),
            str(q.object.value).rpartition("/")[2],
        )
        for q in composition.derived
        if q.predicate.value.removeprefix(str(MC)) in DERIVED
    }
    assert rows[0] == ("person", "property", "organisation")
    assert sorted(found) == sorted(rows[1:])
