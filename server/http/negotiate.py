"""Which representation a client gets: RFC 9110, section 12.5, over a table of what a resource offers.

A resource offers a tuple of `Offer`s in the server's order of preference. The most specific media range of the
client that matches an offer gives that offer's quality. The highest quality wins; then the more specific range, a
type of today over an older alias, what the client names first, and last the server's order. `?format=` and a file
extension override the header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from werkzeug.http import parse_list_header, parse_options_header

from kg.errors import MercatoError


@dataclass(frozen=True)
class Offer:
    """One representation: its media type, the name of its serialisation and the extension of its files.

    `aliases` are older or looser media types that clients ask for; one that was asked for is also the type that
    is answered, because the client said that it reads it.
    """

    media: str
    format: str
    extension: str
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The Content-Type header: text types say their charset."""
        return f"{self.media}; charset=utf-8" if self.media.startswith("text/") else self.media


EXACT = 3
"""How closely a media range matches that spells the type out."""

HTML = Offer("text/html", "html", "html")

GRAPHS: tuple[Offer, ...] = (
    Offer(
        "text/turtle",
        "ttl",
        "ttl",
        aliases=("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3"),
        names=("turtle", "n3"),
    ),
    Offer("application/n-triples", "nt", "nt", aliases=("text/plain",), names=("ntriples", "n-triples")),
    Offer("application/ld+json", "jsonld", "jsonld", aliases=("application/json",), names=("json-ld", "json")),
    Offer(
        "application/rdf+xml",
        "rdf",
        "rdf",
        aliases=("application/xml", "text/xml"),
        names=("rdf+xml", "rdf/xml", "rdfxml", "rdf-xml", "xml"),
    ),
)
"""What a graph is offered as: a thing's description, a CONSTRUCT answer, the vocabulary, a catalogue."""

SOLUTIONS: tuple[Offer, ...] = (
    Offer(
        "application/sparql-results+json",
        "json",
        "srj",
        aliases=("application/json",),
        names=("sparql-json", "application/json"),
    ),
    Offer(
        "application/sparql-results+xml",
        "xml",
        "srx",
        aliases=("application/xml", "text/xml"),
        names=("sparql-xml", "sparql", "results"),
    ),
    Offer("text/csv", "csv", "csv"),
    Offer("text/tab-separated-values", "tsv", "tsv"),
)
"""What the answer to SELECT or ASK is offered as."""

REPORTS: tuple[Offer, ...] = (
    Offer("text/plain", "text", "txt"),
    Offer("application/json", "json", "json"),
    Offer("application/sarif+json", "sarif", "sarif"),
    Offer("text/markdown", "markdown", "md"),
    Offer("text/turtle", "turtle", "ttl", aliases=("application/x-turtle",)),
    Offer("application/xml", "junit", "xml", aliases=("text/xml",)),
)
"""What a report is offered as, by the names of `kg.check.report`."""

JSON = Offer("application/json", "json", "json")

POSTED: dict[str, tuple[str, ...]] = {
    "/sparql": ("application/sparql-query", "application/x-www-form-urlencoded"),
    "/check": ("text/turtle", "application/x-turtle", "multipart/form-data", "application/x-www-form-urlencoded"),
}
"""What can be posted, by path; clients are told in `Accept-Post` (LDP, section 7.1)."""

MEDIA_TYPES: dict[str, str] = {
    ".ttl": "text/turtle; charset=utf-8",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".trig": "application/trig",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".json": "application/json",
    ".gz": "application/gzip",
    "": "text/plain; charset=utf-8",
}
"""The media type of a file by its last extension. A `.gz` is a file of its own, not an encoding of another."""


class NotAcceptableError(MercatoError):
    """Nothing that the resource offers is something that the client takes; `offers` is what there is."""

    def __init__(self, sentence: str, offers: Sequence[Offer]):
        super().__init__(sentence)
        self.offers = tuple(offers)


@dataclass(frozen=True)
class MediaRange:
    """One member of an Accept header, in lower case, with its quality from 0 to 1."""

    type: str
    subtype: str
    quality: float

    def specificity(self, media: str) -> int:
        """Return how closely this range names `media`: 3 exactly, 2 by `type/*`, 1 by `*/*`, 0 not at all."""
        kind, _, subtype = media.partition("/")
        if self.type == "*":
            return 1
        if self.type != kind:
            return 0
        return EXACT if self.subtype == subtype else 2 if self.subtype == "*" else 0


def _quality(text: str | None) -> float | None:
    """Return the weight `text` as a number; `None` where it is none. `.2` is what Java's own client sends."""
    if text is None:
        return 1.0
    try:
        quality = float(text)
    except ValueError:
        return None
    return quality if 0 <= quality <= 1 else None


def media_ranges(header: str) -> tuple[MediaRange, ...]:
    """Return the ranges of an Accept header; members that are no media range are passed over."""
    found = []
    for member in parse_list_header(header):
        name, options = parse_options_header(member)
        quality = _quality(options.get("q"))
        kind, slash, subtype = name.strip().lower().partition("/")
        if kind == "*" and not slash:  # also Java's: `*; q=.2`
            subtype = "*"
        if quality is None or not kind or not subtype or (kind == "*" and subtype != "*"):
            continue
        found.append(MediaRange(kind, subtype, quality))
    return tuple(found)


def _rank(media: str, ranges: Sequence[MediaRange]) -> tuple[float, int, int]:
    """Return the quality of `media`, how closely it was named and how early (0 is first, -1 second …)."""
    closest = max((item.specificity(media) for item in ranges), default=0)
    if closest == 0:
        return 0.0, 0, 0
    matches = [(item.quality, -place) for place, item in enumerate(ranges) if item.specificity(media) == closest]
    quality, place = max(matches)
    return quality, closest, place if closest == EXACT else 0


@lru_cache(maxsize=1024)
def choose(accept: str | None, offers: tuple[Offer, ...]) -> Offer:
    """Return the offer that serves `accept`, its `media` the alias that the client named where it named one.

    A header that is absent, empty or holds no media range at all takes the first offer. Raises
    `NotAcceptableError` where the client takes none of the offers.
    """
    ranges = media_ranges(accept) if accept else ()
    if not ranges:
        return offers[0]
    ranked: list[tuple[tuple[float, int, bool, int, int], Offer]] = []
    for order, offer in enumerate(offers):
        for media in (offer.media, *offer.aliases):
            quality, closeness, place = _rank(media, ranges)
            is_main = media == offer.media
            if quality > 0 and (is_main or closeness == EXACT):  # an alias counts only where it is spelled out
                ranked.append(
                    ((quality, closeness, is_main, place, -order), offer if is_main else replace(offer, media=media))
                )
    if not ranked:
        kinds = ", ".join(offer.media for offer in offers)
        raise NotAcceptableError(f"the Accept header takes none of what there is: {kinds}", offers)
    return max(ranked, key=lambda item: item[0])[1]


def named(name: str, offers: Sequence[Offer]) -> Offer | None:
    """Return the offer whose format, extension, media type or other name is `name`, in any case; else `None`."""
    wanted = name.strip().lower()
    for offer in offers:
        if wanted in (offer.format, offer.extension, offer.media, *offer.names, *offer.aliases):
            return offer
    return None


def override(name: str, offers: Sequence[Offer]) -> Offer:
    """Return the offer that `?format=name` asks for; raise `NotAcceptableError` with what there is otherwise."""
    offer = named(name, offers)
    if offer is None:
        kinds = ", ".join(offer.format for offer in offers)
        raise NotAcceptableError(f"there is no format {name!r} here: give one of {kinds}", offers)
    return offer
