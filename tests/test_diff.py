"""What a change does, in terms of the graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.commands.comparing import diff_command
from kg.errors import InputError
from kg.publish import diff

ROOT = Path(__file__).parent.parent
GOOD = ROOT / "tests" / "data" / "good"
PREFIXES = """@prefix mc: <https://w3id.org/mercato/ontology#> .
@prefix move: <https://w3id.org/mercato/id/move/> .
@prefix person: <https://w3id.org/mercato/id/person/> .
@prefix organisation: <https://w3id.org/mercato/id/organisation/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def files(tmp_path: Path, old: str, new: str) -> tuple[Path, Path]:
    """Return two files with the texts."""
    paths = tmp_path / "old.ttl", tmp_path / "new.ttl"
    for path, text in zip(paths, (old, new), strict=True):
        path.write_text(PREFIXES + text, encoding="utf-8")
    return paths


def test_order_and_names_of_blank_nodes_are_no_difference(tmp_path: Path) -> None:
    """The same statements in another order, with other prefixes and other blank nodes, are the same graph."""
    old, new = files(
        tmp_path,
        "person:a rdfs:label 'A' ; mc:about [ mc:name 'x' ; mc:about _:b ] . _:b mc:name 'y' . _:c mc:name 'y' .",
        "@prefix p: <https://w3id.org/mercato/id/person/> . _:k mc:name 'y' . [] mc:name 'y' .\n"
        "_:z mc:about _:k ; mc:name 'x' . p:a mc:about _:z ; rdfs:label 'A' .",
    )
    assert diff.compare(old, new).empty
    assert diff.text(diff.compare(old, new)) == "No difference.\n"


def test_nodes_added_changed_withdrawn(tmp_path: Path) -> None:
    """Each node that differs is told with its class, its label and its lines, and counted by class."""
    old, new = files(
        tmp_path,
        "person:a a mc:Person ; rdfs:label 'Ann'@en . move:a a mc:Move ; mc:person person:a ; mc:to organisation:x .\n"
        "move:b a mc:Move ; mc:person person:a .",
        "person:a a mc:Person ; rdfs:label 'Ann'@en . move:a a mc:Move ; mc:person person:a ; mc:to organisation:y .\n"
        "person:c a mc:Person ; rdfs:label 'Carl'@fr, 'Charles'@en .",
    )
    found = diff.compare(old, new)
    assert [(node.name, node.kind, node.label) for node in found.nodes["added"]] == [
        ("person:c", "mc:Person", "Charles")
    ]
    assert [(node.name, node.gone, node.new) for node in found.nodes["changed"]] == [
        ("move:a", ("mc:to organisation:x",), ("mc:to organisation:y",))
    ]
    assert [node.name for node in found.nodes["withdrawn"]] == ["move:b"]
    assert "mc:Move: 1 changed, 1 withdrawn" in diff.text(found)
    assert "| mc:Person | 1 | 0 | 0 |" in diff.markdown(found)
    told = json.loads(diff.as_json(found))
    assert told["counts"]["mc:Move"] == {"added": 0, "changed": 1, "withdrawn": 1}
    assert told["changed"][0]["new"] == ["mc:to organisation:y"]


