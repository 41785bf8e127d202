"""Lines of text for the terminal: the width, and how what is longer is broken."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 100


def wrapped(label: str, text: str, indent: int = 2) -> list[str]:
    """`text` after `label`, continued under itself."""
    pad = " " * indent
    return textwrap.wrap(text, WIDTH, initial_indent=pad + label,
                         subsequent_indent=pad + " " * len(label), break_on_hyphens=False)


def packed(items: Sequence[str], indent: int) -> list[str]:
    """`items`, separated by `; `, on as few lines as hold them; an item is broken only if it is
    longer than a line."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + 2 + len(item) <= WIDTH - 1:
            lines[-1] += f"; {item}"
        else:
            if lines:
                lines[-1] += ";"
            lines += fold(" " * indent + item, indent + 2)
    return lines


def fold(text: str, indent: int) -> list[str]:
    """`text` in lines of the width, later ones at `indent`; its own leading blanks stay."""
    lead = text[:len(text) - len(text.lstrip())]
    return textwrap.wrap(text.lstrip(), WIDTH, initial_indent=lead,
                         subsequent_indent=" " * indent, break_on_hyphens=False)
