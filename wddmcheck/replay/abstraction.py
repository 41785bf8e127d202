"""What an abstraction says of the machine: which objects there are, and what their fields are in
the model's words. Each family has its own (`replay.families`), for the reference miniport.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.machine.pool import block_of, freed

GONE = -1
"""Stands for the key of an object that a reference still names after its death."""


@dataclass(slots=True)
class Seen:
    """One object: `refs` are keys (None for none, GONE), `sets` lists of keys, `words` the rest."""

    pool: str
    key: int
    words: dict[str, str] = field(default_factory=dict)
    refs: dict[str, int | None] = field(default_factory=dict)
    sets: dict[str, tuple[int, ...]] = field(default_factory=dict)


def key_of(structure: object) -> int | None:
    """The key of a structure of the driver: its address."""
    if structure is None:
        return None
    return GONE if freed(structure) else block_of(structure).address


def flag(value: bool) -> str:
    """A truth value as the model writes it."""
    return "true" if value else "false"
