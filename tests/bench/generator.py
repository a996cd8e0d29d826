"""Graphs of any size for the benches: our good graph again and again, under other names."""

from __future__ import annotations

import re
from pathlib import Path

from kg.turtle.document import read

GOOD = Path(__file__).parent.parent / "data" / "good"
SHARED = ("article", "document", "passage", "place", "population", "group")
"""Kinds that all copies refer to alike."""
_NAME = re.compile(r"(?<![\w/])(?!(?:" + "|".join(SHARED) + r"):)([a-z-]+):([a-z0-9][a-z0-9-]*)(?=[\s;,.])")


FAULTS = (
    ("    mc:stance mc:Affirms ;\n", ""),
    ("mc:certainty mc:Reported", "mc:certainty mc:Affirms"),
    ("mc:rank mc:Normal", "mc:rank mc:Normal , mc:Preferred"),
    ('"2024"^^xsd:gYear', '"2024"'),
)
"""What breaks a shape: a property missing, a value of another list, one too many, another datatype."""


def statements() -> tuple[str, str, int]:
    """Return the prefixes of the good graph, the statements to copy, and how many triples those are."""
    prefixes: dict[str, str] = {}
    blocks: list[str] = []
    triples = 0
    for path in sorted(GOOD.glob("*.ttl")):
        document = read(path)
        prefixes |= document.prefixes
        for block in document.text.split("\n\n"):
            subject = block.lstrip().split(None, 1)[0] if block.strip() else ""
            if ":" in subject and not subject.startswith(SHARED):
                blocks.append(block)
        kept = {block.split(None, 1)[0] for block in blocks}
        triples += sum(
            document.text[triple.subject_at[0] : triple.subject_at[1]] in kept for triple in document.triples
        )
    header = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in sorted(prefixes.items()))
    return header, "\n\n".join(blocks), triples


def write(folder: Path, triples: int, files: int = 50, faults: int = 0) -> int:
    """Write a graph of about `triples` triples to `folder`, in `files` files; return how many triples it has.

    Every so many copies (`faults`; none for 0) one of the copy's statements is at fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in GOOD.glob("*.ttl"):
        (folder / path.name).write_bytes(path.read_bytes())
    header, body, each = statements()
    own = set(re.findall(r"@prefix ([a-z-]+): <https://w3id.org/mercato/id/", header))
    copies = max(1, triples // each)
    parts: list[list[str]] = [[] for _ in range(files)]
    for number in range(copies):

        def renamed(found: re.Match[str], number: int = number) -> str:
            return f"{found[0]}-x{number}" if found[1] in own else found[0]

        text = _NAME.sub(renamed, body)
        text = re.sub(r'(?m)^(        "[^"\n]*)("@(?:en|fr))', rf"\1 {number}\2", text)
        text = re.sub(r'(skos:altLabel "[^"\n]*)"', rf'\1 {number}"', text)
        if faults and number % faults == 0:
            before, after = FAULTS[number // faults % len(FAULTS)]
            assert before in text
            text = text.replace(before, after, 1)
        parts[number % files].append(text)
    for number, part in enumerate(parts):
        if part:
            (folder / f"copies-{number:03}.ttl").write_text(header + "\n" + "\n\n".join(part) + "\n", encoding="utf-8")
    return copies * each
