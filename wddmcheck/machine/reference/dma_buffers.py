"""The reference miniport whose contexts have several DMA buffers at once, submitted in three ways,
and whose commands write monitored fences.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from wddmcheck.machine.dma_structs import (
    DXGKARG_PATCH,
    DXGKARG_SIGNALMONITOREDFENCE,
    DXGKARG_SUBMITCOMMANDVIRTUAL,
    DmaMemory,
    DmaPrivateData,
    KernelSubmissionType,
)
from wddmcheck.machine.gpu.dma import Commands, DmaPacket
from wddmcheck.machine.gpu.node import HwContext
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.packet_structs import DXGKARG_RENDER
from wddmcheck.machine.queue_structs import (
    DXGKARG_CREATEHWQUEUE,
    DXGKARG_SUBMITCOMMANDTOHWQUEUE,
)
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.miniport import ReferenceMiniport
from wddmcheck.machine.reference.objects import (
    Adapter,
    BufferQueue,
    Context,
    Device,
    DmaAdapter,
    Submission,
)
from wddmcheck.machine.runtime_structs import DXGKARG_QUERYCURRENTFENCE
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_INTERRUPT_TYPE,
    DXGKARG_COLLECTDBGINFO,
    DXGKARG_CREATECONTEXT,
    DXGKARG_PREEMPTCOMMAND,
    DXGKARG_SUBMITCOMMAND,
    DXGKARGCB_MAPCONTEXTALLOCATION,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    Handle,
)
from wddmcheck.machine.waits import Blocking

NODE = 0
"""The node that all buffers go to."""


class DmaMiniport(ReferenceMiniport):
    """A miniport that is given DMA buffers, patches them, and hands them to the hardware in the
    order of their fences."""

    BLOCK = DmaAdapter

    def block(self, adapter: Handle) -> DmaAdapter:
        """The adapter with what it has of DMA buffers."""
        return self.pool.at(adapter, DmaAdapter)

    def block_of(self, context: Context) -> DmaAdapter:
        """The adapter of a context."""
        assert isinstance(context.adapter, DmaAdapter)
        return context.adapter

    # --- contexts ---------------------------------------------------------------------------------

    def DxgkDdiCreateContext(self, hDevice: Handle,
                             pCreateContext: DXGKARG_CREATECONTEXT) -> Pauses:
        """CTX-01, CAL-11: without context allocations, or with one for each purpose."""
        device = self.pool.at(hDevice, Device)
        adapter = device.adapter
        context = self.pool.allocate(Context, os_handle=pCreateContext.hContext, adapter=adapter,
                                     device=device,
                                     hardware=HwContext(adapter.next_hw_context, 0))
        if context is None:
            return NO_MEMORY
        adapter.next_hw_context += 1
        data = pCreateContext.pPrivateDriverData
        if data is not None and data.areas and not self.create_areas(context):
            return (yield from self.undo_create(context))
        device.contexts.append(context)
        return self.created(context, pCreateContext)

    def create_areas(self, context: Context) -> bool:
        """CAL-09: one area for the hardware's state, which needs no address that an application
        could use, and one for the application."""
        if not self.create_area(context) or not self.create_area(context):
            return False
        assert context.hardware is not None
        context.hardware.area = context.areas[0]
        context.hardware.user_va = self.map_area(context, context.areas[1])
        return context.hardware.user_va != 0

    def map_area(self, context: Context, area: Handle) -> int:
        """CAL-09: an address in the address space of the application, 0 if there is none."""
        dxgk = self.dxgk(context.adapter)
        return dxgk.DxgkCbMapContextAllocation(
            dxgk.DeviceHandle, DXGKARGCB_MAPCONTEXTALLOCATION(area))

    def DxgkDdiCreateHwQueue(self, pCreateHwQueue: DXGKARG_CREATEHWQUEUE) -> NtStatus:
        """HWQ-02."""
        context = self.pool.at(pCreateHwQueue.hHwContext, Context)
        queue = self.pool.allocate(BufferQueue, context=context)
        if queue is None:
            return NO_MEMORY
        pCreateHwQueue.hHwQueue = self.pool.address(queue)
        return SUCCESS

    def DxgkDdiDestroyHwQueue(self, hHwQueue: Handle) -> NtStatus:
        """HWQ-03."""
        self.pool.free(self.pool.at(hHwQueue, BufferQueue), BufferQueue.TAG)
        return SUCCESS

    # --- what is built ----------------------------------------------------------------------------

    def DxgkDdiRender(self, hContext: Handle, pRender: DXGKARG_RENDER) -> NtStatus:
        """SUB-01, SUB-04: with the address of the buffer's data, if that is known already."""
        if not pRender.pCommand.valid:
            return NtStatus.STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE
        assert pRender.pDmaBuffer is not None
        known = pRender.DmaBufferPhysicalAddress if pRender.DmaBufferSegmentId else 0
        pRender.pDmaBuffer.write(replace(pRender.pDmaBuffer.read(), reads=known))
        return SUCCESS

    def DxgkDdiPatch(self, hAdapter: Handle, pPatch: DXGKARG_PATCH) -> Pauses:
        """SUB-04: as often as Dxgkrnl wants it, since memory may have moved each time."""
        yield from self.compose(self.block(hAdapter), pPatch.pDmaBuffer, replace(
            pPatch.pDmaBuffer.read(), reads=pPatch.DmaBufferPhysicalAddress))
        pPatch.pDmaBufferPrivateData.marked = True
        return SUCCESS

    def compose(self, adapter: DmaAdapter, target: DmaMemory,
                commands: Commands) -> Blocking[None]:
        """GEN-04: by way of the scratch memory, as one thread at a time is in the scheduler's
        class."""
        adapter.scratch = commands
        yield PREEMPT
        target.write(adapter.scratch)
        adapter.scratch = None

    def DxgkDdiSignalMonitoredFence(
            self, hContext: Handle,
            pSignalMonitoredFence: DXGKARG_SIGNALMONITOREDFENCE) -> Pauses:
        """FEN-05: threads of several processes may be in it, but for paging buffers."""
        arg = pSignalMonitoredFence
        adapter = self.block_of(self.pool.at(hContext, Context))
        commands = replace(arg.pDmaBuffer.read(), fence_va=arg.MonitoredFenceGpuVa,
                           fence_value=arg.MonitoredFenceValue)
        if self.is_alone(arg.KernelSubmissionType):
            yield from self.compose(adapter, arg.pDmaBuffer, commands)
        else:
            arg.pDmaBuffer.write(commands)
        return SUCCESS

    def is_alone(self, kind: KernelSubmissionType) -> bool:
        """GEN-04: whether the call is one of the scheduler's class."""
        return kind is KernelSubmissionType.PAGING

    # --- three ways of submission -----------------------------------------------------------------

    def give(self, context: Context, packet: DmaPacket, data: DmaPrivateData | None) -> None:
        """The hardware gets a buffer, at DISPATCH_LEVEL."""
        adapter = self.block_of(context)
        submission = Submission(packet.fence, context, data)
        adapter.newest = submission
        adapter.submissions.append(submission)
        self.registers(adapter).submit(NODE, packet)

    def DxgkDdiSubmitCommand(self, hAdapter: Handle,
                             pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> NtStatus:
        """SUB-05: the addresses in it are right."""
        context = self.pool.at(pSubmitCommand.hContext, Context)
        self.give(context, DmaPacket(
            context.hardware, pSubmitCommand.SubmissionFenceId,
            address=pSubmitCommand.DmaBufferPhysicalAddress, physical=True), pSubmitCommand.data)
        return SUCCESS

    def DxgkDdiSubmitCommandVirtual(
            self, hAdapter: Handle, pSubmitCommand: DXGKARG_SUBMITCOMMANDVIRTUAL) -> NtStatus:
        """SUB-06: user mode has written the commands, so they may be malformed."""
        fence, data = pSubmitCommand.SubmissionFenceId, pSubmitCommand.pDmaBufferPrivateData
        if not data.valid:
            self.refuse(self.block(hAdapter), fence)
            return NtStatus.STATUS_INVALID_PARAMETER
        context = self.pool.at(pSubmitCommand.hContext, Context)
        self.give(context, DmaPacket(
            context.hardware, fence, address=pSubmitCommand.DmaBufferVirtualAddress), data)
        return SUCCESS

    def refuse(self, adapter: DmaAdapter, fence: int) -> None:
        """SUB-06: the fence counts as completed, now, or when all before it is done."""
        if not adapter.submissions:
            adapter.completed = fence
        adapter.refused = fence

    def DxgkDdiSubmitCommandToHwQueue(
            self, hAdapter: Handle,
            pSubmitCommandToHwQueue: DXGKARG_SUBMITCOMMANDTOHWQUEUE) -> NtStatus:
        """HWQ-05, SUB-12: the private data is gone when this returns."""
        arg = pSubmitCommandToHwQueue
        assert arg.pDmaBufferPrivateData is not None
        arg.pDmaBufferPrivateData.marked = True
        context = self.pool.at(arg.hHwQueue, BufferQueue).context
        self.give(context, DmaPacket(context.hardware, arg.HwQueueProgressFenceId,
                                     address=arg.DmaBufferVirtualAddress),
                  self.keep_data(arg.pDmaBufferPrivateData))
        return SUCCESS

    def keep_data(self, data: DmaPrivateData) -> DmaPrivateData | None:
        """SUB-12: what the driver may look at later of a buffer of a hardware queue."""
        return None

    # --- what becomes of it -----------------------------------------------------------------------

    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext: Handle, MessageNumber: int) -> bool:
        """INT-02: looks at what it was given with each buffer that is complete."""
        adapter = self.block(MiniportDeviceContext)
        for submission in adapter.submissions:
            if submission.data is not None and self.is_done(adapter, submission):
                _ = submission.data.marked
        return super().DxgkDdiInterruptRoutine(MiniportDeviceContext, MessageNumber)

    def is_done(self, adapter: DmaAdapter, submission: Submission) -> bool:
        """Whether the node is through with a buffer, and nobody has said so."""
        return not submission.reported and self.registers(adapter).is_complete(
            NODE, submission.fence)

    def report_complete(self, adapter: Adapter, ordinal: int) -> None:
        """INT-03, FEN-01: each fence once; at DIRQL."""
        assert isinstance(adapter, DmaAdapter)
        for submission in adapter.submissions if ordinal == NODE else ():
            if self.is_done(adapter, submission):
                submission.reported = True
                adapter.nodes[NODE].last_completed = submission.fence
                dxgk = self.dxgk(adapter)
                dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
                    DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED, submission.fence))

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext: Handle) -> Blocking[None]:
        """INT-05: retire what has been reported."""
        self.retire_reported(self.block(MiniportDeviceContext))
        yield from super().DxgkDdiDpcRoutine(MiniportDeviceContext)

    def retire_reported(self, adapter: DmaAdapter) -> None:
        """SUB-06, SUB-12: the last completed fence moves, over that of a refused buffer where
        nothing before it is left; the rest of what is retired is Dxgkrnl's."""
        reported = [s for s in adapter.submissions if s.reported]
        for submission in reported:
            adapter.completed = submission.fence
            self.take_out(adapter, submission)
        if reported and adapter.refused > adapter.completed and not any(
                s.fence < adapter.refused for s in adapter.submissions):
            adapter.completed = adapter.refused

    def take_out(self, adapter: DmaAdapter, submission: Submission) -> None:
        """A buffer is no longer the driver's, and its ring entry is free."""
        self.registers(adapter).retire(NODE, submission.fence)
        adapter.submissions.remove(submission)
        if adapter.newest is submission:
            adapter.newest = None

    def DxgkDdiPreemptCommand(self, hAdapter: Handle,
                              pPreemptCommand: DXGKARG_PREEMPTCOMMAND) -> NtStatus:
        """SUB-09: the node answers at once, and so does the driver."""
        adapter = self.block(hAdapter)
        self.registers(adapter).preempt_at_once(NODE)
        adapter.nodes[NODE].preempting = pPreemptCommand.PreemptionFenceId
        self.answer_preemption(adapter, NODE)
        return SUCCESS

    def report_preempted(self, adapter: Adapter, ordinal: int) -> None:
        """SUB-09, SUB-10: what is complete first; the rest is Dxgkrnl's again. At DIRQL."""
        assert isinstance(adapter, DmaAdapter)
        self.report_complete(adapter, ordinal)
        for submission in [s for s in adapter.submissions if not s.reported]:
            self.take_out(adapter, submission)
        super().report_preempted(adapter, ordinal)

    def DxgkDdiQueryCurrentFence(self, hAdapter: Handle,
                                 pCurrentFence: DXGKARG_QUERYCURRENTFENCE) -> NtStatus:
        """FEN-03: what is complete has been reported when this returns."""
        adapter = self.block(hAdapter)
        dxgk = self.dxgk(adapter)
        dxgk.DxgkCbSynchronizeExecution(
            dxgk.DeviceHandle, partial(self.report_complete, adapter, NODE))
        pCurrentFence.CurrentFence = adapter.completed
        return SUCCESS

    # --- emergencies ------------------------------------------------------------------------------

    def DxgkDdiCollectDbgInfo(self, hAdapter: Handle,
                              pCollectDbgInfo: DXGKARG_COLLECTDBGINFO) -> NtStatus:
        """TDR-07: what can be reached in one go."""
        adapter = self.block(hAdapter)
        newest = adapter.newest
        text = f"{newest.fence} of {newest.context.os_handle:x}" if newest is not None else "idle"
        pCollectDbgInfo.pBuffer[:] = text.encode()[:pCollectDbgInfo.BufferSize]
        return SUCCESS

    def DxgkDdiResetDevice(self, MiniportDeviceContext: Handle) -> None:
        """ADP-11: by registers only."""
        self.registers(self.block(MiniportDeviceContext)).enter_text_mode()
