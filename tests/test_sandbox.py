"""The sandbox: runaways end, nobody else notices, and nothing gets out."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clock import in_time

from kg import settings
from kg.errors import BusyError, InputError, LimitError, QueryRefusedError, QuerySyntaxError
from kg.formats import FORMATS
from kg.sandbox.messages import query_asked
from kg.sandbox.queries import Sandbox
from kg.sparql.engine import Answer, Query

LIMIT = 1.0
A = "http://a.example"
NUMBERS = 20_000

RUNAWAYS = {
    "count": ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "json", {"time"}),
    "stream": ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "json", {"time", "size"}),
    "order": ("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f", "json", {"time", "memory"}),
    "path": (
        f"SELECT (COUNT(*) AS ?n) {{ ?a (<{A}/p>|!<{A}/x>|^!<{A}/x>)* ?b . ?c (!<{A}/x>|^!<{A}/y>)* ?d }}",
        "json",
        {"time", "memory"},
    ),
    "regex": (
        'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER REGEX(CONCAT(STR(?a), STR(?d)), "^(([a-z])+.)+Z$") }',
        "json",
        {"time"},
    ),
    "construct": ("CONSTRUCT { ?a ?e ?i } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "ttl", {"time", "memory", "size"}),
}
"""Six queries without end: the text, a format, and the limits that may stop it."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 numbered quads in three graphs."""
    path = tmp_path_factory.mktemp("dataset") / "numbers.nq"
    lines = (f'<{A}/{n}> <{A}/p{n % 7}> "{n}" <{A}/g{n % 3}> .\n' for n in range(NUMBERS))
    path.write_text("".join(lines), encoding="utf-8")
    return path


def sandboxed(dataset: Path, **more: object) -> Sandbox:
    """Return a sandbox with small limits."""
    return Sandbox([dataset], settings.load({"query_timeout": LIMIT, **more}, {}))


@pytest.fixture(scope="module")
def sandbox(dataset: Path) -> Iterator[Sandbox]:
    """A sandbox shared by the tests: none of them may harm the others."""
    with contextlib.closing(sandboxed(dataset)) as opened:
        yield opened


@pytest.fixture
def opened_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Opens sandboxes for one test, and closes them."""
    with contextlib.ExitStack() as stack:
        yield lambda dataset, **more: stack.enter_context(contextlib.closing(sandboxed(dataset, **more)))


def number(sandbox: Sandbox, n: int) -> bytes:
    """Ask for one number, as CSV."""
    return sandbox.answer(Query(f"SELECT ?o {{ <{A}/{n}> ?p ?o }}"), "csv").read()


def workers_of(sandbox: Sandbox) -> set[int]:
    """Return the process numbers of the sandbox's workers, as the kernel knows them."""
    nursery = sandbox._seats._nursery._process.pid
    return {int(pid) for pid in Path(f"/proc/{nursery}/task/{nursery}/children").read_text().split()}


def worker_of(answer: Answer) -> int:
    """Return the process number of the worker that makes an answer."""
    pid: int = answer.on_close.__self__._worker.pid  # type: ignore[attr-defined]
    return pid


def state(pid: int) -> str:
    """Return the letter of the process's state (R, S, T, Z …), none where it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def running(pid: int) -> bool:
    """Return whether the process is there and no zombie."""
    return state(pid) not in ("", "Z")


def soon(condition: Callable[[], bool], seconds: float = 2.0) -> bool:
    """Return whether the condition comes true within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


class Prober:
    """Asks `ASK {}` again and again in a thread and keeps how long each answer took, in seconds."""

    def __init__(self, sandbox: Sandbox):
        self.taken: list[float] = []
        self.failures: list[BaseException] = []
        self._sandbox = sandbox
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Prober:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            start = time.monotonic()
            try:
                assert b"true" in self._sandbox.answer(Query("ASK {}"), "json").read()
            except BaseException as error:
                self.failures.append(error)
            self.taken.append(time.monotonic() - start)

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return statistics.quantiles(self.taken, n=20)[18]


def run_away(sandbox: Sandbox, kind: str) -> tuple[LimitError, float]:
    """Run a runaway to its end; return how it was stopped and after how many seconds."""
    text, format_name, _ = RUNAWAYS[kind]
    start = time.monotonic()
    with pytest.raises(LimitError) as caught:
        sandbox.answer(Query(text), format_name).read()
    return caught.value, time.monotonic() - start


