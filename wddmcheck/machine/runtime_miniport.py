"""The DDIs of power, fences and the display, which not every miniport has:
`machine.miniport` has what every miniport has."""

from __future__ import annotations

from typing import Protocol

from wddmcheck.machine.miniport import Miniport, Result
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DXGKARG_CREATEOVERLAY,
    DXGKARG_FLIPOVERLAY,
    DXGKARG_SETVIDPNSOURCEVISIBILITY,
    POWER_ACTION,
)
from wddmcheck.machine.runtime_structs import DXGKARG_QUERYCURRENTFENCE, FState
from wddmcheck.machine.structs import Handle


class RuntimeMiniport(Miniport, Protocol):
    """A miniport whose device sleeps and wakes."""

    def DxgkDdiSetPowerState(self, MiniportDeviceContext: Handle, DeviceUid: int,
                             DevicePowerState: DEVICE_POWER_STATE,
                             ActionType: POWER_ACTION) -> Result:
        """NC:dispmprt.DXGKDDI_SET_POWER_STATE."""

    def DxgkDdiSetPowerComponentFState(self, DriverContext: Handle, ComponentIndex: int,
                                       State: FState) -> Result:
        """NC:d3dkmddi.DXGKDDISETPOWERCOMPONENTFSTATE."""

    def DxgkDdiQueryCurrentFence(self, hAdapter: Handle,
                                 pCurrentFence: DXGKARG_QUERYCURRENTFENCE) -> Result:
        """NC:d3dkmddi.DXGKDDI_QUERYCURRENTFENCE."""

    def DxgkDdiSetVidPnSourceVisibility(
            self, hAdapter: Handle,
            pSetVidPnSourceVisibility: DXGKARG_SETVIDPNSOURCEVISIBILITY) -> Result:
        """NC:d3dkmddi.DXGKDDI_SETVIDPNSOURCEVISIBILITY."""

    def DxgkDdiCreateOverlay(self, hAdapter: Handle,
                             pCreateOverlay: DXGKARG_CREATEOVERLAY) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEOVERLAY."""

    def DxgkDdiFlipOverlay(self, hOverlay: Handle, pFlipOverlay: DXGKARG_FLIPOVERLAY) -> Result:
        """NC:d3dkmddi.DXGKDDI_FLIPOVERLAY."""

    def DxgkDdiDestroyOverlay(self, hOverlay: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYOVERLAY."""
