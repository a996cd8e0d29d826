"""The house style of the vocabulary: shapes/ontology.ttl holds its rules, and each catches a file that breaks it."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyshacl
import pytest
from rdflib import RDF, SH, Graph, URIRef
from rdflib.namespace import DCTERMS, OWL
from rdflib.term import Literal, Node

from kg.files import turtle_files
from kg.names import VOCABULARIES

ROOT = Path(__file__).parent.parent
FIXTURES = sorted((ROOT / "tests" / "data" / "bad-ontology").glob("*.ttl"))
SHAPE = VOCABULARIES["shape"]
VOCABULARY = URIRef("https://w3id.org/mercato/ontology")
TARGETS = (SH.targetClass, SH.targetSubjectsOf)
PARAMETERS = (
    *("class", "datatype", "nodeKind", "minCount", "maxCount", "minLength", "maxLength", "pattern", "languageIn"),
    *("uniqueLang", "equals", "disjoint", "not", "and", "or", "xone", "node", "closed", "hasValue", "in", "sparql"),
    *("qualifiedMinCount", "qualifiedMaxCount", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive"),
)
RULE_SETS = re.compile("ROBOT|FIBO|OOPS!|FOOPS!|Brick|gist|SKOS|OWL 2 RL|Mercato")


class Breach(NamedTuple):
    """One result of pySHACL: the rule's name, the constraint's parameter, the node and the value."""

    rule: str
    parameter: str
    focus: Node
    value: Node | None


@cache
def rules() -> Graph:
    """Return the rules, with the prefixes that their queries use."""
    graph = Graph(bind_namespaces="none")
    for name in ("ontology.ttl", "header.ttl"):
        graph.parse(ROOT / "shapes" / name)
    return graph


@cache
def targeted() -> set[Node]:
    """Return the shapes that are rules, not parts of one."""
    return {shape for target in TARGETS for shape in rules().subjects(target, None)}


@cache
def vocabulary() -> Graph:
    """Return the vocabulary, its lists and alignments."""
    graph = Graph(bind_namespaces="none")
    for path in turtle_files(ROOT / "ontology"):
        graph.parse(path)
    return graph


def judge(data: Graph) -> list[Breach]:
    """Return pySHACL's results on `data`."""
    _, report, _ = pyshacl.validate(data, shacl_graph=Graph() + rules(), inplace=True)
    assert isinstance(report, Graph)
    found = []
    for result in report.subjects(RDF.type, SH.ValidationResult):
        component = str(report.value(result, SH.sourceConstraintComponent)).removeprefix(str(SH))
        name = component.removesuffix("ConstraintComponent")
        focus = report.value(result, SH.focusNode)
        assert focus is not None
        rule = str(report.value(result, SH.sourceShape)).removeprefix(SHAPE)
        parameter = "sparql" if name == "SPARQL" else name[:1].lower() + name[1:]
        found.append(Breach(rule, parameter, focus, report.value(result, SH.value)))
    return found


def rule_of(path: Path) -> str:
    """Return the rule that the file says it breaks."""
    match = re.match(r"# breaks: (\S+)\n", path.read_text(encoding="utf-8"))
    assert match, f"{path.name} has no header"
    return match[1]


@pytest.fixture(scope="module")
def breaches() -> dict[str, set[Breach]]:
    """Return the breaches of each bad file, all judged in one run: their terms are apart from one another's."""
    data, home = Graph() + vocabulary(), {}
    for path in FIXTURES:
        bad = Graph(bind_namespaces="none").parse(path)
        for node in set(bad.subjects()):
            assert node not in home, f"{path.name} and {home[node]} both describe {node}"
            assert (node, None, None) not in vocabulary(), f"{path.name} describes {node} of the vocabulary"
            home[node] = path.name
        data += bad
    found = defaultdict(set)
    for breach in judge(data):
        # A rule that judges the vocabulary as a whole names the term as its value.
        node = breach.value if breach.focus == VOCABULARY else breach.focus
        found[home.get(node, "the vocabulary")].add(breach)  # type: ignore[arg-type]
    return dict(found)


def test_the_vocabulary_breaks_nothing() -> None:
    """The vocabulary, its lists and alignments keep every rule of the house."""
    assert judge(Graph() + vocabulary()) == []


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_bad_vocabulary_breaks_its_rule_alone(path: Path, breaches: dict[str, set[Breach]]) -> None:
    """A bad file breaks the rule that its header names, and no other."""
    assert {breach.rule for breach in breaches.get(path.name, set())} == {rule_of(path)}


def test_bad_files_break_nothing_of_the_vocabulary(breaches: dict[str, set[Breach]]) -> None:
    """No bad file makes a term of the vocabulary bad."""
    assert breaches.get("the vocabulary", set()) == set()


def test_every_constraint_is_broken_by_a_file(breaches: dict[str, set[Breach]]) -> None:
    """Each constraint of each rule is shown to catch something."""
    stated = {
        (str(shape).removeprefix(SHAPE), name)
        for name in PARAMETERS
        for shape in rules().subjects(SH[name], None)
        if shape in targeted()
    }
    assert stated - {(breach.rule, breach.parameter) for found in breaches.values() for breach in found} == set()


def test_every_rule_is_a_sentence_and_says_where_it_is_from() -> None:
    """A rule is a sentence in English and in French, and names the rule sets it stands for."""
    assert targeted()
    for shape in targeted():
        messages = list(rules().objects(shape, SH.message))
        sources = list(rules().objects(shape, SH.description))
        for texts in (messages, sources):
            assert sorted(str(text.language) for text in texts if isinstance(text, Literal)) == ["en", "fr"], shape
        assert all(re.fullmatch(r"\S.*\.", str(text)) for text in messages), shape
        assert all(RULE_SETS.search(str(text)) for text in sources), shape


@pytest.mark.soak
def test_rules_are_well_formed() -> None:
    """The rules conform to the shapes of SHACL itself."""
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=Graph() + rules(), meta_shacl=True)
    assert conforms, text


def test_versions_agree() -> None:
    """The vocabulary, its alignments and the shapes are of one version."""
    header = Graph().parse(ROOT / "shapes" / "header.ttl")
    versions = {str(version) for graph in (vocabulary(), header) for version in graph.objects(None, OWL.versionInfo)}
    assert len(versions) == 1
    licences = {each for graph in (vocabulary(), header) for each in graph.objects(None, DCTERMS.license)}
    assert len(licences) == 1
