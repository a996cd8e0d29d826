"""What the sandbox costs: point queries a second through its workers, beside the same queries in this process."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from kg import settings
from kg.sandbox.queries import Sandbox
from kg.sparql.engine import Engine, Query
from kg.sparql.local import open_engine

QUADS = 160_000
QUERIES = 3000
RUNS = 5


def rate(engine: Engine, threads: int, turn: int) -> float:
    """Return the answers a second to point queries of which each is new."""

    def ask(n: int) -> int:
        number = (turn * QUERIES + n) % QUADS
        return len(engine.answer(Query(f"SELECT ?p ?o {{ <http://a.example/{number}> ?p ?o }}"), "json").read())

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, range(threads)))
        start = time.perf_counter()
        assert min(pool.map(ask, range(QUERIES))) > 60
        return QUERIES / (time.perf_counter() - start)


@pytest.mark.bench
def test_point_queries_a_second(tmp_path: Path) -> None:
    """Through the workers at least 1,600 a second from one server process, whatever its threads."""
    path = tmp_path / "numbers.nq"
    lines = (f'<http://a.example/{n}> <http://a.example/p{n % 7}> "{n}" <http://a.example/g> .\n' for n in range(QUADS))
    path.write_text("".join(lines), encoding="utf-8")
    with closing(Sandbox([path], settings.load({}, {}))) as sandbox, closing(open_engine("memory", [path])) as memory:
        print(f"\n{'point queries of 160,000 quads':<32}{'median/s':>10}{'least':>10}{'most':>10}")
        medians = {}
        for name, engine, threads in (
            ("sandbox, 1 thread", sandbox, 1),
            ("sandbox, 8 threads", sandbox, 8),
            ("in process, 1 thread", memory, 1),
        ):
            rates = [rate(engine, threads, turn) for turn in range(RUNS)]
            medians[name] = statistics.median(rates)
            print(f"{name:<32}{medians[name]:>10,.0f}{min(rates):>10,.0f}{max(rates):>10,.0f}")
    assert medians["sandbox, 1 thread"] >= 1600
    assert medians["sandbox, 8 threads"] >= 1600
