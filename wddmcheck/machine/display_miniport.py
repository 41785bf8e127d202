"""The DDIs that a miniport has only if it has frame notifications, protected sessions or memory
bases (`machine.runtime_miniport` has those of overlays): `machine.miniport` has what every miniport
has."""

from __future__ import annotations

from typing import Protocol

from wddmcheck.machine.display_structs import (
    DXGKARG_CREATEMEMORYBASIS,
    DXGKARG_CREATEPERIODICFRAMENOTIFICATION,
    DXGKARG_CREATEPROTECTEDSESSION,
    DXGKARG_DESTROYPERIODICFRAMENOTIFICATION,
)
from wddmcheck.machine.miniport import Miniport, Result
from wddmcheck.machine.structs import Handle


class DisplayMiniport(Miniport, Protocol):
    """A miniport with objects of a display, and memory bases."""

    def DxgkDdiCreatePeriodicFrameNotification(
            self, pCreatePeriodicFrameNotification: DXGKARG_CREATEPERIODICFRAMENOTIFICATION,
            ) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEPERIODICFRAMENOTIFICATION."""

    def DxgkDdiDestroyPeriodicFrameNotification(
            self, pDestroyPeriodicFrameNotification: DXGKARG_DESTROYPERIODICFRAMENOTIFICATION,
            ) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYPERIODICFRAMENOTIFICATION."""

    def DxgkDdiCreateProtectedSession(
            self, hAdapter: Handle,
            pCreateProtectedSession: DXGKARG_CREATEPROTECTEDSESSION) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEPROTECTEDSESSION."""

    def DxgkDdiDestroyProtectedSession(self, hAdapter: Handle,
                                       hProtectedSession: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYPROTECTEDSESSION."""

    def DxgkDdiCreateMemoryBasis(self, hAdapter: Handle,
                                 pArgs: DXGKARG_CREATEMEMORYBASIS) -> Handle:
        """NC:d3dkmddi.DXGKDDI_CREATEMEMORYBASIS."""

    def DxgkDdiStartDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_STARTDIRTYTRACKING."""

    def DxgkDdiStopDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_STOPDIRTYTRACKING."""

    def DxgkDdiDestroyMemoryBasis(self, hAdapter: Handle, hMemoryBasis: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYMEMORYBASIS."""