def test_answers_that_change(tmp_path: Path) -> None:
    """A person who goes elsewhere changes the answers of the questions about moves, derived facts included."""
    folder = tmp_path / "new"
    folder.mkdir()
    for path in GOOD.glob("*.ttl"):
        text = path.read_text(encoding="utf-8")
        if path.name == "records.ttl":
            parts = text.split("\nmove:jan-leike-openai-anthropic\n")
            assert len(parts) == 2
            parts[1] = parts[1].replace("mc:to organisation:anthropic ;", "mc:to organisation:meta ;", 1)
            text = "\nmove:jan-leike-openai-anthropic\n".join(parts)
        (folder / path.name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(diff_command, [str(GOOD), str(folder), "--format", "json"], standalone_mode=False)
    assert result.return_value == 0
    told = json.loads(result.output)
    assert [node["name"] for node in told["changed"]] == ["move:jan-leike-openai-anthropic"]
    assert any(
        any("jan-leike" in row.lower() or "Jan Leike" in row for row in answer["new"] + answer["gone"])
        for answer in told["answers"]
    )


def test_input_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and one that is no Turtle are refused in a sentence."""
    with pytest.raises(InputError, match="no such file"):
        diff.compare(tmp_path / "nowhere.ttl", GOOD)
    (tmp_path / "x.ttl").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.ttl:1:1"):
        diff.compare(tmp_path / "x.ttl", GOOD)


def test_blank_nodes_that_stay_are_no_change(tmp_path: Path) -> None:
    """Blank nodes added beside others do not change those, nor whoever speaks of them."""
    kept = (
        "person:a mc:about [ mc:name 'x' ; mc:about [ mc:name 'y' ] ] . person:b mc:about [ mc:name 'x' ] .\n"
        "person:c mc:about [ mc:name 'x' ] . person:d mc:about ( 1 [ mc:name 'z' ] ) . [] mc:name 'w' .\n"
    )
    old, new = files(tmp_path, kept, "[] mc:name 'a' . [] mc:name 'b' ; mc:about [ mc:name 'c' ] .\n" + kept)
    found = diff.compare(old, new)
    assert len(found.nodes["added"]) == 3
    assert {line for node in found.nodes["added"] for line in node.new} == {
        'mc:name "a"',
        'mc:name "b"',
        'mc:name "c"',
        "mc:about a node without a name",
    }
    assert not found.nodes["changed"]
    assert not found.nodes["withdrawn"]


def test_twins_and_circles_of_blank_nodes(tmp_path: Path) -> None:
    """Of blank nodes that say the same each counts, and those that speak of each other are told apart all the same."""
    circle = "_:a mc:about _:b . _:b mc:about _:a ; mc:name 'b' . "
    old, new = files(tmp_path, circle + "[] mc:name 'x' .", circle + "[] mc:name 'x' . [] mc:name 'x' .")
    found = diff.compare(old, new)
    assert [node.new for node in found.nodes["added"]] == [('mc:name "x"',)]
    assert not found.nodes["withdrawn"]


def test_circles_and_twins_that_are_equal(tmp_path: Path) -> None:
    """Blank nodes that names by what they say do not tell apart are no difference where the graphs are equal."""
    old, new = files(
        tmp_path,
        "_:a mc:about _:b . _:b mc:about _:c . _:c mc:about _:a . _:c mc:to _:x , _:y . _:x mc:to _:y .",
        "_:q mc:about _:o . _:o mc:about _:p . _:p mc:about _:q . _:q mc:to _:k , _:l . _:l mc:to _:k .",
    )
    assert diff.compare(old, new).empty
    twins = "_:a mc:to [ mc:to [] ] , [ mc:to [] ] . _:b mc:to [ mc:to [] ] ."
    old, new = files(
        tmp_path, twins, "_:z mc:to _:u . _:u mc:to [] . _:y mc:to _:v , _:w . _:v mc:to [] . _:w mc:to [] ."
    )
    assert diff.compare(old, new).empty
    old, new = files(tmp_path, twins, twins + " _:b mc:to _:a .")
    assert not diff.compare(old, new).empty


def test_a_long_list_of_blank_nodes(tmp_path: Path) -> None:
    """A list of thousands of blank nodes is compared, and its new end told."""
    items = " ".join(f"[ mc:name {number} ]" for number in range(3000))
    old, new = files(
        tmp_path,
        f"[] mc:to 1 . person:a mc:about [ mc:name 0 ; mc:to ( {items} ) ] .",
        f"person:a mc:about [ mc:name 0 ; mc:to ( {items} ) ] . [] mc:to 2 .",
    )
    found = diff.compare(old, new)
    assert [node.new for node in found.nodes["added"]] == [("mc:to 2",)]
    assert [node.gone for node in found.nodes["withdrawn"]] == [("mc:to 1",)]
    assert not found.nodes["changed"]
