"""Git repositories for tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> None:
    """Run git in `folder`, as somebody."""
    identity = ("-c", "user.name=A Contributor", "-c", "user.email=contributor@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)
