"""What a check judges, and what it may refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyoxigraph as ox

from kg.check.finding import Finding
from kg.check.place import Place, Places
from kg.names import BASE, VOCABULARIES
from kg.owl.vocabulary import AXIOMS, Vocabulary
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.terms import Three, shown
from kg.turtle.text import Term


@dataclass
class World:
    """The documents to judge, the context that they may refer to, and the vocabulary.

    The context is not judged itself. `base` is where things of our own graph have their IRIs.
    """

    documents: Sequence[Document]
    context: Sequence[Three] = ()
    ontology: Sequence[Document] = ()
    base: str = BASE
    prefixes: dict[str, str] = field(default_factory=dict)

    @cached_property
    def places(self) -> Places:
        """Where each node is spoken of."""
        return Places(self.documents)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What the vocabulary says, and the data about classes and properties."""
        said = [triple[:3] for document in self.ontology for triple in document.triples]
        return Vocabulary([*said, *(triple for triple in self.triples() if triple[1] in AXIOMS)])

    def triples(self) -> Iterator[Three]:
        """Return every triple judged or referred to, without the vocabulary's; one said twice comes twice."""
        for document in self.documents:
            for triple in document.triples:
                yield triple[:3]
        yield from self.context

    @cached_property
    def types(self) -> dict[Term, set[Term]]:
        """The classes that each node is said to have."""
        types: dict[Term, set[Term]] = {}
        for subject, predicate, value in self.triples():
            if predicate == TYPE:
                types.setdefault(subject, set()).add(value)
        return types

    def instances(self, kind: Term) -> list[Term]:
        """Return the nodes said to be of the class `kind` or of one below it, in the order of the texts."""
        kinds = self.vocabulary.subs(kind)
        return [node for node, classes in self.types.items() if classes & kinds]

    def finding(
        self, place: Place, rule: str, sentence: str, node: Term | None = None, level: str = "error"
    ) -> Finding:
        """Return a finding at `place`, about `node`."""
        focus = "" if node is None else self.shown(node, place.document)
        result = (("focusNode", str(node)),) if isinstance(node, ox.NamedNode) else ()
        return Finding.on(place.document, place.span, rule, sentence, level, focus, result)

    def shown(self, term: Term, document: Document | None = None) -> str:
        """Return `term` as the file writes it."""
        return shown(term, {**VOCABULARIES, **self.prefixes, **(document.prefixes if document else {})})
