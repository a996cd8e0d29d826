"""Where what somebody sends is worked on, in processes with limits.

`pool` is the way in for queries, `checks` for texts.
"""
