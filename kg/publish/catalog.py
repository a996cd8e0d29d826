"""The catalogue: the dataset, its files and its graphs as DCAT 3 and VoID, every figure counted.

DCAT 3: https://www.w3.org/TR/vocab-dcat-3/, VoID: https://www.w3.org/TR/void/.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad, Triple

from kg.names import MC, VOCABULARIES
from kg.publish.compose import Composition
from kg.turtle import writer

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_XSD = VOCABULARIES["xsd"]
_EXAMPLE_KINDS = ("person", "move", "claim")

_TITLE = {
    "en": "Mercato: the AI talent market as linked open data",
    "fr": "Mercato : le marché des talents de l’IA en données ouvertes liées",
}
_DESCRIPTION = {
    "en": "Who left which organisation for which, what was offered, who says so, in which article, at which words, "
    "and how surely.",
    "fr": "Qui a quitté quelle organisation pour laquelle, ce qui fut offert, qui le dit, dans quel article, en quels "
    "mots et avec quelle assurance.",
}
_KEYWORDS = {"en": ("artificial intelligence", "labour market", "pay"), "fr": ("marché du travail", "rémunération")}


def catalog(composition: Composition, files: Mapping[str, Mapping[str, Any]], version: str) -> str:
    """Return the Turtle that describes the dataset of `composition` at `version`.

    `files` is `{name: {"bytes", "sha256", "mediaType", "part", "triples"?, "compressFormat"?}}`. The date of
    modification is that of `SOURCE_DATE_EPOCH` (seconds since 1970) where it is set, else none is stated: a build
    has no other date that would be the same for everybody.
    """
    triples = [Triple(NamedNode(s), NamedNode(p), o) for s, p, o in _statements(composition, files, version)]
    return writer.turtle(triples, composition.sources.prefixes())


def _name(curie: str) -> str:
    prefix, local = curie.split(":", 1)
    return VOCABULARIES[prefix] + local


def _number(value: int) -> Literal:
    return Literal(str(value), datatype=NamedNode(_XSD + "integer"))


Row = tuple[str, str, NamedNode | Literal]


def _statements(composition: Composition, files: Mapping[str, Mapping[str, Any]], version: str) -> Iterator[Row]:
    base = composition.sources.base
    dataset, service, catalogue = f"{base}dataset", f"{base}sparql", f"{base}catalog"
    yield catalogue, _name("rdf:type"), NamedNode(_name("dcat:Catalog"))
    yield catalogue, _name("dcat:dataset"), NamedNode(dataset)
    yield catalogue, _name("dcat:service"), NamedNode(service)
    yield from _texts(catalogue, "dcterms:title", {"en": "Catalogue of Mercato", "fr": "Catalogue de Mercato"})
    yield from _texts(catalogue, "dcterms:description", _DESCRIPTION)
    yield service, _name("rdf:type"), NamedNode(_name("dcat:DataService"))
    yield from _texts(service, "dcterms:title", {"en": "SPARQL endpoint of Mercato", "fr": "Service SPARQL de Mercato"})
    yield service, _name("dcat:endpointURL"), NamedNode(service)
    yield service, _name("dcat:servesDataset"), NamedNode(dataset)
    yield service, _name("dcterms:conformsTo"), NamedNode("https://www.w3.org/TR/sparql11-protocol/")
    for kind in ("dcat:Dataset", "void:Dataset"):
        yield dataset, _name("rdf:type"), NamedNode(_name(kind))
    yield from _texts(dataset, "dcterms:title", _TITLE)
    yield from _texts(dataset, "dcterms:description", _DESCRIPTION)
    for language, words in _KEYWORDS.items():
        for word in words:
            yield dataset, _name("dcat:keyword"), Literal(word, language=language)
    yield dataset, _name("dcterms:identifier"), Literal(dataset)
    yield dataset, _name("dcterms:creator"), Literal("The Mercato authors")
    yield dataset, _name("dcterms:license"), NamedNode(LICENCE)
    yield dataset, _name("dcterms:conformsTo"), NamedNode(str(MC).rstrip("#"))
    yield dataset, _name("dcat:version"), Literal(version)
    yield from _modified(dataset)
    yield dataset, _name("void:sparqlEndpoint"), NamedNode(service)
    yield dataset, _name("void:uriSpace"), Literal(f"{base}id/")
    for space in sorted({VOCABULARIES[name] for name in ("mc", "dcterms", "oa", "schema", "skos")}):
        yield dataset, _name("void:vocabulary"), NamedNode(space)
    quads = [*composition.curated, *composition.derived]
    yield from _statistics(dataset, quads)
    yield from _examples(dataset, quads, base)
    for graph in composition.graphs:
        yield dataset, _name("void:subset"), NamedNode(graph)
        yield graph, _name("rdf:type"), NamedNode(_name("void:Dataset"))
        inside = [quad for quad in composition.quads() if quad.graph_name == NamedNode(graph)]
        yield graph, _name("void:triples"), _number(len({quad.triple for quad in inside}))
    for name, about in sorted(files.items()):
        yield from _distribution(dataset, base, name, about)


def _texts(subject: str, predicate: str, texts: Mapping[str, str]) -> Iterator[Row]:
    for language, text in texts.items():
        yield subject, _name(predicate), Literal(text, language=language)


def _modified(dataset: str) -> Iterator[Row]:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        moment = datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield dataset, _name("dcterms:modified"), Literal(moment, datatype=NamedNode(_XSD + "dateTime"))


def _statistics(dataset: str, quads: list[Quad]) -> Iterator[Row]:
    """Yield VoID's counts (section 4): triples, distinct terms by place, and partitions by class and property."""
    triples = {quad.triple for quad in quads}
    type_ = _name("rdf:type")
    yield dataset, _name("void:triples"), _number(len(triples))
    yield dataset, _name("void:distinctSubjects"), _number(len({triple.subject for triple in triples}))
    yield dataset, _name("void:distinctObjects"), _number(len({triple.object for triple in triples}))
    yield dataset, _name("void:properties"), _number(len({triple.predicate for triple in triples}))
    typed = [t.object.value for t in triples if t.predicate.value == type_ and isinstance(t.object, NamedNode)]
    yield dataset, _name("void:classes"), _number(len(set(typed)))
    partitions = (
        ("class", "void:classPartition", "void:class", "void:entities", Counter(typed)),
        (
            "property",
            "void:propertyPartition",
            "void:property",
            "void:triples",
            Counter(t.predicate.value for t in triples),
        ),
    )
    for kind, link, about, count, counter in partitions:
        for term, number in sorted(counter.items()):
            part = f"{dataset}/{kind}/{_tail(term)}"
            yield dataset, _name(link), NamedNode(part)
            yield part, _name(about), NamedNode(term)
            yield part, _name(count), _number(number)


