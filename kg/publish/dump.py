"""The dumps: one dataset in every format, written so that a reader finds the old build whole or the new one whole.

A build lies in `out/versions/{version}`; `out/current` is a symbolic link to it, and each name in `out` is a link
through `current`. Renaming one new link over `current` therefore publishes all files at once, and a process that is
killed at any moment leaves what was there.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from kg.errors import InputError
from kg.files import atomic
from kg.names import THING_KINDS, VOCABULARIES
from kg.publish.catalog import catalog
from kg.publish.compose import Composition, Sources, union
from kg.turtle import writer

CURRENT, VERSIONS, MANIFEST = "current", "versions", "manifest.json"
_KEPT = 2  # a server that still reads the build before this one finds it


@dataclass(frozen=True)
class Dump:
    """One file of a build: its name, its media type, the part of the dataset it holds."""

    name: str
    media_type: str
    part: str


DUMPS: tuple[Dump, ...] = (
    Dump("mercato.ttl", "text/turtle", "graph"),
    Dump("mercato.nt", "application/n-triples", "graph"),
    Dump("mercato.jsonld", "application/ld+json", "graph"),
    Dump("mercato.rdf", "application/rdf+xml", "graph"),
    Dump("mercato.nq", "application/n-quads", "dataset"),
    Dump("mercato.trig", "application/trig", "dataset"),
    Dump("ontology.ttl", "text/turtle", "ontology"),
    Dump("shapes.ttl", "text/turtle", "shapes"),
)
"""What a build writes: `graph` is curated and derived triples, `dataset` all named graphs."""


def is_current(sources: Sources, out: Path) -> bool:
    """Say whether `out` holds a whole build of just these sources."""
    manifest = read_manifest(out)
    if manifest is None or manifest["inputs"] != sources.digest():
        return False
    place = out / CURRENT
    return all(
        (place / name).is_file() and (place / name).stat().st_size == size(about) for name, about in of(manifest)
    )


def read_manifest(out: Path) -> dict[str, Any] | None:
    """Return the manifest of the build in `out`, or None where there is none."""
    try:
        manifest = json.loads((out / CURRENT / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and "inputs" in manifest else None


def of(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the description of each file that a manifest lists."""
    yield from manifest["files"].items()


def size(about: dict[str, Any]) -> int:
    """Return a listed file's size in bytes."""
    return int(about["bytes"])


def refuse_unwritable(out: Path) -> None:
    """Raise `InputError` where `out` cannot be written, before any long work and without leaving a trace."""
    place = out.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not (place.is_dir() and os.access(place, os.W_OK)):
        raise InputError("cannot be written: give another folder with --out", source=str(out))


def publish(composition: Composition, out: Path) -> dict[str, Any]:
    """Write every dump of `composition` below `out` and make it the current build; return its manifest.

    Raises `InputError` where `out` cannot be written; what was published stays as it was.
    """
    try:
        (out / VERSIONS).mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=out / VERSIONS, prefix=".part-"))
    except OSError as error:
        sentence = f"cannot be written ({error.strerror}): give another folder with --out"
        raise InputError(sentence, source=str(out)) from None
    try:
        manifest = _write_all(composition, work)
        work.chmod(0o755)
        place = out / VERSIONS / manifest["version"]
        if place.exists():
            shutil.rmtree(work)
        else:
            work.rename(place)
    except BaseException as error:
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, InputError):  # the unfinished file that it names is gone
            raise InputError(error.sentence, source=str(out)) from None
        raise
    _link(Path(VERSIONS) / manifest["version"], out / CURRENT)
    names = [*manifest["files"], "SHA256SUMS", MANIFEST]
    for name in names:
        _link(Path(CURRENT) / name, out / name)
    _sweep(out, manifest["version"], set(names))
    return manifest


