"""The argument structures of DDIs on allocations, and of callbacks on their handles. Directions are
as in `machine.structs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from wddmcheck.machine.structs import NULL, Handle, PrivateData


class DXGK_ALLOCATIONINFOFLAGS_WDDM2_0(IntFlag):
    """NS:d3dkmddi._DXGK_ALLOCATIONINFOFLAGS_WDDM2_0, as far as it is used here."""

    NONE = 0
    Overlay = 0x100


@dataclass(slots=True)
class DXGK_ALLOCATIONINFO:
    """NS:d3dkmddi._DXGK_ALLOCATIONINFO. pPrivateDriverData i, the rest o."""

    pPrivateDriverData: PrivateData | None = None
    Size: int = 0
    SupportedWriteSegmentSet: int = 0
    hAllocation: Handle = NULL
    FlagsWddm2: DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 = DXGK_ALLOCATIONINFOFLAGS_WDDM2_0.NONE


class DXGK_CREATEALLOCATIONFLAGS(IntFlag):
    """NS:d3dkmddi._DXGK_CREATEALLOCATIONFLAGS."""

    NONE = 0
    Resource = 0x1


@dataclass(slots=True)
class DXGKARG_CREATEALLOCATION:
    """NS:d3dkmddi._DXGKARG_CREATEALLOCATION. pAllocationInfo io, hResource io, the rest i."""

    pAllocationInfo: list[DXGK_ALLOCATIONINFO]
    hResource: Handle = NULL
    Flags: DXGK_CREATEALLOCATIONFLAGS = DXGK_CREATEALLOCATIONFLAGS.NONE
    pPrivateDriverData: PrivateData | None = None

    @property
    def NumAllocations(self) -> int:
        """The length of pAllocationInfo."""
        return len(self.pAllocationInfo)


class DXGK_DESTROYALLOCATIONFLAGS(IntFlag):
    """NS:d3dkmddi._DXGK_DESTROYALLOCATIONFLAGS."""

    NONE = 0
    DestroyResource = 0x1


@dataclass(slots=True)
class DXGKARG_DESTROYALLOCATION:
    """NS:d3dkmddi._DXGKARG_DESTROYALLOCATION. All i: the driver gets a pointer to const."""

    pAllocationList: Sequence[Handle]
    hResource: Handle = NULL
    Flags: DXGK_DESTROYALLOCATIONFLAGS = DXGK_DESTROYALLOCATIONFLAGS.NONE

    @property
    def NumAllocations(self) -> int:
        """The length of pAllocationList."""
        return len(self.pAllocationList)


@dataclass(slots=True)
class DXGK_OPENALLOCATIONINFO:
    """NS:d3dkmddi._DXGK_OPENALLOCATIONINFO. hAllocation i (the OS's D3DKMT_HANDLE),
    hDeviceSpecificAllocation o (not NULL on success)."""

    hAllocation: Handle
    pPrivateDriverData: PrivateData | None = None
    hDeviceSpecificAllocation: Handle = NULL


@dataclass(slots=True)
class DXGKARG_OPENALLOCATION:
    """NS:d3dkmddi._DXGKARG_OPENALLOCATION. pOpenAllocation io, the rest i."""

    pOpenAllocation: list[DXGK_OPENALLOCATIONINFO]
    pPrivateDriverData: PrivateData | None = None
    Create: bool = False

    @property
    def NumAllocations(self) -> int:
        """The length of pOpenAllocation."""
        return len(self.pOpenAllocation)


@dataclass(slots=True)
class DXGKARG_CLOSEALLOCATION:
    """NS:d3dkmddi._DXGKARG_CLOSEALLOCATION. All i."""

    pOpenHandleList: Sequence[Handle]

    @property
    def NumAllocations(self) -> int:
        """The length of pOpenHandleList."""
        return len(self.pOpenHandleList)


class HandleType(IntEnum):
    """NE:d3dkmddi._DXGK_HANDLE_TYPE."""

    DXGK_HANDLE_ALLOCATION = 1
    DXGK_HANDLE_RESOURCE = 2


@dataclass(slots=True)
class DXGKARGCB_GETHANDLEDATA:
    """NS:d3dkmddi._DXGKARGCB_GETHANDLEDATA. All i."""

    hObject: Handle
    Type: HandleType = HandleType.DXGK_HANDLE_ALLOCATION


@dataclass(slots=True)
class DXGKARGCB_RELEASEHANDLEDATA:
    """NS:d3dkmddi._DXGKARGCB_RELEASEHANDLEDATA. All i."""

    ReleaseHandle: Handle
    Type: HandleType = HandleType.DXGK_HANDLE_ALLOCATION


@dataclass(slots=True)
class DXGKARG_ESCAPE:
    """NS:d3dkmddi._DXGKARG_ESCAPE. All i. hDevice is the driver's; the rest is the private data of
    the reference miniport's escapes: a command, Dxgkrnl's handle of an allocation (or of a context
    allocation), the driver's of a context, and user mode's of an event."""

    hDevice: Handle
    command: str
    hAllocation: Handle = NULL
    hContext: Handle = NULL
    hEvent: Handle = NULL


@dataclass(slots=True)
class DXGKARG_DESCRIBEALLOCATION:
    """NS:d3dkmddi._DXGKARG_DESCRIBEALLOCATION. hAllocation i is the driver's; Width o, Height o,
    Format o (a D3DDDIFORMAT)."""

    hAllocation: Handle
    Width: int = 0
    Height: int = 0
    Format: int = 0
