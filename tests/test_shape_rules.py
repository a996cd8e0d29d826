"""What our shapes say: each constraint is broken by a file of its own, and good data breaks none.

pySHACL alone is the judge here; that `mercato check` finds the same, at the place that each file names, is tested
in test_fixtures.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyshacl
import pytest
from rdflib import RDF, RDFS, SH, Graph, URIRef
from rdflib.term import Node

from kg.files import turtle_files
from kg.names import KINDS, MC, VOCABULARIES, prefixes
from kg.publish.compose import Composition
from kg.turtle.terms import Converter

ROOT = Path(__file__).parent.parent
GOOD, BAD = ROOT / "tests" / "data" / "good", ROOT / "tests" / "data" / "bad"
DERIVED = ROOT / "shapes" / "derived.ttl"
SHAPE = VOCABULARIES["shape"]
HEADER = re.compile(r"# breaks: (?P<rule>\S+)\n# at: (\d+):(\d+)-(\d+):(\d+)\n")
# Parameters of the SHACL constraint components (SHACL, section 4) that a breach is reported under.
PARAMETERS = (
    *("class", "datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive", "maxExclusive"),
    *("maxInclusive", "minLength", "maxLength", "pattern", "languageIn", "uniqueLang", "equals", "disjoint"),
    *("lessThan", "lessThanOrEquals", "not", "and", "or", "xone", "node", "closed", "hasValue", "in", "sparql"),
    *("qualifiedMinCount", "qualifiedMaxCount"),
)


class Breach(NamedTuple):
    """One result of pySHACL: the shape's name, the constraint's parameter, the node and the value."""

    rule: str
    parameter: str
    focus: Node
    value: Node | None


def read(*places: Path) -> Graph:
    """Return one graph of the Turtle files at `places`."""
    graph = Graph(bind_namespaces="none")
    for place in places:
        for path in turtle_files(place) if place.is_dir() else [place]:
            graph.parse(path)
    return graph


def judge(data: Graph, shapes: Graph) -> list[Breach]:
    """Return pySHACL's results on `data`."""
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    assert isinstance(report, Graph)
    return [
        Breach(
            str(report.value(result, SH.sourceShape)).removeprefix(SHAPE),
            parameter(report.value(result, SH.sourceConstraintComponent)),
            report.value(result, SH.focusNode),  # type: ignore[arg-type]
            report.value(result, SH.value),
        )
        for result in report.subjects(RDF.type, SH.ValidationResult)
    ]


def parameter(component: Node | None) -> str:
    """Return `minCount` for sh:MinCountConstraintComponent."""
    name = str(component).removeprefix(str(SH)).removesuffix("ConstraintComponent")
    return "sparql" if name == "SPARQL" else name[:1].lower() + name[1:]


@cache
def shapes() -> Graph:
    """Return our shapes for data; those for the vocabulary itself are tested in test_ontology.py."""
    graph = Graph(bind_namespaces="none")
    for path in turtle_files(ROOT / "shapes"):
        if path.stem != "ontology":
            graph.parse(path)
    return graph


@cache
def rules() -> set[str]:
    """Return the names of the shapes that can be broken."""
    return {name for name, _ in constraints()}


@cache
def constraints() -> set[tuple[str, str]]:
    """Return every constraint as the name of its shape and its parameter.

    Those of parts.ttl are left out: other shapes use them in sh:or and sh:not, and report under their own name.
    """
    parts = {str(shape) for shape in read(ROOT / "shapes" / "parts.ttl").subjects()}
    return {
        (str(shape).removeprefix(SHAPE), name)
        for name in PARAMETERS
        for shape in shapes().subjects(SH[name], None)
        if str(shape) not in parts
    }


def rule_of(path: Path) -> str:
    """Return the rule that the file says it breaks, or nothing for one that is no text as it should be."""
    match = HEADER.match(path.read_bytes().decode("utf-8", "replace"))
    return match["rule"] if match else ""


FIXTURES = sorted(path for path in BAD.glob("*.ttl") if rule_of(path) in rules())


@pytest.fixture(scope="module")
def good() -> Graph:
    """Return the good graph with the vocabulary."""
    return read(ROOT / "ontology", GOOD)


@pytest.fixture(scope="module")
def breaches(good: Graph) -> dict[str, set[Breach]]:
    """Return the breaches of each bad file, all judged in one run: their nodes are apart from one another's."""
    data, home = Graph() + good, {}
    for path in FIXTURES:
        bad = read(path)
        for node in set(bad.subjects()):
            assert node not in home, f"{path.name} and {home[node]} both describe {node}"
            assert (node, None, None) not in good, f"{path.name} describes {node} of the good data"
            home[node] = path.name
        data += bad
    found = defaultdict(set)
    for breach in judge(data, shapes()):
        found[home.get(breach.focus, "the good data")].add(breach)
    return dict(found)


def test_the_good_graph_breaks_nothing(good: Graph) -> None:
    """The good graph conforms."""
    assert judge(Graph() + good, shapes()) == []


def test_the_published_graph_breaks_nothing(composition: Composition) -> None:
    """What Mercato publishes conforms, derived facts included, to all but what may not be written by hand."""
    published = Graph(bind_namespaces="none")
    converter = Converter()
    converter.add(published, ((q.subject, q.predicate, q.object) for q in composition.quads()))  # type: ignore[misc]
    assert judge(published, shapes() - read(DERIVED)) == []


