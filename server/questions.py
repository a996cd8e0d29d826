"""The named questions: files of SPARQL whose first comment lines say what they ask, for whom, and how to draw it.

A header is lines `# key: value`: `en` and `fr` (the question), `note-en` and `note-fr` (what to know of the answer),
`for` (whose question it is) and `chart` (`bar ?label ?value`). Every line is optional.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from kg.errors import InputError, NameUnknownError
from kg.files import folder, read_text
from server.texts import language

EXTENSION = "mercato.questions"

_HEADER = re.compile(r"#\s*([a-z][a-z-]*):\s*(.*\S)\s*\Z")


@dataclass(frozen=True)
class Question:
    """One named question: its name, its header and its SPARQL."""

    name: str
    header: Mapping[str, str]
    text: str

    def _spoken(self, prefix: str) -> str:
        return self.header.get(f"{prefix}{language()}") or self.header.get(f"{prefix}en", "")

    @property
    def title(self) -> str:
        """The question in the reader's language, or its name."""
        return self._spoken("") or self.name

    @property
    def note(self) -> str:
        """What a reader should know of the answer, in the reader's language."""
        return self._spoken("note-")

    @property
    def query(self) -> str:
        """The SPARQL without its header."""
        lines = self.text.splitlines(keepends=True)
        start = next((number for number, line in enumerate(lines) if not _HEADER.match(line.strip())), 0)
        return "".join(lines[start:])


def read_question(path: Path) -> Question:
    """Return the question in the file at `path`."""
    text = read_text(path)
    header: dict[str, str] = {}
    for line in text.splitlines():
        found = _HEADER.match(line.strip())
        if found is None:
            break
        header[found[1]] = found[2]
    return Question(path.stem, header, text)


def read_questions(queries: str = "") -> dict[str, Question]:
    """Return the questions of the folder `queries` (Mercato's own where empty), by name; none where it has none."""
    try:
        place = folder("queries", queries) / "questions"
    except InputError:
        return {}
    return {path.stem: read_question(path) for path in sorted(place.glob("*.rq"))}


def questions() -> list[Question]:
    """Return the questions of this server, by name."""
    return list(current_app.extensions[EXTENSION].values())


def question(name: str) -> Question:
    """Return the question `name`; raise `NameUnknownError` where there is none."""
    known: dict[str, Question] = current_app.extensions[EXTENSION]
    if name not in known:
        raise NameUnknownError(f"there is no question {name!r}: /questions lists them")
    return known[name]
