"""Malformed shapes are refused before anything is judged by them, at their token."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import RDF
from test_shapes import ENTRIES, KNOWN_DIFFERENCES, MF, PREFIXES, SHT, as_written, documents, needs_suite

from kg.check.run import Request, check
from kg.errors import InputError
from kg.shacl.shapes import Shapes
from kg.shacl.syntax import refuse_malformed
from kg.turtle.document import parse, read
from kg.turtle.terms import quiet

DATA = Path(__file__).parent / "data"
NODE = ":S a sh:NodeShape ; sh:targetClass :C ; "
PROPERTY = ":S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :p ; "

# What is malformed, with « » around the token that the fault is told at, and words of the sentence.
MALFORMED: dict[str, tuple[str, str]] = {
    "in that is no list": (PROPERTY + "sh:in «:a» ] .", "must be a list"),
    "in that is a broken list": (
        PROPERTY + "sh:in «[» rdf:first :a ; rdf:rest [ rdf:first :b ] ] ] .",
        "must be a list",
    ),
    "a list in a circle": (PROPERTY + "sh:in «_:l» ] . _:l rdf:first :a ; rdf:rest _:l .", "must be a list"),
    "two lists": (PROPERTY + "sh:in (:a) , «(»:b) ] .", "a shape has one sh:in"),
    "a path that is a literal": (NODE + "sh:property [ sh:path «'p'» ] .", "no property path"),
    "a path of one step in a list": (NODE + "sh:property [ sh:path «(» :p ) ] .", "no property path"),
    "a path with two kinds": (
        NODE + "sh:property [ sh:path «[» sh:inversePath :p ; sh:zeroOrMorePath :q ] ] .",
        "no property path",
    ),
    "alternatives that are no list": (
        NODE + "sh:property [ sh:path «[» sh:alternativePath :p ] ] .",
        "no property path",
    ),
    "a path in a circle": (NODE + "sh:property [ sh:path «_:p» ] . _:p sh:inversePath _:p .", "no property path"),
    "an empty path": (NODE + "sh:property [ sh:path «[» ] ] .", "no property path"),
    "two paths": (NODE + "sh:property [ sh:path :p , «:q» ] .", "a shape has one sh:path"),
    "a count that is a string": (PROPERTY + 'sh:minCount «"x"» ] .', "sh:minCount must be a whole number"),
    "a count below nothing": (PROPERTY + "sh:maxCount «-1» ] .", "sh:maxCount must be a whole number"),
    "a count that is a decimal": (PROPERTY + "sh:maxCount «1.0» ] .", "must be a whole number such as 1, and 1.0"),
    "two counts": (PROPERTY + "sh:minCount 1 , «2» ] .", "a shape has one sh:minCount"),
    "a pattern that is none": (PROPERTY + 'sh:pattern «"(["» ] .', "no regular expression"),
    "a pattern of another dialect": (PROPERTY + 'sh:pattern «"\\\\p{L}"» ] .', "no regular expression"),
    "a flag that XPath has not": (PROPERTY + "sh:pattern 'x' ; sh:flags «'ig'» ] .", "must be some of the letters"),
    "an unknown node kind": (PROPERTY + "sh:nodeKind «sh:Iri» ] .", "must be one of sh:BlankNode"),
    "a datatype that is a literal": (PROPERTY + 'sh:datatype «"string"» ] .', "sh:datatype must be an IRI"),
    "a class that is a node without a name": (PROPERTY + "sh:class «[» ] ] .", "sh:class must be an IRI"),
    "a boolean that is a string": (PROPERTY + "sh:uniqueLang «'true'» ] .", "must be true or false"),
    "languages that are no strings": (PROPERTY + "sh:languageIn ( «:en» ) ] .", "must list language tags"),
    "ignored properties that are strings": (NODE + "sh:closed true ; sh:ignoredProperties ( «':p'» ) .", "IRIs"),
    "a bound that is an IRI": (PROPERTY + "sh:minInclusive «:a» ] .", "must be a literal"),
    "alternatives that are literals": (NODE + "sh:or ( «1» ) .", "sh:or must list shapes"),
    "a message that is a number": (NODE + "sh:message «1» .", "sh:message must be a string"),
    "a target that is a string": (":S a sh:NodeShape ; sh:targetClass «'C'» .", "sh:targetClass must be an IRI"),
    "no path": (NODE + "sh:property «[» sh:minLength 1 ] .", "has no sh:path"),
    "no path, typed": (":S a «sh:PropertyShape» ; sh:minLength 1 .", "this property shape has no sh:path"),
    "a count on a node": (NODE + "«sh:minCount» 1 .", "is about the values of a property"),
    "a path on a node shape": (NODE + "«sh:path» :p .", "a node shape has no sh:path"),
    "a property shape that is nowhere": (NODE + "sh:property «:Nowhere» .", "uses the shape :Nowhere"),
    "a node shape that is nowhere": (NODE + "sh:not «:Nowhere» .", "uses the shape :Nowhere"),
    "a property shape as a node shape": (NODE + "sh:node «:P» . :P sh:path :p .", "needs a node shape"),
    "a misspelt property": (PROPERTY + "«sh:minCuont» 1 ] .", "did you mean sh:minCount?"),
    "a misspelt class": (":S a «sh:NodeShap» ; sh:targetClass :C .", "did you mean sh:NodeShape?"),
    "no query": (NODE + "sh:sparql «[» sh:message 'x' ] .", "add the query"),
    "a query that does not parse": (NODE + "sh:sparql [ sh:select «'SELECT $this {'» ] .", "does not parse: line 1"),
    "a query with an unknown prefix": (
        NODE + "sh:sparql [ sh:select «'SELECT $this { $this x:p 1 }'» ] .",
        "prefix : x",
    ),
    "a query with MINUS": (
        NODE + "sh:sparql [ sh:select «'SELECT $this { $this ?p ?o MINUS { $this :p ?o } }'» ] .",
        "must not contain a MINUS",
    ),
    "a query with VALUES": (
        NODE + "sh:sparql [ sh:select «'SELECT $this { VALUES ?p { :p } $this ?p ?o }'» ] .",
        "must not contain a VALUES",
    ),
    "a query with SERVICE": (
        NODE + "sh:sparql [ sh:select «'SELECT $this { SERVICE <http://127.0.0.1:1/> { $this ?p ?o } }'» ] .",
        "reads from elsewhere",
    ),
    "a query that binds $this again": (
        NODE + "sh:sparql [ sh:select «'SELECT $this { $x ?p ?o BIND ($x AS ?this) }'» ] .",
        "re-bind",
    ),
    "a query without $this": (NODE + "sh:sparql [ sh:select «'SELECT ?o { ?s ?p ?o }'» ] .", "must select $this"),
    "a query that asks": (NODE + "sh:sparql [ sh:select «'ASK { $this ?p ?o }'» ] .", "begins with SELECT"),
    "a query that is a number": (NODE + "sh:sparql [ sh:select «1» ] .", "sh:select must be a plain string"),
    "two queries": (
        NODE + "sh:sparql [ sh:select 'SELECT $this { $this :p 1 }' , «'SELECT $this { $this :p 2 }'» ] .",
        "a shape has one sh:select",
    ),
    "a validator's query": (
        ":K a sh:ConstraintComponent ; sh:parameter [ sh:path :l ] ; sh:validator [ sh:ask «'ASK { ?value :p }'» ] .",
        "does not parse",
    ),
    "JavaScript": (NODE + "«sh:js» [ sh:jsFunctionName 'f' ] .", "which this check does not do"),
    "a rule": (NODE + "«sh:rule» [ a sh:TripleRule ] .", "which this check does not do"),
    "a target by query": (":S a sh:NodeShape ; «sh:target» [ sh:select 'x' ] .", "which this check does not do"),
    "an entailment regime": (
        ": sh:entailment «<http://www.w3.org/ns/entailment/OWL-RDF-Based>» .",
        "entailment by <http://www.w3.org/ns/entailment/OWL-RDF-Based>, which this check does not do",
    ),
    "a prefix without a namespace": (": sh:declare «[» sh:prefix 'x' ] .", "exactly one sh:namespace"),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_shapes_are_refused(kind: str, tmp_path: Path) -> None:
    """The fault is told at its very token with what to do, though the data have nothing that reaches the shape."""
    marked, words = MALFORMED[kind]
    token = re.search("«(.*)»", marked)
    assert token
    path = tmp_path / "shapes.ttl"
    path.write_text(PREFIXES + RDF_PREFIX + marked.replace("«", "").replace("»", ""), encoding="utf-8")
    (tmp_path / "data.ttl").write_text("<x:s> <x:p> 1 .", encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(words)) as raised:
        check(Request([tmp_path / "data.ttl"], shapes=[path]))
    lines = (PREFIXES + RDF_PREFIX).count("\n")
    assert (raised.value.source, raised.value.line) == (str(path), lines + 1)
    assert raised.value.column == token.start() + 1
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)


RDF_PREFIX = "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"


def test_the_number_of_faults_is_told() -> None:
    """The first fault is told, and how many more there are."""
    text = PREFIXES + PROPERTY + "sh:minCount 'x' ; sh:nodeKind :y ; sh:pattern '(' ] ."
    with pytest.raises(InputError, match=r"sh:minCount must be .*\(2 more like this in the shapes\)"):
        refuse_malformed(Shapes([parse(text, "shapes.ttl")]))


def test_what_pyshacl_refuses_later_has_a_place(tmp_path: Path) -> None:
    """Where pySHACL gives up on some data, the shape that it was judging is named with its line."""
    shape = "sh:property [ sh:path :p ; sh:lessThan :q ] ."
    (tmp_path / "shapes.ttl").write_text(PREFIXES + NODE + shape, encoding="utf-8")
    (tmp_path / "data.ttl").write_text(PREFIXES + ":n a :C ; :p [] ; :q 1 .", encoding="utf-8")
    with pytest.raises(InputError, match=r"shapes.ttl:3:1: the shapes cannot be used: .*compare a BlankNode"):
        check(Request([tmp_path / "data.ttl"], shapes=[tmp_path / "shapes.ttl"]))


# Files of the suite that pySHACL judges, and which are refused for a slip of the suite itself.
SLIPS = {"core/property/qualifiedValueShape-001": "SHACL has no sh:nodeShape"}


@needs_suite
@pytest.mark.parametrize(("name", "manifest", "_", "shapes"), ENTRIES, ids=[name for name, *_ in ENTRIES])
def test_the_w3c_suite_is_well_formed(name: str, manifest: Path, _: Path, shapes: Path) -> None:
    """Of the suite's shapes exactly those are refused that the suite calls a failure, but for the list above."""
    with quiet():
        expected = as_written(manifest)
    failure = expected.value(expected.value(None, RDF.type, SHT.Validate), MF.result) == SHT.Failure
    refused = ""
    try:
        refuse_malformed(Shapes(documents(shapes)))
    except InputError as error:
        refused = str(error)
    if name in SLIPS:
        assert SLIPS[name] in refused
    else:
        assert bool(refused) == (failure or name in KNOWN_DIFFERENCES), refused


@pytest.mark.parametrize("shapes", [DATA / "dcat" / "shapes.ttl", DATA / "skos" / "shapes.ttl"])
def test_good_shapes_are_taken(shapes: Path) -> None:
    """Well-formed shapes pass."""
    refuse_malformed(Shapes(documents(shapes)))


def test_our_own_shapes_are_well_formed() -> None:
    """Mercato's own shapes pass too; a check by them does not look again."""
    files = sorted((Path(__file__).parent.parent / "shapes").glob("*.ttl"))
    assert files
    refuse_malformed(Shapes([read(path, blank=f"s{number}") for number, path in enumerate(files)]))
