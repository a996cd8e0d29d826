"""The named questions: files of SPARQL whose first comment lines say what they ask, in English and (`fr:`) French."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kg.errors import NameUnknownError
from kg.files import folder, read_text


@dataclass(frozen=True)
class Question:
    """One named question: its name, what its first lines say (`en`, `fr`, `for`, `note-en` …) and its SPARQL."""

    name: str
    wording: dict[str, str]
    text: str

    def title(self, language: str = "en") -> str:
        """Return the question in that language, in English where it has none, or its name."""
        return self.wording.get(language) or self.wording.get("en") or self.name


def read_question(path: Path) -> Question:
    """Return the question in the file at `path`."""
    text = read_text(path)
    wording: dict[str, list[str]] = {}
    spoken = "en"
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        words = line.lstrip("#").strip()
        head, colon, rest = words.partition(":")
        if colon and head.replace("-", "").isalpha() and head.islower():
            spoken, words = head, rest.strip()
        wording.setdefault(spoken, []).append(words)
    return Question(path.stem, {name: " ".join(parts) for name, parts in wording.items()}, text)


def read_questions(queries: str = "") -> dict[str, Question]:
    """Return the questions of the folder `queries` (Mercato's own where empty), by name; none where it has none.

    Raises `InputError` where there is no such folder.
    """
    place = folder("queries", queries) / "questions"
    return {path.stem: read_question(path) for path in sorted(place.glob("*.rq"))}


def question(name: str, known: Mapping[str, Question]) -> Question:
    """Return the question `name`; raise `NameUnknownError` that offers the nearest ones."""
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3)
    meant = f"did you mean {', '.join(near)}? " if near else ""
    raise NameUnknownError(f"there is no question {name!r}: {meant}`mercato ask` lists those there are")
