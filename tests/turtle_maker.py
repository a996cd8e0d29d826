"""Texts for the fuzz of the reader: Turtle by its grammar, such Turtle damaged, damaged files, and any bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

DATA = Path(__file__).parent / "data"
SUITE = Path(__file__).parent.parent.parent / "shared" / "w3c" / "turtle"

BLANKS = (" ", " ", " ", "\n", "\t", "\r\n", "\r", "  ", " # a . comment ; \"'<\n", "#\n", "\n\n")
PREFIXES = ("", "a", "p", "é", "a.b", "x-y_1", "\U00010400z", "true", "prefix")
LOCALS = (
    *("", "s", "o1", "é", "a.b", "a..b", "a\\,b", "\\.", "%41", "%c3%A9x", "1", "0x", "a:b", ":", "_", "x-"),
    *("\\~\\_\\-\\!\\$\\&\\'\\(\\)\\*\\+\\;\\=\\/\\?\\#\\@\\%", "\U00010400", "a\u00b7b", "x\u203f", "a.%20", "a.\\,"),
)
IRIS = (
    *("http://example.org/x", "http://example.org/x#\\u00e9", "rel", "", "#f", "?q=1", "../a/./b", "//h/p", "/p/../q"),
    *("urn:x:y", "http://example.org/é", "\\U0001F600", "http://h/\U0001f600", "mailto:a@b", "a:b/../c", "http://h"),
)
NODES = ("_:b", "_:1", "_:b.c", "_:é", "_:a-b", "_:b..c", "_:x\u00b7", "_:_")
PLAIN = (
    "",
    "x",
    "é",
    "\U0001f600",
    " ",
    "a b",
    "#",
    ".",
    ";",
    "@en",
    "^^",
    "\\t",
    "\\n",
    "\\\\",
    "\\u00e9",
    "\\U0001F600",
)
SINGLE = {'"': ("'", '\\"', "''"), "'": ('"', "\\'", '""')}
LANGUAGES = ("en", "EN-gb", "de-AT-1996", "x-a", "zh-Hant")
NUMBERS = (
    *("1", "-1", "+1", "007", "1.5", "-.5", "+0.0", "1e3", "1.e3", ".5e-7", "1E+9", "-0", "12345678901234567890.1"),
    "1e400",
)
FRAGMENTS = (
    *(":s ", ":p ", "a", "a:b", ":", "<x>", "<", ">", "[", "]", "(", ")", ".", ";", ",", "@en", "^^", "1", "1.", ".5"),
    *("-", '"x"', '"', "'", '"""', "1e5", "1.e5", "true", "_:b", "_:", "#c\n", "\n", " ", "\\u0041", "\\", "\x00", "é"),
    *("%41", "%", "@prefix : <http://e/> .", "PREFIX a: <y/>", "@base <z/> .", "\u200d", "{", "|", "<<", ">>", "~"),
    *("\ufeff", "\U0001f600", "{|", "|}", "<<(", "@en--ltr", 'VERSION "1.2"', "\\uD800", "\x7f", "\u0085", "\u2028"),
)


