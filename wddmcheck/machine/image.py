"""The driver's image: whether it is loaded, and which devices Plug and Play has found for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

PHYSICAL_DEVICE: Final = 0x2_0000
OTHER_FUNCTION: Final = 0x2_0040
"""Physical device objects: the adapter's, and that of another PCI function of the same card."""

HARDWARE_IDS: Final[Mapping[int, str]] = MappingProxyType({
    PHYSICAL_DEVICE: "PCI\\VEN_1AF4&DEV_0D01", OTHER_FUNCTION: "PCI\\VEN_1AF4&DEV_0D02"})
"""What IoGetDeviceProperty tells of them (DevicePropertyHardwareID)."""


@dataclass(slots=True)
class Image:
    """`loaded`: DriverEntry has returned, and Unload was not called since. `entry` is that call of
    DriverEntry, None if it came before all that is told. `told`: a run begins with it, so nothing
    of the bring-up goes without saying."""

    loaded: bool
    entry: object = None
    told: bool = False
