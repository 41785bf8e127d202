"""Paging buffers that are built now, submitted later, and run by the GPU at some time: when Dxgkrnl
builds which, and what it tells the driver."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import memory
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContextAllocation,
    OsPages,
    OsPagingBuffer,
    Presence,
)
from wddmcheck.machine.dxgkrnl.residency import COMES, LEAVES, being_filled
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.paging_structs import (
    DXGK_PAGINGMEMORY,
    DXGK_TRANSFERFLAGS,
    DXGKARG_BUILDPAGINGBUFFER,
    PagingOperation,
)
from wddmcheck.machine.structs import NULL

INIT = "InitContextResource"
FIRST_CONTENT = b"INIT"
"""What a save area holds before its context first runs."""

OPERATIONS = {
    "TransferStart": PagingOperation.DXGK_OPERATION_TRANSFER,
    "TransferEnd": PagingOperation.DXGK_OPERATION_TRANSFER,
    "TransferOut": PagingOperation.DXGK_OPERATION_TRANSFER,
    "Fill": PagingOperation.DXGK_OPERATION_FILL,
    "DiscardContent": PagingOperation.DXGK_OPERATION_DISCARD_CONTENT,
    "MapApertureSegment": PagingOperation.DXGK_OPERATION_MAP_APERTURE_SEGMENT,
    "UnmapApertureSegment": PagingOperation.DXGK_OPERATION_UNMAP_APERTURE_SEGMENT,
    INIT: PagingOperation.DXGK_OPERATION_INIT_CONTEXT_RESOURCE,
}
FLAGS = {
    "TransferStart": DXGK_TRANSFERFLAGS.TransferStart,
    "TransferEnd": DXGK_TRANSFERFLAGS.TransferEnd,
    "TransferOut": DXGK_TRANSFERFLAGS.TransferStart | DXGK_TRANSFERFLAGS.TransferEnd,
}


def build(m: Machine, call: Call, operation: str, allocation: OsAllocation | None,
          area: OsContextAllocation | None, idle: bool) -> Steps:
    """PAG-01 to PAG-04, CAL-05: the operations of `OPERATIONS`. Failing "dma buffer": the buffer is
    too small; "busy": the copy engine takes nothing now, which counts unless the allocation is
    `idle`."""
    m.require(operation in OPERATIONS, f"{operation} is no paging packet")
    if operation == INIT:
        m.require(allocation is None and not idle, "a context allocation is no allocation")
        _can_fill(m, area)
    else:
        m.require(area is None, "an allocation is no context allocation")
        _can_move(m, operation, allocation)
    m.admit(call)
    m.gpu.copy_busy = call.failures.take("busy")
    arg = _argument(operation, allocation, area, idle)
    arg.DmaSize = 0 if call.failures.take("dma buffer") else 4096
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded:
        call.made.append(m.handles.add(OsPagingBuffer(
            handle=m.handles.new(), kmd=arg.pDmaBufferPrivateData, operation=operation, area=area,
            pages=allocation.pages if allocation is not None else None)))
        if allocation is not None and allocation.pages is not None:
            _under_way(m, operation, allocation, allocation.pages)
    return None


def _can_fill(m: Machine, area: OsContextAllocation | None) -> None:
    m.require(area is not None and area.open, f"{area!r} is gone")
    assert area is not None
    m.require(not memory.has_content(m, area) and not being_filled(m, area),
              f"{area!r} has its first content, or gets it")


def _can_move(m: Machine, operation: str, item: OsAllocation | None) -> None:
    """Whether an operation makes sense for the memory of an allocation as it is."""
    m.require(item is not None and item.open and item.pages is not None,
              f"{item!r} is gone, or has no memory")
    assert item is not None
    assert item.pages is not None
    pages = item.pages
    m.require(not any(b.pages is pages for b in m.handles.all(OsPagingBuffer)),
              f"paging work of {item!r} is under way")
    m.require(not memory.is_read(m, item), f"{item!r} is used on the GPU")
    match operation:
        case "TransferEnd":
            m.require(m.paging.transferring and m.paging.allocation is item,
                      f"{item!r} is not what is being transferred")
        case _ if operation in COMES:
            m.require(pages.wanted and pages.presence is Presence.NOWHERE,
                      f"the content of {item!r} is not wanted, or is there")
            m.require(operation != "TransferStart" or not m.paging.transferring,
                      "a transfer is under way")
        case _:
            m.require(not pages.wanted and pages.presence is Presence.THERE,
                      f"the content of {item!r} is wanted, or is not there")
            m.require(pages.mapped is (operation == "UnmapApertureSegment"),
                      f"{item!r} is seen through the aperture, or is not")


def _argument(operation: str, allocation: OsAllocation | None, area: OsContextAllocation | None,
              idle: bool) -> DXGKARG_BUILDPAGINGBUFFER:
    where = NULL
    if allocation is not None and allocation.pages is not None:
        where = allocation.pages.page
    elif area is not None:
        where = area.page
    content = allocation.content if allocation is not None else FIRST_CONTENT
    flags = FLAGS.get(operation, DXGK_TRANSFERFLAGS.NONE)
    return DXGKARG_BUILDPAGINGBUFFER(
        allocation.kmd if allocation is not None else NULL,
        flags | (DXGK_TRANSFERFLAGS.AllocationIsIdle if idle else DXGK_TRANSFERFLAGS.NONE),
        OPERATIONS[operation], DmaBufferPrivateDataSize=8,
        Memory=DXGK_PAGINGMEMORY(where, content, operation in LEAVES))


def _under_way(m: Machine, operation: str, item: OsAllocation, pages: OsPages) -> None:
    """What Dxgkrnl notes when the driver has built a buffer."""
    match operation:
        case "TransferStart":
            m.paging.transferring, m.paging.allocation = True, item
        case "TransferEnd":
            m.paging.transferring, m.paging.allocation = False, None
    if operation in LEAVES:
        pages.presence = Presence.LEAVING
    elif operation != "TransferEnd":
        pages.presence = Presence.COMING
    if operation == "MapApertureSegment":
        pages.mapped = True
