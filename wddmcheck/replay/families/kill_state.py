"""From the machine's state to the state of models/kill.wddm: that of models/miniport.wddm, packets
that wait, devices in error, contexts of no use."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice, OsProcess
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import Context, Packet
from wddmcheck.replay.abstraction import Seen, flag, key_of
from wddmcheck.replay.families import miniport_state

KNOWN: dict[str, frozenset[str]] = miniport_state.KNOWN | {
    "Process": frozenset({"handle", "killed"}),
    "Device": frozenset({"handle", "process", "lost", "thread"}),
    "Context": miniport_state.KNOWN["Context"] | {"used", "rejected", "packet"},
    "Packet": frozenset({"context", "built"}),
}
"""The classes and fields of models/kill.wddm that the machine has too."""


def look(machine: Machine) -> list[Seen]:
    """All objects, those of each class in the order of their creation."""
    seen = [_more(machine, item) for item in miniport_state.look(machine)]
    seen += [_packet(block.address, block.content) for block in machine.pool.live()
             if isinstance(block.content, Packet)]
    return seen


def _more(m: Machine, item: Seen) -> Seen:
    """What this model has beside the fields of models/miniport.wddm."""
    record = m.handles.of_driver(item.key)
    match record:
        case OsProcess():
            item.words["killed"] = flag(record.killed)
        case OsDevice():
            item.words["lost"] = flag(record.lost)
            item.refs["thread"] = record.thread.kmd if record.thread is not None else None
        case OsContext():
            _context(m, item, record)
    return item


def _context(m: Machine, item: Seen, record: OsContext) -> None:
    if record.rendered:
        item.words["life"] = "Rendered"
    item.words |= {"used": flag(record.used), "rejected": flag(record.rejected)}
    content = m.pool.blocks[item.key].content
    assert isinstance(content, Context)
    item.refs["packet"] = key_of(content.packet)


def _packet(key: int, content: Packet) -> Seen:
    return Seen("Packet", key, {"built": flag(content.submitted)},
                {"context": key_of(content.context)})
