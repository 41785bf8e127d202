"""Defects around DMA buffers, monitored fences, and calls that come at any time."""

from __future__ import annotations

from dataclasses import replace

from wddmcheck.machine.dma_structs import (
    DXGKARG_PATCH,
    DmaPrivateData,
    KernelSubmissionType,
)
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.dma_buffers import DmaMiniport
from wddmcheck.machine.reference.objects import Context, DmaAdapter
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGKARG_COLLECTDBGINFO,
    DXGKARG_SUBMITCOMMAND,
    Handle,
)


class CollectKeepsPointer(DmaMiniport):
    """CollectDbgInfo takes down which buffer is the newest, and follows the pointer later."""

    def DxgkDdiCollectDbgInfo(  # type: ignore[override]  # (it may be interrupted)
            self, hAdapter: Handle, pCollectDbgInfo: DXGKARG_COLLECTDBGINFO) -> Pauses:
        """Against TDR-07."""
        newest = self.block(hAdapter).newest
        if newest is None or newest.data is None:
            return SUCCESS
        data = newest.data
        yield PREEMPT
        text = f"{newest.fence}, {'marked' if data.marked else 'not marked'}"
        pCollectDbgInfo.pBuffer[:] = text.encode()[:pCollectDbgInfo.BufferSize]
        return SUCCESS


class IsrReadsQueueData(DmaMiniport):
    """The private data of a buffer that goes to a hardware queue is kept for the ISR."""

    def keep_data(self, data: DmaPrivateData) -> DmaPrivateData:
        """Against SUB-12."""
        return data


class PatchesOnce(DmaMiniport):
    """Patch takes a buffer that has been submitted before for patched."""

    def DxgkDdiSubmitCommand(self, hAdapter: Handle,
                             pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> NtStatus:
        """Notes that it has been."""
        assert pSubmitCommand.data is not None
        pSubmitCommand.data.fence = pSubmitCommand.SubmissionFenceId
        return super().DxgkDdiSubmitCommand(hAdapter, pSubmitCommand)

    def DxgkDdiPatch(  # type: ignore[override]  # (nothing in it can be interrupted)
            self, hAdapter: Handle, pPatch: DXGKARG_PATCH) -> NtStatus:
        """Against SUB-04: memory may have moved since."""
        if pPatch.pDmaBufferPrivateData.fence == 0:
            pPatch.pDmaBuffer.write(replace(
                pPatch.pDmaBuffer.read(), reads=pPatch.DmaBufferPhysicalAddress))
        return SUCCESS


class ForgetsRefusedFence(DmaMiniport):
    """SubmitCommandVirtual refuses a malformed buffer, and that is all."""

    def refuse(self, adapter: DmaAdapter, fence: int) -> None:
        """Against SUB-06."""


class ResetReadsConfig(DmaMiniport):
    """ResetDevice looks at what AddDevice has read from the registry, in paged memory."""

    def DxgkDdiResetDevice(self, MiniportDeviceContext: Handle) -> None:
        """Against ADP-11."""
        config = self.block(MiniportDeviceContext).config
        if config is not None and config.used:
            super().DxgkDdiResetDevice(MiniportDeviceContext)


class MapsSaveArea(DmaMiniport):
    """CreateContext maps the area that holds the hardware's state."""

    def create_areas(self, context: Context) -> bool:
        """Against CAL-09."""
        if not self.create_area(context):
            return False
        assert context.hardware is not None
        context.hardware.area = context.areas[0]
        return self.map_area(context, context.areas[0]) != 0


class SignalUsesScratch(DmaMiniport):
    """SignalMonitoredFence uses the scratch memory of the scheduler's class for all buffers."""

    def is_alone(self, kind: KernelSubmissionType) -> bool:
        """Against FEN-05: applications' threads are beside the class."""
        return True
