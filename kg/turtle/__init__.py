"""Files to triples with places, and triples to files: the Turtle reader, its gate, the terms and the writer.

In: bytes or text. Out: documents, whose triples know the span of each of their terms, and Turtle in one form.
Nothing here knows what a triple means: no finding, no query, and of the vocabulary only the form that it is kept in.
"""
