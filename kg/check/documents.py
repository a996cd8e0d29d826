"""What a check judges, what that may refer to, and the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyoxigraph as ox

from kg.check.finding import Finding
from kg.check.place import Place
from kg.names import BASE, VOCABULARIES
from kg.owl.vocabulary import AXIOMS, Vocabulary
from kg.shacl.index import Index, MemoryIndex
from kg.turtle.document import Document
from kg.turtle.reader import TYPE
from kg.turtle.statements import Statements
from kg.turtle.terms import Three, shown
from kg.turtle.text import Term


class DataGraph(Statements):
    """The data graph (SHACL, section 1.2): `documents` to judge, with the place of each statement.

    The triples of the `context` may be referred to and are not judged themselves; `ontology` is the vocabulary, `base`
    where things of our own graph have their IRIs. `index` has all of these; it is made of them where not given.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        context: Sequence[Three] = (),
        ontology: Sequence[Document] = (),
        base: str = BASE,
        prefixes: Mapping[str, str] | None = None,
        index: Index | None = None,
    ):
        super().__init__(documents)
        self.context = context
        self.ontology = Statements(ontology)
        self.base = base
        self._prefixes = {**VOCABULARIES, **(prefixes or {})}
        self._index = index

    @cached_property
    def index(self) -> Index:
        """The whole graph with the vocabulary."""
        if self._index is not None:
            return self._index
        index = MemoryIndex(self.triples())
        index.add(each.triple[:3] for each in self.ontology)
        return index

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What the vocabulary says, and the data about classes and properties."""
        index = self.index
        axioms = ((index.term(s), axiom, index.term(o)) for axiom in AXIOMS for s, o in index.pairs(index.id(axiom)))
        return Vocabulary(dict.fromkeys([*(each.triple[:3] for each in self.ontology), *axioms]))

    def triples(self) -> Iterator[Three]:
        """Return every triple judged or referred to, without the vocabulary's; one said twice comes twice."""
        for document in self.documents:
            for triple in document.triples:
                yield triple[:3]
        yield from self.context

    def describes(self, node: Term) -> bool:
        """Say whether anything is stated about `node`, here or in the context."""
        return next(iter(self.index.outgoing(self.index.id(node))), None) is not None

    def types(self, node: Term) -> set[Term]:
        """Return the classes that `node` is said to be of."""
        index = self.index
        return {index.term(each) for each in index.values(index.id(node), index.id(TYPE))}

    def finding(
        self, place: Place, rule: str, sentence: str, node: Term | None = None, level: str = "error"
    ) -> Finding:
        """Return a finding at `place`, about `node`."""
        focus = "" if node is None else self.shown(node, place.document)
        result = (("focusNode", str(node)),) if isinstance(node, ox.NamedNode) else ()
        return Finding.on(place.document, place.span, rule, sentence, level, focus, result)

    def shown(self, term: Term, document: Document | None = None) -> str:
        """Return `term` as the file writes it."""
        return shown(term, {**self._prefixes, **(document.prefixes if document else {})})
