"""What several test modules share: the composed dataset, a store of it, and the folder outside the project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, Store
from serving import MARKET, Serving, serving

from kg import settings
from kg.publish import dump
from kg.publish.compose import Composition, Sources, compose

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of articles and test suites beside the checkout; skip where a clone has none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared (articles, W3C suites) is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def project() -> Sources:
    """Return the sources of Mercato's own graph."""
    return Sources.from_settings(settings.load(environ={}))


@pytest.fixture(scope="session")
def composition(project: Sources) -> Composition:
    """Return Mercato's own dataset, composed once for all tests; nobody may change it."""
    return compose(project)


@pytest.fixture(scope="session")
def graph(composition: Composition) -> Store:
    """Return a store of Mercato's own dataset; query it with `use_default_graph_as_union=True`, and only read."""
    store = Store()
    store.bulk_extend(composition.quads())
    return store


SMALL_ONTOLOGY = """
@prefix ex: <https://example.org/vocab#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:Animal a owl:Class .
ex:Cat a owl:Class ; rdfs:subClassOf ex:Animal ; owl:disjointWith ex:Dog .
ex:Dog a owl:Class ; rdfs:subClassOf ex:Animal .
ex:knows a owl:ObjectProperty , owl:SymmetricProperty ; rdfs:domain ex:Animal ; rdfs:range ex:Animal .
ex:greets a owl:ObjectProperty .
ex:kinds a owl:AllDisjointClasses ; owl:members ( ex:Cat ex:Dog ) .
"""
SMALL_SHAPES = """
@prefix ex: <https://example.org/vocab#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix s: <https://example.org/shape/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
s:Animal a sh:NodeShape ; sh:targetClass ex:Cat , ex:Dog ; sh:property s:Animal-label .
s:Animal-label a sh:PropertyShape ; sh:path rdfs:label ; sh:minCount 1 ; sh:message "Give the animal a label."@en .
"""
SMALL_DATA = """
@prefix ex: <https://example.org/vocab#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix id: <https://example.org/id/animal/> .
id:felix a ex:Cat ; rdfs:label "Felix" ; ex:knows id:rex .
id:rex a ex:Dog ; rdfs:label "Rex" ; rdfs:seeAlso [ rdfs:label "a node without a name" ] .
"""
SMALL_DERIVE = """
PREFIX ex: <https://example.org/vocab#>
CONSTRUCT { ?a ex:greets ?b } WHERE { ?a ex:knows ?b }
"""


@pytest.fixture
def small(tmp_path: Path) -> Sources:
    """Return the sources of a small graph of another domain, in folders of its own that a test may change."""
    texts = {
        "ontology/vocab.ttl": SMALL_ONTOLOGY,
        "shapes/animals.ttl": SMALL_SHAPES,
        "data/animals.ttl": SMALL_DATA,
        "queries/derive/greets.rq": SMALL_DERIVE,
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    places = {kind: tmp_path / kind for kind in ("data", "ontology", "shapes", "queries")}
    return Sources(**places, base="https://example.org/")


@pytest.fixture(scope="session")
def market() -> Iterator[Serving]:
    """Return a running server of the little market in `tests/data/serve`; nobody may change it."""
    with serving(str(MARKET)) as server:
        yield server


@pytest.fixture(scope="session")
def built(composition: Composition, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a build of Mercato's own graph; nobody may change it."""
    out = tmp_path_factory.mktemp("built") / "out"
    dump.publish(composition, out)
    return out


@pytest.fixture(scope="session")
def mercato(built: Path) -> Iterator[Serving]:
    """Return a running server of Mercato's own graph; nobody may change it."""
    with serving("--out", str(built)) as server:
        yield server


def canonical(quads: Iterable[Quad]) -> set[str]:
    """Return the quads as strings, their blank nodes named by RDFC-1.0."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}
