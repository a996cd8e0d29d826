"""Turtle and TriG as source code: one way to write a graph, so that every edit is a small difference.

Prefixes are alphabetical and only those in use. A subject stands on its own line, a predicate on its own, each of
several objects on its own, the closing dot alone. The ontology's header comes first, other subjects by IRI;
predicates in the fixed order below, then by name. Literals keep the form they were written in.
A passage takes one line and stands directly before the first claim that names it.
Turtle: https://www.w3.org/TR/turtle/, TriG: https://www.w3.org/TR/trig/.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, Triple

from kg.names import MC, VOCABULARIES

Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal | Triple
Statements = dict[Node, dict[NamedNode, list[Term]]]

RDF, RDFS, SKOS, OWL, OA, SH, XSD = (VOCABULARIES[name] for name in ("rdf", "rdfs", "skos", "owl", "oa", "sh", "xsd"))
TYPE, FIRST, REST, NIL = (NamedNode(RDF + name) for name in ("type", "first", "rest", "nil"))
_PASSAGE, _OF_PASSAGE = NamedNode(f"{MC}Passage"), NamedNode(f"{MC}passage")

_OURS = """
    asserts claimant saidIn saidTo cites citationScope article passage stance certainty rank rankReason repeats
    contradicts person employer founder maker supplier customer offer offeredBy offeredTo acquirer organisation
    population comparedWith from fromPopulation target to product field role seniority title tenure kind criterion
    requirement valuedAbove means aim condition contribution component statistic comparison bound amount amountBound
    minAmount maxAmount currency per ratio ratioBound rate rateBound minRate maxRate horizon cohort share shareBound
    count countBound jobs jobsBound employers employersBound posts postsBound size sizeBound start end date
    notBefore notAfter outcome status factor effect about headline author publisher language making namedSource name
    topic keptBecause place within supersedes lessPreciseThan sameOccasionAs
