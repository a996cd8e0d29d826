"""The evidence judged: passages and articles against the texts, each fault at the token to mend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from kg.check.finding import Finding
from kg.check.place import Place
from kg.check.world import World
from kg.names import MC, VOCABULARIES
from kg.sources import verify

_RULES = {
    f"{VOCABULARIES['oa']}hasSource": "passage-source",
    f"{VOCABULARIES['oa']}start": "passage-offsets",
    f"{MC}file": "article-text",
    f"{MC}sha256": "passage-hash",
}


def unproved(world: World, folder: Path) -> Iterator[Finding]:
    """Yield a finding for each article and passage of the documents that the texts in `folder` do not bear out.

    Raises `InputError` for a folder or text that cannot be read.
    """
    quads = [
        ox.Quad(subject, predicate, value)
        for subject, predicate, value in world.triples()
        if isinstance(subject, ox.NamedNode) and isinstance(predicate, ox.NamedNode)
    ]
    for fault in verify(quads, folder).faults:
        said = world.places.subjects.get(ox.NamedNode(fault.node), [])
        tokens = {triple.predicate.value: (document, triple.object_at) for document, triple in said}
        if not said:
            continue  # a node of the context is not judged
        first, triple = said[0]
        document, at = tokens.get(fault.about, (first, triple.subject_at))
        yield world.finding(Place(document, at), _RULES[fault.about], fault.sentence, ox.NamedNode(fault.node))
