"""Processes with limits, in which queries and texts from outside are worked on.

`queries` is the way in for queries, `checks` for texts. What runs inside opens no file and no socket.
"""