"""
_ORDER = [
    RDF + "type",
    *(RDFS + name for name in ("label", "subClassOf", "subPropertyOf", "domain", "range")),
    *(SKOS + name for name in ("prefLabel", "altLabel", "definition", "scopeNote", "example", "inScheme")),
    *(OA + name for name in ("hasSource", "start", "end")),
    *(SH + name for name in ("target", "targetClass", "targetSubjectsOf", "targetNode", "path", "name", "message")),
    *(str(MC) + name for name in _OURS.split()),
]
PREDICATE_ORDER = {predicate: number for number, predicate in enumerate(_ORDER)}
"""The place of a predicate within its subject; one that is not here follows by its IRI."""

_LOCAL = re.compile(r"[^\W]([\w.\-]*[\w\-])?\Z")
_SHORT = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+\Z"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+\Z"),
    XSD + "double": re.compile(r"[+-]?([0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+\Z"),
    XSD + "boolean": re.compile(r"(true|false)\Z"),
}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def turtle(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> str:
    """Return the Turtle of `triples`, the same text for the same graph.

    `prefixes` is `{prefix: namespace}`. Blank nodes are named by RDFC-1.0 where they cannot be written in place.
    """
    body, used = _write({"": list(triples)}, prefixes)
    return _head(prefixes, used) + body[""]


def sections(parts: Iterable[tuple[str, Iterable[Triple]]], prefixes: Mapping[str, str]) -> str:
    """Return one Turtle document of several parts, each `(heading, triples)` under its heading as a comment.

    Blank nodes are not shared between parts.
    """
    writer = _Writer(prefixes)
    bodies = [(heading, "\n".join(writer.blocks(list(triples)))) for heading, triples in parts]
    text = "\n".join(f"# {heading}\n\n{body}" for heading, body in bodies if body)
    return _head(prefixes, writer.used) + text


def trig(quads: Iterable[Quad], prefixes: Mapping[str, str]) -> str:
    """Return the TriG of `quads`, graph by graph in the order of their IRIs."""
    graphs: dict[str, list[Triple]] = defaultdict(list)
    for quad in quads:
        name = quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""
        graphs[name].append(quad.triple)
    body, used = _write(graphs, prefixes)
    parts = []
    for name in sorted(body):
        if not name:
            parts.append(body[name])
            continue
        inner = "".join(f"    {line}\n" if line else "\n" for line in body[name].rstrip("\n").split("\n"))
        parts.append(f"GRAPH <{name}> {{\n{inner}}}\n")
    return _head(prefixes, used) + "\n".join(parts)


def _head(prefixes: Mapping[str, str], used: set[str]) -> str:
    lines = [f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(used)]
    return "".join(lines) + ("\n" if lines else "")


def _write(graphs: Mapping[str, list[Triple]], prefixes: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    writer = _Writer(prefixes)
    return {name: "\n".join(writer.blocks(triples)) for name, triples in graphs.items()}, writer.used


class _Writer:
    def __init__(self, prefixes: Mapping[str, str]):
        # The longest namespace first: `id/person/` before a base that holds it.
        self.namespaces = sorted(((space, name) for name, space in prefixes.items()), key=lambda p: (-len(p[0]), p[1]))
        self.used: set[str] = set()
        self.cache: dict[str, str] = {}
        self.statements: Statements = {}
        self.nested: set[BlankNode] = set()

    def blocks(self, triples: list[Triple]) -> Iterator[str]:
        """Yield the text of each subject, header first, then by IRI."""
        if any(isinstance(t.subject, BlankNode) or isinstance(t.object, BlankNode) for t in triples):
            triples = [quad.triple for quad in canonical(Quad(t.subject, t.predicate, t.object) for t in triples)]
        self.statements = {}
        for triple in set(triples):
            # The stubs allow a triple as subject, the library does not.
            subject: Node = triple.subject  # type: ignore[assignment]
            self.statements.setdefault(subject, {}).setdefault(triple.predicate, []).append(triple.object)
        self.nested = self._nestable()
        subjects = sorted((node for node in self.statements if node not in self.nested), key=self._subject_key)
        short = {node for node in subjects if self._takes_one_line(node)}
        beside: dict[Node, list[Node]] = {}
        placed: set[Node] = set()
        for subject in (node for node in subjects if node not in short):
            named = set(self.statements[subject].get(_OF_PASSAGE, ())) - placed
            beside[subject] = sorted(short & named, key=_object_key)
            placed.update(beside[subject])
        for subject in subjects:
            if subject not in placed:
                lines = [self._line(passage) for passage in beside.get(subject, ())]
                if subject in short:
                    lines.append(self._line(subject))
                else:
                    lines += [self._node(subject), *self._predicates(subject, "    "), "."]
                yield "\n".join([*lines, ""])

    def _takes_one_line(self, subject: Node) -> bool:
        """Tell whether `subject` is a passage without a node in brackets."""
        predicates = self.statements[subject]
        return _PASSAGE in predicates.get(TYPE, ()) and not any(
            item in self.nested for objects in predicates.values() for item in objects
        )

    def _line(self, subject: Node) -> str:
        return " ".join([self._node(subject), *(line.strip() for line in self._predicates(subject, ""))])[:-1] + "."

    def _subject_key(self, subject: Node) -> tuple[bool, bool, str]:
        types = self.statements[subject].get(TYPE, [])
        header = any(t.value == OWL + "Ontology" for t in types if isinstance(t, NamedNode))
        return (not header, isinstance(subject, BlankNode), subject.value)

    def _nestable(self) -> set[BlankNode]:
        """Return the blank nodes that are the object of exactly one triple and not part of a circle."""
        parents: Counter[Term] = Counter()
        parent_of: dict[BlankNode, Node] = {}
        for subject, predicates in self.statements.items():
            for objects in predicates.values():
                for item in objects:
                    if isinstance(item, BlankNode):
                        parents[item] += 1
                        parent_of[item] = subject
        rooted: set[Node] = set()
        for node in parent_of:
            path: set[Node] = set()
            climbing: Node = node
            while isinstance(climbing, BlankNode) and climbing not in rooted and parents[climbing] == 1:
                if climbing in path:
                    break  # a circle: its nodes keep their names
                path.add(climbing)
                climbing = parent_of[climbing]
            else:
                rooted.update(path)
        return {node for node in parent_of if node in rooted}

    def _predicates(self, subject: Node, indent: str) -> Iterator[str]:
        order = len(PREDICATE_ORDER)
        predicates = self.statements.get(subject, {})
        for predicate in sorted(predicates, key=lambda p: (PREDICATE_ORDER.get(p.value, order), p.value)):
            name = "a" if predicate == TYPE else self._node(predicate)
            objects = sorted(predicates[predicate], key=_object_key)
            if len(objects) == 1:
                yield f"{indent}{name} {self._object(objects[0], indent)} ;"
            else:
                yield f"{indent}{name}"
                deeper = indent + "    "
                yield from (f"{deeper}{self._object(item, deeper)} ," for item in objects[:-1])
                yield f"{deeper}{self._object(objects[-1], deeper)} ;"

    def _object(self, item: Term, indent: str) -> str:
        """Return the text of an object on a line that starts with `indent`."""
        if isinstance(item, BlankNode) and item in self.nested:
            members = self._members(item)
            if members is not None:
                deeper = indent + "    "
                lines = [f"{deeper}{self._object(member, deeper)}" for member in members]
                return "(\n" + "\n".join(lines) + f"\n{indent})" if lines else "()"
            inner = list(self._predicates(item, indent + "    "))
            return "[\n" + "\n".join(inner) + f"\n{indent}]" if inner else "[]"
        if isinstance(item, Literal):
            return self._literal(item)
        if isinstance(item, Triple):
            subject, predicate = self._node(item.subject), self._node(item.predicate)  # type: ignore[arg-type]
            return f"<<( {subject} {predicate} {self._object(item.object, indent)} )>>"
        return self._node(item)

    def _members(self, node: BlankNode) -> list[Term] | None:
        """Return the members of the RDF collection that starts at `node`, or None where it is no plain one."""
        members: list[Term] = []
        current: Term = node
        while current != NIL:
            predicates = self.statements.get(current) if isinstance(current, BlankNode) else None
            if not predicates or set(predicates) != {FIRST, REST} or current not in self.nested:
                return None
            first, rest = predicates[FIRST], predicates[REST]
            if len(first) != 1 or len(rest) != 1:
                return None
            members.append(first[0])
            current = rest[0]
        return members

    def _node(self, node: Node) -> str:
        if isinstance(node, BlankNode):
            return f"_:{node.value}"
        iri = node.value
        if iri not in self.cache:
            self.cache[iri] = self._name(iri)
        name = self.cache[iri]
        if not name.startswith(("<", "(")):
            self.used.add(name.split(":", 1)[0])
        return name

    def _name(self, iri: str) -> str:
        if iri == NIL.value:
            return "()"
        for space, prefix in self.namespaces:
            if iri.startswith(space):
                local = iri[len(space) :]
                if not local or _LOCAL.match(local):
                    return f"{prefix}:{local}"
        escaped = "".join(f"\\u{ord(c):04X}" if c in '<>"{}|^`\\' or c <= " " else c for c in iri)
        return f"<{escaped}>"

    def _literal(self, literal: Literal) -> str:
        text, datatype = literal.value, literal.datatype.value
        short = _SHORT.get(datatype)
        if short and short.match(text):
            return text
        quoted = '"' + _CONTROL.sub(lambda m: f"\\u{ord(m[0]):04X}", "".join(_ESCAPES.get(c, c) for c in text)) + '"'
        if literal.language:
            return f"{quoted}@{literal.language}"
        return quoted if datatype == XSD + "string" else f"{quoted}^^{self._node(literal.datatype)}"


def _object_key(item: Term) -> tuple[int, str, str, str]:
    if isinstance(item, Literal):
        return (1, item.language or "", item.value, item.datatype.value)
    if isinstance(item, Triple):
        return (3, str(item), "", "")
    return (2 if isinstance(item, BlankNode) else 0, item.value, "", "")


def canonical(quads: Iterable[Quad]) -> list[Quad]:
    """Return the quads with their blank nodes named by RDFC-1.0, so that equal datasets get equal names."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return list(dataset)