def _tail(term: str) -> str:
    """Return a name for `term` within a path: its prefix and local name where it has a prefix of ours."""
    for prefix, space in VOCABULARIES.items():
        if term.startswith(space):
            return f"{prefix}-{term[len(space) :]}"
    return "".join(c if c.isalnum() else "-" for c in term)


def _examples(dataset: str, quads: list[Quad], base: str) -> Iterator[Row]:
    subjects = sorted({quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)})
    for kind in _EXAMPLE_KINDS:
        for subject in subjects:
            if subject.startswith(f"{base}id/{kind}/"):
                yield dataset, _name("void:exampleResource"), NamedNode(subject)
                break


def _distribution(dataset: str, base: str, name: str, about: Mapping[str, Any]) -> Iterator[Row]:
    file = f"{base}dumps/{name}"
    yield dataset, _name("dcat:distribution"), NamedNode(file)
    yield file, _name("rdf:type"), NamedNode(_name("dcat:Distribution"))
    yield file, _name("dcterms:title"), Literal(name)
    yield file, _name("dcterms:license"), NamedNode(LICENCE)
    yield file, _name("dcat:downloadURL"), NamedNode(file)
    yield file, _name("dcat:mediaType"), NamedNode(_MEDIA + about["mediaType"])
    yield file, _name("dcat:byteSize"), Literal(str(about["bytes"]), datatype=NamedNode(_XSD + "nonNegativeInteger"))
    if "compressFormat" in about:
        yield file, _name("dcat:compressFormat"), NamedNode(_MEDIA + about["compressFormat"])
    if about["part"] == "graph":
        yield dataset, _name("void:dataDump"), NamedNode(file)
    checksum = f"{file}#sha256"
    yield file, _name("spdx:checksum"), NamedNode(checksum)
    yield checksum, _name("rdf:type"), NamedNode(_name("spdx:Checksum"))
    yield checksum, _name("spdx:algorithm"), NamedNode(_name("spdx:checksumAlgorithm_sha256"))
    value = Literal(about["sha256"], datatype=NamedNode(_XSD + "hexBinary"))
    yield checksum, _name("spdx:checksumValue"), value
