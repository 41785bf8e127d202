"""Markdown page -> sentences, each with its place and fingerprint, as spec/catalogue.md lays down.

In: the text of a page of the public documentation. Out: `Sentence`s in page order. The text of a
sentence is for the reader at the terminal and for comparison; it is never written anywhere.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n.*?(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*$")
_MEMBER = re.compile(r"^-[ \t]?(param|field)[ \t]+(.+)$")
_ALONE = re.compile(r"^`([A-Za-z_]\w*)`[ \t]*$")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+")
_NOTE = re.compile(r"^\[![A-Za-z]+\]$")
_RULER = re.compile(r"^\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?$")
_LINK = re.compile(r"""
    !?\[([^\]\[]*(?:\\.[^\]\[]*)*)\]             # the text of a link, or of an image
    \([^()\s]*(?:\([^()]*\)[^()\s]*)*             # its target, which may have parentheses
    (?:\s+"[^"]*")?\)""", re.X)
_FACTS = ("req.irql", "req.target-min-winverclnt")
_KNOWN = {
    "description": "description", "parameters": "parameters", "returns": "returns",
    "return value": "returns", "remarks": "remarks", "struct-fields": "fields",
    "enum-fields": "fields", "members": "fields", "fields": "fields", "constants": "fields",
}
_SKIPPED = ("see also", "see-also", "syntax", "requirements", "related topics")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a page. `section` is "header", "description", "parameters/NAME",
    "fields/NAME", "returns", "remarks" or the heading it stands under; `ordinal` counts from 1 in
    its section; `text` is normalised."""

    section: str
    ordinal: int
    text: str

    @property
    def place(self) -> str:
        """`remarks 2`."""
        return f"{self.section} {self.ordinal}"

    @property
    def fingerprint(self) -> str:
        """The first 12 hex digits of the SHA-256 of the text in UTF-8."""
        return fingerprint(self.text)


def fingerprint(text: str) -> str:
    """The first 12 hex digits of the SHA-256 of `text` in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def sentences(page: str) -> tuple[Sentence, ...]:
    """All sentences of a page, the two facts of its header included."""
    found: list[Sentence] = []
    counts: dict[str, int] = {}
    for section, text in _sentences(page):
        counts[section] = counts.get(section, 0) + 1
        found.append(Sentence(section, counts[section], text))
    return tuple(found)


def front_matter(page: str) -> dict[str, str]:
    """The `key: value` lines of the block that a page starts with, without those that have no
    value."""
    lines = page.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    facts: dict[str, str] = {}
    if lines[0].strip() != "---":
        return facts
    for line in lines[1:]:
        if line.strip() == "---":
            break
        key, colon, value = line.partition(":")
        if colon and value.strip():
            facts[key.strip()] = value.strip().strip("'\"").strip()
    return facts


def _sentences(page: str) -> Iterator[tuple[str, str]]:
    facts = front_matter(page)
    for key in _FACTS:
        if key in facts:
            yield "header", f"{key}: {facts[key]}"
    for section, run, row in _runs(_body(page), reference="UID" in facts):
        text = _plain(run)
        if row:
            if text:
                yield section, text
            continue
        yield from ((section, part) for part in _split(text) if part)


def _body(page: str) -> list[str]:
    text = page.removeprefix("\ufeff").replace("\r\n", "\n")
    if text.startswith("---"):
        end = re.search(r"^---[ \t]*$", text[3:], re.M)
        text = text[3 + end.end():] if end else text
    return _FENCE.sub("", text).split("\n")


def _runs(lines: list[str], *, reference: bool) -> Iterator[tuple[str, str, bool]]:
    """The section, text and whether it is a table row, of each run of text that counts."""
    section: str | None = "description" if reference else "top"
    run: list[str] = []
    for raw, following in zip(lines, [*lines[1:], ""], strict=True):
        line = re.sub(r"^[ \t]*(>[ \t]?)+", "", raw).rstrip()
        kind = _kind(line, section)
        if kind != "text" and run:
            if section is not None:
                yield section, "\n".join(run), False
            run = []
        match kind:
            case "heading":
                section = _section(section, line, reference)
            case "alone":
                section = f"parameters/{line.strip().strip('`')}"
            case "row":
                if section is not None and not _is_ruler(line) and not _is_ruler(following):
                    yield section, _row(line), True
            case "item":
                run = [_ITEM.sub("", line, count=1)]
            case "text":
                run.append(line)
            case _:
                pass
    if run and section is not None:
        yield section, "\n".join(run), False


def _kind(line: str, section: str | None) -> str:
    """What a line is: "heading", "alone" (a parameter's name), "row", "item", "end" or "text"."""
    if not line.strip() or _NOTE.match(line.strip()):
        return "end"
    if _HEADING.match(line):
        return "heading"
    if _ALONE.match(line) and section is not None and section.startswith("parameters"):
        return "alone"
    if line.lstrip().startswith("|") or _is_ruler(line):
        return "row"
    return "item" if _ITEM.match(line) else "text"


def _is_ruler(line: str) -> bool:
    """Whether a line is the one below the heading of a table."""
    return "|" in line and bool(_RULER.match(line.strip()))


def _row(line: str) -> str:
    cells = (c.strip() for c in re.split(r"(?<!\\)\|", line.strip().strip("|")))
    return ": ".join(c for c in cells if c)


def _section(now: str | None, line: str, reference: bool) -> str | None:
    """The section that a heading opens; None for one that is skipped."""
    heading = _HEADING.match(line)
    assert heading is not None
    level, title = len(heading[1]), heading[2].strip()
    name = title.removeprefix("-").strip()
    member = _MEMBER.match(title)
    if member:
        kind = "parameters" if member[1] == "param" else "fields"
        return f"{kind}/{_member(member[2])}"
    if name.lower() in _SKIPPED:
        return None
    if not reference:
        return _slug(title)
    if level == 1:
        return "description"
    if level == 2:
        return _KNOWN.get(name.lower(), _slug(name))
    if now is not None and now.split("/")[0] in ("parameters", "fields"):
        return f"{now.split('/')[0]}/{_member(title)}"
    return now


def _member(title: str) -> str:
    return re.sub(r"[ \t]*\[.*\]$", "", title.replace("`", "").replace("\\", "")).strip()


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", _plain(title).lower()).strip("-")


def _plain(run: str) -> str:
    text = re.sub(r"<!--.*?-->", "", run, flags=re.S)
    text = _LINK.sub(r"\1", text)
    text = re.sub(r"</?[A-Za-z][^<>]*>", "", text)
    text = html.unescape(text)
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    text = re.sub(r"[*`]", "", text)
    text = " ".join(text.replace("\u00a0", " ").split())
    return re.sub(r"^\[(?:in|out|in/out|in, out)\]\s*", "", text)


def _split(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in re.finditer(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])", text):
        if text[:match.start()].endswith(("e.g.", "i.e.")):
            continue
        parts.append(text[start:match.start()])
        start = match.end()
    parts.append(text[start:])
    return parts
