"""How fast Turtle is read with positions, beside pyoxigraph and rdflib without."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyoxigraph as ox
import pytest
from rdflib import Graph

from kg.turtle import document

TRIPLES = 100_000


def text(triples: int) -> str:
    """Return Turtle of about `triples` triples, laid out as the curated files are: moves and the claims on them."""
    parts = ["@prefix mc: <https://w3id.org/mercato/ontology#> .\n@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"]
    parts += [f"@prefix {kind}: <https://w3id.org/mercato/id/{kind}/> .\n" for kind in ("move", "person", "claim")]
    for number in range(triples // 10):
        parts.append(
            f"\nmove:m-{number}\n    a mc:Move ;\n    mc:person person:p-{number % 3000} ;\n"
            f'    mc:from person:o-{number % 50} ;\n    mc:note "Émile, n° {number}"@fr, "x y z" ;\n'
            f'    mc:date "2024"^^xsd:gYear ;\n.\n\nclaim:c-{number}\n    a mc:Claim ;\n'
            f"    mc:asserts move:m-{number} ;\n"
            "    mc:stance mc:Affirms ;\n    mc:weight 0.5 ;\n.\n"
        )
    return "".join(parts)


def median_rate(read: Callable[[], object]) -> float:
    """Return the median of triples per second over five readings."""
    rates = []
    for _ in range(5):
        start = time.perf_counter()
        read()
        rates.append(TRIPLES / (time.perf_counter() - start))
    return sorted(rates)[2]


@pytest.mark.bench
def test_reading_with_spans() -> None:
    """At least 40,000 triples per second, with spans and the check against pyoxigraph included."""
    data = text(TRIPLES)
    assert len(document.parse(data, "x.ttl").triples) == TRIPLES
    ours = median_rate(lambda: document.parse(data, "x.ttl"))
    bare = median_rate(lambda: list(ox.parse(data, format=ox.RdfFormat.TURTLE)))
    theirs = median_rate(lambda: Graph().parse(data=data, format="turtle"))
    print(f"\nmercato, with spans {ours:>10,.0f} triples/s")
    print(f"pyoxigraph, without {bare:>10,.0f} triples/s")
    print(f"rdflib, without     {theirs:>10,.0f} triples/s")
    assert ours >= 40_000
