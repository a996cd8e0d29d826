"""What a client posts to be checked: the text as the body itself, or in a form, with the name it goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import request
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from server.http.client import pairs_of
from server.http.negotiate import POSTED
from server.http.problems import RequestError

NAME = "text.ttl"
"""What a text is called that came without a name."""

LONGEST_NAME = 200
"""Characters of a name that reports show."""

PARTS = 20
"""Fields that a form may have."""

ACCEPTS = {"Accept-Post": ", ".join(POSTED["/check"])}
"""The header field that says what can be posted (https://www.w3.org/TR/ldp/#header-accept-post)."""

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True)
class Sent:
    """A text that was sent: its bytes, the name that reports give it, and the other fields of its form."""

    data: bytes = b""
    name: str = NAME
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text for a page to show."""
        return self.data.decode("utf-8", "replace")


def received() -> Sent:
    """Return what the request brings; raise `RequestError` for what is neither Turtle nor a form with it."""
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        sentence = f"the body came in the coding {coding}: send it as it is"
        raise RequestError("media-type", sentence, headers={**ACCEPTS, "Accept-Encoding": "identity"})
    media = request.mimetype
    if media == MULTIPART:
        return _from_parts(list(_parts(request.get_data(), request.mimetype_params.get("boundary", ""))))
    if media == URLENCODED:
        return _from_parts([(name, "", value.encode()) for name, value in pairs_of(request.get_data())])
    if media in POSTED["/check"]:
        charset = request.mimetype_params.get("charset", "utf-8").lower().replace("_", "-")
        if charset not in ("utf-8", "utf8", "us-ascii"):
            raise RequestError("media-type", f"the text's charset is {charset}: send UTF-8", headers=ACCEPTS)
        return Sent(request.get_data(), named(request.args.get("name", "")))
    sent = f"as {media}" if media else "without a Content-Type"
    raise RequestError("media-type", f"the body came {sent}: send Turtle as text/turtle, or a form", headers=ACCEPTS)


def named(name: str) -> str:
    """Return `name` as reports show it: a relative path of visible characters, or `NAME` where nothing is left."""
    visible = "".join(each if each.isprintable() else "_" for each in name.replace("\\", "/"))
    steps = [step for step in visible.split("/") if step.strip() not in ("", ".", "..")]
    return "/".join(steps)[-LONGEST_NAME:].strip("/ ") or NAME


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, file name and content of each part of a form (RFC 7578); raise `RequestError` where it is none."""
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    name, file, content = "", "", bytearray()
    try:
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                name, file = str(event.name or ""), event.filename if isinstance(event, File) else ""
                content = bytearray()
            elif isinstance(event, Data):
                content += event.data
                if not event.more_data:
                    yield name, file, bytes(content)
    except ValueError:
        raise RequestError("bad-request", "the body is no whole multipart/form-data: send it again") from None


def _from_parts(parts: list[tuple[str, str, bytes]]) -> Sent:
    """Return the text of a form: the field `file` where one was chosen, else `text`, whose name the field `name` is."""
    fields = {name: data.decode("utf-8", "replace") for name, _, data in parts if name not in ("text", "file")}
    files = [(file, data) for name, file, data in parts if name == "file" and (file or data)]
    texts = [data for name, _, data in parts if name == "text" and data.strip()]
    chosen = request.args.get("name")
    if len(files) > 1 or (len(texts) > 1 and not files):
        raise RequestError("bad-request", "there are several texts: send one at a time")
    if files:
        return Sent(files[0][1], named(chosen or files[0][0]), fields)
    if texts:  # a form sends each line end as CR LF, whatever was written
        return Sent(texts[0].replace(b"\r\n", b"\n"), named(chosen or fields.get("name", "")), fields)
    sentence = "the form has no text: fill in the field `text` or `file`, or send Turtle itself as text/turtle"
    raise RequestError("text-missing", sentence, headers=ACCEPTS)
