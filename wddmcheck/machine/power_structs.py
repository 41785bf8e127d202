"""The argument types of power and of exclusive access; see `structs` for how they are
written down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

DISPLAY_ADAPTER_HW_ID = 0xFFFFFFFF
"""DeviceUid of the adapter itself."""


class DEVICE_POWER_STATE(IntEnum):
    """NE:wudfddi._DEVICE_POWER_STATE, as far as it is used here."""

    PowerDeviceD0 = 1
    PowerDeviceD3 = 4


class POWER_ACTION(IntEnum):
    """NE:wdm.POWER_ACTION, as far as it is used here."""

    PowerActionSleep = 2


@dataclass(slots=True)
class DXGKARG_BEGINEXCLUSIVEACCESS:
    """NS:d3dkmddi._DXGKARG_BEGINEXCLUSIVEACCESS: nothing that a driver uses."""


@dataclass(slots=True)
class DXGKARG_ENDEXCLUSIVEACCESS:
    """NS:d3dkmddi._DXGKARG_ENDEXCLUSIVEACCESS: nothing that a driver uses."""
