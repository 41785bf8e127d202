"""Structures of what goes on while an adapter runs: updates of context allocations, power
components, the current fence. As in `structs`, fields have their documented names; handles are
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class FState(IntEnum):
    """Power states of a component: F0 is fully on. (A component may have more than F1.)"""

    F0 = 0
    F1 = 1


@dataclass(slots=True)
class DXGKARGCB_UPDATECONTEXTALLOCATION:
    """NS:d3dkmddi._DXGKARGCB_UPDATECONTEXTALLOCATION. hAllocation i is Dxgkrnl's;
    pPrivateDriverData i comes back in the paging operation."""

    hAllocation: int
    pPrivateDriverData: int = 0


@dataclass(slots=True)
class DXGK_BUILDPAGINGBUFFER_UPDATECONTEXTALLOCATION:
    """NS:d3dkmddi._DXGK_BUILDPAGINGBUFFER_UPDATECONTEXTALLOCATION. ContextAllocation i is an
    address in the paging process; pDriverPrivateData i is what the driver gave to the callback."""

    ContextAllocation: int
    pDriverPrivateData: int


@dataclass(slots=True)
class DXGKARG_QUERYCURRENTFENCE:
    """NS:d3dkmddi._DXGKARG_QUERYCURRENTFENCE. NodeOrdinal i; CurrentFence o."""

    NodeOrdinal: int = 0
    CurrentFence: int = 0
