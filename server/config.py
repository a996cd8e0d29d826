"""What one server is set to: the settings of `kg.settings` that concern HTTP, checked, under their own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SettingError
from kg.settings import base_iri


@dataclass(frozen=True)
class Config:
    """The settings of one server. `out` is the folder it publishes; sizes are bytes, `rate` is requests a minute."""

    base: str
    out: Path
    host: str
    port: int
    threads: int
    rate: int
    proxies: int
    cache: int
    max_request: int
    access_log: str

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Config:
        """Return the configuration in `values` (as `kg.settings.load` gives them).

        Raises `SettingError` for a value that no server can run with.
        """
        base = base_iri(str(values["base"]))
        _within("port", values["port"], 0, 65535)
        _within("threads", values["threads"], 4, 1024)
        _within("max_request", values["max_request"], 1000, 1_000_000_000)
        for name in ("rate", "proxies", "cache"):
            _within(name, values[name], 0, 1_000_000)
        return cls(
            base=base,
            out=Path(values["out"]),
            host=values["host"],
            port=values["port"],
            threads=values["threads"],
            rate=values["rate"],
            proxies=values["proxies"],
            cache=values["cache"] * 1_000_000,
            max_request=values["max_request"],
            access_log=values["access_log"],
        )


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise SettingError(f"{name} is {value}: give a number from {least} to {most}")
