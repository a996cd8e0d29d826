"""The check: Turtle files in, findings at their line and column out.

`judge` is the way in, `incremental` that for a change.
"""
