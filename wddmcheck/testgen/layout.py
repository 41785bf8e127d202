"""Lines of generated Python: at most `WIDTH` columns, wrapped as people would."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

WIDTH = 100


def docstring(paragraphs: Iterable[str], indent: int = 0) -> Iterator[str]:
    """A docstring of several paragraphs."""
    pad = " " * indent
    first, *others = [p.replace("\\", "\\\\").replace('"""', "'''") for p in paragraphs]
    wrapped = textwrap.wrap(pad + '"""' + first, WIDTH, subsequent_indent=pad,
                            break_on_hyphens=False)
    yield from wrapped
    for paragraph in others:
        yield ""
        yield from textwrap.wrap(paragraph, WIDTH, initial_indent=pad, subsequent_indent=pad,
                                 break_on_hyphens=False)
    yield pad + '"""'


def comment(line: str, indent: int) -> Iterator[str]:
    """A comment line."""
    pad = " " * indent
    yield from textwrap.wrap(line, WIDTH, initial_indent=pad, subsequent_indent=pad + "# ")


def code(line: str, indent: int) -> Iterator[str]:
    """A statement that is one call, broken after commas if it is long."""
    pad = " " * indent
    if indent + len(line) <= WIDTH:
        yield pad + line
        return
    head, bracket, rest = line.partition("(")
    if not bracket:
        yield pad + line
        return
    left = head + bracket
    for part in _parts(rest):
        if left.endswith(("(", " ")) or len(pad + left) + 1 + len(part) <= WIDTH:
            left += part if left.endswith("(") else f" {part}"
        else:
            yield pad + left
            pad, left = " " * (indent + 4), part
    yield pad + left


def _parts(text: str) -> list[str]:
    """`text` cut after its top-level commas."""
    parts, depth, start, quoted = [], 0, 0, False
    for i, char in enumerate(text):
        if char == '"' and text[i - 1:i] != "\\":
            quoted = not quoted
        elif not quoted and char in "([{":
            depth += 1
        elif not quoted and char in ")]}":
            depth -= 1
        elif not quoted and char == "," and depth == 0:
            parts.append(text[start:i + 1])
            start = i + 2
    return [*parts, text[start:]]
