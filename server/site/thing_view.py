"""What a page says of one node: its facts, its records and, for each record, who claims it and how surely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from kg.names import MC, VOCABULARIES
from server.graph import Row, Term, iri_ref, select
from server.http.release import Edition
from server.site.hierarchy import narrowest
from server.site.links import outside, page_path, short
from server.site.texts import hedge, language

RDF, RDFS, SKOS, OA = (VOCABULARIES[name] for name in ("rdf", "rdfs", "skos", "oa"))

TYPE = f"{RDF}type"

LABELS = (
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://xmlns.com/foaf/0.1/name",
    "https://schema.org/name",
    "http://purl.org/dc/terms/title",
    "http://purl.org/dc/elements/1.1/title",
)
"""Where a name for people is looked for, the best first."""

RECORDS = 300
"""Records that one page shows at most."""


@dataclass(frozen=True)
class Value:
    """One value as a page shows it: its text, where it leads and, for a literal, its language and type."""

    text: str
    path: str = ""
    iri: str = ""
    language: str = ""
    datatype: str = ""


@dataclass
class Fact:
    """One property of a node and its values."""

    property: Value
    values: list[Value] = field(default_factory=list)


@dataclass(frozen=True)
class Claim:
    """That somebody states a record: who, how surely, where, and at which characters."""

    node: Value
    claimant: Value
    hedge: str
    article: Value | None
    rank: str
    passages: tuple[str, ...]
    repeats: bool
    denies: bool


@dataclass
class Record:
    """One record: what kind it is, its properties and the claims that assert it."""

    node: Value
    kind: Value | None
    facts: list[Fact]
    claims: list[Claim]


class Labels:
    """The names of nodes in the reader's language, asked of the graph once for all nodes of a page."""

    def __init__(self, edition: Edition, iris: Iterable[str]):
        self.edition = edition
        self._names: dict[str, str] = {}
        wanted = sorted({iri for iri in iris if outside(iri) or iri.startswith("urn:")})
        for start in range(0, len(wanted), 500):
            self._ask(wanted[start : start + 500])

    def _ask(self, iris: Sequence[str]) -> None:
        nodes = " ".join(iri_ref(iri) for iri in iris)
        properties = " ".join(f"<{iri}>" for iri in LABELS)
        text = (
            f"SELECT ?node ?p ?name WHERE {{ VALUES ?node {{ {nodes} }} VALUES ?p {{ {properties} }} ?node ?p ?name }}"
        )
        found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for row in select(self.edition, text):
            spoken = row["name"].language.partition("-")[0].lower()
            order = 0 if spoken == language() else 1 if not spoken else 2
            found[row["node"].value].append((order, LABELS.index(row["p"].value), row["name"].value))
        self._names.update((iri, min(names)[2]) for iri, names in found.items())

    def name(self, iri: str) -> str:
        """Return the name of `iri`, or its prefixed name where the graph has none."""
        return self._names.get(iri) or short(self.edition.prefixes, iri)

    def node(self, iri: str) -> Value:
        """Return `iri` as a value that leads to its page."""
        return Value(self.name(iri), page_path(self.edition.base, iri), iri)

    def property(self, iri: str) -> Value:
        """Return the property `iri`; it leads somewhere only where the graph says what it is."""
        return self.node(iri) if iri in self._names else Value(self.name(iri), iri=iri)

    def value(self, term: Term) -> Value:
        """Return `term` as a value."""
        if term.kind == "uri":
            return self.node(term.value)
        kind = short(self.edition.prefixes, term.datatype) if term.datatype else ""
        text = f"_:{term.value}" if term.kind == "bnode" else term.value
        return Value(text, language=term.language, datatype=kind)


