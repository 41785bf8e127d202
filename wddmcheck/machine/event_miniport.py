"""The DDIs that a miniport has only if it has native fences and CPU events: `machine.miniport` has
what every miniport has."""

from __future__ import annotations

from typing import Protocol

from wddmcheck.machine.event_structs import (
    DXGKARG_CLOSENATIVEFENCE,
    DXGKARG_CREATECPUEVENT,
    DXGKARG_CREATENATIVEFENCE,
    DXGKARG_DESTROYNATIVEFENCE,
    DXGKARG_OPENNATIVEFENCE,
    DXGKARG_UPDATEMONITOREDVALUES,
)
from wddmcheck.machine.miniport import Miniport, Result
from wddmcheck.machine.structs import Handle


class EventMiniport(Miniport, Protocol):
    """A miniport with native fences and CPU events."""

    def DxgkDdiCreateNativeFence(self, hAdapter: Handle,
                                 pCreateNativeFence: DXGKARG_CREATENATIVEFENCE) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATENATIVEFENCE."""

    def DxgkDdiOpenNativeFence(self, hAdapter: Handle,
                               pOpenNativeFence: DXGKARG_OPENNATIVEFENCE) -> Result:
        """NC:d3dkmddi.DXGKDDI_OPENNATIVEFENCE."""

    def DxgkDdiCloseNativeFence(self, hAdapter: Handle,
                                pCloseNativeFence: DXGKARG_CLOSENATIVEFENCE) -> Result:
        """NC:d3dkmddi.DXGKDDI_CLOSENATIVEFENCE."""

    def DxgkDdiDestroyNativeFence(self, hAdapter: Handle,
                                  pDestroyNativeFence: DXGKARG_DESTROYNATIVEFENCE) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYNATIVEFENCE."""

    def DxgkDdiUpdateMonitoredValues(
            self, hAdapter: Handle,
            pUpdateMonitoredValues: DXGKARG_UPDATEMONITOREDVALUES) -> Result:
        """NC:d3dkmddi.DXGKDDI_UPDATEMONITOREDVALUES."""

    def DxgkDdiCreateCpuEvent(self, hAdapter: Handle,
                              pCreateCpuEvent: DXGKARG_CREATECPUEVENT) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATECPUEVENT."""

    def DxgkDdiDestroyCpuEvent(self, hAdapter: Handle, hKmdCpuEvent: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYCPUEVENT."""
