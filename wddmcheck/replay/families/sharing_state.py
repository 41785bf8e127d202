"""From the machine's state to the state of models/sharing.wddm."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsObject
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import (
    Adapter,
    Allocation,
    Device,
    OpenAllocation,
    Process,
)
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import Seen, flag, key_of, key_of_record, structures

KNOWN: dict[str, frozenset[str]] = {
    "Adapter": frozenset({"life"}),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "process", "lost"}),
    "Allocation": frozenset({"handle", "creator", "locker", "resident"}),
    "OpenAllocation": frozenset({"handle", "device", "allocation"}),
}
"""The classes and fields of models/sharing.wddm that the machine has too."""


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    return structures(machine, _structure)


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    handle = abstraction.handle(record)
    match content:
        case Adapter():
            return Seen("Adapter", key, {"life": abstraction.adapter(m)["life"]})
        case Process():
            return Seen("Process", key, handle)
        case Device():
            return Seen("Device", key, handle | abstraction.lost(record),
                        {"process": key_of(content.process)})
        case Allocation():
            return _allocation(key, record, handle)
        case OpenAllocation():
            return Seen("OpenAllocation", key, handle, {
                "device": key_of(content.device), "allocation": key_of(content.allocation)})
        case _:
            return None


def _allocation(key: int, record: OsObject | None, words: dict[str, str]) -> Seen:
    if not isinstance(record, OsAllocation):
        return Seen("Allocation", key, words)
    return Seen("Allocation", key, words | {"resident": flag(record.page is not None)}, {
        "creator": key_of_record(record.creator), "locker": key_of_record(record.locker)})
