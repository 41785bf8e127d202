"""The argument structures of the DDIs and callbacks, with the fields that the reference documents.

Direction is in each docstring: i is filled by the caller, o by the callee, io by both. A field that
nothing here uses is left out; the pages of the structures (NS:d3dkmddi.…) have the rest. Handles
are integers (`Handle`); 0 is NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from wddmcheck.machine.runtime_structs import (
    DXGKARGCB_UPDATECONTEXTALLOCATION,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.waits import Blocking

if TYPE_CHECKING:
    from wddmcheck.machine.allocation_structs import (
        DXGKARGCB_GETHANDLEDATA,
        DXGKARGCB_RELEASEHANDLEDATA,
    )
    from wddmcheck.machine.display_structs import DXGKARGCB_PROTECTEDSESSIONSTATUS
    from wddmcheck.machine.dma_structs import DmaPrivateData
    from wddmcheck.machine.event_structs import DXGKARGCB_SIGNALEVENT
    from wddmcheck.machine.queue_structs import (
        DXGKARGCB_DISCONNECTDOORBELL,
        DXGKARGCB_INVALIDATEHWCONTEXT,
    )
    from wddmcheck.machine.system_structs import DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE

Handle = int
"""A HANDLE or D3DKMT_HANDLE: opaque to whoever did not make it."""

NULL: Handle = 0

T = TypeVar("T")


@dataclass(slots=True)
class Out(Generic[T]):
    """A pointer to a variable that the callee fills in."""

    value: T


# --- adapter -------------------------------------------------------------------------------------

@dataclass(slots=True)
class DXGK_START_INFO:
    """NS:dispmprt._DXGK_START_INFO. RequiredDmaQueueEntry i, AdapterLuid i."""

    RequiredDmaQueueEntry: int = 8
    AdapterLuid: int = 1


# --- processes and devices -----------------------------------------------------------------------

@dataclass(slots=True)
class DXGKARG_CREATEPROCESS:
    """NS:d3dkmddi._DXGKARG_CREATEPROCESS. hDxgkProcess i, hKmdProcess o, the rest i: the system's
    process, one of a virtual machine, or the worker process of a virtual machine."""

    hDxgkProcess: Handle
    SystemProcess: bool = False
    VirtualMachineProcess: bool = False
    VirtualMachineWorkerProcess: bool = False
    hKmdProcess: Handle = NULL


class DXGK_CREATEDEVICEFLAGS(IntFlag):
    """NS:d3dkmddi._DXGK_CREATEDEVICEFLAGS."""

    NONE = 0
    SystemDevice = 0x1
    GdiDevice = 0x2


@dataclass(slots=True)
class DXGKARG_CREATEDEVICE:
    """NS:d3dkmddi._DXGKARG_CREATEDEVICE. hDevice io: the OS handle in, the driver's out;
    hKmdProcess i, Flags i."""

    hDevice: Handle
    hKmdProcess: Handle
    Flags: DXGK_CREATEDEVICEFLAGS = DXGK_CREATEDEVICEFLAGS.NONE


# --- contexts ------------------------------------------------------------------------------------

@dataclass(slots=True)
class DXGK_CONTEXTINFO:
    """NS:d3dkmddi._DXGK_CONTEXTINFO, all o."""

    DmaBufferSize: int = 0
    DmaBufferPrivateDataSize: int = 0
    AllocationListSize: int = 0


class DXGK_CREATECONTEXTFLAGS(IntFlag):
    """NS:d3dkmddi._DXGK_CREATECONTEXTFLAGS."""

    NONE = 0
    SystemContext = 0x1
    GdiContext = 0x2
    VirtualAddressing = 0x4
    HwQueueSupported = 0x10


@dataclass(slots=True)
class DXGKARG_CREATECONTEXT:
    """NS:d3dkmddi._DXGKARG_CREATECONTEXT. hContext io: the OS handle in, the driver's out; the
    rest i but ContextInfo o. pPrivateDriverData is what the user-mode driver sent."""

    hContext: Handle
    NodeOrdinal: int = 0
    EngineAffinity: int = 1
    Flags: DXGK_CREATECONTEXTFLAGS = DXGK_CREATECONTEXTFLAGS.VirtualAddressing
    pPrivateDriverData: PrivateData | None = None
    ContextInfo: DXGK_CONTEXTINFO = field(default_factory=DXGK_CONTEXTINFO)


INTERFACE_VERSION = 1
"""The version of the private data that the reference miniport's user-mode driver sends."""


