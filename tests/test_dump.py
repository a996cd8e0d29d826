"""The dumps: every format says the same, two builds agree byte for byte, and a build is there whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from kg.errors import InputError
from kg.names import VOCABULARIES
from kg.publish import dump
from kg.publish.compose import Sources, compose
from tests.conftest import canonical

GRAPH_FORMATS = {
    "mercato.ttl": RdfFormat.TURTLE,
    "mercato.nt": RdfFormat.N_TRIPLES,
    "mercato.jsonld": RdfFormat.JSON_LD,
    "mercato.rdf": RdfFormat.RDF_XML,
}


def published(sources: Sources, out: Path) -> dict[str, bytes]:
    """Build `sources` into `out` and return the bytes of every file by name."""
    manifest = dump.publish(compose(sources), out)
    names = [*manifest["files"], "SHA256SUMS", "manifest.json"]
    return {name: (out / name).read_bytes() for name in names}


def test_every_format_says_the_same(small: Sources, tmp_path: Path) -> None:
    """Turtle, N-Triples, JSON-LD and RDF/XML hold the same triples; N-Quads and TriG the same quads."""
    files = published(small, tmp_path / "out")
    graphs = [canonical(parse(files[name], kind)) for name, kind in GRAPH_FORMATS.items()]
    assert graphs[0]
    assert all(graph == graphs[0] for graph in graphs)
    quads = canonical(parse(files["mercato.nq"], RdfFormat.N_QUADS))
    assert quads == canonical(parse(files["mercato.trig"], RdfFormat.TRIG)) == canonical(compose(small).quads())


def test_two_builds_agree(small: Sources, tmp_path: Path) -> None:
    """Two builds of the same sources in two places are equal byte for byte."""
    assert published(small, tmp_path / "one") == published(small, tmp_path / "two")


def test_packed_files_hold_the_plain_ones(small: Sources, tmp_path: Path) -> None:
    """Each .gz unpacks to its neighbour."""
    files = published(small, tmp_path / "out")
    packed = [name for name in files if name.endswith(".gz")]
    assert len(packed) == len(dump.DUMPS)
    assert all(gzip.decompress(files[name]) == files[name.removesuffix(".gz")] for name in packed)


def test_checksums_are_those_of_the_files(small: Sources, tmp_path: Path) -> None:
    """SHA256SUMS, the manifest and the catalogue give each file's real hash and size."""
    files = published(small, tmp_path / "out")
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "out", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    manifest = json.loads(files["manifest.json"])
    for name, about in manifest["files"].items():
        assert about["bytes"] == len(files[name])
        assert about["sha256"] == hashlib.sha256(files[name]).hexdigest()
    spdx = NamedNode(VOCABULARIES["spdx"] + "checksumValue")
    stated = {
        quad.subject.value.rsplit("/", 1)[1].removesuffix("#sha256"): quad.object.value
        for quad in parse(files["catalog.ttl"], RdfFormat.TURTLE)
        if quad.predicate == spdx
    }
    assert stated == {name: about["sha256"] for name, about in manifest["files"].items() if name != "catalog.ttl"}


def test_unchanged_sources_are_not_built_again(small: Sources, tmp_path: Path) -> None:
    """A build is current until a source changes, a file is cut short or goes missing."""
    out = tmp_path / "out"
    assert not dump.is_current(small, out)
    published(small, out)
    assert dump.is_current(small, out)
    nt = (out / "mercato.nt").resolve()
    whole = nt.read_bytes()
    nt.write_bytes(whole[:-1])
    assert not dump.is_current(small, out)
    nt.write_bytes(whole)
    assert dump.is_current(small, out)
    (small.data / "animals.ttl").write_text("<https://example.org/id/animal/a> a <https://example.org/vocab#Cat> .")
    assert not dump.is_current(small, out)


def test_a_folder_that_cannot_be_written_is_named(small: Sources, tmp_path: Path) -> None:
    """A file in the place of the folder is refused in a sentence."""
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        dump.publish(compose(small), out)
    assert out.read_text() == "mine"


def test_old_builds_are_swept(small: Sources, tmp_path: Path) -> None:
    """The build before this one stays for those who still read it; older ones and unfinished work go."""
    out = tmp_path / "out"
    (out / "versions" / ".part-dead").mkdir(parents=True)
    for number in range(4):
        (small.data / "more.ttl").write_text(
            f"<https://example.org/id/animal/{number}> a <https://example.org/vocab#Cat> ."
        )
        published(small, out)
    assert len(list((out / "versions").iterdir())) == 2


@pytest.mark.soak
def test_killed_at_any_moment(small: Sources, tmp_path: Path) -> None:
    """60 builds are killed at random moments: what is published is always one whole build, old or new."""
    out = tmp_path / "out"
    script = (
        "import sys, pathlib\nfrom kg.publish import dump\nfrom kg.publish.compose import Sources, compose\n"
        "root = pathlib.Path(sys.argv[1])\n"
        "s = Sources(*(root / k for k in ('data', 'ontology', 'shapes', 'queries')), base='https://example.org/')\n"
        "c = compose(s)\nprint('go', flush=True)\ndump.publish(c, root / 'out')\n"
    )
    published(small, out)
    outcomes = set()
    for number in range(60):
        before = (out / "current").readlink()
        (small.data / "more.ttl").write_text(
            f"<https://example.org/id/animal/{number}> a <https://example.org/vocab#Cat> ."
        )
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(random.uniform(0, 0.12))  # noqa: S311 (moments, not secrets)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        outcomes.add((out / "current").readlink() != before)
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=out / "current", check=False
        )
        assert done.returncode == 0
        assert (out / "current" / "manifest.json").is_file()
    assert outcomes == {True, False}, "the kills must fall on both sides of the switch"
