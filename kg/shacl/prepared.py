"""An rdflib graph that parses each query once.

pySHACL hands a constraint's query over as text for every focus node, and parsing takes rdflib some hundred times as
long as answering.
"""

from __future__ import annotations

from typing import Any

from rdflib import Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result


class PreparedGraph(Graph):
    """A plain graph in memory whose queries are kept in `prepared`, `{text: query}`, for this graph and the next."""

    def __init__(self, prepared: dict[str, Query]):
        super().__init__(bind_namespaces="none")
        self._prepared = prepared

    def query(self, query_object: str | Query, *args: Any, **kwargs: Any) -> Result:
        """Answer a query, prepared the first time that it comes."""
        if isinstance(query_object, str):
            text = query_object
            if text not in self._prepared:
                self._prepared[text] = prepareQuery(text, initNs=dict(self.namespaces()))
            query_object = self._prepared[text]
        return super().query(query_object, *args, **kwargs)