@dataclass(slots=True)
class PrivateData:
    """What the reference miniport's own user-mode driver puts into pPrivateDriverData: nothing that
    Windows looks at. `areas`: how many context allocations a context wants; `overlay`: the new
    allocations are for an overlay."""

    version: int = INTERFACE_VERSION
    valid: bool = True
    areas: int = 1
    overlay: bool = False


class DXGK_CREATECONTEXTALLOCATIONFLAGS(IntFlag):
    """NS:d3dkmddi._DXGK_CREATECONTEXTALLOCATIONFLAGS."""

    NONE = 0
    SharedAcrossContexts = 0x1
    MapGpuVirtualAddress = 0x2


@dataclass(slots=True)
class DXGKARGCB_CREATECONTEXTALLOCATION:
    """NS:d3dkmddi._DXGKARGCB_CREATECONTEXTALLOCATION. hAdapter, hDevice and hContext i are OS
    handles (hContext NULL if shared), hDriverAllocation i the driver's; hAllocation o the OS's."""

    hAdapter: Handle
    hDevice: Handle
    hContext: Handle
    hDriverAllocation: Handle = NULL
    ContextAllocationFlags: DXGK_CREATECONTEXTALLOCATIONFLAGS = (
        DXGK_CREATECONTEXTALLOCATIONFLAGS.NONE)
    Size: int = 4096
    Alignment: int = 4096
    SupportedSegmentSet: int = 1
    EvictionSegmentSet: int = 1
    hAllocation: Handle = NULL


@dataclass(slots=True)
class DXGKARGCB_MAPCONTEXTALLOCATION:
    """NS:d3dkmddi._DXGKARGCB_MAPCONTEXTALLOCATION. hAllocation i is the OS's."""

    hAllocation: Handle
    OffsetInPages: int = 0
    SizeInPages: int = 1


# --- work ----------------------------------------------------------------------------------------

@dataclass(slots=True)
class DXGK_ALLOCATIONLIST:
    """NS:d3dkmddi._DXGK_ALLOCATIONLIST. hDeviceSpecificAllocation i, VirtualAddress i; `content` is
    what the memory holds, for the GPU to check."""

    hDeviceSpecificAllocation: Handle
    VirtualAddress: int
    content: bytes
    WriteOperation: bool = False


class DXGK_SUBMITCOMMANDFLAGS(IntFlag):
    """NS:d3dkmddi._DXGK_SUBMITCOMMANDFLAGS."""

    NONE = 0
    Resubmission = 0x80


@dataclass(slots=True)
class DXGKARG_SUBMITCOMMAND:
    """NS:d3dkmddi._DXGKARG_SUBMITCOMMAND. All i. `allocations` stands for what the DMA buffer's
    commands read; with the flag Resubmission, an opening may have been closed since. The private
    data are the driver's own: for the reference miniport, a context allocation that the commands
    read as well, and where it is mapped; `data` is that of one of several DMA buffers of a context,
    which is at DmaBufferPhysicalAddress."""

    hContext: Handle
    SubmissionFenceId: int
    allocations: Sequence[DXGK_ALLOCATIONLIST] = ()
    pDmaBufferPrivateData: tuple[Handle, int] = (NULL, 0)
    NodeOrdinal: int = 0
    EngineOrdinal: int = 0
    Flags: DXGK_SUBMITCOMMANDFLAGS = DXGK_SUBMITCOMMANDFLAGS.NONE
    DmaBufferPhysicalAddress: int = 0
    data: DmaPrivateData | None = None


@dataclass(slots=True)
class DXGKARG_SETROOTPAGETABLE:
    """NS:d3dkmddi._DXGKARG_SETROOTPAGETABLE. All i: Address is the physical address of the root."""

    hContext: Handle
    Address: int
    NumEntries: int = 512


@dataclass(slots=True)
class DXGKARG_PREEMPTCOMMAND:
    """NS:d3dkmddi._DXGKARG_PREEMPTCOMMAND. All i."""

    PreemptionFenceId: int
    NodeOrdinal: int = 0
    EngineOrdinal: int = 0


class DXGK_SURPRISE_REMOVAL_TYPE(IntEnum):
    """NE:dispmprt._DXGK_SURPRISE_REMOVAL_TYPE."""

    DxgkRemovalHibernation = 0
    DxgkRemovalPnPNotify = 1


@dataclass(slots=True)
class DXGKARG_COLLECTDBGINFO:
    """NS:d3dkmddi._DXGKARG_COLLECTDBGINFO. Reason i (0x117 or 0x141), pBuffer o, BufferSize i: the
    most bytes that may be put there."""

    Reason: int
    BufferSize: int = 256
    pBuffer: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class DXGKARG_RESETENGINE:
    """NS:d3dkmddi._DXGKARG_RESETENGINE. NodeOrdinal i, EngineOrdinal i, LastAbortedFenceId o."""

    NodeOrdinal: int = 0
    EngineOrdinal: int = 0
    LastAbortedFenceId: int = 0


