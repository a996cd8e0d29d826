"""Reports for terminals, CI systems and machines, one format a module.

A format is a function of the report alone, equal byte for byte on every run. `page` is for the server's own pages.
"""

from __future__ import annotations

from collections.abc import Callable

from kg.check.finding import Report
from kg.check.report import github, json, junit, markdown, sarif, text, turtle

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "github": github.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "json": json.render,
    "markdown": markdown.render,
    "turtle": turtle.render,
}
"""The formats by name."""
