"""Articles and passages: what is proved, what is found out, what a row of the second reading asks for."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from kg.check.passages import coverage, locate, locate_in, texts, verify
from kg.check.run import Request, check_text, setup
from kg.errors import InputError, NameUnknownError
from kg.names import MC, VOCABULARIES, prefixes
from kg.publish.compose import Sources, read_curated
from kg.turtle.house import claim, without_derived
from kg.turtle.writer import turtle

TEXT = "Zoé rejoint l’équipe. Zoé part."
ID = "https://example.org/id/"


def data(sha: str | None = None, start: int = 0, end: int = 3, source: str = "a") -> list[Quad]:
    """Return a graph of one article, one passage `start` to `end` and one claim of a move on it."""
    sha = sha or hashlib.sha256(TEXT[start:end].encode()).hexdigest()
    article_sha = hashlib.sha256(TEXT.encode()).hexdigest()
    turtle = f"""
    @prefix mc: <{MC}> . @prefix oa: <{VOCABULARIES["oa"]}> . @prefix id: <{ID}> .
    id:a a mc:Article ; mc:file "story" ; mc:sha256 "{article_sha}" .
    id:p a mc:Passage ; oa:hasSource id:{source} ; oa:start {start} ; oa:end {end} ; mc:sha256 "{sha}" .
    id:c a mc:Claim ; mc:passage id:p ; mc:asserts id:m .
    id:m a mc:Move .
    """
    return list(parse(turtle, RdfFormat.TURTLE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the one text."""
    (tmp_path / "story.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def test_right_passage_is_proved(folder: Path) -> None:
    """A passage whose hash is that of its characters is proved; characters are counted, not bytes."""
    result = verify(data(start=4, end=11), folder)
    assert (result.articles, result.passages, result.proved, result.claims, result.faults) == (1, 1, 1, 1, [])


@pytest.mark.parametrize(
    ("quads", "words"),
    [
        (data(sha="0" * 64), "not the stated one"),
        (data(start=3, end=3), "not inside the text"),
        (data(start=0, end=len(TEXT) + 1), "not inside the text"),
        (data(source="elsewhere"), "no article"),
    ],
)
def test_wrong_passage_is_named(folder: Path, quads: list[Quad], words: str) -> None:
    """A hash that fails, offsets outside the text and a source that is no article are faults of the passage."""
    faults = verify(quads, folder).faults
    assert [fault.node for fault in faults] == [ID + "p"]
    assert words in faults[0].sentence


def test_changed_article_is_named(folder: Path) -> None:
    """A text of other bytes is a fault of the article."""
    (folder / "story.txt").write_text(TEXT + " ", encoding="utf-8")
    assert [fault.node for fault in verify(data(), folder).faults] == [ID + "a"]


def test_missing_article_is_named_once(folder: Path) -> None:
    """Where a text is missing its article is one fault, and its passages are simply not proved."""
    (folder / "story.txt").rename(folder / "other.txt")
    result = verify(data(), folder)
    assert [fault.node for fault in result.faults] == [ID + "a"]
    assert result.proved == 0


def test_locate_finds_every_place() -> None:
    """Each occurrence has its offsets and the hash of the words; no words, no places."""
    places = locate(TEXT, "Zoé")
    assert [(place.start, place.end) for place in places] == [(0, 3), (22, 25)]
    assert {place.sha256 for place in places} == {hashlib.sha256("Zoé".encode()).hexdigest()}
    assert locate(TEXT, "") == []


def test_claim_on_a_place_is_whole(shared: Path) -> None:
    """The claim to paste passes the check as it is, proved against the text, and is formatted."""
    article = "001_89f96950ede5eb55"
    (place,) = locate_in(shared / "seeds" / f"{article}.txt", "Jan Leike")
    pasted = claim("move:jan-leike-openai-anthropic", article, place.start, place.end, place.sha256)
    text = "".join(f"@prefix {name}: <{space}> .\n" for name, space in prefixes().items()) + pasted
    judges = setup(Request([], context=[Path(__file__).parent / "data" / "good"], texts=shared / "seeds"), [])
    assert [each for each in check_text(text.encode(), "claim.ttl", judges).findings if each.level != "note"] == []
    assert turtle((quad.triple for quad in parse(text, RdfFormat.TURTLE)), prefixes()).partition("\n\n")[2] == pasted


def test_claim_on_what_is_no_record() -> None:
    """A record without its kind is refused with what to give."""
    with pytest.raises(NameUnknownError, match="give a kind and a name"):
        claim("jan-leike", "story", 0, 3, "0" * 64)


def test_derived_articles_are_left_out() -> None:
    """The article of a claim that is its passage's source goes; one that is not stays, for the check to report."""
    before = [
        quad.triple
        for quad in parse(
            f"@prefix mc: <{MC}> . @prefix oa: <{VOCABULARIES['oa']}> . @prefix id: <{ID}> ."
            "id:c mc:passage id:p ; mc:article id:a , id:b . id:p oa:hasSource id:a . id:d mc:article id:a .",
            RdfFormat.TURTLE,
        )
    ]
    left = {(each.subject.value, each.object.value) for each in set(before) - set(without_derived(before))}  # type: ignore[union-attr]
    assert left == {(ID + "c", ID + "a")}


def test_words_that_are_not_there(folder: Path) -> None:
    """Words that the article does not hold are refused with what to do."""
    with pytest.raises(NameUnknownError, match="copy them"):
        locate_in(folder / "story.txt", "Zoe")


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_folder_without_texts(tmp_path: Path, name: str) -> None:
    """A folder that is not there, or holds no text, is refused."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="give the folder"):
        texts(tmp_path / name)


@pytest.mark.parametrize(
    ("row", "covered"),
    [("1\t3\tMove", True), ("1\t4\tMove", False), ("1\t3\tFounding", False)],
)
def test_coverage_asks_for_place_and_kind(folder: Path, row: str, covered: bool) -> None:
    """A row is covered by a claim of the same kind whose passage holds all its characters, and by no other."""
    (folder / "story.tsv").write_text(f"start\tend\tkind\n{row}\n", encoding="utf-8")
    (reading,) = coverage(data(), folder)
    assert (reading.article, reading.wanted, not reading.missing) == ("story", 1, covered)


def test_coverage_names_a_broken_row(folder: Path) -> None:
    """A row that is none is refused with its line."""
    (folder / "story.tsv").write_text("start\tend\tkind\n1\tx\tMove\n", encoding="utf-8")
    with pytest.raises(InputError, match="tabs between") as caught:
        coverage(data(), folder)
    assert caught.value.line == 2


def test_our_own_passages_are_proved(project: Sources, shared: Path) -> None:
    """Every passage of Mercato's own claims is proved against the articles, and every claim has one."""
    curated = read_curated(project)
    result = verify(curated, shared / "seeds")
    assert result.faults == []
    assert result.articles == len(list((shared / "seeds").glob("*.txt")))
    assert result.proved == result.passages > 0
    claims = {q.subject for q in curated if q.object == NamedNode(str(MC) + "Claim")}
    backed = {q.subject for q in curated if q.predicate == NamedNode(str(MC) + "passage")}
    assert claims == backed


def test_second_reading_is_covered(project: Sources) -> None:
    """Every place that the second reading asks for has a claim of its kind, in every article."""
    curated = read_curated(project)
    readings = coverage(curated, project.data / "coverage")
    files = [q.object for q in curated if q.predicate == NamedNode(str(MC) + "file")]
    articles = {file.value for file in files if isinstance(file, Literal)}
    assert {reading.article for reading in readings} == articles
    assert all(reading.wanted for reading in readings)
    assert {reading.article: reading.missing for reading in readings if reading.missing} == {}


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table with tabs, by the names in its first line."""
    return list(csv.DictReader(path.read_text("utf-8").splitlines(), delimiter="\t"))


def test_what_the_second_reading_left_has_a_reason(project: Sources, shared: Path) -> None:
    """A place left out, or kept under another kind, lies in its article, has a reason, and is not listed otherwise."""
    folder = project.data / "coverage"
    listed = {
        (path.stem, row["start"], row["end"], row["kind"]) for path in folder.glob("[0-9]*.tsv") for row in table(path)
    }
    left, other = table(folder / "left-out.tsv"), table(folder / "other-kind.tsv")
    assert left
    assert other
    for row in left + other:
        text = (shared / "seeds" / f"{row['article']}.txt").read_bytes().decode()
        assert 0 <= int(row["start"]) < int(row["end"]) <= len(text)
        assert row["reason"].endswith(".")
    places = {place[:3] for place in listed}
    assert not places & {(row["article"], row["start"], row["end"]) for row in left}
    assert all((row["article"], row["start"], row["end"], row["kept"]) in listed for row in other)
    assert all(row["read"] != row["kept"] for row in other)


def test_articles_are_not_copied(project: Sources, shared: Path) -> None:
    """No literal but a printed title, which is a fact, holds a run of twelve words of an article."""
    words = [path.read_text(encoding="utf-8").split() for path in sorted((shared / "seeds").glob("*.txt"))]
    runs = {" ".join(text[i : i + 12]) for text in words for i in range(len(text) - 11)}
    copied = []
    for quad in read_curated(project):
        if quad.predicate == NamedNode(str(MC) + "headline"):
            continue
        told = quad.object.value.split() if quad.object.__class__.__name__ == "Literal" else []
        if any(" ".join(told[i : i + 12]) in runs for i in range(len(told) - 11)):
            copied.append(str(quad.subject))
    assert copied == []
