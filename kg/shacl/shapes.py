"""The shapes that a graph is judged by: how they hang together, what they select, their names and queries.

Shapes are read with positions, so that a finding can be traced to the shape and a shape that selects nothing has a
place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import pyoxigraph as ox
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg.errors import InputError
from kg.shacl.algebra import operators, translate_tests
from kg.shacl.graph import PathError, ShapesGraph
from kg.shacl.judge import Judge, Result, Shape, ShapesError
from kg.shacl.parameters import sh
from kg.shacl.paths import PATH, Path
from kg.turtle.document import Document
from kg.turtle.statements import Statement
from kg.turtle.terms import Three
from kg.turtle.text import Offsets, Term

NESTED = tuple(map(sh, ("property", "node", "not", "qualifiedValueShape")))
"""The parameters whose value is a shape."""
NESTED_LISTS = tuple(map(sh, ("and", "or", "xone")))
"""The parameters whose value is a list of shapes."""
_QUERIES = frozenset(map(sh, ("select", "ask", "construct")))
_REACHING = re.compile(r"\b(?:SERVICE|FROM|LOAD)\b", re.IGNORECASE)


class Shapes:
    """The shapes in `documents`.

    Raises `InputError` where pySHACL cannot use a shape, or a shape's query reaches out of the graph.
    """

    def __init__(self, documents: Sequence[Document]):
        self.documents = documents
        self.graph = ShapesGraph(documents)
        self._judge = Judge((each.triple[:3] for each in self.graph), self.prefixes)
        self._algebra: dict[str, CompValue] = {}
        self._refuse_services()

    def _refuse_services(self) -> None:
        """Refuse queries that would read from elsewhere: pySHACL hands them to rdflib, which obliges."""
        for statement in self.graph:
            triple = statement.triple
            if triple.predicate in _QUERIES and _REACHING.search(triple.object.value):
                algebra = self.algebra(triple.object.value)
                if algebra.datasetClause or "ServiceGraphPattern" in operators(algebra):
                    what = "a query with SERVICE or FROM, which reads from elsewhere"
                    raise self._unusable(what, statement, triple.object_at)

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The prefixes that the shapes' queries may use: those of their files and those that they declare."""
        graph = self.graph
        declared = {
            prefix.value: namespace.value
            for _, declaration in graph.pairs(sh("declare"))
            for prefix in graph.values(declaration, sh("prefix"))
            for namespace in graph.values(declaration, sh("namespace"))
        }
        return {**{prefix: iri for document in self.documents for prefix, iri in document.prefixes.items()}, **declared}

    def algebra(self, text: str) -> CompValue:
        """Return the algebra of a query, `$PATH` in it as the IRI urn:mercato:path, EXISTS translated too.

        Raises `InputError` for what is no query.
        """
        if text not in self._algebra:
            try:
                made = prepareQuery(text.replace("$PATH", f"<{PATH}>"), initNs=self.prefixes).algebra
            except Exception as error:
                what = f"a query that does not parse ({str(error).splitlines()[0]})"
                said = next((each for each in self.graph if each.triple.object.value == text), None)
                raise self._unusable(what, said, said and said.triple.object_at) from error
            translate_tests(made)
            self._algebra[text] = made
        return self._algebra[text]

    @cached_property
    def shapes(self) -> list[Shape]:
        """Every shape, in a fixed order."""
        try:
            return self._judge.shapes
        except ShapesError as error:
            raise self._refused(error) from None

    @cached_property
    def targeted(self) -> dict[Term, Shape]:
        """The shapes that select focus nodes of their own, by their nodes."""
        return {each.node: each for each in self.shapes if not each.deactivated and any(each.target)}

    @cached_property
    def asking(self) -> list[Term]:
        """The shapes with sh:sparql constraints, in a fixed order."""
        return sorted({shape for shape, _ in self.graph.pairs(sh("sparql"))}, key=str)

    def queries(self, shape: Term) -> list[str]:
        """Return the texts of the queries of the sh:sparql constraints of `shape`."""
        graph = self.graph
        found = (text for each in graph.values(shape, sh("sparql")) for text in graph.values(each, sh("select")))
        return sorted(each.value for each in found)

    @cached_property
    def parents(self) -> dict[Term, list[Term]]:
        """For each shape those that use it: as a property, a node shape, or in a logical or qualified constraint."""
        parents: dict[Term, set[Term]] = {}
        for parent in self.graph.properties:
            for child in self.children(parent):
                parents.setdefault(child, set()).add(parent)
        return {child: sorted(each, key=str) for child, each in parents.items()}

    def children(self, shape: Term) -> list[Term]:
        """Return the shapes that `shape` uses."""
        graph = self.graph
        direct = [child for predicate in NESTED for child in graph.values(shape, predicate)]
        heads = [head for predicate in NESTED_LISTS for head in graph.values(shape, predicate)]
        return direct + [child for head in heads for child in graph.members(head)]

    def ancestors(self, shape: Term) -> list[Term]:
        """Return the shape and those that use it, nearest first."""
        found = {shape: None}
        for each in (order := [shape]):
            order += [parent for parent in self.parents.get(each, ()) if parent not in found]
            found |= dict.fromkeys(order)
        return order

    def rule(self, shape: Term, component: Term) -> str:
        """Return the rule id of a result of `shape`: its name, or the nearest named one's and the constraint's."""
        for number, each in enumerate(self.ancestors(shape)):
            if isinstance(each, ox.NamedNode):
                return local(each) if number == 0 else f"{local(each)}/{short(component)}"
        return f"shape/{short(component)}"

    def classes(self, shape: Term) -> set[Term]:
        """Return the classes whose instances `shape` or one that uses it is about."""
        ancestors = self.ancestors(shape)
        found = {*ancestors, *(each for one in ancestors for each in self.graph.values(one, sh("targetClass")))}
        return {each for each in found if isinstance(each, ox.NamedNode)}

    def path(self, shape: Term, in_query: bool = False) -> Path | None:
        """Return the property path of `shape`, if it is a property shape; see `ShapesGraph.path`."""
        for said in self.graph.statements(shape, sh("path")):
            try:
                return self.graph.path(said.triple.object, in_query)
            except PathError:
                raise self._unusable("a sh:path that is no property path", said, said.triple.object_at) from None
        return None

    def results(self, triples: Iterable[Three], focus: Mapping[Term, Collection[Term]] | None = None) -> list[Result]:
        """Return pySHACL's results on `triples`; with `focus`, only on those nodes of each shape, `{shape: nodes}`.

        Raises `InputError` where pySHACL cannot evaluate a shape.
        """
        try:
            return self._judge.results(triples, focus)
        except ShapesError as error:
            raise self._refused(error) from None

    def _unusable(self, what: str, statement: Statement | None, at: Offsets | None) -> InputError:
        """Return the error for shapes that fail, at a token of `statement` where it is known."""
        sentence = f"the shapes cannot be used: {what}; mend the shape"
        if statement is None or at is None:
            return InputError(sentence, source=self.documents[0].source if self.documents else None)
        span = statement.document.span(at)
        return InputError(sentence, source=statement.document.source, line=span.line, column=span.column)

    def _refused(self, error: ShapesError) -> InputError:
        said = next(iter(self.graph.about.get(error.where, ())), None) if error.where else None
        return self._unusable(str(error), said, said and said.triple.subject_at)


def local(term: Term) -> str:
    """Return the last part of an IRI."""
    text = term.value.rstrip("/#")
    return text[max(text.rfind("#"), text.rfind("/"), text.rfind(":")) + 1 :] or text


def short(component: Term) -> str:
    """Return `minCount` for sh:MinCountConstraintComponent."""
    name = local(component).removesuffix("ConstraintComponent")
    return name[:1].lower() + name[1:]