@pytest.mark.parametrize("kind", RUNAWAYS)
def test_a_runaway_ends_and_nobody_else_waits(sandbox: Sandbox, kind: str) -> None:
    """Each kind of runaway ends within its limit and a second, says which limit, and `ASK {}` stays quick."""
    with Prober(sandbox) as prober:
        error, seconds = run_away(sandbox, kind)
    assert error.limit in RUNAWAYS[kind][2]
    assert in_time(seconds, LIMIT + 1)
    assert prober.failures == []
    assert in_time(prober.p95, 0.2)


def test_all_runaways_at_once(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """With six runaways at once all end in time, `ASK {}` takes under half a second, and all of it fits in 1 GiB."""
    sandbox = opened_sandbox(dataset, query_long=6)
    ended: dict[str, tuple[LimitError, float]] = {}
    threads = [
        threading.Thread(target=lambda kind=kind: ended.update({kind: run_away(sandbox, kind)})) for kind in RUNAWAYS
    ]
    largest = 0
    with Prober(sandbox) as prober:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            largest = max(largest, sum(map(memory, workers_of(sandbox) | {sandbox._seats._nursery._process.pid})))
            time.sleep(0.02)
        for thread in threads:
            thread.join()
    assert {kind: error.limit in RUNAWAYS[kind][2] for kind, (error, _) in ended.items()} == dict.fromkeys(
        RUNAWAYS, True
    )
    assert in_time(max(seconds for _, seconds in ended.values()), LIMIT + 1)
    assert prober.failures == []
    assert in_time(prober.p95, 0.5)
    assert 0 < largest < 2**30


def memory(pid: int) -> int:
    """Return the proportional memory of a process in bytes, 0 where it has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def test_a_caller_can_ask_for_less_time(sandbox: Sandbox) -> None:
    """`timeout` shortens the limit, and never lengthens it."""
    text = Query(RUNAWAYS["count"][0])
    for asked, expected in ((0.3, 0.3), (60.0, LIMIT)):
        start = time.monotonic()
        with pytest.raises(LimitError) as caught:
            sandbox.answer(text, "json", timeout=asked)
        assert caught.value.limit == "time"
        assert f"{expected:g} s" in caught.value.sentence
        waited = time.monotonic() - start
        assert waited >= expected
        assert in_time(waited, expected + 0.5)


def test_an_answer_that_is_too_long_says_so(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """Past the size limit the iteration raises: before the first byte where it is that small, else after it."""
    for size, early in ((0.1, True), (2.0, False)):
        sandbox = opened_sandbox(dataset, query_size=size)
        query = Query("SELECT * { ?s ?p ?o . ?a ?b ?c }")
        answer = None if early else sandbox.answer(query, "csv")
        with pytest.raises(LimitError, match=f"longer than {size:g} MiB") as caught:
            (answer or sandbox.answer(query, "csv")).read()
        assert caught.value.limit == "size"


def test_a_query_that_is_too_long_says_so(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """A text beyond its limit is not even looked at."""
    sandbox = opened_sandbox(dataset, query_length=1)
    with pytest.raises(LimitError, match="longer than 1024 characters") as caught:
        sandbox.answer(Query("ASK {} #" + "x" * 1024), "json")
    assert caught.value.limit == "size"


@pytest.mark.parametrize("end", ["close", "gone", "drop"])
def test_a_caller_who_goes_away_stops_the_query(sandbox: Sandbox, end: str) -> None:
    """Within two seconds of the caller's leaving its query uses no processor, whether it had begun to answer or not."""
    if end == "gone":
        started = time.monotonic()
        with pytest.raises(LimitError, match="gone"):
            sandbox.answer(Query(RUNAWAYS["count"][0]), "json", gone=lambda: time.monotonic() > started + 0.2)
        assert in_time(time.monotonic() - started, 1.2)
        assert soon(lambda: not any(map(works, workers_of(sandbox))))
    else:
        answer = sandbox.answer(Query(RUNAWAYS["stream"][0]), "json")
        assert next(answer.chunks)
        pid = worker_of(answer)
        assert running(pid)
        if end == "close":
            answer.close()
        else:
            answer.chunks.close()  # type: ignore[attr-defined]
        assert soon(lambda: not running(pid))
    assert number(sandbox, 7) == b"o\r\n7\r\n"


def works(pid: int) -> bool:
    """Return whether the process uses the processor now."""

    def ticks() -> int:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))

    try:
        before = ticks()
        time.sleep(0.05)
        return ticks() > before + 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_killed_workers_are_replaced_and_nobody_notices(sandbox: Sandbox) -> None:
    """Idle workers that something kills cost no query: twenty rounds of killing them all, and every answer is right."""
    for n in range(20):
        number(sandbox, n)
        for pid in workers_of(sandbox):
            os.kill(pid, signal.SIGKILL)
        assert number(sandbox, n) == f"o\r\n{n}\r\n".encode()


