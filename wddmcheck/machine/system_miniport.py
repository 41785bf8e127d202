"""The DDIs that a miniport has only if it keeps something beside its adapters, or is asked about
allocations: `machine.miniport` has what every miniport has."""

from __future__ import annotations

from typing import Protocol

from wddmcheck.machine.allocation_structs import DXGKARG_DESCRIBEALLOCATION
from wddmcheck.machine.miniport import Miniport, Result
from wddmcheck.machine.structs import Handle


class SystemMiniport(Miniport, Protocol):
    """A miniport that is loaded and unloaded."""

    def DriverEntry(self, DriverObject: Handle, RegistryPath: Handle) -> Result:
        """DriverEntry of a display miniport; the table of entry points is the class."""

    def DxgkDdiUnload(self) -> None:
        """NC:dispmprt.DXGKDDI_UNLOAD."""

    def DxgkDdiDescribeAllocation(self, hAdapter: Handle,
                                  pDescribeAllocation: DXGKARG_DESCRIBEALLOCATION) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESCRIBEALLOCATION."""
