"""The argument types of power, of queries and of exclusive access; see `structs` for how they are
written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from wddmcheck.machine.structs import Out

DISPLAY_ADAPTER_HW_ID = 0xFFFFFFFF
"""DeviceUid of the adapter itself."""


class DEVICE_POWER_STATE(IntEnum):
    """NE:wudfddi._DEVICE_POWER_STATE, as far as it is used here."""

    PowerDeviceD0 = 1
    PowerDeviceD3 = 4


class POWER_ACTION(IntEnum):
    """NE:wdm.POWER_ACTION, as far as it is used here."""

    PowerActionSleep = 2


class DXGK_QUERYADAPTERINFOTYPE(IntEnum):
    """NE:d3dkmddi._DXGK_QUERYADAPTERINFOTYPE, as far as it is used here."""

    DXGKQAITYPE_UMDRIVERPRIVATE = 0


@dataclass(slots=True)
class DXGKARG_QUERYADAPTERINFO:
    """NS:d3dkmddi._DXGKARG_QUERYADAPTERINFO. Type i, pOutputData o: for the private query of the
    reference miniport's user-mode driver, the clock of the device in MHz."""

    Type: DXGK_QUERYADAPTERINFOTYPE = DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_UMDRIVERPRIVATE
    pOutputData: Out[int] = field(default_factory=lambda: Out(0))


@dataclass(slots=True)
class DXGKARG_BEGINEXCLUSIVEACCESS:
    """NS:d3dkmddi._DXGKARG_BEGINEXCLUSIVEACCESS: nothing that a driver uses."""


@dataclass(slots=True)
class DXGKARG_ENDEXCLUSIVEACCESS:
    """NS:d3dkmddi._DXGKARG_ENDEXCLUSIVEACCESS: nothing that a driver uses."""
