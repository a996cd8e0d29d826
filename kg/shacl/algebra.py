"""What rdflib and pySHACL leave to do when shapes are read: EXISTS in a query's algebra, and booleans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import rdflib
from pyshacl.monkey import rdflib_bool_patch, rdflib_bool_unpatch
from rdflib.plugins.sparql.algebra import translateGroupGraphPattern
from rdflib.plugins.sparql.parserutils import CompValue


@contextmanager
def booleans() -> Iterator[None]:
    """Let only `true` be true, as pySHACL does when it reads shapes itself (the W3C suite asks for it)."""
    normalize = rdflib.NORMALIZE_LITERALS
    rdflib_bool_patch()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        rdflib_bool_unpatch()  # type: ignore[no-untyped-call]
        rdflib.NORMALIZE_LITERALS = normalize


def translate_tests(algebra: object) -> None:
    """Replace the groups of EXISTS, which rdflib leaves as they were parsed, by their algebra."""
    if isinstance(algebra, CompValue):
        if algebra.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            algebra.graph = translateGroupGraphPattern(algebra.graph)
        for each in list(algebra.values()):
            translate_tests(each)
    elif isinstance(algebra, list | tuple):
        for each in algebra:
            translate_tests(each)


def operators(algebra: object) -> set[str]:
    """Return the names of all operators in a query's algebra."""
    if isinstance(algebra, CompValue):
        return {algebra.name}.union(*(operators(each) for each in algebra.values()))
    if isinstance(algebra, list | tuple | set):
        return set().union(*(operators(each) for each in algebra))
    return set()
