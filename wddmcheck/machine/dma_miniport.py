"""The DDIs that a miniport has only if contexts may have several DMA buffers at once, and of
emergencies: `machine.miniport` has what every miniport has."""

from __future__ import annotations

from typing import Protocol

from wddmcheck.machine.dma_structs import (
    DXGKARG_PATCH,
    DXGKARG_SIGNALMONITOREDFENCE,
    DXGKARG_SUBMITCOMMANDVIRTUAL,
)
from wddmcheck.machine.miniport import Miniport, Result
from wddmcheck.machine.structs import Handle


class DmaMiniport(Miniport, Protocol):
    """A miniport that is given DMA buffers. Its DxgkDdiSubmitCommandToHwQueue gets them too."""

    def DxgkDdiPatch(self, hAdapter: Handle, pPatch: DXGKARG_PATCH) -> Result:
        """NC:d3dkmddi.DXGKDDI_PATCH."""

    def DxgkDdiSubmitCommandVirtual(
            self, hAdapter: Handle, pSubmitCommand: DXGKARG_SUBMITCOMMANDVIRTUAL) -> Result:
        """NC:d3dkmddi.DXGKDDI_SUBMITCOMMANDVIRTUAL."""

    def DxgkDdiSignalMonitoredFence(
            self, hContext: Handle,
            pSignalMonitoredFence: DXGKARG_SIGNALMONITOREDFENCE) -> Result:
        """NC:d3dkmddi.DXGKDDI_SIGNALMONITOREDFENCE."""

    def DxgkDdiResetDevice(self, MiniportDeviceContext: Handle) -> None:
        """NC:dispmprt.DXGKDDI_RESET_DEVICE."""
