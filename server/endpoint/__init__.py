"""The endpoint for machines: SPARQL Protocol, Graph Store Protocol (read) and the service description.

Queries go to the sandbox of the current release. No page is made here but what the protocol itself asks for.
"""
