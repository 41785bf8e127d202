"""What a miniport is to this machine: the DDIs that it has to have, and how it waits.

A miniport is any object with these methods; `docs/own_driver.md` shows one. A method returns an
NTSTATUS (or nothing, where the page says so). One that other threads, the GPU or an interrupt may
interleave with is a generator: it yields `PREEMPT` where it can be interrupted for good, and a
`Wait` where it blocks; it *returns* its status all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from wddmcheck.machine.allocation_structs import (
    DXGKARG_CLOSEALLOCATION,
    DXGKARG_CREATEALLOCATION,
    DXGKARG_DESTROYALLOCATION,
    DXGKARG_ESCAPE,
    DXGKARG_OPENALLOCATION,
)
from wddmcheck.machine.image import HARDWARE_IDS
from wddmcheck.machine.locks import Locks
from wddmcheck.machine.packet_structs import DXGKARG_CANCELCOMMAND, DXGKARG_RENDER
from wddmcheck.machine.paging_structs import DXGKARG_BUILDPAGINGBUFFER
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DXGKARG_BEGINEXCLUSIVEACCESS,
    DXGKARG_ENDEXCLUSIVEACCESS,
    POWER_ACTION,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_START_INFO,
    DXGK_SURPRISE_REMOVAL_TYPE,
    DXGKARG_COLLECTDBGINFO,
    DXGKARG_CREATECONTEXT,
    DXGKARG_CREATEDEVICE,
    DXGKARG_CREATEPROCESS,
    DXGKARG_PREEMPTCOMMAND,
    DXGKARG_QUERYDEPENDENTENGINEGROUP,
    DXGKARG_RESETENGINE,
    DXGKARG_SETROOTPAGETABLE,
    DXGKARG_SUBMITCOMMAND,
    DXGKRNL_INTERFACE,
    Handle,
    Out,
)
from wddmcheck.machine.system_structs import DXGKARG_QUERYADAPTERINFO
from wddmcheck.machine.threads import Threads
from wddmcheck.machine.waits import PREEMPT, Blocking, Preempt, Wait

__all__ = ["PREEMPT", "Factory", "Kernel", "Miniport", "Pauses", "Preempt", "Result", "Wait"]


Pauses: TypeAlias = Blocking[NtStatus]
"""The result of a DDI that is a generator."""

Result: TypeAlias = NtStatus | Pauses


@dataclass
class Kernel(Locks, Threads):
    """What a driver may use besides the callbacks of Dxgkrnl: memory, locks, threads of its own,
    and waiting for its DPC. `dpcs_done` tells whether its DPC is neither queued nor running, nor
    its ISR; `waits` what Dxgkrnl waits for before it destroys a context allocation."""

    dpcs_done: Callable[[], bool]
    waits: Callable[[Handle], tuple[Wait, ...]] = lambda area: ()

    def KeFlushQueuedDpcs(self) -> Wait:
        """Wait until the driver's DPCs have run, which they do on a processor whose ISR has
        returned; to be yielded."""
        return Wait("KeFlushQueuedDpcs", self.dpcs_done)

    def IoGetDeviceProperty(self, DeviceObject: Handle) -> str:
        """What Plug and Play knows of a physical device: its DevicePropertyHardwareID."""
        return HARDWARE_IDS[DeviceObject]

    def may_block(self, area: Handle) -> Generator[Wait, None, None]:
        """DxgkCbDestroyContextAllocation blocks while a paging packet is to fill the area. A
        callback cannot pause a generator; so this, to be yielded from before it, does."""
        yield from self.waits(area)


class Miniport(Protocol):
    """The DDIs of a WDDM miniport that this machine calls, by their documented names."""

    def DxgkDdiAddDevice(self, PhysicalDeviceObject: Handle,
                         MiniportDeviceContext: Out[Handle]) -> Result:
        """NC:dispmprt.DXGKDDI_ADD_DEVICE."""

    def DxgkDdiStartDevice(self, MiniportDeviceContext: Handle,
                           DxgkStartInfo: DXGK_START_INFO, DxgkInterface: DXGKRNL_INTERFACE,
                           NumberOfVideoPresentSources: Out[int],
                           NumberOfChildren: Out[int]) -> Result:
        """NC:dispmprt.DXGKDDI_START_DEVICE."""

    def DxgkDdiStopDevice(self, MiniportDeviceContext: Handle) -> Result:
        """NC:dispmprt.DXGKDDI_STOP_DEVICE."""

    def DxgkDdiStopDeviceAndReleasePostDisplayOwnership(
            self, MiniportDeviceContext: Handle, TargetId: int) -> Result:
        """NC:dispmprt.DXGKDDI_STOP_DEVICE_AND_RELEASE_POST_DISPLAY_OWNERSHIP."""

    def DxgkDdiRemoveDevice(self, MiniportDeviceContext: Handle) -> Result:
        """NC:dispmprt.DXGKDDI_REMOVE_DEVICE."""

    def DxgkDdiQueryAdapterInfo(self, hAdapter: Handle,
                                pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> Result:
        """NC:d3dkmddi.DXGKDDI_QUERYADAPTERINFO."""

    def DxgkDdiCreateProcess(self, hAdapter: Handle,
                             pArgs: DXGKARG_CREATEPROCESS) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEPROCESS."""

    def DxgkDdiDestroyProcess(self, hAdapter: Handle, hKmdProcess: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYPROCESS."""

    def DxgkDdiCreateDevice(self, hAdapter: Handle,
                            pCreateDevice: DXGKARG_CREATEDEVICE) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEDEVICE."""

    def DxgkDdiDestroyDevice(self, hDevice: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYDEVICE."""

    def DxgkDdiCreateContext(self, hDevice: Handle,
                             pCreateContext: DXGKARG_CREATECONTEXT) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATECONTEXT."""

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYCONTEXT."""

    def DxgkDdiSetRootPageTable(self, hAdapter: Handle,
                                pSetPageTable: DXGKARG_SETROOTPAGETABLE) -> None:
        """NC:d3dkmddi.DXGKDDI_SETROOTPAGETABLE."""

    def DxgkDdiRender(self, hContext: Handle, pRender: DXGKARG_RENDER) -> Result:
        """NC:d3dkmddi.DXGKDDI_RENDER."""

    def DxgkDdiCancelCommand(self, hAdapter: Handle,
                             pCancelCommand: DXGKARG_CANCELCOMMAND) -> Result:
        """NC:d3dkmddi.DXGKDDI_CANCELCOMMAND."""

    def DxgkDdiSubmitCommand(self, hAdapter: Handle,
                             pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> Result:
        """NC:d3dkmddi.DXGKDDI_SUBMITCOMMAND."""

    def DxgkDdiQueryDependentEngineGroup(
            self, hAdapter: Handle,
            pQueryDependentEngineGroup: DXGKARG_QUERYDEPENDENTENGINEGROUP) -> Result:
        """NC:d3dkmddi.DXGKDDI_QUERYDEPENDENTENGINEGROUP."""

    def DxgkDdiResetEngine(self, hAdapter: Handle,
                           pResetEngine: DXGKARG_RESETENGINE) -> Result:
        """NC:d3dkmddi.DXGKDDI_RESETENGINE."""

    def DxgkDdiPreemptCommand(self, hAdapter: Handle,
                              pPreemptCommand: DXGKARG_PREEMPTCOMMAND) -> Result:
        """NC:d3dkmddi.DXGKDDI_PREEMPTCOMMAND."""

    def DxgkDdiCollectDbgInfo(self, hAdapter: Handle,
                              pCollectDbgInfo: DXGKARG_COLLECTDBGINFO) -> Result:
        """NC:d3dkmddi.DXGKDDI_COLLECTDBGINFO."""

    def DxgkDdiResetFromTimeout(self, hAdapter: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_RESETFROMTIMEOUT."""

    def DxgkDdiRestartFromTimeout(self, hAdapter: Handle) -> Result:
        """NC:d3dkmddi.DXGKDDI_RESTARTFROMTIMEOUT."""

    def DxgkDdiNotifySurpriseRemoval(self, MiniportDeviceContext: Handle,
                                     RemovalType: DXGK_SURPRISE_REMOVAL_TYPE) -> Result:
        """NC:dispmprt.DXGKDDI_NOTIFY_SURPRISE_REMOVAL."""

    def DxgkDdiSetPowerState(self, MiniportDeviceContext: Handle, DeviceUid: int,
                             DevicePowerState: DEVICE_POWER_STATE,
                             ActionType: POWER_ACTION) -> Result:
        """NC:dispmprt.DXGKDDI_SET_POWER_STATE."""

    def DxgkDdiBeginExclusiveAccess(
            self, hAdapter: Handle, pBeginExclusiveAccess: DXGKARG_BEGINEXCLUSIVEACCESS) -> Result:
        """NC:d3dkmddi.DXGKDDI_BEGINEXCLUSIVEACCESS."""

    def DxgkDdiEndExclusiveAccess(
            self, hAdapter: Handle, pEndExclusiveAccess: DXGKARG_ENDEXCLUSIVEACCESS) -> Result:
        """NC:d3dkmddi.DXGKDDI_ENDEXCLUSIVEACCESS."""

    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext: Handle,
                                MessageNumber: int) -> bool:
        """NC:dispmprt.DXGKDDI_INTERRUPT_ROUTINE."""

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext: Handle) -> Blocking[None] | None:
        """NC:dispmprt.DXGKDDI_DPC_ROUTINE."""

    def DxgkDdiCreateAllocation(self, hAdapter: Handle,
                                pCreateAllocation: DXGKARG_CREATEALLOCATION) -> Result:
        """NC:d3dkmddi.DXGKDDI_CREATEALLOCATION."""

    def DxgkDdiDestroyAllocation(self, hAdapter: Handle,
                                 pDestroyAllocation: DXGKARG_DESTROYALLOCATION) -> Result:
        """NC:d3dkmddi.DXGKDDI_DESTROYALLOCATION."""

    def DxgkDdiOpenAllocation(self, hDevice: Handle,
                              pOpenAllocation: DXGKARG_OPENALLOCATION) -> Result:
        """NC:d3dkmddi.DXGKDDI_OPENALLOCATIONINFO."""

    def DxgkDdiCloseAllocation(self, hDevice: Handle,
                               pCloseAllocation: DXGKARG_CLOSEALLOCATION) -> Result:
        """NC:d3dkmddi.DXGKDDI_CLOSEALLOCATION."""

    def DxgkDdiBuildPagingBuffer(self, hAdapter: Handle,
                                 pBuildPagingBuffer: DXGKARG_BUILDPAGINGBUFFER) -> Result:
        """NC:d3dkmddi.DXGKDDI_BUILDPAGINGBUFFER."""

    def DxgkDdiEscape(self, hAdapter: Handle, pEscape: DXGKARG_ESCAPE) -> Result:
        """NC:d3dkmddi.DXGKDDI_ESCAPE."""


Factory: TypeAlias = Callable[[Kernel], Miniport]
"""Makes a miniport that lives in this kernel."""

