"""Where queries that somebody sends run: in worker processes with limits. `pool` is the way in."""
