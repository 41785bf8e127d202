"""The argument structures of what happens while an adapter is brought up. Directions are as in
`machine.structs`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from wddmcheck.machine.structs import NULL, Handle, Out


class DXGK_QUERYADAPTERINFOTYPE(IntEnum):
    """NE:d3dkmddi._DXGK_QUERYADAPTERINFOTYPE, as far as it is used here."""

    DXGKQAITYPE_UMDRIVERPRIVATE = 0
    DXGKQAITYPE_DRIVERCAPS = 1
    DXGKQAITYPE_QUERYSEGMENT = 2


@dataclass(frozen=True, slots=True)
class DXGK_DRIVERCAPS:
    """NS:d3dkmddi._DXGK_DRIVERCAPS."""

    MaxAllocationListSlotId: int
    WDDMVersion: int


@dataclass(frozen=True, slots=True)
class DXGK_QUERYSEGMENTOUT:
    """NS:d3dkmddi._DXGK_QUERYSEGMENTOUT: NbSegment o, PagingBufferSize o."""

    NbSegment: int
    PagingBufferSize: int


@dataclass(slots=True)
class DXGKARG_QUERYADAPTERINFO:
    """NS:d3dkmddi._DXGKARG_QUERYADAPTERINFO. Type i, pOutputData o: for the private query of the
    reference miniport's user-mode driver, the clock of the device in MHz. hKmdProcessHandle i is
    the driver's, NULL where the query is for no process."""

    Type: DXGK_QUERYADAPTERINFOTYPE
    pOutputData: Out[object]
    hKmdProcessHandle: Handle = NULL


@dataclass(slots=True)
class DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE:
    """NS:d3dkmddi._DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE. hDxgkProcess i is the OS's, SizeInBytes
    i, StartVirtualAddress o."""

    hDxgkProcess: Handle
    SizeInBytes: int
    StartVirtualAddress: int = 0
