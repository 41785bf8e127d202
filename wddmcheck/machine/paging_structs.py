"""The argument structures of paging; see `structs` for how they are written down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from wddmcheck.machine.runtime_structs import DXGK_BUILDPAGINGBUFFER_UPDATECONTEXTALLOCATION
from wddmcheck.machine.structs import NULL, Handle


class PagingOperation(IntEnum):
    """NE:d3dkmddi._DXGK_BUILDPAGINGBUFFER_OPERATION, as far as it is used here."""

    DXGK_OPERATION_TRANSFER = 0
    DXGK_OPERATION_FILL = 1
    DXGK_OPERATION_DISCARD_CONTENT = 2
    DXGK_OPERATION_MAP_APERTURE_SEGMENT = 5
    DXGK_OPERATION_UNMAP_APERTURE_SEGMENT = 6
    DXGK_OPERATION_INIT_CONTEXT_RESOURCE = 10
    DXGK_OPERATION_UPDATE_PAGE_TABLE = 11
    DXGK_OPERATION_FLUSH_TLB = 12
    DXGK_OPERATION_UPDATE_CONTEXT_ALLOCATION = 13


class DXGK_TRANSFERFLAGS(IntFlag):
    """NS:d3dkmddi._DXGK_TRANSFERFLAGS. Both Start and End: a transfer in one call."""

    NONE = 0
    AllocationIsIdle = 0x4
    TransferStart = 0x8
    TransferEnd = 0x10


@dataclass(slots=True)
class DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE:
    """NS:d3dkmddi._DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE. All i. PageTableAddress is where the CPU
    sees the page table; each entry is the number of a page."""

    PageTableAddress: int
    StartIndex: int
    pPageTableEntries: tuple[int, ...]


@dataclass(slots=True)
class DXGK_PAGINGMEMORY:
    """What the other members of the union of DXGKARG_BUILDPAGINGBUFFER say of memory. All i.
    SegmentAddress is the number of a page of the segment, `content` what is to be there after the
    operation; Out: the memory is left, for system memory or for good."""

    SegmentAddress: int
    content: bytes = b""
    Out: bool = False


@dataclass(slots=True)
class DXGKARG_BUILDPAGINGBUFFER:
    """NS:d3dkmddi._DXGKARG_BUILDPAGINGBUFFER, with the members of its union that the operation
    selects. hAllocation i is the driver's and may be NULL; DmaSize io, 0 for no DMA buffer.
    TransferSize i, 0 where the content is lost and only that is told. DmaBufferPrivateDataSize i:
    what room there is for private data of the driver's; pDmaBufferPrivateData io: that data, which
    comes again when the buffer is submitted."""

    hAllocation: Handle
    Flags: DXGK_TRANSFERFLAGS
    Operation: PagingOperation = PagingOperation.DXGK_OPERATION_TRANSFER
    DmaSize: int = 4096
    TransferSize: int = 4096
    UpdatePageTable: DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE | None = None
    UpdateContextAllocation: DXGK_BUILDPAGINGBUFFER_UPDATECONTEXTALLOCATION | None = None
    Memory: DXGK_PAGINGMEMORY | None = None
    DmaBufferPrivateDataSize: int = 0
    pDmaBufferPrivateData: Handle = NULL
