"""The named questions as this server shows them: in the reader's language, with their notes and charts."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from kg.errors import NameUnknownError
from kg.sparql.questions import Question
from server.site.texts import language

EXTENSION = "mercato.questions"


@dataclass(frozen=True)
class Asked:
    """One named question. What its file says in `note-en`, `note-fr` and `chart` is shown with its answer."""

    question: Question

    @property
    def name(self) -> str:
        """Its name."""
        return self.question.name

    @property
    def text(self) -> str:
        """Its SPARQL as it is in the file."""
        return self.question.text

    @property
    def title(self) -> str:
        """The question in the reader's language, or its name."""
        return self.question.title(language())

    @property
    def note(self) -> str:
        """What a reader should know of the answer, in the reader's language."""
        wording = self.question.wording
        return wording.get(f"note-{language()}") or wording.get("note-en", "")

    @property
    def chart(self) -> str:
        """How the answer is drawn (`bar ?label ?value`); nothing where it is not."""
        return self.question.wording.get("chart", "")

    @property
    def query(self) -> str:
        """The SPARQL without the lines that the page shows in words."""
        lines = self.text.splitlines(keepends=True)
        start = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
        return "".join(lines[start:])


def questions() -> list[Asked]:
    """Return the questions of this server, by name."""
    known: dict[str, Question] = current_app.extensions[EXTENSION]
    return [Asked(question) for question in known.values()]


def question(name: str) -> Asked:
    """Return the question `name`; raise `NameUnknownError` where there is none."""
    known: dict[str, Question] = current_app.extensions[EXTENSION]
    if name not in known:
        raise NameUnknownError(f"there is no question {name!r}: /questions lists them")
    return Asked(known[name])
