"""From the machine's state to the state of models/miniport.wddm.

An object of the model lives as long as the driver's structure for it (a context allocation: as long
as Dxgkrnl's record). Its key is the address of the structure, or the handle of the record.
"""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsContextAllocation, OsObject
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import (
    Adapter,
    Allocation,
    Context,
    Device,
    IsrState,
    OpenAllocation,
    Process,
    Resource,
)
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import (
    GONE,
    Seen,
    flag,
    key_of,
    key_of_record,
    key_where,
    structures,
)

KNOWN: dict[str, frozenset[str]] = {
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued", "isr", "current", "list",
                          "transfer", "transferring"}),
    "IsrState": frozenset(),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "process"}),
    "Context": frozenset({"life", "handle", "device", "save", "uses"}),
    "ContextAllocation": frozenset({"device", "context"}),
    "Resource": frozenset({"handle"}),
    "Allocation": frozenset({"handle", "resource", "pins"}),
    "OpenAllocation": frozenset({"handle", "device", "allocation"}),
}
"""The classes and fields of models/miniport.wddm that the machine has too. What a variant adds is
its own affair and is not compared."""


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    seen = structures(machine, _structure)
    seen += [_area(machine, a) for a in machine.handles.all(OsContextAllocation)]
    return seen


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    handle = abstraction.handle(record)
    match content:
        case Adapter():
            return _adapter(m, key, content)
        case IsrState():
            return Seen("IsrState", key)
        case Process():
            return Seen("Process", key, handle)
        case Device():
            return Seen("Device", key, handle, {"process": key_of(content.process)})
        case Context():
            areas = [m.handles.objects.get(a) for a in content.areas]
            save = None
            if areas and content.hardware is not None:
                save = areas[0].handle if areas[0] is not None else GONE
            return Seen("Context", key, handle | {"life": context_life(m, content)}, {
                "device": key_of(content.device), "save": save, "uses": key_of(content.uses)})
        case Resource():
            return Seen("Resource", key, handle)
        case Allocation():
            pins = record.references if isinstance(record, OsAllocation) else 0
            return Seen("Allocation", key, handle | {"pins": str(pins)},
                        {"resource": key_of(content.resource)})
        case OpenAllocation():
            return Seen("OpenAllocation", key, handle, {
                "device": key_of(content.device), "allocation": key_of(content.allocation)})
        case _:
            return None


def _adapter(m: Machine, key: int, content: Adapter) -> Seen:
    return Seen("Adapter", key, abstraction.adapter(m) | {
        "transferring": flag(m.paging.transferring),
    }, {
        "isr": key_of(content.isr),
        "current": _current(m),
        "transfer": key_of_record(m.paging.allocation),
    }, {
        "list": tuple(key_of(c) or GONE for n in content.nodes for c in n.submissions),
    })


def _current(m: Machine) -> int | None:
    """The context whose state the node holds."""
    hardware = m.gpu.nodes[0].current     # the model has one node
    return None if hardware is None else key_where(m, Context, lambda c: c.hardware is hardware)


def context_life(m: Machine, context: Context) -> str:
    """How far the packet of a context has got, by its three clocks."""
    if context.fence == 0:
        return "Idle"
    if context.reported:
        return "Reported"
    packet = m.gpu.nodes[context.node].packets.get(context.fence)
    match packet.state if packet is not None else PacketState.DONE:
        case PacketState.QUEUED | PacketState.PREEMPTED:
            return "Queued"
        case PacketState.RUNNING:
            return "Running"
        case _:
            return "Done"


def _area(m: Machine, area: OsContextAllocation) -> Seen:
    return Seen("ContextAllocation", area.handle, {}, {
        "device": _owner(m, area.device),
        "context": None if area.context is None else _owner(m, area.context)})


def _owner(m: Machine, record: OsObject) -> int:
    """The structure behind a record; while its create has not returned, the driver alone knows."""
    if record.kmd == 0:
        return next((b.address for b in m.pool.live()
                     if isinstance(b.content, Device | Context)
                     and b.content.os_handle == record.handle), GONE)
    return record.kmd if m.pool.is_live(record.kmd) else GONE
