"""Colour, as a function from a role and a text to a text. Plain text is complete without it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias


class Role(Enum):
    """What a piece of text is."""

    GOOD = "good"      # a verdict that is what one hopes for
    BAD = "bad"        # a finding
    DOUBT = "doubt"    # neither
    NAME = "name"      # an identity, a property
    DIM = "dim"        # places, times


Style: TypeAlias = Callable[[Role, str], str]

_ANSI = {Role.GOOD: "32", Role.BAD: "1;31", Role.DOUBT: "33", Role.NAME: "36", Role.DIM: "2"}


def plain(role: Role, text: str) -> str:
    """No colour."""
    return text


def ansi(role: Role, text: str) -> str:
    """ANSI colours."""
    return f"\x1b[{_ANSI[role]}m{text}\x1b[0m" if text else text


_ASCII = {
    0x2190: "<-", 0x2192: "->", 0x21D2: "=>", 0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'",
    0x201C: '"', 0x201D: '"', 0x2026: "...", 0x00A0: " ", 0x2264: "<=", 0x2265: ">=",
    0x2260: "!=", 0x2200: "all", 0x2203: "some", 0x00AC: "not", 0x2227: "and", 0x2228: "or",
}


def to_ascii(text: str) -> str:
    """`text` in ASCII: what has a common spelling gets it, the rest becomes `?`."""
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