def as_term(node: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term:
    """Return a term of pyoxigraph as one of ours."""
    if isinstance(node, ox.NamedNode):
        return Term("uri", node.value)
    if isinstance(node, ox.Literal):
        datatype = "" if node.language or node.datatype.value.endswith("#string") else node.datatype.value
        return Term("literal", node.value, node.language or "", datatype)
    return Term("bnode", node.value) if isinstance(node, ox.BlankNode) else Term("triple", str(node))


def facts(pairs: Iterable[tuple[str, Term]], labels: Labels) -> list[Fact]:
    """Return the properties and their values, grouped by property in the order of the properties' names.

    A value that a narrower property has too is left out: what `mc:founder` says, `mc:involves` need not repeat.
    """
    by_value: dict[Term, list[str]] = defaultdict(list)
    for predicate, value in pairs:
        by_value[value].append(predicate)
    grouped: dict[str, list[Term]] = defaultdict(list)
    for value, predicates in by_value.items():
        for predicate in narrowest(labels.edition, predicates):
            grouped[predicate].append(value)
    listed = [
        Fact(labels.property(predicate), [labels.value(value) for value in sorted(values, key=str)])
        for predicate, values in grouped.items()
    ]
    return sorted(listed, key=lambda fact: fact.property.text.casefold())


def records(edition: Edition, iri: str) -> tuple[dict[str, list[Row]], list[Row]]:
    """Return the properties of the records that name `iri` (or are `iri`), by record, and the claims about them."""
    ref = iri_ref(iri)
    which = (
        f"{{ SELECT DISTINCT ?record WHERE {{ {{ ?record ?link {ref} }} UNION {{ BIND({ref} AS ?record) }}"
        f" FILTER EXISTS {{ ?claim <{MC}asserts> ?record }} }} ORDER BY ?record LIMIT {RECORDS} }}"
    )
    properties = select(
        edition, f"SELECT ?record ?p ?value WHERE {{ {which} ?record ?p ?value }} ORDER BY ?record ?p ?value"
    )
    by_record: dict[str, list[Row]] = defaultdict(list)
    for row in properties:
        by_record[row["record"].value].append(row)
    claims = select(
        edition,
        f"""SELECT ?record ?claim ?claimant ?article ?stance ?certainty ?rank ?start ?end ?original WHERE {{ {which}
            ?claim <{MC}asserts> ?record .
            OPTIONAL {{ ?claim <{MC}claimant> ?claimant }} OPTIONAL {{ ?claim <{MC}article> ?article }}
            OPTIONAL {{ ?claim <{MC}stance> ?stance }} OPTIONAL {{ ?claim <{MC}certainty> ?certainty }}
            OPTIONAL {{ ?claim <{MC}rank> ?rank }} OPTIONAL {{ ?claim <{MC}repeats> ?original }}
            OPTIONAL {{ ?claim <{MC}passage> ?passage . ?passage <{OA}start> ?start ; <{OA}end> ?end }}
        }} ORDER BY ?record ?claim ?start""",
    )
    return by_record, claims


def _local(row: Row, name: str) -> str:
    return row[name].value.removeprefix(str(MC)) if name in row else ""


def claim_of(rows: Sequence[Row], labels: Labels) -> Claim:
    """Return the claim in `rows`, one for each of its passages."""
    row = rows[0]
    stance, certainty = _local(row, "stance"), _local(row, "certainty")
    article = labels.node(row["article"].value) if "article" in row else None
    claimant = labels.node(row["claimant"].value) if "claimant" in row else labels.node(row["claim"].value)
    spans = {(int(row["start"].value), int(row["end"].value)) for row in rows if "start" in row}
    return Claim(
        node=labels.node(row["claim"].value),
        claimant=claimant,
        hedge=hedge(stance, certainty),
        article=None if article == claimant else article,
        rank=_local(row, "rank"),
        passages=tuple(f"{start}–{end}" for start, end in sorted(spans)),
        repeats="original" in row,
        denies=stance == "Denies",
    )


@dataclass
class Knowledge:
    """All that a page shows of one node."""

    node: Value
    kinds: list[Value]
    facts: list[Fact]
    mentions: list[Fact]
    records: list[Record]


def knowledge(edition: Edition, iri: str, triples: Sequence[ox.Triple]) -> Knowledge:
    """Return what the graph knows of `iri`, whose description is `triples`."""
    node = ox.NamedNode(iri)
    own = [(triple.predicate.value, as_term(triple.object)) for triple in triples if triple.subject == node]
    inbound = [(triple.predicate.value, as_term(triple.subject)) for triple in triples if triple.subject != node]
    inbound = [
        (predicate, subject)
        for (predicate, subject), triple in zip(inbound, (t for t in triples if t.subject != node), strict=True)
        if triple.object == node
    ]
    properties, claims = records(edition, iri)
    named = {iri}
    for predicate, value in (*own, *inbound):
        named |= {predicate, value.value} if value.kind == "uri" else {predicate}
    for row in (*claims, *(row for rows in properties.values() for row in rows)):
        named |= {value.value for value in row.values() if value.kind == "uri"}
    labels = Labels(edition, named)
    by_record: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in claims:
        by_record[row["record"].value][row["claim"].value].append(row)
    made = []
    for name, rows in properties.items():
        types = {row["value"].value for row in rows if row["p"].value == TYPE}
        kind = min(narrowest(edition, types), default="")
        said = ((row["p"].value, row["value"]) for row in rows if row["p"].value not in (TYPE, *LABELS))
        made.append(
            Record(
                node=labels.node(name),
                kind=labels.node(kind) if kind else None,
                facts=facts(said, labels),
                claims=[claim_of(each, labels) for each in by_record[name].values()],
            )
        )
    kinds = narrowest(edition, (value.value for predicate, value in own if predicate == TYPE and value.kind == "uri"))
    return Knowledge(
        node=labels.node(iri),
        kinds=[labels.node(kind) for kind in sorted(kinds)],
        facts=facts(((p, value) for p, value in own if p != TYPE), labels),
        mentions=facts(((p, value) for p, value in inbound if value.value not in properties), labels),
        records=made,
    )
