"""The check: Turtle files in, findings at their line and column out.

`run` is the way in, `change` that for a change against a base. Nothing here prints or knows of HTTP.
"""
