"""What the vocabulary says, what follows from it, and what it forbids (OWL 2 RL).

In: triples. Out: classes above and below, entailed triples, clashes. Nothing here knows of files, findings or HTTP.
"""
