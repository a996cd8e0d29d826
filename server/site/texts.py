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
    "At most": "Au plus",
    "Change the query": "Modifier la requête",
    "characters": "caractères",
    "Check": "Vérifier",
    "Check Turtle": "Vérifier du Turtle",
    "Classes": "Classes",
    "Concepts": "Concepts",
    "copies another claim": "reprend une autre affirmation",
    "deprecated": "écartée",
    "Details": "Détails",
    "Download": "Télécharger",
    "error": "erreur",
    "Errors": "Erreurs",
    "Examples": "Exemples",
    "Facts": "Faits",
    "File": "Fichier",
    "Find a person, an organisation, an event": "Trouver une personne, une organisation, un événement",
    "Found nothing. Try fewer letters.": "Rien trouvé. Essayez avec moins de lettres.",
    "in": "dans",
    "IRI": "IRI",
    "Mentioned by": "Cité par",
    "More than these: the full answer is the download.": "Il y en a davantage : la réponse entière est à télécharger.",
    "More than these; the reports below have all of them.": (
        "Il y en a davantage ; les rapports ci-dessous les contiennent tous."
    ),
    "No": "Non",
    "nodes that they selected": "nœuds choisis",
    "note": "remarque",
    "Notes": "Remarques",
    "Nothing matches.": "Aucun résultat.",
    "Open data": "Données ouvertes",
    "or a file instead": "ou bien un fichier",
    "Passed": "Rien à redire",
    "preferred": "retenue",
    "Properties": "Propriétés",
    "Questions": "Questions",
    "Records": "Enregistrements",
    "Rows": "Lignes",
    "Run": "Exécuter",
    "Search": "Chercher",
    "Shapes": "Formes",
    "shapes that selected something": "formes qui ont choisi quelque chose",
    "Skip to the content": "Aller au contenu",
    "SPARQL query": "Requête SPARQL",
    "The graph is held by another service and is not looked at: the text stands alone.": (
        "Le graphe est tenu par un autre service et n'est pas consulté : le texte est jugé seul."
    ),
    "The query": "La requête",
    "The shapes and the vocabulary of this server.": "Les formes et le vocabulaire de ce serveur.",
    "The text counts as an addition to the graph that is served here, and may refer to what is in it.": (
        "Le texte compte comme un ajout au graphe servi ici, et peut renvoyer à ce qui s'y trouve."
    ),
    "The text is data and nothing else: nothing that it names is fetched, and nothing of it is kept.": (
        "Le texte n'est que donnée : rien de ce qu'il nomme n'est chargé, et rien n'en est conservé."
    ),
    "The whole graph as files; each is served with its SHA-256.": (
        "Le graphe entier en fichiers ; chacun est servi avec son SHA-256."
    ),
    "There are findings": "Il y a à redire",
    "This server has neither shapes nor a vocabulary: only syntax and literals are judged.": (
        "Ce serveur n'a ni formes ni vocabulaire : seuls la syntaxe et les littéraux sont jugés."
    ),
    "This server has no shapes: only syntax, literals and the use of its vocabulary are judged.": (
        "Ce serveur n'a pas de formes : seuls la syntaxe, les littéraux et l'usage de son vocabulaire sont jugés."
    ),
    "Triples": "Triplets",
    "Turtle to check": "Le Turtle à vérifier",
    "version": "version",
    "Vocabulary": "Vocabulaire",
    "warning": "avertissement",
    "Warnings": "Avertissements",
    "What is in here": "Ce qu'il y a ici",
    "What it is judged by": "D'après quoi",
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


def grouped(number: int) -> str:
    """Return `number` with its thousands apart as the reader's language has it: a comma, in French a narrow blank."""
    written = f"{number:,}"
    return written.replace(",", "\u202f") if language() == "fr" else written


def hedge(stance: str, certainty: str) -> str:
    """Return in the reader's language what a claimant does who makes a claim of that stance and certainty."""
    return HEDGES.get((stance, certainty), UNKNOWN)[LANGUAGES.index(language())]
