"""Dxgkrnl's side of paging: transfers, in two calls or in one, and page tables."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit, memory, paging_packets
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsAllocation,
    OsContext,
    OsContextAllocation,
)
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started, usable
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.paging_structs import (
    DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE,
    DXGK_TRANSFERFLAGS,
    DXGKARG_BUILDPAGINGBUFFER,
    PagingOperation,
)
from wddmcheck.machine.runtime_structs import DXGK_BUILDPAGINGBUFFER_UPDATECONTEXTALLOCATION
from wddmcheck.machine.structs import NULL

PAGING_TABLE = 0x2000_0000
"""Where the CPU sees the page table of the paging process."""

WHOLE = DXGK_TRANSFERFLAGS.TransferStart | DXGK_TRANSFERFLAGS.TransferEnd


@ddi
def DxgkDdiBuildPagingBuffer(m: Machine, call: Call, operation: str,
                             hAllocation: OsAllocation | None = None, to: str = "segment",
                             hContextResource: OsContextAllocation | None = None,
                             idle: bool = False) -> Steps:
    """PAG-01: one operation. Where paging packets are submitted, all of `paging_packets`; else
    `TransferStart` and `TransferEnd` in two calls, `TransferIn`, `TransferOut`, `TransferSizeZero`,
    `UpdatePageTable`, `UpdateContextAllocation` of a context allocation, or `FlushTlb`, which names
    nothing."""
    started(m)
    match operation:
        case _ if m.paging.memory is Memory.PACKETS:
            yield from paging_packets.build(m, call, operation, hAllocation, hContextResource, idle)
        case "UpdatePageTable":
            yield from _page_table(m, call)
        case "UpdateContextAllocation":
            yield from _update(m, call, hContextResource)
        case "FlushTlb":
            m.admit(call)
            yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(
                NULL, DXGK_TRANSFERFLAGS.NONE, PagingOperation.DXGK_OPERATION_FLUSH_TLB))
        case "TransferIn" | "TransferOut" | "TransferSizeZero":
            yield from _whole(m, call, operation, hAllocation)
        case _:
            yield from _half(m, call, operation, hAllocation, to)
    return call.status


def _half(m: Machine, call: Call, operation: str, hAllocation: OsAllocation | None,
          to: str) -> Steps:
    """PAG-02: a transfer in two calls, TransferStart and TransferEnd, `to` another place in the
    segment, or out of it ("system": the allocation is evicted)."""
    m.require(to != "system" or not memory.is_read(m, hAllocation),
              f"{hAllocation!r} is used on the GPU")
    _stays(m, hAllocation)
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
    return None


def _whole(m: Machine, call: Call, operation: str, item: OsAllocation | None) -> Steps:
    """A transfer in one call, into the segment or out of it; its commands run under the page tables
    of the paging process (PWR-04). What is read does not go (RES-02). TransferSizeZero tells that
    the content was lost in a reset (TDR-11), and has no commands."""
    m.require(item is not None and item.open, f"{item!r} is gone")
    assert item is not None
    comes, lost = operation == "TransferIn", operation == "TransferSizeZero"
    m.require((item.page is None) is comes, f"{item!r} is there already, or is not")
    _stays(m, item)
    if lost:
        m.require(m.adapter.cleaning_up, "no content was lost")
    else:
        usable(m)
        m.require(comes or not memory.is_read(m, item), f"{item!r} is used on the GPU")
        m.require(m.paging.ready, "the paging process has no page tables")
    m.admit(call)
    yield from _build(m, call, item, WHOLE, 0 if lost else 4096)
    if call.succeeded:
        memory.move(m, item, "segment" if comes else "system")
    return None


def _stays(m: Machine, item: OsAllocation | None) -> None:
    """ALC-22: what is locked is not moved."""
    m.require(item is None or item.locker is None, f"{item!r} is locked")


def _build(m: Machine, call: Call, item: OsAllocation | None, flags: DXGK_TRANSFERFLAGS,
           size: int = 4096) -> Steps:
    """The call itself. Failing "dma buffer": the buffer is too small; "busy": the copy engine takes
    nothing now."""
    m.gpu.copy_busy = call.failures.take("busy")
    yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(
        item.kmd if item is not None else NULL, flags,
        DmaSize=0 if call.failures.take("dma buffer") else 4096, TransferSize=size))
    return None


def _page_table(m: Machine, call: Call) -> Steps:
    """PWR-04: the page tables of the paging process, after a start and after D3: there is no DMA
    buffer for them, the driver writes them with the CPU before it returns."""
    m.require(not m.paging.mapped, "the page tables are there")
    if m.paging.memory is not Memory.PAGE_TABLES:
        m.require(any(c.open and c.device.process.kind == "System"
                      for c in m.handles.all(OsContext)), "there is no paging context")
    m.admit(call)
    update = DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE(PAGING_TABLE, 0, (0, 1, 2, 3))
    yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(
        NULL, DXGK_TRANSFERFLAGS.NONE, PagingOperation.DXGK_OPERATION_UPDATE_PAGE_TABLE,
        DmaSize=0, UpdatePageTable=update))
    m.paging.mapped = True
    audit.after_update_page_table(m, call, update)
    return None


def _update(m: Machine, call: Call, area: OsContextAllocation | None) -> Steps:
    """CAL-10: what the driver asked for with DxgkCbUpdateContextAllocation."""
    m.require(area is not None and area.updating, f"nobody asked for an update of {area!r}",
              driver=True)
    m.admit(call)
    assert area is not None
    yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(
        NULL, DXGK_TRANSFERFLAGS.NONE, PagingOperation.DXGK_OPERATION_UPDATE_CONTEXT_ALLOCATION,
        UpdateContextAllocation=DXGK_BUILDPAGINGBUFFER_UPDATECONTEXTALLOCATION(
            area.va, area.update_data)))
    if call.succeeded:
        area.updating = False
    return None
