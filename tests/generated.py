"""Random shapes, graphs and changes for property tests: small enough to clash often."""

from __future__ import annotations

from hypothesis import strategies as st

PREFIXES = """@prefix : <http://example.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
NODES = [f":n{number}" for number in range(6)]
CLASSES = [":A", ":B", ":C"]
PROPERTIES = [":p", ":q", ":r"]
LITERALS = [
    *(
        '"a"',
        '"b"@en',
        '"B"@en',
        '"c"@fr',
        "1",
        "01",
        "2",
        "-5.0",
        "1.0",
        "true",
        '"1"^^xsd:boolean',
        '"x"^^xsd:integer',
    ),
    *(
        '"2024-01-01"^^xsd:date',
        '"2024-13-01"^^xsd:date',
        '"2024"^^xsd:gYear',
        '"2023"^^xsd:gYear',
        '"1e0"^^xsd:double',
    ),
]
node, kind, predicate = st.sampled_from(NODES), st.sampled_from(CLASSES), st.sampled_from(PROPERTIES)
value = st.one_of(node, node, st.sampled_from(LITERALS))
statement = st.one_of(
    st.tuples(node, st.just("a"), kind),
    st.tuples(node, predicate, value),
    st.tuples(node, predicate, value),
    st.tuples(node, predicate, st.just("[ :p :n1 ; a :B ]")),
).map(lambda parts: f"{' '.join(parts)} .")
statements = st.lists(statement, max_size=16)

path = st.recursive(
    predicate,
    lambda inner: st.one_of(
        inner.map(lambda part: f"[ sh:inversePath {part} ]"),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"( {' '.join(parts)} )"),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"[ sh:alternativePath ( {' '.join(parts)} ) ]"),
        inner.map(lambda part: f"[ sh:zeroOrMorePath {part} ]"),
        inner.map(lambda part: f"[ sh:oneOrMorePath {part} ]"),
        inner.map(lambda part: f"[ sh:zeroOrOnePath {part} ]"),
    ),
    max_leaves=3,
)
number = st.integers(0, 2).map(str)
simple = st.one_of(
    kind.map(lambda each: f"sh:class {each}"),
    st.sampled_from(["sh:IRI", "sh:Literal", "sh:BlankNodeOrIRI"]).map(lambda each: f"sh:nodeKind {each}"),
    st.sampled_from(["xsd:integer", "xsd:string", "xsd:date", "xsd:gYear", "xsd:boolean"]).map(
        lambda each: f"sh:datatype {each}"
    ),
    st.lists(value, min_size=1, max_size=3).map(lambda each: f"sh:in ( {' '.join(each)} )"),
    value.map(lambda each: f"sh:hasValue {each}"),
    st.sampled_from(['"^a"', '"[0-9]$"', '"N"']).map(lambda each: f"sh:pattern {each} ; sh:flags 'i'"),
    st.sampled_from(["1", "0.5", '"2023"^^xsd:gYear', '"2024-01-01"^^xsd:date']).map(
        lambda each: f"sh:minExclusive {each}"
    ),
    st.sampled_from(["1", "2"]).map(lambda each: f"sh:maxInclusive {each}"),
    st.just("sh:minLength 2"),
    st.just("sh:maxLength 3"),
    st.just('sh:languageIn ( "en" )'),
    st.just("sh:closed true ; sh:ignoredProperties ( rdf:type :p )"),
)
of_property = st.one_of(
    number.map(lambda each: f"sh:minCount {each}"),
    number.map(lambda each: f"sh:maxCount {each}"),
    st.just("sh:uniqueLang true"),
    predicate.map(lambda each: f"sh:equals {each}"),
    predicate.map(lambda each: f"sh:disjoint {each}"),
    predicate.map(lambda each: f"sh:lessThan {each}"),
    predicate.map(lambda each: f"sh:lessThanOrEquals {each}"),
)
QUERIES = [
    "$this :p ?value . ?value :q $this",
    "$this :p ?value . ?value :p* $this",
    "$this :p ?value . ?value :q ?other . FILTER(?other != $this)",
    "$this :p ?value . FILTER NOT EXISTS { ?value :q ?any }",
    "{ $this :p ?value } UNION { ?value :r $this . ?value a :A }",
    "$this :p ?value OPTIONAL { ?value :q ?other } FILTER(!BOUND(?other))",
    "$this :p ?value . ?other :q ?value . FILTER(?other != $this)",
    "$this :p/:q ?value . FILTER(isIRI(?value))",
    "?value ^:p $this . ?value :r ?number . FILTER(?number > 1)",
    "$this a ?value . FILTER EXISTS { ?far :r ?near . FILTER(?far != $this) }",
    "$this ?value ?object . FILTER(isLiteral(?object))",
    "$this :q+ ?value . FILTER NOT EXISTS { ?value :p|:r ?x . ?x a :C }",
    "$this :p ?value . FILTER(isIRI($this) && isIRI(?value) && STR(?value) < STR($this))",
    "$this :p ?value . :n0 :r ?value",
    "$this :p ?value . { SELECT ?x { ?x :q :n1 } } FILTER(?x = ?value)",
]
sparql = st.sampled_from(QUERIES).map(
    lambda body: f'sh:sparql [ sh:select """PREFIX : <http://example.org/> SELECT $this ?value {{ {body} }}""" ]'
)


def shape_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return constraints that use other shapes, `inner` their bodies in brackets."""
    two = st.lists(inner, min_size=1, max_size=2).map(" ".join)
    return st.one_of(
        # sh:node takes node shapes only; a property shape is used through one.
        inner.map(lambda each: f"sh:node [ sh:and ( {each} ) ]"),
        inner.map(lambda each: f"sh:not {each}"),
        two.map(lambda each: f"sh:or ( {each} )"),
        two.map(lambda each: f"sh:and ( {each} )"),
        two.map(lambda each: f"sh:xone ( {each} )"),
    )


def property_shape(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return property shapes in brackets."""
    qualified = st.tuples(inner, number).map(
        lambda each: f"sh:qualifiedValueShape {each[0]} ; sh:qualifiedMinCount {each[1]}"
    )
    one = st.one_of(simple, of_property, of_property, shape_of(inner), qualified, sparql)
    return st.tuples(path, one).map(lambda each: f"[ sh:path {each[0]} ; {each[1]} ]")


body = st.recursive(
    simple.map(lambda each: f"[ {each} ]"),
    lambda inner: st.one_of(
        property_shape(inner),
        property_shape(inner).map(lambda each: f"[ sh:property {each} ]"),
        shape_of(inner).map(lambda each: f"[ {each} ]"),
    ),
    max_leaves=3,
)
target = st.one_of(
    kind.map(lambda each: f"sh:targetClass {each}"),
    kind.map(lambda each: f"sh:targetClass {each}"),
    predicate.map(lambda each: f"sh:targetSubjectsOf {each}"),
    predicate.map(lambda each: f"sh:targetObjectsOf {each}"),
    node.map(lambda each: f"sh:targetNode {each}"),
)
shape = st.tuples(
    target,
    st.one_of(simple, sparql, shape_of(body), property_shape(body).map(lambda each: f"sh:property {each}")),
).map(lambda each: f"a sh:NodeShape ; {each[0]} ; {each[1]} .")
shapes = st.lists(shape, min_size=1, max_size=3).map(
    lambda each: "\n".join(f":Shape{number} {text}" for number, text in enumerate(each))
)
VOCABULARY = PREFIXES + ":B rdfs:subClassOf :A ."
