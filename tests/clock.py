"""How long a test may wait: a limit is a promise about a machine with nothing else to do.

`make bench` sets STRICT_CLOCK and holds the limits as they are promised; elsewhere a loaded machine gets more time, so
that a test fails for what the code does and not for what its neighbours do.
"""

from __future__ import annotations

import os

GRACE = 1 if os.environ.get("STRICT_CLOCK") else 6


def in_time(seconds: float, limit: float) -> bool:
    """Say whether `seconds` keeps the `limit`, in seconds."""
    return seconds < limit * GRACE
