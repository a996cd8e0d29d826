"""The reader under Atheris: bytes that reach new lines of it are kept and changed further; run by test_turtle_fuzz."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent))
atheris.enabled_hooks.add("RegEx")
with atheris.instrument_imports(
    include=["kg.turtle.reader", "kg.turtle.document", "kg.turtle.terminals", "kg.turtle.text", "kg.check.inputs"]
):
    import kg.check.inputs
from test_turtle_fuzz import judge  # noqa: E402 - after the modules that are watched

counts = {"read": 0, "refused": 0}


def one(data: bytes) -> None:
    """Judge one text, and say now and then how many there were."""
    counts[judge(data)] += 1
    total = sum(counts.values())
    if total % 10_000 == 0:
        print(f"texts {total} Turtle {counts['read']} refused {counts['refused']}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    assert kg.check.inputs
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