def _write_all(composition: Composition, work: Path) -> dict[str, Any]:
    files: dict[str, dict[str, Any]] = {}
    parts = _parts(composition)
    for dump in DUMPS:
        data = _serialize(dump, composition, parts)
        about = {"mediaType": dump.media_type, "part": dump.part, "triples": len(parts[dump.part])}
        files[dump.name] = about | _save(work / dump.name, data)
        # No name and no time in the header: the same bytes for the same dump.
        packed = gzip.compress(data, compresslevel=9, mtime=0)
        files[f"{dump.name}.gz"] = (
            about | {"compressFormat": "application/gzip"} | _save(work / f"{dump.name}.gz", packed)
        )
    version = files["mercato.nq"]["sha256"][:16]
    text = catalog(composition, files, version).encode()
    files["catalog.ttl"] = {"mediaType": "text/turtle", "part": "catalog"} | _save(work / "catalog.ttl", text)
    sums = "".join(f"{about['sha256']}  {name}\n" for name, about in sorted(files.items()))
    _save(work / "SHA256SUMS", sums.encode())
    manifest: dict[str, Any] = {
        "version": version,
        "inputs": composition.sources.digest(),
        "base": composition.sources.base,
        "graphs": _graphs(composition),
        "classes": classes(composition),
        "files": dict(sorted(files.items())),
    }
    _save(work / MANIFEST, (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())
    return manifest


def classes(composition: Composition) -> dict[str, int]:
    """Return how many nodes the curated data has of each class, by the class's IRI."""
    type_ = VOCABULARIES["rdf"] + "type"
    typed = {q.triple for q in composition.curated if q.predicate.value == type_ and isinstance(q.object, NamedNode)}
    return dict(
        sorted(Counter(triple.object.value for triple in typed if isinstance(triple.object, NamedNode)).items())
    )


def _graphs(composition: Composition) -> dict[str, int]:
    names = [quad.graph_name for quad in set(composition.quads())]
    return dict(sorted(Counter(name.value for name in names if isinstance(name, NamedNode)).items()))


def _parts(composition: Composition) -> dict[str, list[Any]]:
    return {
        "graph": union([*composition.curated, *composition.derived]),
        "dataset": list(set(composition.quads())),
        "ontology": union(composition.ontology),
        "shapes": list(set(composition.shapes)),
    }


def _serialize(dump: Dump, composition: Composition, parts: dict[str, list[Any]]) -> bytes:
    prefixes = composition.sources.prefixes()
    statements = parts[dump.part]
    match dump.media_type:
        case "text/turtle" if dump.part == "graph":
            return writer.sections(_grouped(composition), prefixes).encode()
        case "text/turtle":
            return writer.turtle(statements, prefixes).encode()
        case "application/trig":
            return writer.trig(statements, prefixes).encode()
        case "application/n-triples" | "application/n-quads":
            return "".join(sorted(f"{statement} .\n" for statement in statements)).encode()
    kind = RdfFormat.from_media_type(dump.media_type)
    data = serialize(sorted(statements, key=str), format=kind, prefixes=_used(statements, prefixes))
    if data is None:
        raise RuntimeError("serialize returns bytes where it is given no file")
    return data


def _used(triples: Iterable[Triple], prefixes: dict[str, str]) -> dict[str, str]:
    """Return the prefixes whose namespace some IRI of `triples` starts with."""
    iris = {term.value for triple in triples for term in triple if isinstance(term, NamedNode)}
    return {prefix: space for prefix, space in prefixes.items() if any(iri.startswith(space) for iri in iris)}


def _grouped(composition: Composition) -> Iterator[tuple[str, list[Triple]]]:
    """Yield the parts of the readable Turtle: things, records, claims with their passages, derived facts."""
    base = composition.sources.base
    things = tuple(f"{base}id/{kind}/" for kind in THING_KINDS)
    witnesses = (f"{base}id/claim/", f"{base}id/passage/")
    groups: dict[str, set[Triple]] = {"Things": set(), "Records": set(), "Claims and passages": set()}
    for quad in composition.curated:
        subject = str(quad.subject.value) if not isinstance(quad.subject, Triple) else ""
        heading = "Things" if subject.startswith(things) else "Records"
        groups["Claims and passages" if subject.startswith(witnesses) else heading].add(quad.triple)
    for heading, triples in groups.items():
        yield heading, list(triples)
    yield "Derived facts: rebuilt, never edited", union(composition.derived)


def _save(path: Path, data: bytes) -> dict[str, Any]:
    with atomic(path) as file:
        file.write(data)
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _link(target: Path, link: Path) -> None:
    """Make `link` a symbolic link to `target` in one step, whatever was there."""
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_dir() and not link.is_symlink():
        raise InputError("is a folder of your own: give another folder with --out", source=str(link))
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _sweep(out: Path, version: str, names: set[str]) -> None:
    """Take away what no build needs: links to files that are gone, unfinished work and all but the latest builds."""
    for path in out.iterdir():
        if path.is_symlink() and path.name not in names | {CURRENT} and path.readlink().parts[0] == CURRENT:
            path.unlink()
    builds = sorted((out / VERSIONS).iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    kept = [path for path in builds if not path.name.startswith(".")]
    kept.sort(key=lambda path: path.name != version)
    for path in builds:
        if path not in kept[:_KEPT]:
            shutil.rmtree(path, ignore_errors=True)
