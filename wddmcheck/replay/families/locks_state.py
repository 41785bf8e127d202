"""From the machine's state to the state of models/locks.wddm."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsContextAllocation
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import Context, Device, Process, SharedAdapter
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import (
    GONE,
    NO_OBJECT,
    Seen,
    flag,
    key_of,
    key_where,
    structures,
    the,
)
from wddmcheck.replay.families.miniport_state import context_life

KNOWN: dict[str, frozenset[str]] = {
    "": frozenset({"AdapterLock held", "PagingLock held", "NodeLock held", "PowerLock held",
                   "InterruptLock held", "component", "references", "powered"}),
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued"}),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "process"}),
    "Context": frozenset({"life", "handle", "device", "save"}),
    "ContextAllocation": frozenset({"updating", "context"}),
}
"""The classes and fields of models/locks.wddm that the machine has too. Those of "" belong to no
object."""


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    seen = [_shared(machine), *structures(machine, _structure)]
    seen += [_area(machine, a) for a in machine.handles.all(OsContextAllocation)]
    return seen


def _shared(m: Machine) -> Seen:
    """The locks, and the power component: as Dxgkrnl takes it, and as it is."""
    adapter = the(m, SharedAdapter)
    words = {
        "component": m.component.state.name, "references": str(m.component.references),
        "powered": flag(m.gpu.component_powered),
        "InterruptLock held": flag(m.interrupt_lock.held)}
    if adapter is not None:
        words |= {"AdapterLock held": flag(adapter.table_lock.held),
                  "PagingLock held": flag(adapter.paging_lock.held),
                  "NodeLock held": flag(adapter.node_lock.held),
                  "PowerLock held": flag(adapter.component_lock.held)}
    return Seen("", NO_OBJECT, words)


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    handle = abstraction.handle(record)
    match content:
        case SharedAdapter():
            return Seen("Adapter", key, abstraction.adapter(m))
        case Process():
            return Seen("Process", key, handle)
        case Device():
            return Seen("Device", key, handle, {"process": key_of(content.process)})
        case Context():
            return Seen("Context", key, handle | {"life": context_life(m, content)}, {
                "device": key_of(content.device), "save": _save(m, content)})
        case _:
            return None


def _save(m: Machine, context: Context) -> int | None:
    """The save area under which the table has the context."""
    adapter = the(m, SharedAdapter)
    table = adapter.table if adapter is not None else {}
    area = next((a for a, c in table.items() if c is context), None)
    return None if area is None else area if area in m.handles.objects else GONE


def _area(m: Machine, area: OsContextAllocation) -> Seen:
    """The context of a save area, which Dxgkrnl knows by its own handle from the start."""
    owner = key_where(m, Context, lambda c: area.context is not None
                      and c.os_handle == area.context.handle)
    return Seen("ContextAllocation", area.handle, {"updating": flag(area.updating)},
                {"context": owner})
