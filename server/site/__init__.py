"""The pages: things, questions, search, vocabulary, downloads, and the check of a posted text.

Pages ask the graph by queries of our own. Nothing here talks to the HTTP server or keeps state between requests.
"""
