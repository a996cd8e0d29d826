"""Who sent a request, and the parameters that came with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from server.http.problems import RequestError

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Client:
    """Who asks: the headers that count, whether it is HTTP/1.0, and what tells that it has hung up."""

    method: str
    accept: str | None
    if_none_match: str
    knows_chunks: bool
    gone: Callable[[], bool]


def pairs_of(data: bytes) -> Pairs:
    """Return the names and values of a query string or form; raise `RequestError` where it is no UTF-8."""
    try:
        return parse_qsl(data.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except UnicodeDecodeError:
        raise RequestError("not-utf-8", "the parameters are not UTF-8: percent-encode them as UTF-8") from None
    except ValueError:
        raise RequestError("bad-request", "there are more than 1000 parameters") from None
