"""What an abstraction says of the machine: which objects there are, and what their fields are in
the model's words. Each family has its own (`replay.families`), for the reference miniport.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from wddmcheck.machine.dxgkrnl.objects import OsDevice, OsObject
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.pool import block_of, freed

T = TypeVar("T")

GONE = -1
"""Stands for the key of an object that a reference still names after its death."""

NO_OBJECT = 0
"""The key of what belongs to no object of a model, its variables; their class and name are ""."""


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


def structures(machine: Machine,
               see: Callable[[Machine, int, object], Seen | None]) -> list[Seen]:
    """What `see` makes of the driver's structures (of the machine, a key and the structure; None
    where it is of no interest), in the order of their creation."""
    seen = (see(machine, block.address, block.content) for block in machine.pool.live())
    return [s for s in seen if s is not None]


def the(machine: Machine, kind: type[T]) -> T | None:
    """The driver's one structure of a kind, if it is there."""
    return next((b.content for b in machine.pool.live() if isinstance(b.content, kind)), None)


def key_where(machine: Machine, kind: type[T], holds: Callable[[T], bool]) -> int:
    """The key of the driver's structure of a kind of which something holds; GONE if there is
    none."""
    return next((b.address for b in machine.pool.live()
                 if isinstance(b.content, kind) and holds(b.content)), GONE)


def key_of_record(record: OsObject | None) -> int | None:
    """The key of the structure of the driver that Dxgkrnl has a record of."""
    if record is None:
        return None
    return GONE if record.gone else record.kmd


def lost(record: OsObject | None) -> dict[str, str]:
    """Whether a device is in error."""
    return {"lost": flag(isinstance(record, OsDevice) and record.lost)}


def handle(record: OsObject | None) -> dict[str, str]:
    """Whether Dxgkrnl may use the object."""
    return {"handle": flag(record is not None and record.open)}


def adapter(machine: Machine) -> dict[str, str]:
    """What every model has of the adapter: started or not, and its interrupt and DPC."""
    return {
        "life": "Started" if machine.adapter.up else "Added",
        "interrupts": flag(machine.gpu.interrupts_enabled),
        "pending": flag(machine.gpu.raised),
        "dpcQueued": flag(machine.adapter.dpc_queued)}
