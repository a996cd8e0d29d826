"""What Schemathesis must know to send a SPARQL query, or Turtle, as it is."""

from __future__ import annotations

import schemathesis


@schemathesis.serializer("application/sparql-query", "text/turtle", "application/x-turtle")
def as_it_is(context: object, value: object) -> bytes:
    """Return the body of a direct POST."""
    return str(value).encode("utf-8", "surrogatepass")
