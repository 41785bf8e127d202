"""The argument types of power, of exclusive access and of the display; see `structs` for how they
are written down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from wddmcheck.machine.structs import NULL, Handle

DISPLAY_ADAPTER_HW_ID = 0xFFFFFFFF
"""DeviceUid of the adapter itself."""


class DEVICE_POWER_STATE(IntEnum):
    """NE:wudfddi._DEVICE_POWER_STATE."""

    PowerDeviceD0 = 1
    PowerDeviceD1 = 2
    PowerDeviceD2 = 3
    PowerDeviceD3 = 4


class POWER_ACTION(IntEnum):
    """NE:wdm.POWER_ACTION, as far as it is used here."""

    PowerActionSleep = 2


@dataclass(slots=True)
class DXGKARG_SETVIDPNSOURCEVISIBILITY:
    """NS:d3dkmddi._DXGKARG_SETVIDPNSOURCEVISIBILITY. Both i."""

    VidPnSourceId: int = 0
    Visible: bool = True


@dataclass(slots=True)
class DXGKARG_CREATEOVERLAY:
    """NS:d3dkmddi._DXGKARG_CREATEOVERLAY. hOverlay o is the driver's."""

    VidPnSourceId: int = 0
    hOverlay: Handle = NULL


@dataclass(slots=True)
class DXGKARG_FLIPOVERLAY:
    """NS:d3dkmddi._DXGKARG_FLIPOVERLAY. All i: hSource is the driver's handle of the allocation
    (NULL: what is shown is left out), SrcPhysicalAddress its page in the segment."""

    hSource: Handle = NULL
    SrcPhysicalAddress: int = 0
    SrcSegmentId: int = 1


@dataclass(slots=True)
class DXGKARG_BEGINEXCLUSIVEACCESS:
    """NS:d3dkmddi._DXGKARG_BEGINEXCLUSIVEACCESS: nothing that a driver uses."""


@dataclass(slots=True)
class DXGKARG_ENDEXCLUSIVEACCESS:
    """NS:d3dkmddi._DXGKARG_ENDEXCLUSIVEACCESS: nothing that a driver uses."""
