"""Dxgkrnl's side of paging."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import memory
from wddmcheck.machine.dxgkrnl.allocations import reads
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsContext
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started, usable
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import DXGK_TRANSFERFLAGS, DXGKARG_BUILDPAGINGBUFFER, NULL

WHOLE = DXGK_TRANSFERFLAGS.TransferStart | DXGK_TRANSFERFLAGS.TransferEnd


@ddi
def DxgkDdiBuildPagingBuffer(m: Machine, call: Call, operation: str,
                             hAllocation: OsAllocation | None = None,
                             to: str = "segment") -> Steps:
    """PAG-01, PAG-02: a transfer in two calls, TransferStart and TransferEnd, `to` another place in
    the segment, or out of it ("system": the allocation is evicted); or in one, TransferIn, into the
    segment; or TransferSizeZero, which tells that the content was lost in a reset (TDR-11). Failing
    "dma buffer": the buffer is too small; "busy": the copy engine takes nothing now."""
    started(m)
    if operation in ("TransferIn", "TransferSizeZero"):
        return (yield from _at_once(m, call, operation, hAllocation))
    m.require(to != "system" or not any(reads(m, c, [hAllocation] if hAllocation else [])
                                        for c in m.handles.all(OsContext)),
              f"{hAllocation!r} is used on the GPU")
    if operation == "TransferStart":
        m.require(not m.paging.transferring, "a transfer is under way")
        m.require(hAllocation is not None and hAllocation.open, f"{hAllocation!r} is gone")
    else:
        m.require(m.paging.transferring, "no transfer is under way")
        moving = m.paging.allocation
        m.require(moving is not None and (hAllocation is moving if not moving.gone
                                          else hAllocation is None),
                  f"{hAllocation!r} is not what is being transferred")
    m.admit(call)
    yield from _build(m, call, hAllocation, DXGK_TRANSFERFLAGS[operation])
    if call.succeeded:
        starts = operation == "TransferStart"
        if not starts and hAllocation is not None:
            memory.move(m, hAllocation, to)
        m.paging.transferring, m.paging.allocation = starts, hAllocation if starts else None
    return call.status


def _build(m: Machine, call: Call, item: OsAllocation | None, flags: DXGK_TRANSFERFLAGS,
           size: int = 4096) -> Steps:
    m.gpu.copy_busy = call.failures.take("busy")
    return (yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(
        item.kmd if item is not None else NULL, flags,
        DmaSize=0 if call.failures.take("dma buffer") else 4096, TransferSize=size)))


def _at_once(m: Machine, call: Call, operation: str, item: OsAllocation | None) -> Steps:
    """A transfer in one call."""
    m.require(item is not None and item.open, f"{item!r} is gone")
    assert item is not None
    comes = operation == "TransferIn"
    if comes:
        usable(m)
        m.require(item.page is None, f"{item!r} is in memory")
    else:
        m.require(m.adapter.cleaning_up, "no content was lost")
        m.require(item.page is not None, f"{item!r} is not in memory")
    m.admit(call)
    yield from _build(m, call, item, WHOLE, 4096 if comes else 0)
    if call.succeeded:
        memory.move(m, item, "segment" if comes else "system")
    return call.status
