"""The argument structures of building and cancelling a packet; see `structs` for how they are
written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wddmcheck.machine.dma_structs import DmaMemory, DmaPrivateData
from wddmcheck.machine.structs import DXGK_ALLOCATIONLIST, Handle, PrivateData


@dataclass(slots=True)
class DXGKARG_RENDER:
    """NS:d3dkmddi._DXGKARG_RENDER. All i. pCommand stands for the command buffer of the user-mode
    driver, which is to be validated; pAllocationList names what its commands read. pDmaBuffer and
    pDmaBufferPrivateData are where a context may have several DMA buffers at once; while
    DmaBufferSegmentId is 0, DmaBufferPhysicalAddress says nothing."""

    pCommand: PrivateData = field(default_factory=PrivateData)
    pAllocationList: Sequence[DXGK_ALLOCATIONLIST] = ()
    DmaSize: int = 4096
    pDmaBuffer: DmaMemory | None = None
    pDmaBufferPrivateData: DmaPrivateData | None = None
    DmaBufferSegmentId: int = 0
    DmaBufferPhysicalAddress: int = 0


@dataclass(slots=True)
class DXGKARG_CANCELCOMMAND:
    """NS:d3dkmddi._DXGKARG_CANCELCOMMAND. hContext i; it is the packet of the context that Render
    built last and that was not submitted, or the one that is not submitted again."""

    hContext: Handle
