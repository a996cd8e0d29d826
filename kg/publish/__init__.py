"""The dataset and its files: composed, dumped, described in a catalogue, pushed to a store, compared with another.

In: folders of curated Turtle, vocabulary, shapes and queries. Out: files, each written whole or not at all.
Nothing here answers requests.
"""