def test_nothing_derived_is_written_by_hand() -> None:
    """No curated file states what the build derives."""
    parts = read(ROOT / "shapes" / "parts.ttl", DERIVED)
    assert judge(read(ROOT / "ontology", ROOT / "kg" / "data"), parts) == []


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_bad_file_breaks_its_rule_alone(path: Path, breaches: dict[str, set[Breach]]) -> None:
    """A bad file breaks the rule that its header names, once, and nothing else."""
    found = breaches.get(path.name, set())
    assert {breach.rule for breach in found} == {rule_of(path)}
    assert len({(breach.focus, breach.value) for breach in found}) == 1, found


def test_bad_files_break_nothing_of_the_good(breaches: dict[str, set[Breach]]) -> None:
    """No bad file makes good data bad."""
    assert breaches.get("the good data", set()) == set()


def test_every_constraint_is_broken_by_a_file(breaches: dict[str, set[Breach]]) -> None:
    """Each constraint of each shape is shown to catch something."""
    shown = {(breach.rule, breach.parameter) for found in breaches.values() for breach in found}
    assert constraints() - shown == set()


def test_every_shape_selects_something_good(good: Graph) -> None:
    """No shape passes only because it selects nothing."""
    idle = {
        shape
        for shape, kind in shapes().subject_objects(SH.targetClass)
        if not any((None, RDF.type, below) in good for below in good.transitive_subjects(RDFS.subClassOf, kind))
    } | {shape for shape, used in shapes().subject_objects(SH.targetSubjectsOf) if (None, used, None) not in good}
    assert idle == set()
    assert set(shapes().objects(None, SH.targetNode)) | set(shapes().objects(None, SH.targetObjectsOf)) == set()


@pytest.mark.soak
def test_shapes_are_well_formed() -> None:
    """The shapes conform to the shapes of SHACL itself."""
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=Graph() + shapes(), meta_shacl=True)
    assert conforms, text


def test_every_shape_has_a_name_and_says_what_to_do() -> None:
    """A shape is named by an IRI, in our namespace; it speaks English and French, in sentences."""
    all_shapes = {shape for kind in (SH.NodeShape, SH.PropertyShape) for shape in shapes().subjects(RDF.type, kind)}
    used = set(shapes().objects(None, SH.property)) | set(shapes().subjects(SH.path, None))
    labels = read(ROOT / "ontology")
    assert used <= all_shapes
    for shape in all_shapes:
        assert isinstance(shape, URIRef)
        assert re.fullmatch(re.escape(SHAPE) + "[a-z0-9]+(-[a-z0-9]+)*", str(shape))
        # A property of the vocabulary has its label as the name; any other path needs one.
        path = shapes().value(shape, SH.path)
        named = path is not None and (path, RDFS.label, None) not in labels
        assert named or (shape, SH.name, None) not in shapes(), shape
        for predicate in (SH.message, SH.name) if named else (SH.message,):
            texts = list(shapes().objects(shape, predicate))
            assert sorted(text.language for text in texts) == ["en", "fr"], (shape, predicate)  # type: ignore[attr-defined]
            if predicate == SH.message:
                assert all(re.fullmatch(r"\S.*\.", str(text)) for text in texts), (shape, texts)


def test_messages_name_the_values_of_a_list() -> None:
    """A message on a value of a list names all of its values, or the list where it is long."""
    lists = read(ROOT / "ontology" / "lists.ttl")
    judged = 0
    for shape, kind in shapes().subject_objects(SH["class"]):
        values = {str(value).removeprefix(str(MC)) for value in lists.subjects(RDF.type, kind)}
        if not values:
            continue
        for message in shapes().objects(shape, SH.message):
            named = set(re.findall(r"mc:([A-Z]\w+)", str(message)))
            assert named in (values, {f"{str(kind).removeprefix(str(MC))}Scheme"}), message
            judged += 1
    assert judged


def test_every_kind_has_a_shape() -> None:
    """Each class that data can be an instance of has a shape, in the file of its name."""
    for kind, name in KINDS.items():
        own = read(ROOT / "shapes" / f"{kind}.ttl")
        assert (URIRef(SHAPE + kind), SH.targetClass, MC[name]) in own, kind


def test_every_property_of_the_vocabulary_is_judged() -> None:
    """Each property of the vocabulary is the path of some shape, or part of one."""
    paths = set(shapes().objects(None, SH.path)) | set(shapes().objects(None, RDF.first))
    paths |= set(shapes().objects(None, SH.inversePath)) | set(shapes().objects(None, SH.disjoint))
    owl = VOCABULARIES["owl"]
    vocabulary = read(ROOT / "ontology" / "mercato.ttl")
    kinds = (URIRef(f"{owl}ObjectProperty"), URIRef(f"{owl}DatatypeProperty"))
    assert {each for kind in kinds for each in vocabulary.subjects(RDF.type, kind)} - paths == set()


def test_named_prefixes_are_ours() -> None:
    """The prefix that shapes are written with is one of the project's."""
    assert prefixes()["shape"] == SHAPE
