"""Paging, for simple_miniport.py: commands with addresses in them, and nothing of allocations."""

from simple_structures import Adapter, Allocation, PagingPacket

from wddmcheck.machine.gpu.node import Command, Opcode, Packet
from wddmcheck.machine.paging_structs import DXGK_TRANSFERFLAGS, PagingOperation
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import NULL

OK = NtStatus.STATUS_SUCCESS
BUSY = NtStatus.STATUS_GRAPHICS_ALLOCATION_BUSY


class Paging:
    """`self.notify` reports a fence."""

    def DxgkDdiBuildPagingBuffer(self, hAdapter, pBuildPagingBuffer):
        arg, adapter = pBuildPagingBuffer, self.pool.at(hAdapter, Adapter)
        update = arg.UpdatePageTable
        if update is not None:                                 # for the paging process: at once
            adapter.registers.write_page_table(
                update.PageTableAddress, update.StartIndex, update.pPageTableEntries)
            return OK
        if arg.DmaSize == 0:
            return NtStatus.STATUS_GRAPHICS_INSUFFICIENT_DMA_BUFFER
        idle = DXGK_TRANSFERFLAGS.AllocationIsIdle in arg.Flags
        if arg.TransferSize and not idle and not adapter.registers.copy_engine_ready():
            return BUSY
        if arg.hAllocation != NULL:
            self.pool.at(arg.hAllocation, Allocation).looked_at += 1
        if arg.DmaBufferPrivateDataSize:                       # it will be submitted
            packet = self.pool.allocate(PagingPacket, commands=self.commands(arg))
            if packet is None:
                return BUSY
            arg.pDmaBufferPrivateData = self.pool.address(packet)
        return OK

    def commands(self, arg):
        page = arg.Memory.SegmentAddress
        write = Command(Opcode.WRITE, page, arg.Memory.content)
        match arg.Operation:
            case PagingOperation.DXGK_OPERATION_MAP_APERTURE_SEGMENT:
                return (write, Command(Opcode.MAP, page))
            case PagingOperation.DXGK_OPERATION_UNMAP_APERTURE_SEGMENT:
                return (Command(Opcode.UNMAP, page),)          # the dummy page from now on
            case PagingOperation.DXGK_OPERATION_DISCARD_CONTENT:
                return ()
            case PagingOperation.DXGK_OPERATION_TRANSFER if arg.Memory.Out:
                return (Command(Opcode.COPY_OUT, page),)
        return (write,)

    def submit_paging(self, adapter, pSubmitCommand):
        packet = self.pool.at(pSubmitCommand.pDmaBufferPrivateData[0], PagingPacket)
        packet.fence = pSubmitCommand.SubmissionFenceId
        adapter.paging.append(packet)
        adapter.registers.submit(0, Packet(None, packet.fence, commands=packet.commands))
        return OK

    def report_paging(self, adapter):
        for packet in adapter.paging:
            if not packet.reported and adapter.registers.is_complete(0, packet.fence):
                packet.reported = True
                self.notify(adapter, packet.fence)

    def retire_paging(self, adapter):
        for packet in [p for p in adapter.paging if p.reported]:
            if adapter.registers is not None:
                adapter.registers.retire(0, packet.fence)
            adapter.paging.remove(packet)
            self.pool.free(packet, PagingPacket.TAG)
