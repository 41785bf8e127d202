"""Defects of paging packets and root page tables."""

from __future__ import annotations

from wddmcheck.machine.gpu.node import Command
from wddmcheck.machine.miniport import Kernel
from wddmcheck.machine.paging_structs import DXGKARG_BUILDPAGINGBUFFER
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Allocation, Context, PagingPacket
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKARG_SETROOTPAGETABLE, NULL, Handle


class PacketKeepsAllocation(ReferenceMiniport):
    """A paging packet remembers the allocation that it is about, and looks at it in the end."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.about: dict[Handle, Allocation] = {}

    def DxgkDdiBuildPagingBuffer(self, hAdapter: Handle,
                                 pBuildPagingBuffer: DXGKARG_BUILDPAGINGBUFFER) -> NtStatus:
        """Against PAG-05: the allocation may go before the packet."""
        arg = pBuildPagingBuffer
        status = super().DxgkDdiBuildPagingBuffer(hAdapter, arg)
        if status.succeeds and arg.hAllocation != NULL:
            self.about[arg.pDmaBufferPrivateData] = self.pool.at(arg.hAllocation, Allocation)
        return status

    def retire_paging(self, packet: PagingPacket) -> None:
        """Looks at it."""
        allocation = self.about.pop(self.pool.address(packet), None)
        if allocation is not None:
            self.inspect(allocation)
        super().retire_paging(packet)


class ReportsPagingTwice(ReferenceMiniport):
    """A paging packet is reported at every interrupt until it is retired."""

    def is_to_report(self, packet: PagingPacket) -> bool:
        """Against FEN-01."""
        return self.registers(packet.adapter).is_complete(0, packet.fence)


class SetsRootPageTableOnce(ReferenceMiniport):
    """The first root page table of a context is taken for the only one."""

    def DxgkDdiSetRootPageTable(self, hAdapter: Handle,
                                pSetPageTable: DXGKARG_SETROOTPAGETABLE) -> None:
        """Against PAG-06."""
        context = self.pool.at(pSetPageTable.hContext, Context)
        assert context.hardware is not None
        if context.hardware.root == 0:
            super().DxgkDdiSetRootPageTable(hAdapter, pSetPageTable)


class LeavesTheRange(ReferenceMiniport):
    """Nothing is done to an aperture range that shows nothing any more."""

    def unmap(self, page: int) -> tuple[Command, ...]:
        """Against PAG-04: the dummy page is not there."""
        return ()
