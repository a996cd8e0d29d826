"""The knowledge graph: what can be said, what is said, what must hold."""
