"""Dxgkrnl's side of paging: transfers, in two calls or in one, and page tables."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit, memory, paging_packets
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import Memory, OsAllocation, OsContextAllocation
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.paging_structs import (
    DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE,
    DXGK_TRANSFERFLAGS,
    DXGKARG_BUILDPAGINGBUFFER,
    PagingOperation,
)
from wddmcheck.machine.structs import NULL

PAGING_TABLE = 0x2000_0000
"""Where the CPU sees the page table of the paging process."""


@ddi
def DxgkDdiBuildPagingBuffer(m: Machine, call: Call, operation: str,
                             hAllocation: OsAllocation | None = None, to: str = "segment",
                             hContextResource: OsContextAllocation | None = None,
                             idle: bool = False) -> Steps:
    """PAG-01: one operation. Where paging packets are submitted, all of `paging_packets`; else
    `TransferStart` and `TransferEnd` in two calls, `TransferIn`, `TransferOut`, or
    `UpdatePageTable`."""
    m.require(m.adapter.state == "started", "the adapter is not started")
    match operation:
        case _ if m.paging.memory is Memory.PACKETS:
            yield from paging_packets.build(m, call, operation, hAllocation, hContextResource, idle)
        case "UpdatePageTable":
            yield from _page_table(m, call)
        case "TransferIn" | "TransferOut":
            yield from _whole(m, call, operation == "TransferIn", hAllocation)
        case _:
            yield from _half(m, call, operation, hAllocation, to)
    return call.status


def _half(m: Machine, call: Call, operation: str, hAllocation: OsAllocation | None,
          to: str) -> Steps:
    """PAG-02: a transfer in two calls, TransferStart and TransferEnd, `to` another place in the
    segment, or out of it ("system": the allocation is evicted). Failing "dma buffer": the buffer is
    too small; "busy": the copy engine takes nothing now."""
    m.require(to != "system" or not memory.is_read(m, hAllocation),
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
    m.gpu.copy_busy = call.failures.take("busy")
    arg = DXGKARG_BUILDPAGINGBUFFER(
        hAllocation.kmd if hAllocation is not None else NULL, DXGK_TRANSFERFLAGS[operation],
        DmaSize=0 if call.failures.take("dma buffer") else 4096)
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded:
        starts = operation == "TransferStart"
        if not starts and hAllocation is not None:
            memory.move(m, hAllocation, to)
        m.paging.transferring, m.paging.allocation = starts, hAllocation if starts else None
    return None


def _whole(m: Machine, call: Call, comes: bool, hAllocation: OsAllocation | None) -> Steps:
    """A transfer in one call, into the segment or out of it; its commands run under the page tables
    of the paging process (PWR-04). What is read does not go (RES-02)."""
    m.require(hAllocation is not None and hAllocation.open, f"{hAllocation!r} is gone")
    assert hAllocation is not None
    m.require((hAllocation.page is None) is comes, f"{hAllocation!r} is there already, or is not")
    m.require(comes or not memory.is_read(m, hAllocation), f"{hAllocation!r} is used on the GPU")
    m.require(m.paging.ready, "the paging process has no page tables")
    m.admit(call)
    flags = DXGK_TRANSFERFLAGS.TransferStart | DXGK_TRANSFERFLAGS.TransferEnd
    yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(hAllocation.kmd, flags))
    if call.succeeded:
        memory.move(m, hAllocation, "segment" if comes else "system")
    return None


def _page_table(m: Machine, call: Call) -> Steps:
    """PWR-04: the page tables of the paging process, after a start and after D3: there is no DMA
    buffer for them, the driver writes them with the CPU before it returns."""
    m.require(m.paging.memory is Memory.TRANSFERS and not m.paging.mapped,
              "the page tables are there")
    m.admit(call)
    update = DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE(PAGING_TABLE, 0, (0, 1, 2, 3))
    yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(
        NULL, DXGK_TRANSFERFLAGS.NONE, PagingOperation.DXGK_OPERATION_UPDATE_PAGE_TABLE,
        DmaSize=0, UpdatePageTable=update))
    m.paging.mapped = True
    audit.after_update_page_table(m, call, update)
    return None
