"""The server: the graph as SPARQL endpoint, dereferenceable things, dumps and pages."""
