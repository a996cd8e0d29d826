"""The RDF and SPARQL formats that answers are written in: names, media types, extensions, and the forms they serve."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """The four query forms (SPARQL 1.1 Query, section 16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def is_graph(self) -> bool:
        """Whether the answer is a graph (CONSTRUCT, DESCRIBE) and not bindings or a boolean (SELECT, ASK)."""
        return self in (Form.CONSTRUCT, Form.DESCRIBE)


@dataclass(frozen=True)
class Format:
    """One way to write an answer: its short name, media type, file extension and whether it is for graphs."""

    name: str
    media_type: str
    extension: str
    is_graph: bool
    is_text: bool = True

    @property
    def content_type(self) -> str:
        """The value of an HTTP Content-Type header; `text/*` has no default charset that anyone agrees on."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type

    def serves(self, form: Form) -> bool:
        """Return whether an answer of that form can be written in this format."""
        return self.is_graph == form.is_graph


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("json", "application/sparql-results+json", ".srj", is_graph=False),
        Format("xml", "application/sparql-results+xml", ".srx", is_graph=False),
        Format("csv", "text/csv", ".csv", is_graph=False),
        Format("tsv", "text/tab-separated-values", ".tsv", is_graph=False),
        Format("ttl", "text/turtle", ".ttl", is_graph=True),
        Format("nt", "application/n-triples", ".nt", is_graph=True),
        Format("jsonld", "application/ld+json", ".jsonld", is_graph=True),
        Format("rdf", "application/rdf+xml", ".rdf", is_graph=True),
    )
}
"""Every result format by its short name; the first that serves a form is that form's default."""
