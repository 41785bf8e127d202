"""Memory that user mode asks for, and what becomes of it when nothing names it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl import memory
from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsObject,
    OsPages,
    OsPagingBuffer,
    Presence,
)
from wddmcheck.machine.dxgkrnl.registry import event
from wddmcheck.machine.dxgkrnl.state import over, started
from wddmcheck.machine.miniport import Wait

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine

COMES = frozenset({"TransferStart", "TransferEnd", "Fill", "MapApertureSegment"})
LEAVES = frozenset({"TransferOut", "DiscardContent", "UnmapApertureSegment"})
"""Operations that bring content, and that take it away."""


@event
def make_resident(m: Machine, allocation: OsAllocation, fails: bool = False) -> OsObject | None:
    """RES-01: pfnMakeResidentCb gives an allocation memory, unless it `fails`."""
    started(m)
    m.require(m.paging.memory is Memory.PACKETS, "memory comes by itself")
    m.require(allocation.open and allocation.pages is None,
              f"{allocation!r} is gone, or has memory")
    page = None if fails else m.gpu.memory.segment.take()
    if page is None:
        return None
    m.gpu.memory.segment.write(page, b"")
    allocation.pages = m.handles.add(OsPages(handle=m.handles.new(), open=True, page=page))
    return allocation.pages


@event
def evict(m: Machine, allocation: OsAllocation) -> OsObject | None:
    """RES-02: pfnEvictCb says that an allocation need not have its memory any more."""
    m.require(allocation.open and allocation.pages is not None and allocation.pages.wanted,
              f"{allocation!r} is gone, or has no memory")
    assert allocation.pages is not None
    allocation.pages.wanted = False
    reclaim(m)
    return None


def carried_out(m: Machine, buffer: OsPagingBuffer) -> None:
    """The GPU is done with a paging packet: where the content of an allocation is now."""
    pages = buffer.pages
    if pages is None:
        return
    if buffer.operation in LEAVES:
        pages.presence = Presence.NOWHERE
    elif buffer.operation != "TransferStart":
        pages.presence = Presence.THERE
    if buffer.operation == "UnmapApertureSegment":
        pages.mapped = False
    for item in m.handles.all(OsAllocation):
        if item.pages is pages:
            memory.appear(m, item, pages.page if pages.presence is Presence.THERE else None)


def reclaim(m: Machine) -> None:
    """What is not wanted and holds nothing is taken from its allocation; what nothing names is
    free."""
    for item in m.handles.all(OsAllocation):
        pages = item.pages
        if pages is not None and not pages.wanted and pages.presence is Presence.NOWHERE and (
                not any(b.pages is pages for b in m.handles.all(OsPagingBuffer))):
            item.pages = None
    sweep(m)


def sweep(m: Machine) -> None:
    """ALC-15: memory that no allocation, paging buffer or packet names is free."""
    named: list[OsPages | None] = [a.pages for a in m.handles.all(OsAllocation)]
    named += [b.pages for b in m.handles.all(OsPagingBuffer)]
    named += [c.reads for c in m.handles.all(OsContext)]
    for pages in [p for p in m.handles.all(OsPages) if p not in named]:
        m.gpu.memory.segment.give_back(pages.page)
        m.handles.remove(pages)


def being_filled(m: Machine, area: OsContextAllocation) -> bool:
    """Whether a paging buffer is to give a context allocation its content."""
    return any(b.area is area for b in m.handles.all(OsPagingBuffer))


def waits(m: Machine, area: int) -> tuple[Wait, ...]:
    """What DxgkCbDestroyContextAllocation waits for (ALC-15). Where paging packets run, others do
    meanwhile, in any case."""
    if m.paging.memory is not Memory.PACKETS:
        return ()
    item = m.handles.objects.get(area)
    return (Wait("the paging packet of a context allocation",
                 lambda: not isinstance(item, OsContextAllocation) or not being_filled(m, item),
                 parks=True),)


def retire(m: Machine) -> None:
    """The DPC has run: packets whose ring entry is free are over, where there still is a ring;
    reported paging work too."""
    for context in m.handles.all(OsContext):
        ring = m.gpu.nodes[context.node].packets
        if context.reported and (context.fence not in ring or not m.gpu.present):
            over(context)
    for buffer in [b for b in m.handles.all(OsPagingBuffer) if b.reported]:
        m.handles.remove(buffer)
