"""The DDIs that a miniport has only if the GPU schedules its contexts by itself, and those of user-
mode submission: `machine.miniport` has what every miniport has."""

from __future__ import annotations

from typing import Protocol

from wddmcheck.machine.miniport import Miniport, Result
from wddmcheck.machine.queue_structs import (
    DXGKARG_CONNECTDOORBELL,
    DXGKARG_CREATEDOORBELL,
    DXGKARG_CREATEHWQUEUE,
    DXGKARG_DESTROYDOORBELL,
    DXGKARG_DISCONNECTDOORBELL,
    DXGKARG_RESETHWENGINE,
    DXGKARG_RESUMECONTEXT,
    DXGKARG_RESUMEHWENGINE,
    DXGKARG_SUBMITCOMMANDTOHWQUEUE,
    DXGKARG_SUSPENDCONTEXT,
)
from wddmcheck.machine.structs import Handle


class QueueMiniport(Miniport, Protocol):
    """A miniport with hardware queues. Its DxgkDdiCreateContext heeds the flag HwQueueSupported."""

    def DxgkDdiCreateHwQueue(self, pCreateHwQueue: DXGKARG_CREATEHWQUEUE) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEHWQUEUE."""

    def DxgkDdiDestroyHwQueue(self, hHwQueue: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYHWQUEUE."""

    def DxgkDdiSubmitCommandToHwQueue(
            self, hAdapter: Handle,
            pSubmitCommandToHwQueue: DXGKARG_SUBMITCOMMANDTOHWQUEUE) -> Result:
        """NC:d3dkmddi.DXGKDDI_SUBMITCOMMANDTOHWQUEUE."""

    def DxgkDdiSuspendContext(self, hAdapter: Handle,
                              pSuspendContext: DXGKARG_SUSPENDCONTEXT) -> Result:
        """NC:d3dkmddi.DXGKDDI_SUSPENDCONTEXT."""

    def DxgkDdiResumeContext(self, hAdapter: Handle,
                             pResumeContext: DXGKARG_RESUMECONTEXT) -> Result:
        """NC:d3dkmddi.DXGKDDI_RESUMECONTEXT."""

    def DxgkDdiResetHwEngine(self, hAdapter: Handle,
                             pResetHwEngine: DXGKARG_RESETHWENGINE) -> Result:
        """NC:d3dkmddi.DXGKDDI_RESETHWENGINE."""

    def DxgkDdiResumeHwEngine(self, hAdapter: Handle,
                              pResumeHwEngine: DXGKARG_RESUMEHWENGINE) -> Result:
        """NC:d3dkmddi.DXGKDDI_RESUMEHWENGINE."""

    def DxgkDdiCreateDoorbell(self, pArgs: DXGKARG_CREATEDOORBELL) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEDOORBELL."""

    def DxgkDdiConnectDoorbell(self, pArgs: DXGKARG_CONNECTDOORBELL) -> Result:
        """NC:d3dkmddi.DXGKDDI_CONNECTDOORBELL."""

    def DxgkDdiDisconnectDoorbell(self, pArgs: DXGKARG_DISCONNECTDOORBELL) -> Result:
        """NC:d3dkmddi.DXGKDDI_DISCONNECTDOORBELL."""

    def DxgkDdiDestroyDoorbell(self, pArgs: DXGKARG_DESTROYDOORBELL) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYDOORBELL."""
