"""From the machine's state to the state of models/display_objects.wddm."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.display_records import OsMemoryBasis
from wddmcheck.machine.dxgkrnl.memory_bases import trackings
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsObject, OsOverlay
from wddmcheck.machine.gpu.display import NO_FRAME
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.display_objects import (
    DisplayAdapter,
    MemoryBasis,
    Notification,
    Session,
)
from wddmcheck.machine.reference.objects import Allocation, Overlay
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import (
    GONE,
    Seen,
    flag,
    key_of_record,
    key_where,
    structures,
)

KNOWN: dict[str, frozenset[str]] = {
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued", "fired", "shown"}),
    "Allocation": frozenset({"handle", "pinned"}),
    "Overlay": frozenset({"handle", "shows"}),
    "Notification": frozenset({"handle", "armed"}),
    "Session": frozenset({"handle", "closing", "reports"}),
    "MemoryBasis": frozenset({"handle", "tracked", "tracking"}),
}
"""The classes and fields of models/display_objects.wddm that the machine has too."""


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    return structures(machine, _structure)


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    handle = abstraction.handle(record)
    match content:
        case DisplayAdapter():
            return Seen("Adapter", key, abstraction.adapter(m), {
                "fired": _fired(m), "shown": _shown(m)})
        case Allocation():
            pinned = isinstance(record, OsAllocation) and record.pinned
            return Seen("Allocation", key, handle | {"pinned": flag(pinned)})
        case Overlay():
            shows = record.shows if isinstance(record, OsOverlay) else None
            return Seen("Overlay", key, handle, {"shows": key_of_record(shows)})
        case Notification():
            return Seen("Notification", key, handle | {"armed": flag(content.timer is not None)})
        case Session():
            return Seen("Session", key, handle | {
                "closing": flag(content.closing), "reports": str(content.reports)})
        case MemoryBasis():
            return Seen("MemoryBasis", key, handle | _tracking(m, record))
        case _:
            return None


def _fired(m: Machine) -> int | None:
    """The notification that the interrupt record names."""
    ident = m.gpu.display.fired
    return None if ident == NO_FRAME else key_where(m, Notification, lambda n: n.ident == ident)


def _shown(m: Machine) -> int | None:
    """The allocation that the overlay hardware reads."""
    shown = m.gpu.display.shown
    if shown is None:
        return None
    if m.gpu.memory.segment.is_stale(shown):
        return GONE
    return next(a.kmd for a in m.handles.all(OsAllocation) if a.page == shown[0])


def _tracking(m: Machine, record: OsObject | None) -> dict[str, str]:
    """Whether Dxgkrnl wants the hardware to track writes, and whether it does."""
    if not isinstance(record, OsMemoryBasis):
        return {}
    return {"tracked": flag(record.tracked), "tracking": flag(bool(trackings(m, record)))}
