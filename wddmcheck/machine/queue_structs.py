"""The argument structures of hardware queues, doorbells and suspension, as `machine.structs`
has the others. (CreateHwQueue has no page of its own: its fields are those that the overview of
user-mode work submission speaks of.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from wddmcheck.machine.dma_structs import DmaPrivateData
from wddmcheck.machine.gpu.engine import ProgressFence
from wddmcheck.machine.structs import NULL, Handle


@dataclass(slots=True)
class DXGKARG_CREATEHWQUEUE:
    """NS:d3dkmddi._DXGKARG_CREATEHWQUEUE. hHwQueue io: the OS handle in, the driver's out;
    hHwContext i; `progress` i stands for the memory of the queue's progress fence."""

    hHwQueue: Handle
    hHwContext: Handle
    progress: ProgressFence
    UserModeSubmission: bool = False


@dataclass(slots=True)
class DXGKARG_SUBMITCOMMANDTOHWQUEUE:
    """NS:d3dkmddi._DXGKARG_SUBMITCOMMANDTOHWQUEUE. All i. The private data is freed when the call
    returns; of a queue where only progress counts, there is none, and no address of the buffer."""

    hHwQueue: Handle
    HwQueueProgressFenceId: int
    DmaBufferVirtualAddress: int = 0
    pDmaBufferPrivateData: DmaPrivateData | None = None


@dataclass(slots=True)
class DXGKARG_SUSPENDCONTEXT:
    """NS:d3dkmddi._DXGKARG_SUSPENDCONTEXT. All i."""

    hContext: Handle
    contextSuspendFence: int


@dataclass(slots=True)
class DXGKARG_RESUMECONTEXT:
    """NS:d3dkmddi._DXGKARG_RESUMECONTEXT. All i."""

    hContext: Handle


@dataclass(slots=True)
class DXGKARG_RESETHWENGINE:
    """NS:d3dkmddi.DXGKARG_RESETHWENGINE. All i."""

    NodeOrdinal: int = 0
    EngineOrdinal: int = 0


@dataclass(slots=True)
class DXGKARG_RESUMEHWENGINE:
    """NS:d3dkmddi._DXGKARG_RESUMEHWENGINE. All i."""

    NodeOrdinal: int = 0
    EngineOrdinal: int = 0


@dataclass(slots=True)
class DXGKARGCB_INVALIDATEHWCONTEXT:
    """NS:d3dkmddi._DXGKARGCB_INVALIDATEHWCONTEXT. All i: hHwContext is Dxgkrnl's handle."""

    hAdapter: Handle
    hHwContext: Handle


class D3DDDI_DOORBELLSTATUS(IntEnum):
    """NE:d3dukmdt._D3DDDI_DOORBELLSTATUS."""

    D3DDDI_DOORBELLSTATUS_CONNECTED = 0
    D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD = 1
    D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY = 2
    D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT = 3


@dataclass(slots=True)
class RingBufferData:
    """What the reference miniport's own user-mode driver puts into the private data of a doorbell:
    where it mapped the ring buffer, and `content`, what the memory holds, for the GPU to check."""

    VirtualAddress: int
    content: bytes


@dataclass(slots=True)
class DXGKARG_CREATEDOORBELL:
    """NS:d3dkmddi.DXGKARG_CREATEDOORBELL. hDoorbell io: the OS handle in, the driver's out; the
    rest i. hHwQueue and hRingBuffer are the driver's."""

    hHwQueue: Handle
    hDoorbell: Handle
    hRingBuffer: Handle
    PrivateDriverData: RingBufferData


@dataclass(slots=True)
class DXGKARG_CONNECTDOORBELL:
    """NS:d3dkmddi.DXGKARG_CONNECTDOORBELL. hDoorbell i, KernelCpuVirtualAddress o, Status o."""

    hDoorbell: Handle
    KernelCpuVirtualAddress: int = NULL
    Status: D3DDDI_DOORBELLSTATUS = D3DDDI_DOORBELLSTATUS.D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY


@dataclass(slots=True)
class DXGKARG_DISCONNECTDOORBELL:
    """NS:d3dkmddi.DXGKARG_DISCONNECTDOORBELL. All i."""

    hDoorbell: Handle


@dataclass(slots=True)
class DXGKARG_DESTROYDOORBELL:
    """NS:d3dkmddi.DXGKARG_DESTROYDOORBELL. All i."""

    hDoorbell: Handle


@dataclass(slots=True)
class DXGKARGCB_DISCONNECTDOORBELL:
    """NS:d3dkmddi.DXGKARGCB_DISCONNECTDOORBELL. All i: hHwQueue is the driver's handle."""

    hHwQueue: Handle
    DisconnectReason: D3DDDI_DOORBELLSTATUS = (
        D3DDDI_DOORBELLSTATUS.D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY)
