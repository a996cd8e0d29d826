"""The files of the build as they are served: digests, ranges, conditions, and no way out of the folder."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from serving import Serving

NAMES = ("mercato.ttl", "mercato.nq", "mercato.nt.gz", "catalog.ttl", "ontology.ttl", "SHA256SUMS", "manifest.json")


@pytest.mark.parametrize("name", NAMES)
def test_files_are_served_byte_for_byte(mercato: Serving, built: Path, name: str) -> None:
    """Each file arrives as it lies in the build, with its length, a strong ETag and its digest."""
    reply = mercato.ask(f"/dumps/{name}")
    content = (built / name).read_bytes()
    assert (reply.status, reply.body) == (200, content)
    assert reply.headers["Content-Length"] == str(len(content))
    assert reply.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert reply.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert reply.headers["Last-Modified"]
    assert reply.headers["Accept-Ranges"] == "bytes"


def test_every_file_of_the_manifest_is_there(mercato: Serving, built: Path) -> None:
    """The listing names every file of the manifest with its size and SHA-256."""
    files = json.loads((built / "manifest.json").read_bytes())["files"]
    listed = {entry["name"]: entry for entry in mercato.ask("/dumps/?format=json").json()["files"]}
    for name, about in files.items():
        assert (listed[name]["bytes"], listed[name]["sha256"]) == (about["bytes"], about["sha256"])


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-7", -7, None), ("BYTES = 5-5", 5, 6)],
)
def test_one_range(mercato: Serving, built: Path, asked: str, start: int, end: int | None) -> None:
    """A single range of bytes is served in part (RFC 9110, section 14)."""
    content = (built / "mercato.nt").read_bytes()
    reply = mercato.ask("/dumps/mercato.nt", headers={"Range": asked})
    assert (reply.status, reply.body) == (206, content[start:end])
    first = start % len(content)
    assert reply.headers["Content-Range"] == f"bytes {first}-{first + len(reply.body) - 1}/{len(content)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=", "nonsense"])
def test_other_ranges_get_the_whole(mercato: Serving, built: Path, asked: str) -> None:
    """Several ranges, other units and malformed ones are passed over, as the RFC allows."""
    reply = mercato.ask("/dumps/catalog.ttl", headers={"Range": asked})
    assert (reply.status, reply.body) == (200, (built / "catalog.ttl").read_bytes())


def test_a_range_beyond_the_end(mercato: Serving, built: Path) -> None:
    """A range that begins behind the end is 416 with the file's length."""
    size = (built / "catalog.ttl").stat().st_size
    reply = mercato.ask("/dumps/catalog.ttl", headers={"Range": f"bytes={size}-"})
    assert (reply.status, reply.media) == (416, "application/problem+json")
    assert reply.headers["Content-Range"] == f"bytes */{size}"


def test_if_range(mercato: Serving, built: Path) -> None:
    """A range counts only while the file is the one that the client has a part of."""
    content = (built / "mercato.nt").read_bytes()
    tag = mercato.ask("/dumps/mercato.nt", method="HEAD").headers["ETag"]
    same = mercato.ask("/dumps/mercato.nt", headers={"Range": "bytes=0-4", "If-Range": tag})
    other = mercato.ask("/dumps/mercato.nt", headers={"Range": "bytes=0-4", "If-Range": '"another"'})
    weak = mercato.ask("/dumps/mercato.nt", headers={"Range": "bytes=0-4", "If-Range": f"W/{tag}"})
    assert (same.status, same.body) == (206, content[:5])
    assert (other.status, other.body) == (200, content)
    assert (weak.status, weak.body) == (200, content)


def test_a_download_can_be_resumed(mercato: Serving, built: Path) -> None:
    """Two halves fetched by Range are the file."""
    content = (built / "mercato.ttl").read_bytes()
    half = len(content) // 2
    tag = mercato.ask("/dumps/mercato.ttl", method="HEAD").headers["ETag"]
    parts = [
        mercato.ask("/dumps/mercato.ttl", headers={"Range": asked, "If-Range": tag}).body
        for asked in (f"bytes=0-{half - 1}", f"bytes={half}-")
    ]
    assert b"".join(parts) == content


def test_conditions(mercato: Serving) -> None:
    """If-None-Match and If-Modified-Since save the transfer."""
    reply = mercato.ask("/dumps/mercato.ttl", method="HEAD")
    for headers in (
        {"If-None-Match": reply.headers["ETag"]},
        {"If-None-Match": f'"x", {reply.headers["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": reply.headers["Last-Modified"]},
    ):
        saved = mercato.ask("/dumps/mercato.ttl", headers=headers)
        assert (saved.status, saved.body) == (304, b"")
        assert saved.headers["ETag"] == reply.headers["ETag"]


@pytest.mark.parametrize(
    "path",
    [
        "/dumps/../pyproject.toml",
        "/dumps/%2e%2e/pyproject.toml",
        "/dumps/..%2fmanifest.json",
        "/dumps//etc/passwd",
        "/dumps/%2fetc%2fpasswd",
        "/dumps/versions",
        "/dumps/current/mercato.nt",
        "/dumps/mercato.nt%00.ttl",
        "/static/../serve.py",
        "/static/%2e%2e/serve.py",
        "/questions/..%2f..%2fpages",
    ],
)
def test_no_way_out_of_the_folder(mercato: Serving, path: str) -> None:
    """Only the files that the build lists are served, whatever the path looks like."""
    reply = mercato.ask(path)
    assert (reply.status, reply.media) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/ontology", "/shapes", "/catalog", "/.well-known/void"])
def test_documents_have_strong_etags(mercato: Serving, path: str) -> None:
    """The vocabulary, shapes and catalogue have strong ETags, one for each format, and answer 304."""
    tags = set()
    for media in ("text/turtle", "application/ld+json"):
        tag = mercato.ask(path, accept=media).headers["ETag"]
        assert tag.startswith('"')
        assert mercato.ask(path, accept=media, headers={"If-None-Match": tag}).status == 304
        tags.add(tag)
    assert len(tags) == 2
