"""The form that this project keeps its own graph in: as `writer` writes it, without what the build derives."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import NameUnknownError
from kg.names import BASE, MC, VOCABULARIES, prefixes
from kg.turtle.writer import turtle

OA = VOCABULARIES["oa"]
_TYPE, _SOURCE = NamedNode(VOCABULARIES["rdf"] + "type"), NamedNode(OA + "hasSource")
_ARTICLE, _PASSAGE = (NamedNode(str(MC) + name) for name in ("article", "passage"))
_DEFAULTS = {"stance": "Affirms", "certainty": "Reported", "rank": "Normal"}
"""What a new claim says of itself: the least that an article's own sentence bears."""


def house(triples: Iterable[Triple], base: str = BASE) -> str:
    """Return the Turtle of `triples` as this project keeps it."""
    return turtle(without_derived(triples), prefixes(base))


def claim(record: str, article: str, start: int, end: int, sha256: str) -> str:
    """Return the Turtle of a claim and its passage, without prefixes: all that a claim must say.

    `record` is what is claimed, as `move:x`, and `article` the name of the article's file, without extension; `start`
    and `end` are the passage's offsets in characters, `sha256` their hash. The claim affirms the record as reported by
    the article; its name is the article's number and the record's own name. Raises `NameUnknownError` for a record
    without a kind.
    """
    number, names = article.split("_", 1)[0], prefixes(BASE)
    kind, _, slug = record.partition(":")
    if not slug or kind not in names:
        raise NameUnknownError(f"{record} is no record: give a kind and a name, such as move:ada-openai-anthropic")
    node, passage, source = (
        NamedNode(names[prefix] + name)
        for prefix, name in (
            ("claim", f"{number}-{slug}"),
            ("passage", f"{number}-{start}-{end}"),
            ("article", article),
        )
    )
    integer = NamedNode(VOCABULARIES["xsd"] + "integer")
    said: dict[str, NamedNode | Literal] = {
        _SOURCE.value: source,
        f"{OA}start": Literal(str(start), datatype=integer),
        f"{OA}end": Literal(str(end), datatype=integer),
        f"{MC}sha256": Literal(sha256),
    }
    claimed: dict[str, NamedNode] = {
        "asserts": NamedNode(names[kind] + slug),
        "claimant": source,
        "passage": passage,
        **{name: NamedNode(str(MC) + value) for name, value in _DEFAULTS.items()},
    }
    text = turtle(
        [
            Triple(passage, _TYPE, NamedNode(f"{MC}Passage")),
            *(Triple(passage, NamedNode(predicate), value) for predicate, value in said.items()),
            Triple(node, _TYPE, NamedNode(f"{MC}Claim")),
            *(Triple(node, NamedNode(f"{MC}{name}"), value) for name, value in claimed.items()),
        ],
        names,
    )
    return text.partition("\n\n")[2]


def without_derived(triples: Iterable[Triple]) -> list[Triple]:
    """Return the triples without the `mc:article` that follows from the source of a claim's passage."""
    triples = list(triples)
    sources: dict[object, set[object]] = {}
    for triple in triples:
        if triple.predicate == _SOURCE:
            sources.setdefault(triple.subject, set()).add(triple.object)
    follow = {
        (triple.subject, source)
        for triple in triples
        if triple.predicate == _PASSAGE
        for source in sources.get(triple.object, ())
    }
    return [each for each in triples if each.predicate != _ARTICLE or (each.subject, each.object) not in follow]
