"""Paging: commands are built now, and run when nobody knows what there was then."""

from __future__ import annotations

from wddmcheck.machine.gpu.node import Command, Opcode
from wddmcheck.machine.gpu.node import Packet as GpuPacket
from wddmcheck.machine.paging_structs import (
    DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE,
    DXGK_TRANSFERFLAGS,
    DXGKARG_BUILDPAGINGBUFFER,
    PagingOperation,
)
from wddmcheck.machine.reference.common import SUCCESS, Common
from wddmcheck.machine.reference.objects import Adapter, Allocation, PagingPacket, Resource
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKARG_SUBMITCOMMAND, NULL, Handle

BUSY = NtStatus.STATUS_GRAPHICS_ALLOCATION_BUSY


class PagingDdis(Common):
    """Paging: building commands, and submitting them."""

    def DxgkDdiBuildPagingBuffer(self, hAdapter: Handle,
                                 pBuildPagingBuffer: DXGKARG_BUILDPAGINGBUFFER) -> NtStatus:
        """PAG-01 to PAG-03: nothing is kept of an allocation after the call, but where its memory
        is; an idle allocation is not busy. TDR-04: there is nothing to copy where content was
        lost."""
        arg = pBuildPagingBuffer
        adapter = self.pool.at(hAdapter, Adapter)
        if arg.UpdatePageTable is not None:
            return self.update_page_table(adapter, arg.UpdatePageTable)
        if arg.DmaSize == 0:
            return NtStatus.STATUS_GRAPHICS_INSUFFICIENT_DMA_BUFFER
        moves = arg.TransferSize != 0 and DXGK_TRANSFERFLAGS.AllocationIsIdle not in arg.Flags
        if moves and self.is_busy(adapter):
            return BUSY
        if arg.hAllocation != NULL:
            self.inspect(self.pool.at(arg.hAllocation, Allocation))
        if arg.DmaBufferPrivateDataSize:
            packet = self.pool.allocate(PagingPacket, adapter=adapter, commands=self.commands(arg))
            if packet is None:
                return BUSY
            arg.pDmaBufferPrivateData = self.pool.address(packet)
        return SUCCESS

    def is_busy(self, adapter: Adapter) -> bool:
        """Whether the copy engine takes nothing now."""
        return adapter.registers is not None and not adapter.registers.copy_engine_ready()

    def update_page_table(self, adapter: Adapter,
                          update: DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE) -> NtStatus:
        """PWR-04: by the CPU, and at once."""
        self.registers(adapter).write_page_table(
            update.PageTableAddress, update.StartIndex, update.pPageTableEntries)
        return SUCCESS

    def inspect(self, allocation: Allocation) -> Resource | None:
        """Look at what the driver keeps of an allocation."""
        return allocation.resource

    def commands(self, arg: DXGKARG_BUILDPAGINGBUFFER) -> tuple[Command, ...]:
        """PAG-04, CAL-05: what the GPU is to do, by the address of the memory."""
        assert arg.Memory is not None
        page, content = arg.Memory.SegmentAddress, arg.Memory.content
        match arg.Operation:
            case PagingOperation.DXGK_OPERATION_TRANSFER if arg.Memory.Out:
                return (Command(Opcode.COPY_OUT, page),)
            case PagingOperation.DXGK_OPERATION_TRANSFER if (
                    DXGK_TRANSFERFLAGS.TransferEnd not in arg.Flags):
                return ()        # the copy is made as a whole, at the end
            case PagingOperation.DXGK_OPERATION_DISCARD_CONTENT:
                return ()
            case PagingOperation.DXGK_OPERATION_MAP_APERTURE_SEGMENT:
                return (Command(Opcode.WRITE, page, content), Command(Opcode.MAP, page))
            case PagingOperation.DXGK_OPERATION_UNMAP_APERTURE_SEGMENT:
                return self.unmap(page)
            case _:
                return (Command(Opcode.WRITE, page, content),)

    def unmap(self, page: int) -> tuple[Command, ...]:
        """PAG-04: the range shows the dummy page, before the memory is somebody else's."""
        return (Command(Opcode.UNMAP, page),)

    def submit_paging(self, adapter: Adapter,
                      pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> NtStatus:
        """PAG-05: a packet of no context."""
        packet = self.pool.at(pSubmitCommand.pDmaBufferPrivateData[0], PagingPacket)
        packet.fence = pSubmitCommand.SubmissionFenceId
        adapter.paging.append(packet)
        self.registers(adapter).submit(0, GpuPacket(None, packet.fence, commands=packet.commands))
        return SUCCESS

    def retire_paging(self, packet: PagingPacket) -> None:
        """A paging packet is over: its ring entry is free, and nothing is kept of it."""
        self.registers(packet.adapter).retire(0, packet.fence)
        packet.adapter.paging.remove(packet)
        self.pool.free(packet, PagingPacket.TAG)
