"""Where the Turtle is, and how files are written so that none is ever half there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kg.errors import InputError

PACKAGE = Path(__file__).parent
"""The folder of this package, with its modules and, in a wheel, the vocabulary and the shapes."""


def folder(kind: str, given: str | Path = "") -> Path:
    """Return the folder of `kind` (`data`, `queries`, `ontology` or `shapes`): the one `given`, or Mercato's own.

    Mercato's own vocabulary and shapes lie beside the package in a checkout and inside it in a wheel; only this
    function knows. Raises `InputError` where there is no such folder.
    """
    places = [Path(given)] if str(given) else [PACKAGE / kind, PACKAGE.parent / kind]
    for place in places:
        if place.is_dir():
            return place
    raise InputError(f"there is no folder {places[0]}: give the {kind} folder with --{kind}", source=str(places[0]))


def turtle_files(place: Path) -> list[Path]:
    """Return the Turtle files under the folder `place`, sorted, so that every reading has the same order.

    Links to folders are not followed. Raises `InputError` for a folder that cannot be listed: what is in it would go
    unread in silence.
    """

    def refuse(error: OSError) -> None:
        raise unreadable(error.filename, error) from None

    found = os.walk(place, onerror=refuse)
    return sorted(Path(folder, name) for folder, _, names in found for name in names if name.endswith(".ttl"))


def unreadable(path: str | Path, error: OSError) -> InputError:
    """Return the error for the file or folder at `path` that cannot be read, for the reason that `error` gives."""
    return InputError(f"cannot be read ({error.strerror}): check the name and its rights", source=str(path))


def read_text(path: Path) -> str:
    """Return the text of the UTF-8 file at `path`, its line ends as they are.

    Raises `InputError` that names the file and, for bytes that are no UTF-8, the line of the first of them.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        byte = f"byte 0x{data[error.start]:02x}"
        raise InputError(
            f"{byte} is no UTF-8: save the file as UTF-8", source=str(path), line=line, column=column
        ) from None


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Yield a binary file that becomes `path` when the block ends well, and nothing at all when it does not.

    The bytes are synced to disk before the rename, so that a crash at any moment leaves the old file or the new.
    Raises `InputError` where the place cannot be written or has no room.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot be written ({error.strerror}): check its folder's rights and room", source=str(path))
