"""The named questions: files of SPARQL whose first comment lines say what they ask, in English and (`fr:`) French."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from kg.errors import InputError, NameUnknownError
from kg.files import folder, read_text
from server.texts import language

EXTENSION = "mercato.questions"


@dataclass(frozen=True)
class Question:
    """One named question: its name, its wording by language and its SPARQL."""

    name: str
    wording: dict[str, str]
    text: str

    @property
    def title(self) -> str:
        """The question in the reader's language, or its name."""
        return self.wording.get(language()) or self.wording.get("en") or self.name


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
        if colon and head in ("en", "fr"):
            spoken, words = head, rest.strip()
        wording.setdefault(spoken, []).append(words)
    return Question(path.stem, {name: " ".join(parts) for name, parts in wording.items()}, text)


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
    """Return the question `name`; raise `NameUnknownError` that names the ones there are."""
    known: dict[str, Question] = current_app.extensions[EXTENSION]
    if name not in known:
        raise NameUnknownError(f"there is no question {name!r}: /questions lists them")
    return known[name]
