"""Sentences for results of shapes that bring none of their own: what is wrong and what to do, by constraint."""

from __future__ import annotations

from collections.abc import Callable

import pyoxigraph as ox

from kg.shacl.judge import Result
from kg.shacl.parameters import sh
from kg.shacl.shapes import Shapes, short
from kg.turtle.text import Term

Show = Callable[[Term], str]

# By the constraint's parameter; {0} is the parameter's value, {path}, {value} and {focus} are the result's.
_SENTENCES: dict[str, str] = {
    "class": "{value} is no {0}: give it that class, or point to one that has it",
    "datatype": "{value} is no {0}: write a value of that type",
    "nodeKind": "{value} must be {0}: write it so",
    "minCount": "{path} is missing here: at least {0} needed",
    "maxCount": "{path} has too many values: at most {0} allowed, so remove what is too much",
    "minExclusive": "{value} must be more than {0}",
    "minInclusive": "{value} must be at least {0}",
    "maxExclusive": "{value} must be less than {0}",
    "maxInclusive": "{value} must be at most {0}",
    "minLength": "{value} is too short: at least {0} characters",
    "maxLength": "{value} is too long: at most {0} characters",
    "pattern": "{value} does not look as it should: it must match {0}",
    "languageIn": "{value} is in none of the languages allowed: {0}",
    "uniqueLang": "{path} has two values in one language: keep one of them",
    "equals": "{path} and {0} must have the same values: {value} is in only one of them",
    "disjoint": "{path} and {0} must share no value: {value} is in both",
    "lessThan": "{value} must be less than each value of {0}",
    "lessThanOrEquals": "{value} must be at most each value of {0}",
    "not": "{value} fits {0}, which it must not",
    "and": "{value} must fit all of {0}",
    "or": "{value} must fit one of {0}",
    "xone": "{value} must fit exactly one of {0}",
    "node": "{value} does not fit {0}: see the findings on it, or that shape",
    "qualifiedMinCount": "too few values of {path} fit the shape asked for: at least {0} must",
    "qualifiedMaxCount": "too many values of {path} fit the shape counted: at most {0} may",
    "closed": "{path} is not among the properties allowed here: remove it",
    "hasValue": "{path} must have the value {0}: add it",
    "in": "{value} is not in the list: choose one of {0}",
    "sPARQL": "the query of {shape} finds a fault here: see what it asks for, or give it a sh:message",
}


def sentence(result: Result, shapes: Shapes, show: Show) -> str:
    """Return the sentence of a result: the shape's message in English, else in any language, else one of ours."""
    graph = shapes.graph
    own = any(graph.values(each, sh("message")) for each in (result.shape, result.constraint) if each is not None)
    if own and result.messages:
        best = next((each for each in result.messages if each.language in ("en", None)), result.messages[0])
        return " ".join(best.value.split())
    name = short(result.component)
    pattern = _SENTENCES.get(name)
    if pattern is None:
        return " ".join(result.messages[0].value.split()) if result.messages else f"this breaks the rule {name}"

    def said(node: Term | None) -> str:
        if node is None:
            return "this"
        members = graph.members(node)
        if not members:
            return "the nameless shape" if isinstance(node, ox.BlankNode) and node != result.value else show(node)
        if all(isinstance(each, ox.BlankNode) for each in members):
            return f"the {len(members)} nameless shapes of {show(result.shape)}"
        return ", ".join(show(each) for each in members[:12]) + (" …" if len(members) > 12 else "")

    path = show(result.path) if isinstance(result.path, ox.NamedNode) else "a value"
    value = graph.value(result.shape, sh(name))
    return pattern.format(
        said(value), path=path, value=said(result.value), focus=show(result.focus), shape=said(result.shape)
    )
