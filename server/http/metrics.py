"""What the server counts, in Prometheus' terms."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

AREAS = frozenset(
    (
        ".well-known",
        "catalog",
        "check",
        "data",
        "describe",
        "dumps",
        "graphs",
        "health",
        "id",
        "metrics",
        "ontology",
        "openapi.json",
        "page",
        "problems",
        "questions",
        "search",
        "shapes",
        "sparql",
        "static",
    )
)
"""The first segments of our paths; anything else counts as `other`, so that nobody can grow the list of series."""

SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0)


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter("mercato_requests_total", "Requests answered.", ["area", "status"], registry=registry)
        self.seconds = Histogram(
            "mercato_request_seconds",
            "Seconds to the last byte of an answer.",
            ["area"],
            buckets=SECONDS,
            registry=registry,
        )
        self.cached = Counter("mercato_cache_total", "Answers looked for in the cache.", ["found"], registry=registry)
        self.cut = Counter("mercato_answers_cut_total", "Answers cut after their first byte.", registry=registry)
        self.gone = Counter("mercato_clients_gone_total", "Answers whose client hung up early.", registry=registry)
        self.problems = Counter("mercato_problems_total", "Errors answered, by name.", ["problem"], registry=registry)
        self.republished = Counter(
            "mercato_republished_total", "New builds taken up, and tries that failed.", ["outcome"], registry=registry
        )
        self.edition = Gauge("mercato_edition_info", "The version that is served.", ["version"], registry=registry)

    def gauge(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Add a gauge that asks `value` whenever it is read."""
        Gauge(name, help_text, registry=self.registry).set_function(value)

    def serves(self, version: str) -> None:
        """Say that `version` is what is served from now on."""
        self.edition.clear()
        self.edition.labels(version).set(1)

    def text(self) -> bytes:
        """Return all figures in the Prometheus text format 0.0.4."""
        return generate_latest(self.registry)


def area(path: str) -> str:
    """Return the area that `path` counts under."""
    first = path[1:].partition("/")[0]
    if first in AREAS:
        return first
    return "other" if first else "home"
