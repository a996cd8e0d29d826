"""The port for queries and the engines behind it: Oxigraph in this process, from a folder, or another service.

In: a query and the name of a format. Out: an answer whose bytes are streamed. Queries that anybody sends do not run
here: `kg.sandbox` runs them in processes that can be stopped.
"""