@dataclass(slots=True)
class DXGKARG_QUERYDEPENDENTENGINEGROUP:
    """NS:d3dkmddi._DXGKARG_QUERYDEPENDENTENGINEGROUP. NodeOrdinal i, EngineOrdinal i,
    DependentNodeOrdinalMask o: the nodes that a reset takes along, itself included."""

    NodeOrdinal: int = 0
    EngineOrdinal: int = 0
    DependentNodeOrdinalMask: int = 0


# --- interrupts ----------------------------------------------------------------------------------

class DXGK_INTERRUPT_TYPE(IntEnum):
    """NE:d3dkmddi._DXGK_INTERRUPT_TYPE."""

    DXGK_INTERRUPT_DMA_COMPLETED = 1
    DXGK_INTERRUPT_DMA_PREEMPTED = 2
    DXGK_INTERRUPT_CRTC_VSYNC = 3
    DXGK_INTERRUPT_DMA_FAULTED = 4
    DXGK_INTERRUPT_PERIODIC_MONITORED_FENCE_SIGNALED = 14
    DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED = 17
    DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED = 19


@dataclass(slots=True)
class DXGKARGCB_NOTIFY_INTERRUPT_DATA:
    """NS:d3dkmddi._DXGKARGCB_NOTIFY_INTERRUPT_DATA. All i; the members of the union that the type
    selects."""

    InterruptType: DXGK_INTERRUPT_TYPE
    SubmissionFenceId: int = 0
    PreemptionFenceId: int = 0
    LastCompletedFenceId: int = 0
    NodeOrdinal: int = 0
    EngineOrdinal: int = 0
    hContext: Handle = NULL
    ContextSuspendFence: int = 0
    pSignaledNativeFenceArray: tuple[Handle, ...] | None = None
    NotificationID: int = 0


# --- the interface that Dxgkrnl gives at StartDevice ----------------------------------------------

@dataclass(frozen=True, slots=True)
class DXGKRNL_INTERFACE:
    """NS:dispmprt._DXGKRNL_INTERFACE: the adapter's OS handle and the callbacks. Those that may not
    return at once are delegated to, with `yield from`; DxgkCbSynchronizeExecution if its routine is
    a generator."""

    DeviceHandle: Handle
    DxgkCbMapMemory: Callable[[], object]
    DxgkCbCreateContextAllocation: Callable[[DXGKARGCB_CREATECONTEXTALLOCATION], NtStatus]
    DxgkCbDestroyContextAllocation: Callable[[Handle, Handle], NtStatus]
    DxgkCbMapContextAllocation: Callable[[Handle, DXGKARGCB_MAPCONTEXTALLOCATION], int]
    DxgkCbGetHandleData: Callable[[DXGKARGCB_GETHANDLEDATA], Handle]
    DxgkCbAcquireHandleData: Callable[[DXGKARGCB_GETHANDLEDATA, Out[Handle]], Handle]
    DxgkCbReleaseHandleData: Callable[[DXGKARGCB_RELEASEHANDLEDATA], None]
    DxgkCbNotifyInterrupt: Callable[[Handle, DXGKARGCB_NOTIFY_INTERRUPT_DATA], None]
    DxgkCbNotifyDpc: Callable[[Handle], None]
    DxgkCbQueueDpc: Callable[[Handle], bool]
    DxgkCbSynchronizeExecution: Callable[[Handle, Callable[[], Any]], Any]
    DxgkCbDisconnectDoorbell: Callable[[DXGKARGCB_DISCONNECTDOORBELL], Blocking[NtStatus]]
    DxgkCbInvalidateHwContext: Callable[[DXGKARGCB_INVALIDATEHWCONTEXT], NtStatus]
    DxgkCbSignalEvent: Callable[[DXGKARGCB_SIGNALEVENT], NtStatus]
    DxgkCbUpdateContextAllocation: Callable[[Handle, DXGKARGCB_UPDATECONTEXTALLOCATION],
                                            Blocking[NtStatus]]
    DxgkCbSetPowerComponentActive: Callable[[Handle, int], Blocking[None]]
    DxgkCbSetPowerComponentIdle: Callable[[Handle, int], None]
    DxgkCbReserveGpuVirtualAddressRange: Callable[
        [Handle, DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE], NtStatus]
    DxgkCbSetProtectedSessionStatus: Callable[[DXGKARGCB_PROTECTEDSESSIONSTATUS], NtStatus]
