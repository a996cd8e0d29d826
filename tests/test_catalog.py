"""The catalogue: every figure in it counted again from the dump it speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from kg.names import VOCABULARIES
from kg.publish import dump
from kg.publish.compose import Sources, compose

HEAD = "\n".join(f"PREFIX {prefix}: <{space}>" for prefix, space in VOCABULARIES.items())
DATASET = "<https://example.org/dataset>"


@pytest.fixture
def built(small: Sources, tmp_path: Path) -> Path:
    """Return a folder with a build of the small graph."""
    dump.publish(compose(small), tmp_path / "out")
    return tmp_path / "out"


def ask(out: Path, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a SELECT over the catalogue, as values."""
    store = Store()
    store.bulk_load((out / "catalog.ttl").read_bytes(), RdfFormat.TURTLE)
    return [tuple(term.value for term in row) for row in store.query(f"{HEAD}\n{query}")]  # type: ignore[union-attr]


def test_counts_are_those_of_the_dump(built: Path) -> None:
    """VoID's triples, subjects, objects and properties are those of mercato.nt."""
    triples = [quad.triple for quad in parse((built / "mercato.nt").read_bytes(), RdfFormat.N_TRIPLES)]
    query = f"SELECT ?n WHERE {{ {DATASET} void:%s ?n }}"
    counted = {
        "triples": len(triples),
        "distinctSubjects": len({t.subject for t in triples}),
        "distinctObjects": len({t.object for t in triples}),
        "properties": len({t.predicate for t in triples}),
    }
    assert {name: int(ask(built, query % name)[0][0]) for name in counted} == counted


def test_partitions_add_up(built: Path) -> None:
    """The property partitions add up to all triples; a class partition counts the members of its class."""
    parts = ask(
        built, f"SELECT ?p ?n WHERE {{ {DATASET} void:propertyPartition [ void:property ?p ; void:triples ?n ] }}"
    )
    total = ask(built, f"SELECT ?n WHERE {{ {DATASET} void:triples ?n }}")
    assert sum(int(n) for _, n in parts) == int(total[0][0])
    classes = dict(
        ask(built, f"SELECT ?c ?n WHERE {{ {DATASET} void:classPartition [ void:class ?c ; void:entities ?n ] }}")
    )
    assert classes["https://example.org/vocab#Animal"] == "2"


def test_every_file_is_described(built: Path) -> None:
    """Each dump has a distribution with its real size and its media type."""
    rows = ask(
        built,
        "SELECT ?t ?b ?m WHERE { ?d a dcat:Distribution ; dcterms:title ?t ; dcat:byteSize ?b ; dcat:mediaType ?m }",
    )
    sizes = {title: int(size) for title, size, _ in rows}
    assert sizes == {name: (built / name).stat().st_size for d in dump.DUMPS for name in (d.name, f"{d.name}.gz")}
    assert {m.rsplit("/", 2)[1] for _, _, m in rows} <= {"text", "application"}


def test_date_only_where_it_is_given(small: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH becomes dcterms:modified; without it no date is made up."""
    modified = NamedNode(VOCABULARIES["dcterms"] + "modified")
    found = {}
    for name, epoch in (("with", "1700000000"), ("without", None)):
        monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
        if epoch:
            monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        dump.publish(compose(small), tmp_path / name)
        quads = parse((tmp_path / name / "catalog.ttl").read_bytes(), RdfFormat.TURTLE)
        found[name] = [quad.object.value for quad in quads if quad.predicate == modified]
    assert found == {"with": ["2023-11-14T22:13:20Z"], "without": []}
