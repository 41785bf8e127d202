"""From the machine's state to the model's: which objects the reference miniport has, and what their
fields are in the model's words.

An object of the model lives as long as the driver's structure for it (a context allocation: as long
as Dxgkrnl's record). Its key is the address of the structure, or the handle of the record.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsContextAllocation, OsObject
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.pool import block_of, freed
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


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    seen = []
    for block in machine.pool.live():
        found = _structure(machine, block.address, block.content)
        if found is not None:
            seen.append(found)
    seen += [_area(machine, a) for a in machine.handles.all(OsContextAllocation)]
    return seen


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    handle = {"handle": _flag(record is not None and record.open)}
    match content:
        case Adapter():
            return _adapter(m, key, content)
        case IsrState():
            return Seen("IsrState", key)
        case Process():
            return Seen("Process", key, handle)
        case Device():
            return Seen("Device", key, handle, {"process": _key(content.process)})
        case Context():
            areas = [m.handles.objects.get(a) for a in content.areas]
            save = None if not areas else areas[0].handle if areas[0] is not None else GONE
            return Seen("Context", key, handle | {"life": _life(m, content)}, {
                "device": _key(content.device), "save": save, "uses": _key(content.uses)})
        case Resource():
            return Seen("Resource", key, handle)
        case Allocation():
            pins = record.references if isinstance(record, OsAllocation) else 0
            return Seen("Allocation", key, handle | {"pins": str(pins)},
                        {"resource": _key(content.resource)})
        case OpenAllocation():
            return Seen("OpenAllocation", key, handle, {
                "device": _key(content.device), "allocation": _key(content.allocation)})
        case _:
            return None


def _adapter(m: Machine, key: int, content: Adapter) -> Seen:
    moving = m.paging.allocation
    return Seen("Adapter", key, {
        "life": "Started" if m.adapter.state == "started" else "Added",
        "interrupts": _flag(m.gpu.interrupts_enabled),
        "pending": _flag(m.gpu.pending),
        "dpcQueued": _flag(m.adapter.dpc_queued),
        "transferring": _flag(m.paging.transferring),
    }, {
        "isr": _key(content.isr),
        "current": _current(m),
        "transfer": None if moving is None else GONE if moving.gone else moving.kmd,
    }, {
        "list": tuple(_key(c) or GONE for n in content.nodes for c in n.submissions),
    })


def _current(m: Machine) -> int | None:
    """The context whose state the node holds."""
    hardware = m.gpu.nodes[0].current     # the model has one node
    if hardware is None:
        return None
    for block in m.pool.live():
        if isinstance(block.content, Context) and block.content.hardware is hardware:
            return block.address
    return GONE


def _life(m: Machine, context: Context) -> str:
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
    return record.kmd if m.pool.is_live(record.kmd) else GONE


def _key(structure: object) -> int | None:
    if structure is None:
        return None
    return GONE if freed(structure) else block_of(structure).address


def _flag(value: bool) -> str:
    return "true" if value else "false"
