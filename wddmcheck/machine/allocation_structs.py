"""The argument structures of questions about allocations. Directions are as in
`machine.structs`."""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.machine.structs import Handle


@dataclass(slots=True)
class DXGKARG_DESCRIBEALLOCATION:
    """NS:d3dkmddi._DXGKARG_DESCRIBEALLOCATION. hAllocation i is the driver's; Width o, Height o,
    Format o (a D3DDDIFORMAT)."""

    hAllocation: Handle
    Width: int = 0
    Height: int = 0
    Format: int = 0
