"""Packets before they are submitted: built from commands of user mode, or cancelled."""

from __future__ import annotations

from wddmcheck.machine.packet_structs import DXGKARG_CANCELCOMMAND, DXGKARG_RENDER
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS, Common
from wddmcheck.machine.reference.objects import Context, OpenAllocation, Packet
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import NULL, Handle


class PacketDdis(Common):
    """Packets before they are submitted."""

    def DxgkDdiRender(self, hContext: Handle, pRender: DXGKARG_RENDER) -> NtStatus:
        """SUB-01, SUB-02: the commands are checked, and what they read goes into the packet."""
        if not pRender.pCommand.valid:
            return NtStatus.STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE
        context = self.pool.at(hContext, Context)
        context.packet = self.pool.allocate(
            Packet, context=context,
            inputs=tuple((e.VirtualAddress, e.content) for e in pRender.pAllocationList))
        if context.packet is None:
            return NO_MEMORY
        for entry in pRender.pAllocationList:
            opened = self.pool.at(entry.hDeviceSpecificAllocation, OpenAllocation)
            context.uses = opened.allocation
        return SUCCESS

    def DxgkDdiCancelCommand(self, hAdapter: Handle,
                             pCancelCommand: DXGKARG_CANCELCOMMAND) -> NtStatus:
        """SUB-11: nothing is kept of a packet that does not reach the hardware, or not again."""
        context = self.pool.at(pCancelCommand.hContext, Context)
        self.free_packet(context)
        context.uses, context.reads = None, NULL
        return SUCCESS
