"""What becomes of the memory of DMA buffers: how it comes, moves and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dma_structs import DmaMemory, DmaPrivateData
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer, OsMonitoredFence, Way, work_of
from wddmcheck.machine.gpu.dma import Commands

if TYPE_CHECKING:
    from wddmcheck.machine.dxgkrnl.objects import OsContext
    from wddmcheck.machine.machine import Machine


def new_buffer(m: Machine, context: OsContext, way: Way, waits: OsMonitoredFence | None,
               *, hostile: bool = False) -> OsDmaBuffer | None:
    """A DMA buffer with its private data, None if there is no memory. User mode has put its data
    into it, and its commands where they need no translation, whose addresses are right for good."""
    segment, pool = m.gpu.memory.segment, work_of(m).pool
    page = segment.take()
    if page is None:
        return None
    handle, virtual = m.handles.new(), way is not Way.PHYSICAL
    va = context.device.process.table.map(page) if virtual else 0
    memory, private = pool.allocate(DmaMemory, segment=segment, page=page), pool.allocate(
        DmaPrivateData)
    assert memory is not None, "Dxgkrnl's own pool has room"
    memory.write(Commands(b"D%07X" % (handle & 0xFFF_FFFF), reads=va, hostile=hostile))
    return m.handles.add(OsDmaBuffer(
        handle=handle, open=True, context=context, way=way, page=page, memory=memory,
        private=private, va=va, addressed=virtual, waits=waits))


def end_private_data(m: Machine, buffer: OsDmaBuffer) -> None:
    """SUB-12: the private data of a buffer is freed, once."""
    if buffer.private is not None:
        work_of(m).pool.free(buffer.private, DmaPrivateData.TAG)
        buffer.private = None


def end_buffer(m: Machine, buffer: OsDmaBuffer) -> None:
    """A buffer goes, with what is left of its private data."""
    end_private_data(m, buffer)
    work_of(m).pool.free(buffer.memory, DmaMemory.TAG)
    buffer.context.device.process.table.unmap(buffer.va)
    m.gpu.memory.segment.give_back(buffer.page)
    m.handles.remove(buffer)


def come_back(m: Machine, buffer: OsDmaBuffer) -> None:
    """SUB-04, SUB-07: a preempted buffer is Dxgkrnl's again, and its memory moves: the addresses in
    it are not right any more."""
    segment = m.gpu.memory.segment
    page = segment.take()
    assert page is not None, "a buffer moves into free memory"
    segment.write(page, segment.read(buffer.page))
    segment.give_back(buffer.page)
    buffer.page = buffer.memory.page = page
    buffer.fence, buffer.addressed = 0, False


def retire(m: Machine) -> None:
    """SUB-12: DMA buffers that were reported are over."""
    for buffer in [b for b in m.handles.all(OsDmaBuffer) if b.reported]:
        end_buffer(m, buffer)
