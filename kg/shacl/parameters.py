"""The properties of SHACL: what their values must be, which come once, and which this check does not do.

From the standard's summary of syntax rules (SHACL, appendix B).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pyoxigraph as ox
from rdflib.namespace import SH

from kg.turtle.reader import XSD
from kg.turtle.text import Term

SHACL = str(SH)
TERMS = sorted({*SH.__annotations__, "and", "class", "in", "not", "or"})
"""The local names of SHACL's terms, those of its Advanced Features and of JavaScript among them."""


@cache
def sh(name: str) -> ox.NamedNode:
    """Return the term `name` of SHACL."""
    return ox.NamedNode(f"{SHACL}{name}")


KINDS = ("BlankNode", "IRI", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral")


def _has_type(term: Term, *names: str) -> bool:
    return isinstance(term, ox.Literal) and not term.language and term.datatype.value in {f"{XSD}{n}" for n in names}


def is_string(term: Term) -> bool:
    """Say whether `term` is a plain string."""
    return _has_type(term, "string")


def _is_flags(term: Term) -> bool:
    return is_string(term) and set(term.value) <= set("smixq")


def _is_words(term: Term) -> bool:
    return isinstance(term, ox.Literal) and (bool(term.language) or is_string(term))


def is_count(term: Term) -> bool:
    """Say whether `term` is a whole number from 0 on."""
    return _has_type(term, "integer") and bool(re.fullmatch(r"\+?[0-9]+", term.value))


def _is_boolean(term: Term) -> bool:
    return _has_type(term, "boolean") and term.value in ("true", "false", "1", "0")


def _is_iri(term: Term) -> bool:
    return isinstance(term, ox.NamedNode)


def _is_literal(term: Term) -> bool:
    return isinstance(term, ox.Literal)


def _is_no_literal(term: Term) -> bool:
    return not isinstance(term, ox.Literal)


def _is_no_blank(term: Term) -> bool:
    return not isinstance(term, ox.BlankNode)


def _is_kind(term: Term) -> bool:
    return term.value.removeprefix(SHACL) in KINDS and _is_iri(term)


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_VALUES: tuple[tuple[str, Callable[[Term], bool], str], ...] = (
    (
        "class targetClass targetSubjectsOf targetObjectsOf datatype equals disjoint lessThan lessThanOrEquals",
        _is_iri,
        "must be an IRI, and {0} is none",
    ),
    ("severity", _is_iri, "must be an IRI such as sh:Warning, and {0} is none"),
    (
        "minCount maxCount minLength maxLength qualifiedMinCount qualifiedMaxCount",
        is_count,
        "must be a whole number such as 1, and {0} is none",
    ),
    ("minExclusive minInclusive maxExclusive maxInclusive", _is_literal, "must be a literal, and {0} is none"),
    (
        "flags",
        _is_flags,
        "must be some of the letters s, m, i, x and q (XPath Functions, section 5.6.2), and {0} is not",
    ),
    ("pattern select ask prefix", is_string, "must be a plain string, and {0} is none"),
    ("message", _is_words, "must be a string, and {0} is none"),
    ("nodeKind", _is_kind, f"must be one of sh:{', sh:'.join(KINDS)}, and {{0}} is none of them"),
    (
        "uniqueLang closed deactivated qualifiedValueShapesDisjoint optional",
        _is_boolean,
        "must be true or false, and {0} is neither",
    ),
    ("targetNode", _is_no_blank, "must be an IRI or a literal: no other file can mean a node without a name"),
    ("node property not qualifiedValueShape sparql", _is_no_literal, "must be a node, and {0} is a literal"),
)
TESTS = {name: (test, words) for names, test, words in _VALUES for name in names.split()}
"""By the property's name, what a value must be, and the words where it is not; `{0}` in them is the value."""
MEMBERS: dict[str, tuple[Callable[[Term], bool], str]] = {
    "in": (lambda term: True, ""),
    "languageIn": (is_string, "must list language tags as plain strings, and {0} is none"),
    "ignoredProperties": (_is_iri, "must list IRIs, and {0} is none"),
    **dict.fromkeys(("and", "or", "xone"), (_is_no_literal, "must list shapes, and {0} is a literal")),
}
ONCE = _names(
    "path datatype nodeKind minCount maxCount minLength maxLength minExclusive minInclusive maxExclusive maxInclusive "
    "pattern flags uniqueLang in languageIn closed ignoredProperties qualifiedValueShape qualifiedMinCount "
    "qualifiedMaxCount qualifiedValueShapesDisjoint severity deactivated select ask"
)
OF_PROPERTIES = _names("minCount maxCount uniqueLang lessThan lessThanOrEquals qualifiedValueShape")
UNSUPPORTED = {
    "js": "constraints in JavaScript (SHACL-JS)",
    "rule": "rules (SHACL Advanced Features)",
    "target": "targets by query (SHACL Advanced Features)",
    "expression": "constraints by expression (SHACL Advanced Features)",
}
