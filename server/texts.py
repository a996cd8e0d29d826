"""The words of the pages, in English and French, and which of the two a reader gets.

English sentences are the keys; `FRENCH` holds what they become. `HEDGES` says in words how surely a claim is made.
"""

from __future__ import annotations

from flask import g, request

LANGUAGES = ("en", "fr")

FRENCH: dict[str, str] = {
    ":": "\u00a0:",
    "Answer": "Réponse",
    "As data": "En données",
    "Ask the graph": "Interroger le graphe",
    "Bytes": "Octets",
    "Change the query": "Modifier la requête",
    "characters": "caractères",
    "Classes": "Classes",
    "Concepts": "Concepts",
    "copies another claim": "reprend une autre affirmation",
    "deprecated": "écartée",
    "Details": "Détails",
    "Download": "Télécharger",
    "Examples": "Exemples",
    "Facts": "Faits",
    "File": "Fichier",
    "Find a person, an organisation, an event": "Trouver une personne, une organisation, un événement",
    "Found nothing. Try fewer letters.": "Rien trouvé. Essayez avec moins de lettres.",
    "in": "dans",
    "IRI": "IRI",
    "Mentioned by": "Cité par",
    "More than these: the full answer is the download.": "Il y en a davantage : la réponse entière est à télécharger.",
    "No": "Non",
    "Nothing matches.": "Aucun résultat.",
    "Open data": "Données ouvertes",
    "preferred": "retenue",
    "Properties": "Propriétés",
    "Questions": "Questions",
    "Records": "Enregistrements",
    "Rows": "Lignes",
    "Run": "Exécuter",
    "Search": "Chercher",
    "Shapes": "Formes",
    "Skip to the content": "Aller au contenu",
    "SPARQL query": "Requête SPARQL",
    "The query": "La requête",
    "The whole graph as files; each is served with its SHA-256.": (
        "Le graphe entier en fichiers ; chacun est servi avec son SHA-256."
    ),
    "Triples": "Triplets",
    "version": "version",
    "Vocabulary": "Vocabulaire",
    "What is in here": "Ce qu'il y a ici",
    "What new triples must satisfy.": "Ce que de nouveaux triplets doivent respecter.",
    "What went wrong": "Ce qui n'a pas marché",
    "Yes": "Oui",
}
"""What each English sentence of the pages is in French."""

HEDGES: dict[tuple[str, str], tuple[str, str]] = {
    ("Affirms", "OnRecord"): ("says so on record", "le dit publiquement"),
    ("Affirms", "Reported"): ("reports it", "le rapporte"),
    ("Affirms", "Conditional"): (
        "has it only in the conditional, not as a fact",
        "ne l'écrit qu'au conditionnel, non comme un fait",
    ),
    ("Affirms", "Alleged"): ("alleges it, without proof", "l'allègue, sans preuve"),
    ("Affirms", "Implied"): ("implies it, without saying so", "le laisse entendre, sans le dire"),
    ("Denies", "OnRecord"): ("denies it on record", "le dément publiquement"),
    ("Denies", "Reported"): ("is reported to deny it", "le démentirait, selon l'article"),
    ("Denies", "Conditional"): ("denies it only in the conditional", "ne le dément qu'au conditionnel"),
    ("Denies", "Alleged"): ("disputes it, without proof", "le conteste, sans preuve"),
    ("Denies", "Implied"): ("implies that it is not so", "laisse entendre que ce n'est pas le cas"),
}
"""How a claim of that stance and certainty is said, in English and French; the claimant comes before it."""

UNKNOWN = ("states it", "l'affirme")
"""How a claim is said that gives no stance or certainty that we know."""


def language() -> str:
    """Return the reader's language: `?lang=` where it is one of ours, else by Accept-Language, else English."""
    if "language" not in g:
        asked = request.args.get("lang", "")
        best = request.accept_languages.best_match(LANGUAGES)
        g.language = asked if asked in LANGUAGES else best or LANGUAGES[0]
    chosen: str = g.language
    return chosen


def say(english: str) -> str:
    """Return the sentence in the reader's language."""
    return FRENCH[english] if language() == "fr" else english


def hedge(stance: str, certainty: str) -> str:
    """Return in the reader's language what a claimant does who makes a claim of that stance and certainty."""
    return HEDGES.get((stance, certainty), UNKNOWN)[LANGUAGES.index(language())]
