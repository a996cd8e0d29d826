"""Passages judged against the texts: each fault at the token to mend."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kg.check.run import Request, check
from kg.names import MC, VOCABULARIES

TEXT = "Zoé rejoint l’équipe."
SHA = hashlib.sha256(TEXT[:3].encode()).hexdigest()
DATA = """@prefix mc: <{mc}> . @prefix oa: <{oa}> . @prefix x: <https://example.org/> .
x:a a mc:Article ; mc:file "{file}" ; mc:sha256 "{article}" .
x:p a mc:Passage ;
  oa:hasSource {source} ;
  oa:start {start} ;
  oa:end 3 ;
  mc:sha256 "{sha}" .
"""
GOOD = {
    "mc": str(MC),
    "oa": VOCABULARIES["oa"],
    "file": "story",
    "article": hashlib.sha256(TEXT.encode()).hexdigest(),
    "source": "x:a",
    "start": "0",
    "sha": SHA,
}
SHAPE = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> . <https://example.org/s> a sh:NodeShape ; sh:targetClass <{mc}Entity> ."
)


def found(folder: Path, **changed: str) -> list[tuple[str, int, int]]:
    """Return rule, line and column of each finding about evidence in the data with `changed` parts."""
    for name, text in (
        ("texts/story.txt", TEXT),
        ("data.ttl", DATA.format(**{**GOOD, **changed})),
        ("shapes.ttl", SHAPE.format(**GOOD)),
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    report = check(Request([folder / "data.ttl"], [folder / "shapes.ttl"], texts=folder / "texts"))
    rules = ("passage-", "article-")
    return [(each.rule, each.span.line, each.span.column) for each in report.findings if each.rule.startswith(rules)]


def test_what_is_proved_is_no_finding(tmp_path: Path) -> None:
    """A passage with the right offsets and hash of an article with the right hash is no finding."""
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"sha": "0" * 64}, ("passage-hash", 7, 13)),
        ({"start": "3"}, ("passage-offsets", 5, 12)),
        ({"source": "x:elsewhere"}, ("passage-source", 4, 16)),
        ({"file": "other"}, ("article-text", 2, 28)),
        ({"article": "0" * 64}, ("passage-hash", 2, 48)),
    ],
)
def test_a_fault_stands_at_its_token(tmp_path: Path, changed: dict[str, str], expected: tuple[str, int, int]) -> None:
    """A wrong hash, offset, source or file name is one finding at the object that is wrong."""
    assert found(tmp_path, **changed) == [expected]
