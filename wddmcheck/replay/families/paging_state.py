"""From the machine's state to the state of models/paging.wddm: that of models/miniport.wddm, memory
and where its content is, paging packets, root page tables."""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.machine.dxgkrnl import memory
from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsObject,
    OsPages,
    OsPageTable,
    OsPagingBuffer,
    OsProcess,
)
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import Context
from wddmcheck.replay.abstraction import GONE, Seen, flag
from wddmcheck.replay.families import miniport_state

KNOWN: dict[str, frozenset[str]] = miniport_state.KNOWN | {
    "Adapter": miniport_state.KNOWN["Adapter"] | {"aperture"},
    "Process": frozenset({"handle", "root"}),
    "Context": miniport_state.KNOWN["Context"] | {"reads", "root", "told"},
    "ContextAllocation": frozenset({"device", "context", "filled"}),
    "Allocation": frozenset({"handle", "resource", "pages"}),
    "PageTable": frozenset({"process", "replaced"}),
    "Pages": frozenset({"presence", "wanted", "mapped"}),
    "PagingPacket": frozenset({"life", "operation", "pages", "area"}),
}
"""The classes and fields of models/paging.wddm that the machine has too."""

FIRST = frozenset({"Nowhere", "TransferStart"})
"""The presence of pages, and the operation of a packet, at first."""


def look(machine: Machine) -> list[Seen]:
    """All objects, those of each class in the order of their creation."""
    seen = [_more(machine, item) for item in miniport_state.look(machine)]
    return [*seen, *_records(machine)]


def _more(m: Machine, item: Seen) -> Seen:
    """What this model has beside the fields of models/miniport.wddm."""
    if item.pool == "Adapter":
        item.refs["aperture"] = _aperture(m)
    record = m.handles.of_driver(item.key) or m.handles.objects.get(item.key)
    match record:
        case OsProcess():
            item.refs["root"] = _ref(record.root_table)
        case OsAllocation():
            del item.words["pins"]
            item.refs["pages"] = _ref(record.pages)
        case OsContext():
            item.refs |= {"reads": _ref(record.reads), "told": _ref(record.told),
                          "root": _root(m, item.key)}
        case OsContextAllocation():
            item.words["filled"] = flag(memory.has_content(m, record))
    return item


def _ref(record: OsObject | None) -> int | None:
    if record is None:
        return None
    return GONE if record.gone else record.handle


def _root(m: Machine, key: int) -> int | None:
    """The root page table that the driver has given to the hardware."""
    content = m.pool.blocks[key].content
    assert isinstance(content, Context)
    address = content.hardware.root if content.hardware is not None else 0
    if address == 0:
        return None
    return next((t.handle for t in m.handles.all(OsPageTable) if t.address == address), GONE)


def _aperture(m: Machine) -> int | None:
    shown = m.gpu.memory.aperture
    if shown is None:
        return None
    if m.gpu.memory.aperture_is_stale():
        return GONE
    return next(p.handle for p in m.handles.all(OsPages) if p.page == shown[0])


def _records(m: Machine) -> Iterator[Seen]:
    """What only Dxgkrnl has a record of, and paging packets, of which the driver has one too."""
    for table in m.handles.all(OsPageTable):
        yield Seen("PageTable", table.handle, {"replaced": flag(table.replaced)},
                   {"process": table.process.kmd if m.pool.is_live(table.process.kmd) else GONE})
    for pages in m.handles.all(OsPages):
        yield Seen("Pages", pages.handle, {
            "presence": pages.presence.value, "wanted": flag(pages.wanted),
            "mapped": flag(pages.mapped)})
    for buffer in m.handles.all(OsPagingBuffer):
        if m.pool.is_live(buffer.kmd):
            yield Seen("PagingPacket", buffer.kmd,
                       {"life": _life(m, buffer), "operation": buffer.operation},
                       {"pages": _ref(buffer.pages), "area": _ref(buffer.area)})


def _life(m: Machine, buffer: OsPagingBuffer) -> str:
    """How far a paging buffer has got."""
    if buffer.fence == 0:
        return "Built"
    if buffer.reported:
        return "Reported"
    packet = m.gpu.nodes[0].packets.get(buffer.fence)
    waits = packet is not None and packet.state is PacketState.QUEUED
    return "Queued" if waits else "Done"
