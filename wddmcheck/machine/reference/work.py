"""Submission, interrupts, DPC."""

from __future__ import annotations

from wddmcheck.machine.gpu.node import Packet
from wddmcheck.machine.gpu.registers import GONE
from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.events import EventDdis
from wddmcheck.machine.reference.native_fences import NativeFenceDdis
from wddmcheck.machine.reference.objects import Adapter, Context, OpenAllocation, PagingPacket
from wddmcheck.machine.reference.paging import PagingDdis
from wddmcheck.machine.reference.suspension import SuspensionDdis
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_INTERRUPT_TYPE,
    DXGK_SUBMITCOMMANDFLAGS,
    DXGKARG_SUBMITCOMMAND,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    NULL,
    Handle,
)
from wddmcheck.machine.waits import Blocking


class WorkDdis(SuspensionDdis, PagingDdis, NativeFenceDdis, EventDdis):
    """Submission, interrupts, DPC."""

    def DxgkDdiSubmitCommand(self, hAdapter: Handle,
                             pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> NtStatus:
        """SUB-05: at DISPATCH_LEVEL."""
        adapter = self.pool.at(hAdapter, Adapter)
        if pSubmitCommand.hContext == NULL:
            return self.submit_paging(adapter, pSubmitCommand)
        context = self.pool.at(pSubmitCommand.hContext, Context)
        assert context.hardware is not None
        if DXGK_SUBMITCOMMANDFLAGS.Resubmission not in pSubmitCommand.Flags:
            for entry in pSubmitCommand.allocations:
                opened = self.pool.at(entry.hDeviceSpecificAllocation, OpenAllocation)
                context.uses = opened.allocation
        context.reads, va = pSubmitCommand.pDmaBufferPrivateData
        context.fence, context.reported = pSubmitCommand.SubmissionFenceId, False
        node = adapter.nodes[context.node]
        node.last_submitted = context.fence
        node.submissions.append(context)
        inputs = tuple((e.VirtualAddress, e.content) for e in pSubmitCommand.allocations)
        if context.packet is not None:
            inputs += context.packet.inputs
            context.packet.submitted = True
        if context.reads != NULL:
            inputs += ((va, b""),)
        self.registers(adapter).submit(
            context.node, Packet(context.hardware, context.fence, inputs))
        return SUCCESS

    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext: Handle, MessageNumber: int) -> bool:
        """INT-01 to INT-03: report what is complete, quiet the device, queue the DPC."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        registers = adapter.registers
        if registers is None or registers.interrupt_status in (0, GONE):
            return False
        assert adapter.isr is not None
        adapter.isr.masked = False
        for ordinal in range(len(adapter.nodes)):
            self.report_node(adapter, ordinal)
        for packet in adapter.paging:
            if self.is_to_report(packet):
                self.report_paging(packet)
        self.report_suspensions(adapter)
        self.report_fences(adapter)
        self.collect_events(adapter)
        registers.acknowledge_interrupt()
        self.queue_dpc(adapter)
        return True

    def queue_dpc(self, adapter: Adapter) -> bool:
        """INT-03, INT-04: the DPC that is queued, now or before, will do."""
        return self.dxgk(adapter).DxgkCbQueueDpc(self.dxgk(adapter).DeviceHandle)

    def report_node(self, adapter: Adapter, ordinal: int) -> None:
        """SUB-10: what is complete first, as the rest counts as preempted then."""
        self.report_complete(adapter, ordinal)
        if self.registers(adapter).take_preemption(ordinal):
            self.report_preempted(adapter, ordinal)

    def report_complete(self, adapter: Adapter, ordinal: int) -> None:
        """INT-03: what the node has completed since. TDR-01: nobody listens after a timeout."""
        node = adapter.nodes[ordinal]
        for context in node.submissions if not node.timed_out else ():
            if not context.reported and self.registers(adapter).is_complete(ordinal, context.fence):
                self.report(context)

    def report(self, context: Context) -> None:
        """FEN-01: each fence once; at DIRQL."""
        context.reported = True
        node = context.adapter.nodes[context.node]
        node.last_completed = max(node.last_completed, context.fence)
        dxgk = self.dxgk(context.adapter)
        dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
            DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED, context.fence,
            NodeOrdinal=context.node))

    def is_to_report(self, packet: PagingPacket) -> bool:
        """Whether the GPU is done with a paging packet, and nobody has said so."""
        return not packet.reported and self.registers(packet.adapter).is_complete(0, packet.fence)

    def report_paging(self, packet: PagingPacket) -> None:
        """FEN-01, PAG-05: each fence once; at DIRQL."""
        packet.reported = True
        dxgk = self.dxgk(packet.adapter)
        dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
            DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED, packet.fence))

    def report_preempted(self, adapter: Adapter, ordinal: int) -> None:
        """SUB-09, SUB-10: once for each preemption, also if nothing was left to preempt; what was
        not completed is no longer the driver's. At DIRQL."""
        node = adapter.nodes[ordinal]
        for context in tuple(node.submissions):
            if not context.reported:
                self.give_back(context)
        fence, node.preempting = node.preempting, 0
        dxgk = self.dxgk(adapter)
        dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
            DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_PREEMPTED, PreemptionFenceId=fence,
            LastCompletedFenceId=node.last_completed, NodeOrdinal=ordinal))

    def give_back(self, context: Context) -> None:
        """SUB-07: a preempted packet is Dxgkrnl's again; what it reads is kept for its return."""
        self.take_off(context)

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext: Handle) -> Blocking[None]:
        """INT-05: retire what has been reported, signal what is due."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        assert adapter.isr is not None
        adapter.isr.masked = False
        for node in adapter.nodes:
            for context in tuple(node.submissions):
                if context.reported:
                    self.retire(context)
        for packet in tuple(adapter.paging):
            if packet.reported:
                self.retire_paging(packet)
        yield from self.signal_due(adapter)
        self.dxgk(adapter).DxgkCbNotifyDpc(self.dxgk(adapter).DeviceHandle)

    def retire(self, context: Context) -> None:
        """A packet is over, and nothing is kept of it."""
        self.take_off(context)
        self.free_packet(context)
        context.uses, context.reads = None, NULL

    def take_off(self, context: Context) -> None:
        """A packet is no longer the driver's: its ring entry is free."""
        if context.adapter.registers is not None:
            context.adapter.registers.retire(context.node, context.fence)
        context.adapter.nodes[context.node].submissions.remove(context)
        context.fence, context.reported = 0, False
