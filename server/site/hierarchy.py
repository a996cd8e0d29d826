"""What is above what in the vocabulary, so that a page says the narrowest thing once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kg.names import VOCABULARIES
from server.graph import select
from server.http.release import Edition

RDFS = VOCABULARIES["rdfs"]


def ancestors(edition: Edition) -> dict[str, frozenset[str]]:
    """Return every class and property that each one lies under, itself left out; asked once for an edition."""
    if edition.ancestors is None:
        rows = select(
            edition,
            f"SELECT DISTINCT ?below ?above WHERE {{ ?below <{RDFS}subClassOf>|<{RDFS}subPropertyOf> ?above"
            " FILTER(isIRI(?below) && isIRI(?above) && ?below != ?above) } LIMIT 100000",
        )
        direct: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            direct[row["below"].value].add(row["above"].value)
        edition.ancestors = {name: frozenset(_reached(name, direct)) for name in direct}
    return edition.ancestors


def _reached(name: str, direct: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        new = direct.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached - {name}


def narrowest(edition: Edition, names: Iterable[str]) -> set[str]:
    """Return those of `names` (classes or properties) that no other of them is narrower than."""
    given = set(names)
    known = ancestors(edition)
    return given - {above for name in given for above in known.get(name, ())}
