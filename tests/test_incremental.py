"""The check of a change finds what a full run finds, and looks at nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from generated import PREFIXES, VOCABULARY, shapes, statement, statements
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repositories import git

from kg.check.change import check_change
from kg.check.finding import Report
from kg.check.run import Request, check
from kg.errors import InputError

LOOSE = settings(deadline=None, suppress_health_check=list(HealthCheck))
FILES = 3


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the indexes of bases in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def said(report: Report, folder: Path) -> set[tuple[object, ...]]:
    """Return the findings on the data, by file name inside `folder`, with their places."""
    return {
        (Path(each.source).name, each.rule, each.sentence, each.level, each.focus, each.span)
        for each in report.findings
        if Path(each.source).parent == folder
    }


def placeless(findings: set[tuple[object, ...]]) -> set[tuple[object, ...]]:
    """Return findings without file and place: a statement moved to another file is no change of the graph."""
    return {each[1:-1] for each in findings}


Graph = list[list[str]]
graphs = st.lists(statements, min_size=FILES, max_size=FILES)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Graph, Graph]:
    """Return a graph of some files before and after: statements added, taken away, moved, a file gone or new."""
    before = draw(graphs)
    after = [list(file) for file in before]
    for _ in range(draw(st.integers(1, 3))):
        file = after[draw(st.integers(0, FILES - 1))]
        if file and draw(st.booleans()):
            taken = file.pop(draw(st.integers(0, len(file) - 1)))
            if draw(st.booleans()):
                after[draw(st.integers(0, FILES - 1))].append(taken)
        else:
            file.append(draw(statement))
    return before, after


def write(folder: Path, graph: Graph) -> Path:
    """Write the graph's files, an empty one not at all."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    (folder / "always.ttl").write_text(PREFIXES, encoding="utf-8")
    for number, file in enumerate(graph):
        if file:
            (folder / f"{number}.ttl").write_text(PREFIXES + "\n".join(file), encoding="utf-8")
    return folder


def compare(tmp_path: Path, shapes_text: str, change: tuple[Graph, Graph]) -> None:
    """Assert that the check of the change says nothing that a full run does not, and all that a full run says anew."""
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes_text, encoding="utf-8")
    (tmp_path / "vocabulary.ttl").write_text(VOCABULARY, encoding="utf-8")
    before, after = write(tmp_path / "before", change[0]), write(tmp_path / "after", change[1])
    request = Request([after], shapes=[tmp_path / "shapes.ttl"], ontology=[tmp_path / "vocabulary.ttl"])
    try:
        was = said(check(replace(request, files=[before])), before)
        full = said(check(request), after)
    except InputError:  # pySHACL gives up on these shapes
        return
    found = said(check_change(request, str(before)), after)
    assert found <= full
    assert placeless(full) - placeless(found) <= placeless(was)
    if not was:
        assert found == full


@settings(LOOSE, max_examples=30)
@given(shapes, changes())
def test_a_change_is_judged_as_in_a_full_run(
    tmp_path_factory: pytest.TempPathFactory, shapes_text: str, change: tuple[Graph, Graph]
) -> None:
    """No finding is missed and none is extra, for random shapes, graphs and changes."""
    compare(tmp_path_factory.mktemp("change"), shapes_text, change)


@pytest.mark.soak
@settings(LOOSE, max_examples=1_200)
@given(shapes, changes())
def test_many_changes(tmp_path_factory: pytest.TempPathFactory, shapes_text: str, change: tuple[Graph, Graph]) -> None:
    """The same for well over a thousand changes."""
    compare(tmp_path_factory.mktemp("change"), shapes_text, change)


GOOD = Path(__file__).parent / "data" / "good"


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace `old` by `new` in one file."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def copies(tmp_path: Path) -> tuple[Path, Path]:
    """Return two copies of our good graph."""
    both = tmp_path / "before", tmp_path / "after"
    for folder in both:
        folder.mkdir()
        for path in GOOD.glob("*.ttl"):
            (folder / path.name).write_bytes(path.read_bytes())
    return both


HOUSE = [
    # A thing goes: who refers to it from another file dangles.
    ("things.ttl", "\nperson:jan-leike\n", "\nperson:jan-leik\n"),
    # A claim asserts another record: its old one, in another file, has no claim any more.
    (
        "claims.ttl",
        "    mc:asserts move:jan-leike-openai-anthropic ;",
        "    mc:asserts move:jan-leike-openai-nowhere ;",
    ),
    # A class changes: who uses the thing from other files clashes.
    ("things.ttl", "organisation:openai\n    a mc:Organisation ;", "organisation:openai\n    a mc:Person ;"),
]


@pytest.mark.parametrize(("name", "old", "new"), HOUSE)
def test_house_rules_reach_other_files(tmp_path: Path, name: str, old: str, new: str) -> None:
    """What a change in one file breaks in others is found there, as in a full run."""
    before, after = copies(tmp_path)
    edit(after, name, old, new)
    request = Request([after], context=[])
    full = said(check(request), after)
    assert any(each[0] != name for each in full), "the change breaks something in another file"
    assert said(check_change(request, str(before)), after) == full