def test_a_killed_nursery_is_replaced(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """Even where the process that forks the workers is killed, the next query is answered."""
    sandbox = opened_sandbox(dataset)
    assert number(sandbox, 3) == b"o\r\n3\r\n"
    old = sandbox._seats._nursery._process
    workers = workers_of(sandbox)
    os.kill(old.pid, signal.SIGKILL)
    old.wait()
    assert soon(lambda: not any(map(running, workers)))
    assert number(sandbox, 4) == b"o\r\n4\r\n"
    assert sandbox._seats._nursery._process.pid != old.pid


def test_the_queues_are_bounded(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """Beyond seats and queue a query is told at once to come again, and so is one query too many that takes long."""
    sandbox = opened_sandbox(dataset, query_workers=1, query_long=1, query_queue=0, query_timeout=20.0)
    first = sandbox.answer(Query(RUNAWAYS["stream"][0]), "json")
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(sandbox.answer, Query(RUNAWAYS["stream"][0]), "json")
        assert soon(lambda: bool(sandbox._seats._parked))
        with pytest.raises(BusyError, match="too many long queries") as caught:
            sandbox.answer(Query(RUNAWAYS["stream"][0]), "json")
        assert caught.value.retry_after > 0
        assert number(sandbox, 1) == b"o\r\n1\r\n"
        first.close()
        with second.result(5) as answer:
            assert next(answer.chunks)
    taken = sandbox._seats.take(1.0)
    start = time.monotonic()
    with pytest.raises(BusyError, match="too many queries wait"):
        number(sandbox, 1)
    assert in_time(time.monotonic() - start, 0.05)
    sandbox._seats.leave(taken)
    assert number(sandbox, 1) == b"o\r\n1\r\n"


def test_a_query_that_waits_for_a_long_seat_stands_still(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """Until a long seat is free the worker uses no processor; past its time the query is stopped like any other."""
    sandbox = opened_sandbox(dataset, query_long=1, query_timeout=3.0)
    with sandbox.answer(Query(RUNAWAYS["stream"][0]), "json") as first, ThreadPoolExecutor(1) as pool:
        start = time.monotonic()
        second = pool.submit(sandbox.answer, Query(RUNAWAYS["count"][0]), "json")
        assert soon(lambda: bool(sandbox._seats._parked))
        (parked,) = sandbox._seats._parked
        assert soon(lambda: state(parked._worker.pid) == "T")  # type: ignore[attr-defined]
        with pytest.raises(LimitError) as caught:
            second.result(6)
        assert caught.value.limit == "time"
        assert in_time(time.monotonic() - start, 4.0)
        assert next(first.chunks)
    assert sandbox._seats._parked == {}
    assert sandbox._seats._long == 1


def test_a_reader_that_stalls_gives_its_seat_back(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """A long answer that nobody reads keeps its seat no longer than its time."""
    sandbox = opened_sandbox(dataset, query_timeout=0.5, query_long=1)
    stalled = sandbox.answer(Query(RUNAWAYS["stream"][0]), "json")
    time.sleep(1.6)
    with sandbox.answer(Query(RUNAWAYS["stream"][0]), "json") as answer:
        assert next(answer.chunks)
    with pytest.raises(LimitError) as caught:
        stalled.read()
    assert caught.value.limit == "time"


def test_a_syntax_error_comes_through(sandbox: Sandbox) -> None:
    """The parser's finding in the worker reaches the caller with line and column."""
    with pytest.raises(QuerySyntaxError) as caught:
        sandbox.answer(Query("SELECT * {\n ?s ?p }"), "json")
    assert caught.value.line == 2
    with pytest.raises(QuerySyntaxError, match="not UTF-8"):
        sandbox.answer(Query("ASK { ?s ?p '\ud800' }"), "json")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {" + "UNION".join(["{?s ?p ?o}"] * 10_000) + "}",
        "SELECT * { ?s " + "/".join(["<x:p>"] * 10_000) + " ?o }",
        "SELECT * { FILTER(" + "!" * 100_000 + "1) }",
        "SELECT * { FILTER(" + "||".join(["?s=1"] * 20_000) + ") }",
        "SELECT * {" + "OPTIONAL{?s ?p ?o}" * 10_000 + "}",
        "SELECT * {" + "{" * 10_000 + "}" * 10_000 + "}",
        "SELECT * { ?s ?p " + "[<x:p> " * 199 + "1" + "]" * 199 + "}",
        "\x00" * 1000,
        "SELECT * { ?s ?p " + "(" * 500_000,
    ],
    ids=["union", "path", "not", "or", "optional", "braces", "blank nodes", "binary", "unclosed"],
)
def test_monstrous_texts_are_told_and_harm_nobody(sandbox: Sandbox, text: str) -> None:
    """A text that overflows the parser's stack, or keeps it busy, ends with an error of ours or an answer."""
    start = time.monotonic()
    try:
        sandbox.answer(Query(text), "json").read()
    except (LimitError, QueryRefusedError, QuerySyntaxError) as error:
        assert error.sentence  # noqa: PT017 - an answer is as good
    assert in_time(time.monotonic() - start, LIMIT + 1)
    assert number(sandbox, 5) == b"o\r\n5\r\n"


CUTS = 20
"""Points at which an answer is cut, in each format."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_cut_answer_is_never_whole(dataset: Path, name: str, opened_sandbox: Callable[..., Sandbox]) -> None:
    """A worker killed at any of twenty points of a streaming answer makes the iteration raise, and never just end."""
    sandbox = opened_sandbox(dataset, query_timeout=20.0)
    text = "?s ?p ?o . ?a ?b ?c FILTER(?p = <http://a.example/p1>) "
    form = f"CONSTRUCT {{ ?s ?b ?c }} WHERE {{ {text} }}" if FORMATS[name].is_graph else f"SELECT * {{ {text} }}"
    taken_for_whole = 0
    for cut in range(CUTS):
        answer = sandbox.answer(Query(form), name)
        assert answer.length is None
        chunks = answer.chunks
        for _ in range(cut + 1):
            next(chunks)
        os.kill(worker_of(answer), signal.SIGKILL)
        try:
            for _ in chunks:
                pass
            taken_for_whole += 1
        except LimitError:
            pass
    assert taken_for_whole == 0


def test_reload_fails_no_query(dataset: Path, tmp_path: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """Under load five new datasets are taken up, every query is answered, and the version names the dataset."""
    files = [tmp_path / f"{n}.nq" for n in range(2)]
    for n, path in enumerate(files):
        path.write_text(f'<{A}/s> <{A}/p> "version {n}" <{A}/g> .\n', encoding="utf-8")
    sandbox = opened_sandbox(files[0])
    stop = threading.Event()
    seen: list[bytes] = []
    failures: list[BaseException] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                seen.append(sandbox.answer(Query(f"SELECT ?o {{ <{A}/s> ?p ?o }}"), "csv").read())
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    versions = []
    for n in range(1, 6):
        versions.append(sandbox.version)
        sandbox.reload([files[n % 2]])
        assert (
            sandbox.answer(Query(f"SELECT ?o {{ <{A}/s> ?p ?o }}"), "csv").read().endswith(b"version %d\r\n" % (n % 2))
        )
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(seen) == {b"o\r\nversion 0\r\n", b"o\r\nversion 1\r\n"}
    assert len(set(versions)) == 2
    files[0].write_text("no quads", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        sandbox.reload([files[0]])
    assert caught.value.source == str(files[0])
    assert sandbox.answer(Query("SELECT ?o { ?s ?p ?o }"), "csv").read() == b"o\r\nversion 1\r\n"


def test_a_long_answer_outlives_a_reload(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """An answer on its way when the dataset is swapped comes whole, from the old one."""
    sandbox = opened_sandbox(dataset, query_timeout=20.0)
    answer = sandbox.answer(Query("SELECT ?s ?a { ?s <http://a.example/p1> ?o . ?a ?b ?c } LIMIT 300000"), "csv")
    assert answer.length is None
    sandbox.reload()
    assert answer.read().count(b"\r\n") == 300_001


FORKING = """
import os, sys
from pathlib import Path
from kg import settings
from kg.sparql.engine import Query
from kg.sandbox.queries import Sandbox
sandbox = Sandbox([Path(sys.argv[1])], settings.load({}, {}))
def ask(n):
    return sandbox.answer(Query("SELECT ?o { <http://a.example/%d> ?p ?o }" % n), "csv").read()
assert ask(1) == b"o\\r\\n1\\r\\n"
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        good = all(ask(n) == b"o\\r\\n%d\\r\\n" % n for n in range(child * 100, child * 100 + 100))
        os._exit(0 if good else 1)
    children.append(pid)
assert all(ask(n) == b"o\\r\\n%d\\r\\n" % n for n in range(100))
print([os.waitpid(pid, 0)[1] for pid in children], sandbox._seats._nursery._process.pid)
"""


def test_it_survives_the_fork_of_the_server(dataset: Path) -> None:
    """A server that loads and then forks (gunicorn's preload) answers in every process, and leaves none behind."""
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(dataset)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    statuses, _, nursery = done.stdout.strip().rpartition(" ")
    assert statuses == "[0, 0, 0]"
    assert soon(lambda: not running(int(nursery)))


def test_nothing_is_left_after_close(dataset: Path, opened_sandbox: Callable[..., Sandbox]) -> None:
    """Closing ends the nursery and its workers."""
    sandbox = opened_sandbox(dataset)
    number(sandbox, 1)
    pids = workers_of(sandbox) | {sandbox._seats._nursery._process.pid}
    assert len(pids) == 2
    sandbox.close()
    assert soon(lambda: not any(map(running, pids)))


class Listener:
    """A listener on loopback that counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"

    def connections(self) -> int:
        """Return how many have connected so far."""
        count = 0
        while True:
            try:
                self.socket.accept()[0].close()
            except TimeoutError:
                return count
            count += 1


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener, closed afterwards."""
    opened = Listener()
    yield opened
    opened.socket.close()


PROBES = [
    ("SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}", (), ()),
    ("SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}", (), ()),
    ("SELECT * {{ VALUES ?e {{ <{url}> }} SERVICE ?e {{ ?s ?p ?o }} }}", (), ()),
    ("SELECT * {{ VALUES ?e {{ <{url}> }} SERVICE SILENT ?e {{ ?s ?p ?o }} }}", (), ()),
    ("PREFIX x: <{url}> SELECT * {{ SERVICE x:sparql {{ ?s ?p ?o }} }}", (), ()),
    ("SELECT * {{ ?s ?p 1SERVICE<{url}>{{}} }}", (), ()),
    ("SELECT * FROM <{url}> {{ ?s ?p ?o }}", (), ()),
    ("SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}", (), ()),
    ("SELECT * FROM <file:///etc/passwd> {{ ?s ?p ?o }}", (), ()),
    ("SELECT * {{ GRAPH <{url}> {{ ?s ?p ?o }} }}", (), ()),
    ("SELECT * {{ ?s ?p ?o }}", ("{url}",), ()),
    ("SELECT * {{ GRAPH ?g {{ ?s ?p ?o }} }}", (), ("{url}", "file:///etc/passwd")),
    ("LOAD <{url}>", (), ()),
    ("DESCRIBE <{url}>", (), ()),
    ("SELECT (<{url}fn>(1) AS ?x) {{}}", (), ()),
]


@pytest.mark.parametrize(("text", "default", "named"), PROBES)
def test_nothing_gets_out(
    sandbox: Sandbox, listener: Listener, text: str, default: tuple[str, ...], named: tuple[str, ...]
) -> None:
    """No query opens a connection: not through the sandbox's front door, and not with the refusals taken away."""
    query = Query(
        text.format(url=listener.url),
        tuple(graph.format(url=listener.url) for graph in default),
        tuple(graph.format(url=listener.url) for graph in named),
    )
    try:
        sandbox.answer(query, "ttl" if text.startswith("DESC") else "json").read()
    except (QueryRefusedError, QuerySyntaxError) as error:
        assert error.sentence  # noqa: PT017 - refused is as good as empty
    worker = sandbox._seats.worker()
    worker.send(query_asked(query, "ttl" if text.startswith("DESC") else "json", 2**20, 5.0))
    while (frame := worker.receive(5.0)) and frame[0] == b"D":
        pass
    assert frame is not None
    worker.end()
    assert listener.connections() == 0


def test_a_worker_can_open_nothing(sandbox: Sandbox) -> None:
    """The kernel holds a worker to what it has open: its socket and /dev/null, and no number is free for more."""
    number(sandbox, 1)
    workers = {worker.pid for worker in sandbox._seats._idle}
    assert workers
    for pid in workers:
        limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
        (soft, hard) = next(line.split()[3:5] for line in limits if line.startswith("Max open files"))
        handles = {int(path.name): str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
        assert soft == hard
        assert set(handles) == set(range(int(hard)))
        assert sum(target.startswith("socket:") for target in handles.values()) == 1
        assert {target for target in handles.values() if not target.startswith("socket:")} == {"/dev/null"}
