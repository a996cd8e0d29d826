"""Namespaces and prefixes of the graph.

Everything that spells a name of the vocabulary or of an outside one spells it from here.
"""

from rdflib import Namespace

MC = Namespace("https://w3id.org/mercato/ontology#")
"""The vocabulary's namespace."""

BASE = "https://w3id.org/mercato/"
"""Where things, graphs and dumps of the published dataset have their IRIs; the `base` setting overrides it."""

RECORD_KINDS: dict[str, str] = {
    "acquisition": "Acquisition",
    "contribution": "Contribution",
    "employment": "Employment",
    "expertise": "Expertise",
    "flow-ratio": "FlowRatio",
    "founding": "Founding",
    "funding-round": "FundingRound",
    "headcount": "Headcount",
    "hire-share": "HireShare",
    "hiring-criterion": "HiringCriterion",
    "hiring-plan": "HiringPlan",
    "motive": "Motive",
    "move": "Move",
    "move-likelihood": "MoveLikelihood",
    "name-use": "NameUse",
    "offer-outcome": "OfferOutcome",
    "organisation-profile": "OrganisationProfile",
    "partnership": "Partnership",
    "pay-difference": "PayDifference",
    "pay-level": "PayLevel",
    "pay-offer": "PayOffer",
    "population-membership": "PopulationMembership",
    "production": "Production",
    "publication": "Publication",
    "retention-measure": "RetentionMeasure",
    "retention-rate": "RetentionRate",
    "share-buyback": "ShareBuyback",
    "stake-acquisition": "StakeAcquisition",
    "statement": "Statement",
    "valuation": "Valuation",
    "workforce-cut": "WorkforceCut",
}
"""The kind in a record's IRI (`…/id/{kind}/{slug}`) and the class of that record."""

THING_KINDS: dict[str, str] = {
    "article": "Article",
    "document": "Document",
    "group": "Group",
    "organisation": "Organisation",
    "person": "Person",
    "place": "Place",
    "population": "Population",
    "product": "Product",
}
"""The kind in a thing's IRI and its class."""

KINDS: dict[str, str] = {**THING_KINDS, **RECORD_KINDS, "claim": "Claim", "passage": "Passage"}
"""Every kind of node that the data names."""

VOCABULARIES: dict[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "mc": str(MC),
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "qb": "http://purl.org/linked-data/cube#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "shape": "https://w3id.org/mercato/shape/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "wd": "http://www.wikidata.org/entity/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes that every file of ours spells alike."""


def prefixes(base: str = BASE) -> dict[str, str]:
    """Return every prefix of the published graph, `{prefix: namespace}`, in alphabetical order.

    `base` is the dataset's base IRI, with its closing slash.
    """
    things = {kind: f"{base}id/{kind}/" for kind in KINDS}
    return dict(sorted({**VOCABULARIES, **things}.items()))
