"""The footprints of shapes on disk: working them out takes longer than a small change takes to judge."""

from __future__ import annotations

import json
from pathlib import Path

from kg.files import atomic
from kg.shacl.automaton import Automaton
from kg.shacl.disk import decode, encode
from kg.shacl.footprint import Footprints
from kg.shacl.suspects import Loosened, loosened


def remember(footprints: Footprints, path: Path) -> None:
    """Fill `footprints` from the file at `path`, or work them all out and write them there.

    The path names the content of the shapes; a file that cannot be read is written anew.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        made = {
            shape: Automaton([tuple(step) for step in steps], set(loose), states)
            for shape, (steps, loose, states) in stored["automata"].items()
        }
        footprints.fill([decode(text) for text in stored["terms"]], made)
        footprints.loosened |= {
            shape: queries and [Loosened(*query) for query in queries]
            for shape, queries in ((shape, stored["loosened"][str(shape)]) for shape in footprints.shapes.asking)
        }
    except (OSError, ValueError, KeyError, TypeError):
        automata = {
            str(shape.node): [made.steps, sorted(made.loose), made.states]
            for shape in footprints.shapes.targeted
            for made in [footprints.of(shape.node)]
        }
        footprints.loosened |= {shape: loosened(footprints.shapes, shape) for shape in footprints.shapes.asking}
        text = json.dumps(
            {
                "terms": [encode(term) for term in footprints.terms],
                "automata": automata,
                "loosened": {str(shape): queries for shape, queries in footprints.loosened.items()},
            }
        )
        with atomic(path) as file:
            file.write(text.encode("utf-8"))
