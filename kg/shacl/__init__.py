"""SHACL judged fast: a prefilter finds the nodes that may break a shape, pySHACL judges those alone.

Nothing in here knows Mercato, Turtle's positions or findings: a graph goes in, results as pySHACL gives them come out.
"""
