"""The derived facts: one rule of ranks, the same in every `derive` query, on small graphs and on the whole one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from kg.names import MC, prefixes
from kg.publish.compose import Composition, derive

QUERIES = Path(__file__).parent.parent / "kg" / "queries"
EXPECTED = Path(__file__).parent / "data" / "derived.csv"
PREFIXES = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in prefixes().items())
DERIVED = ("founded", "movedTo", "workedFor", "worksFor")

MOVE = "person:ada a mc:Person . move:one a mc:Move ; mc:person person:ada ; mc:to organisation:new . "
HELD = "claim:held mc:asserts move:one ; mc:stance mc:Affirms ; mc:certainty mc:Reported ; mc:rank mc:Normal . "
DENIED = "claim:denied mc:asserts move:one ; mc:stance mc:Denies ; mc:certainty mc:OnRecord ; mc:rank mc:Normal . "
OTHER = (
    "move:two a mc:Move ; mc:person person:ada ; mc:to organisation:other ; mc:sameOccasionAs move:one . "
    "claim:other mc:asserts move:two ; mc:stance mc:Affirms ; mc:certainty mc:Reported ; mc:rank mc:Normal . "
)
POST = (
    "person:ada a mc:Person . employment:one a mc:Employment ; mc:person person:ada ; mc:employer organisation:new ; "
)
KEPT = "claim:kept mc:asserts employment:one ; mc:stance mc:Affirms ; mc:certainty mc:Reported ; mc:rank mc:Normal . "


def derived(turtle: str) -> set[tuple[str, str]]:
    """Return the derived facts of `turtle` as (property, organisation's slug)."""
    store = Store()
    store.load(f"{PREFIXES}{turtle}".encode(), RdfFormat.TURTLE)
    triples = derive(store, QUERIES)
    return {(t.predicate.value.removeprefix(str(MC)), str(t.object.value).rpartition("/")[2]) for t in triples}


def test_rule_is_the_same_everywhere() -> None:
    """From the words “rule of ranks” on, all derive queries for facts are the same text."""
    queries = {path.stem: path.read_text("utf-8") for path in (QUERIES / "derive").glob("*.rq")}
    del queries["article"]  # no fact of the market
    rules = {text.partition("The rule of ranks")[2] for text in queries.values()}
    assert len(rules) == 1
    assert rules != {""}


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
    assert derived(MOVE + HELD) == {("movedTo", "new")}


@pytest.mark.parametrize("certainty", ["Conditional", "Alleged", "Implied"])
def test_unsure_claim_does_not_count(certainty: str) -> None:
    """A claim in the conditional, an allegation and an implication give no fact."""
    assert derived(MOVE + HELD.replace("Reported", certainty)) == set()


def test_claim_on_record_counts() -> None:
    """A claimant's own word gives its fact as well as an article's."""
    assert derived(MOVE + HELD.replace("Reported", "OnRecord")) == {("movedTo", "new")}


def test_deprecated_claim_does_not_count() -> None:
    """A deprecated claim gives no fact."""
    assert derived(MOVE + HELD.replace("Normal", "Deprecated")) == set()


def test_denial_of_equal_rank_undoes() -> None:
    """A record that is affirmed and denied with equal rank gives no fact."""
    assert derived(MOVE + HELD + DENIED) == set()


def test_denial_of_lower_rank_does_not_undo() -> None:
    """A preferred claim outranks a normal denial, and a normal one a deprecated denial."""
    assert derived(MOVE + HELD.replace("Normal", "Preferred") + DENIED) == {("movedTo", "new")}
    assert derived(MOVE + HELD + DENIED.replace("Normal", "Deprecated")) == {("movedTo", "new")}


def test_denial_of_highest_rank_undoes() -> None:
    """A preferred denial undoes even a preferred claim."""
    both = HELD.replace("Normal", "Preferred") + DENIED.replace("Normal", "Preferred")
    assert derived(MOVE + both) == set()


def test_readings_of_one_occasion_without_preference() -> None:
    """Of two readings with none preferred, both count."""
    assert derived(MOVE + HELD + OTHER) == {("movedTo", "new"), ("movedTo", "other")}


@pytest.mark.parametrize("link", ["move:two mc:sameOccasionAs move:one", "move:one mc:sameOccasionAs move:two"])
def test_preferred_reading_of_one_occasion(link: str) -> None:
    """Of two readings only the preferred one counts, whichever way they are joined."""
    unlinked = OTHER.replace("; mc:sameOccasionAs move:one ", "")
    assert derived(MOVE + HELD + unlinked.replace("mc:Normal", "mc:Preferred") + f"{link} . ") == {("movedTo", "other")}


def test_preferred_reading_counts_along_a_chain() -> None:
    """Readings joined through a third one are of one occasion too."""
    chain = "move:three a mc:Move ; mc:sameOccasionAs move:one . "
    far = OTHER.replace("mc:sameOccasionAs move:one", "mc:sameOccasionAs move:three").replace("Normal", "Preferred")
    assert derived(MOVE + HELD + chain + far) == {("movedTo", "other")}


def test_groups_get_no_facts() -> None:
    """The direct facts are of persons, not of groups of them."""
    assert derived((MOVE + HELD).replace("mc:Person", "mc:Group")) == set()


def test_move_makes_a_former_employer() -> None:
    """What a move leaves is a former employer."""
    left = MOVE.replace("mc:to organisation:new", "mc:to organisation:new ; mc:from organisation:old")
    assert derived(left + HELD) == {("movedTo", "new"), ("workedFor", "old")}


def test_present_and_former_posts() -> None:
    """A post that is held gives a present employer, one that was held a former one."""
    assert derived(POST + "mc:tenure mc:Current . " + KEPT) == {("worksFor", "new")}
    assert derived(POST + "mc:tenure mc:Former . " + KEPT) == {("workedFor", "new")}


def test_superseded_post_is_former() -> None:
    """A post that a later record supersedes is no present one any more."""
    later = "employment:two mc:supersedes employment:one . "
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