def test_a_git_revision_is_a_base(tmp_path: Path) -> None:
    """A branch, with a changed, a new and a removed file, is judged against the commit that it left."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    text = (Path(__file__).parent / "data" / "skos" / "good.ttl").read_text(encoding="utf-8")
    shapes_path = folder / "shapes.ttl"
    shapes_path.write_bytes((Path(__file__).parent / "data" / "skos" / "shapes.ttl").read_bytes())
    data = folder / "data"
    data.mkdir()
    (data / "trees.ttl").write_text(text, encoding="utf-8")
    (data / "more.ttl").write_text("<x:a> <x:b> <x:c> .", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "The trees")
    (data / "trees.ttl").write_text(text.replace('"oak"@en', '"oak"@de'), encoding="utf-8")
    (data / "more.ttl").unlink()
    (data / "new.ttl").write_text("<x:s> a <http://www.w3.org/2004/02/skos/core#ConceptScheme> .", encoding="utf-8")
    request = Request([data], shapes=[shapes_path])
    found = check_change(request, "HEAD")
    assert said(found, data) == said(check(request), data)
    assert {Path(each.source).name for each in found.findings} == {"trees.ttl", "new.ttl"}
    assert "in 3 files" in found.scope
    shapes_path.write_text(shapes_path.read_text(encoding="utf-8") + "# a remark", encoding="utf-8")
    assert "The whole was judged" in check_change(request, "HEAD").scope


def test_nothing_changed(tmp_path: Path) -> None:
    """No difference, no findings; the second time the base comes from the cache."""
    before, after = copies(tmp_path)
    for _ in range(2):
        report = check_change(Request([after], context=[]), str(before))
        assert [each for each in report.findings if each.level != "note"] == []
        assert "a change of 0 statements" in report.scope


def test_a_base_that_is_none(tmp_path: Path) -> None:
    """A name that is neither a path nor a revision is refused, and so is one that looks like an option."""
    with pytest.raises(InputError, match="neither a path nor a revision"):
        check_change(Request([GOOD]), "no-such-thing")
    with pytest.raises(InputError, match="no revision"):
        check_change(Request([GOOD]), "--output=x")


PREFIXED = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"


def drop_a_term(folder: Path) -> None:
    """Take a file of the vocabulary away, with a term that the data uses."""
    (folder / "words" / "more.ttl").unlink()


def add_a_shape(folder: Path) -> None:
    """Add a file of shapes that git does not know, which the data breaks."""
    text = (
        f"{PREFIXED}<x:T> a sh:NodeShape ; sh:targetClass <x:v#C> ; sh:property [ sh:path <x:v#q> ; sh:minCount 2 ] ."
    )
    (folder / "shapes" / "more.ttl").write_text(text, encoding="utf-8")


def change_what_is_referred_to(folder: Path) -> None:
    """Take the class of a node away that the data refers to."""
    (folder / "context" / "d.ttl").write_text("<x:d> <x:v#q> 1 .", encoding="utf-8")


def drop_what_is_referred_to(folder: Path) -> None:
    """Take the file away that says what the data refers to."""
    (folder / "context" / "d.ttl").unlink()


@pytest.mark.parametrize(
    "change",
    [drop_a_term, add_a_shape, change_what_is_referred_to, drop_what_is_referred_to],
    ids=lambda each: each.__name__,
)
def test_what_the_files_are_judged_by_changes(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """A change beside the files brings findings in them, and those are told though no file of theirs changed."""
    made = {
        "words/v.ttl": f"{PREFIXED}<x:v#C> a owl:Class . <x:v#D> a owl:Class . <x:v#p> a owl:ObjectProperty .",
        "words/more.ttl": f"{PREFIXED}<x:v#q> a owl:DatatypeProperty .",
        "shapes/s.ttl": f"{PREFIXED}<x:S> a sh:NodeShape ; sh:targetClass <x:v#C> ; sh:property <x:P> .\n"
        "<x:P> sh:path <x:v#p> ; sh:class <x:v#D> .",
        "context/d.ttl": "<x:d> a <x:v#D> .",
        "context/other.ttl": "<x:e> a <x:v#D> .",
        "data/a.ttl": "<x:s> a <x:v#C> ; <x:v#p> <x:d> ; <x:v#q> 1 .",
    }
    for name, text in made.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "All of it")
    data = tmp_path / "data"
    request = Request([data], [tmp_path / "shapes"], [tmp_path / "words"], [tmp_path / "context"])
    assert "a change of 0 statements" in check_change(request, "HEAD").scope
    change(tmp_path)
    full = said(check(request), data)
    assert any(each[3] == "error" for each in full), "the change breaks something"
    found = check_change(request, "HEAD")
    assert said(found, data) == full
    assert "The whole was judged" in found.scope