class Maker:
    """Makes one text from the choices of `random`, which may be Hypothesis's or a fuzzer's."""

    def __init__(self, random: Random):
        self.random = random
        self.prefixes = [""]

    def one(self, things: Sequence[str]) -> str:
        """Return one of `things`."""
        return things[self.random.randrange(len(things))]

    def chance(self, of: int) -> bool:
        """Return true once in `of` times."""
        return self.random.randrange(of) == 0

    def blank(self) -> str:
        """Return what may stand between two tokens; rarely nothing, which may make them one."""
        return "" if self.chance(25) else self.one(BLANKS)

    def iri(self) -> str:
        """Return an IRI, or a name that stands for one, declared in most cases."""
        if self.chance(3):
            return f"<{self.one(IRIS)}>"
        return f"{self.one(self.prefixes)}:{self.one(LOCALS)}"

    def string(self) -> str:
        """Return a string in one of the four quotations."""
        quote = self.one(("'", '"'))
        inside = [self.one((*PLAIN, *SINGLE[quote])) for _ in range(self.random.randrange(4))]
        if self.chance(2):
            return f"{quote}{''.join(inside)}{quote}"
        inside += [self.one(("\n", "\r\n", quote + "x", quote * 2 + "x", "y" * 300 if self.chance(9) else ""))]
        return f"{quote * 3}{''.join(inside)}{quote * 3}"

    def literal(self) -> str:
        """Return a literal of any form."""
        which = self.random.randrange(5)
        if which == 0:
            return self.one(NUMBERS)
        if which == 1:
            return self.one(("true", "false"))
        end = ("", f"@{self.one(LANGUAGES)}", f"^^{self.blank() if self.chance(4) else ''}{self.iri()}")[which - 2]
        return self.string() + end

    def predicates(self, depth: int) -> str:
        """Return a predicate-object list, with the empty parts that the grammar allows."""
        parts = []
        for _ in range(1 + self.random.randrange(3)):
            verb = self.one(("a", self.iri(), self.iri()))
            objects = [self.value(depth) for _ in range(1 + self.chance(3))]
            parts.append(f"{verb}{self.blank()}{f'{self.blank()},{self.blank()}'.join(objects)}")
        text = parts[0]
        for part in parts[1:]:
            text += self.semicolons() + part
        return text + (self.semicolons() if self.chance(3) else "")

    def semicolons(self) -> str:
        """Return what may stand between two predicates, and after the last: one semicolon or more."""
        return f"{self.blank()};{self.blank()}" * (1 + self.chance(6))

    def value(self, depth: int) -> str:
        """Return an object."""
        which = self.random.randrange(8)
        if depth > 0 and which == 0:
            return f"[{self.blank()}{self.predicates(depth - 1) if not self.chance(4) else ''}{self.blank()}]"
        if depth > 0 and which == 1:
            items = [self.value(depth - 1) for _ in range(self.random.randrange(4))]
            return f"({self.blank()}{self.blank().join(items)}{self.blank()})"
        if which == 2:
            return self.one(NODES)
        return self.literal() if which < 5 else self.iri()

    def directive(self) -> str:
        """Return a prefix or base declaration in either syntax."""
        if self.chance(4):
            iri = f"<{self.one(('http://example.org/base/', 'sub/', *IRIS))}>"
            return self.one((f"@base{self.blank()}{iri}{self.blank()}.", f"{self.one(('BASE', 'base', 'Base'))} {iri}"))
        prefix = self.one(PREFIXES)
        self.prefixes.append(prefix)
        iri = f"<{self.one(('http://example.org/', 'urn:x:', *IRIS))}>"
        name = f"{prefix}:{self.blank()}{iri}"
        return self.one((f"@prefix {name}{self.blank()}.", f"{self.one(('PREFIX', 'prefix', 'PreFix'))} {name}"))

    def statement(self) -> str:
        """Return a directive or triples."""
        which = self.random.randrange(8)
        if which == 0:
            return self.directive()
        end = f"{self.blank()}."
        if which == 1:
            more = self.predicates(1) if self.chance(2) else ""
            return f"[{self.blank()}{self.predicates(2)}{self.blank()}]{self.blank()}{more}{end}"
        if which == 2:
            items = [self.value(1) for _ in range(self.random.randrange(3))]
            return f"({self.blank()}{self.blank().join(items)}{self.blank()}){self.blank()}{self.predicates(1)}{end}"
        subject = self.one((self.iri(), self.iri(), self.one(NODES)))
        return f"{subject}{self.blank()}{self.predicates(2)}{end}"

    def document(self) -> str:
        """Return a text by the grammar."""
        start = "@prefix : <http://example.org/> .\n"
        if self.chance(60):
            depth = 1 + self.random.randrange(3000)
            opening, closing = self.one(("[ :p ", "(")), ":o"
            return f"{start}:s :p {opening * depth}{closing}{('] ' if opening[0] == '[' else ')') * depth} ."
        return start + "".join(self.statement() + self.blank() for _ in range(1 + self.random.randrange(5)))

    def damaged(self, text: str) -> str:
        """Return `text` with a few places cut out, doubled, swapped or filled with something else."""
        for _ in range(1 + self.random.randrange(3)):
            start = self.random.randrange(len(text) + 1)
            end = min(len(text), start + self.random.randrange(12))
            part = text[start:end]
            text = (
                text[:start] + self.one(("", part * 2, self.one(FRAGMENTS), part[::-1], self.one(BLANKS))) + text[end:]
            )
        return text

    def bytes_damaged(self, data: bytes) -> bytes:
        """Return `data` with a few bytes changed, lost or put in."""
        for _ in range(1 + self.random.randrange(4)):
            start = self.random.randrange(len(data) + 1)
            end = min(len(data), start + self.random.randrange(4))
            put = bytes(self.random.randrange(256) for _ in range(self.random.randrange(3)))
            data = data[:start] + put + data[end:]
        return data


def corpus() -> list[bytes]:
    """Return the files that are damaged: those of `tests/data`, and the W3C suite's where it is at hand."""
    return [path.read_bytes() for folder in (DATA, SUITE) for path in sorted(folder.rglob("*.ttl"))]


def kinds(files: Sequence[bytes]) -> dict[str, Callable[[Maker], bytes]]:
    """Return how to make a text of each kind, by its name; `files` are those to damage."""

    def part(maker: Maker) -> bytes:
        data = files[maker.random.randrange(len(files))]
        if len(data) > 3000 and not maker.chance(20):  # mostly the first lines, prefixes and all
            data = data[: 500 + maker.random.randrange(2500)]
        return data

    return {
        "grammar": lambda maker: maker.document().encode(),
        "grammar, damaged": lambda maker: maker.damaged(maker.document()).encode(),
        "fragments": lambda maker: "".join(
            maker.one((*FRAGMENTS, " ", ":s :p :o . ")) for _ in range(maker.random.randrange(30))
        ).encode(),
        "file, damaged": lambda maker: maker.damaged(part(maker).decode("utf-8", "replace")).encode(),
        "file, bytes damaged": lambda maker: maker.bytes_damaged(part(maker)),
        "any bytes": lambda maker: bytes(maker.random.randrange(256) for _ in range(maker.random.randrange(60))),
    }
