"""How fast a change and a large graph are judged, beside pySHACL alone on the same graph and shapes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import generator
import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph
from rdflib.namespace import SH

from kg.check.inputs import expand, read_all
from kg.check.run import Request, setup
from kg.shacl.index import MemoryIndex
from kg.shacl.validator import Validator
from kg.turtle.terms import Converter

ROOT = Path(__file__).parent.parent.parent
SMALL = int(os.environ.get("MERCATO_BENCH_SMALL", "100000"))
LARGE = int(os.environ.get("MERCATO_BENCH_LARGE", "1000000"))
HUGE = int(os.environ.get("MERCATO_BENCH_HUGE", "1600000"))
CHANGED = 200


def change(folder: Path) -> None:
    """Change 200 triples of a few files: the certainty of claims, each a triple gone and one new."""
    left = CHANGED // 2
    for path in sorted(folder.glob("copies-*.ttl"))[7:]:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("mc:certainty mc:Reported", "mc:certainty mc:Implied", left), encoding="utf-8")
        left = max(0, left - text.count("mc:certainty mc:Reported"))
    assert left == 0


def seconds(before: Path, after: Path, cache: Path) -> float:
    """Return the median wall seconds of five checks of the change from the command line, the base in the cache."""
    command = [
        sys.executable,
        "-c",
        "from kg.commands.main import main; main(prog_name='mercato')",
        "check",
        str(after),
    ]
    command += ["--context", str(generator.GOOD / "things.ttl"), "--base", str(before)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    times = []
    for _ in range(6):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        times.append(time.perf_counter() - start)
        assert done.returncode in (0, 1), done.stderr
        assert f"a change of {CHANGED} statements" in done.stdout
    return sorted(times[1:])[2]  # the first one fills the cache


@pytest.mark.bench
def test_a_change(tmp_path: Path) -> None:
    """200 changed triples: at most 1.0 s on a base of 100,000, flat up to a million, 40 times pySHACL's full run.

    Both are commands, from their start to their end.
    """
    times = {}
    for size in (SMALL, LARGE):
        before, after = tmp_path / f"before{size}", tmp_path / f"after{size}"
        generator.write(before, size, files=max(50, size // 2000))
        shutil.copytree(before, after)
        change(after)
        times[size] = seconds(before, after, tmp_path / "cache")
    alone = full_pyshacl(tmp_path / f"after{SMALL}")
    print(f"\n{CHANGED} triples changed on {SMALL:>9,}: {times[SMALL]:.2f} s")
    print(f"{CHANGED} triples changed on {LARGE:>9,}: {times[LARGE]:.2f} s")
    print(f"pySHACL on all of    {SMALL:>9,}: {alone:.1f} s, {alone / times[SMALL]:.0f} times as long")
    assert times[SMALL] <= 1.0
    assert times[LARGE] <= 1.5 * times[SMALL]
    assert alone >= 40 * times[SMALL]


def full_pyshacl(folder: Path) -> float:
    """Return the seconds of pySHACL's own command over the whole graph, as one file with the vocabulary."""
    made = setup(Request([folder], context=[]), [])
    documents = [*read_all(expand([folder])).documents, *made.ontology]
    graph, shapes = folder.parent / "graph.ttl", folder.parent / "shapes.ttl"
    for path, parts in ((graph, documents), (shapes, made.shapes.documents)):
        triples = [ox.Triple(*triple[:3]) for document in parts for triple in document.triples]
        path.write_bytes(ox.serialize(triples, format=ox.RdfFormat.TURTLE))
    command = [str(Path(sys.executable).with_name("pyshacl")), "--shacl", str(shapes), str(graph)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Validation Report"), done.stderr
    return time.perf_counter() - start


def shifty_results(data: Path, shapes: Path) -> set[tuple[str, str]]:
    """Return the focus node and the component of each result of pyshifty, reading both files included."""
    import shifty

    _, report, _ = shifty.validate(data, shapes, infer=False)
    return {
        (str(report.value(result, SH.focusNode)), str(report.value(result, SH.sourceConstraintComponent)))
        for result in report.subjects(RDF.type, SH.ValidationResult)
    }


def mercato(*arguments: str) -> str:
    """Return what the command prints."""
    command = [sys.executable, "-c", "from kg.commands.main import main; main(prog_name='mercato')", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.mark.bench
def test_a_large_graph(tmp_path: Path) -> None:
    """1.6 million triples: ten times as fast as pySHACL, as fast as pyshifty, with the same results.

    pySHACL is given its best: each query parsed once (`kg.shacl.judge`). pyshifty and pySHACL judge by the shapes;
    the command also places what it finds, looks up every term, and applies the house rules and the vocabulary.
    """
    folder, clock = tmp_path / "graph", time.perf_counter
    generator.write(folder, HUGE, faults=20)
    made = setup(Request([folder], context=[]), [])
    ontology = [triple[:3] for document in made.ontology for triple in document.triples]
    shapes = [triple[:3] for document in made.shapes.documents for triple in document.triples]

    start = clock()
    found = json.loads(mercato("check", str(folder), "--context", str(generator.GOOD), "--format", "json"))
    whole = clock() - start

    start = clock()
    quads = (quad for path in sorted(folder.glob("*.ttl")) for quad in ox.parse(path=path))
    triples = [(quad.subject, quad.predicate, quad.object) for quad in quads]
    loaded = clock() - start
    index = MemoryIndex([*triples, *ontology])
    validation = Validator(made.shapes, index).validate()
    ours = clock() - start

    both, by = tmp_path / "graph.nt", tmp_path / "shapes.nt"
    both.write_bytes(ox.serialize([ox.Triple(*each) for each in [*triples, *ontology]], format=ox.RdfFormat.N_TRIPLES))
    by.write_bytes(ox.serialize([ox.Triple(*each) for each in shapes], format=ox.RdfFormat.N_TRIPLES))
    start = clock()
    theirs = shifty_results(both, by)
    shifty = clock() - start

    start = clock()
    graph = Graph().parse(both)
    parsed = clock() - start
    del graph
    start = clock()
    Converter().graph([*triples, *ontology])
    converted = clock() - start
    start = clock()
    results = made.shapes.results([*triples, *ontology])
    alone = clock() - start - converted

    pyshacl = parsed + alone
    print(f"\n{len(triples):,} triples, {len(results):,} results: seconds with reading, and how many times ours")
    print(f"mercato, the shapes alone  {ours:>8.1f}")
    print(f"mercato check, everything  {whole:>8.1f}")
    print(f"pyshifty                   {shifty:>8.1f} {shifty / ours:>7.1f} x {shifty / whole:>7.1f} x")
    print(f"pySHACL                    {pyshacl:>8.1f} {pyshacl / ours:>7.1f} x {pyshacl / whole:>7.1f} x")
    print(f"without reading: mercato {ours - loaded:.1f}, pySHACL {alone:.1f}, {alone / (ours - loaded):.1f} x")
    assert len(results) >= HUGE // 20_000
    judged = {(each.focus, each.shape, each.component) for each in results}
    assert {(each.focus, each.shape, each.component) for each in validation.results} == judged
    assert theirs == {(focus.value, component.value) for focus, _, component in judged}
    placed = {each["result"]["focusNode"] for each in found["findings"] if "sourceShape" in each["result"]}
    assert placed == {str(focus) for focus, _, _ in judged}
    assert alone >= 10 * (ours - loaded)
    assert pyshacl >= 10 * whole
    assert shifty >= whole
