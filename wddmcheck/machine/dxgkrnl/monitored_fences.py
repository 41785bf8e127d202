"""Dxgkrnl's side of monitored fences: values in memory, which commands of DMA buffers write."""

from __future__ import annotations

from dataclasses import replace

from wddmcheck.machine.dma_structs import DXGKARG_SIGNALMONITOREDFENCE, KernelSubmissionType
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer, OsMonitoredFence
from wddmcheck.machine.dxgkrnl.objects import OsDevice
from wddmcheck.machine.dxgkrnl.registry import ddi, event
from wddmcheck.machine.dxgkrnl.state import started
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine

SCHEDULER_CLASS = "gpu-scheduler"


@event
def create_monitored_fence(m: Machine, device: OsDevice,
                           fails: bool = False) -> OsMonitoredFence | None:
    """FEN-04: user mode wants a fence; Dxgkrnl gives it memory, unless it `fails`. The driver is
    not told."""
    started(m)
    m.require(device.open, f"{device!r} is gone")
    page = None if fails else m.gpu.memory.segment.take()
    if page is None:
        return None
    m.gpu.memory.segment.write(page, b"")
    return m.handles.add(OsMonitoredFence(
        handle=m.handles.new(), open=True, device=device, page=page,
        va=device.process.table.map(page)))


@event
def destroy_monitored_fence(m: Machine, fence: OsMonitoredFence) -> None:
    """FEN-04: its memory stays for as long as a buffer is to write there, or to wait for it."""
    m.require(fence.open, f"{fence!r} is gone")
    m.require(not any(fence in (b.signals, b.waits) for b in m.handles.all(OsDmaBuffer)),
              f"a DMA buffer names {fence!r}", driver=True)
    m.require(not m.busy(fence), f"{fence!r} is in another call")
    fence.device.process.table.unmap(fence.va)
    m.gpu.memory.segment.give_back(fence.page)
    m.handles.remove(fence)


def is_written(m: Machine, fence: OsMonitoredFence) -> bool:
    """Whether the GPU has written the fence."""
    return any(m.gpu.memory.segment.read(fence.page))


@ddi
def DxgkDdiSignalMonitoredFence(m: Machine, call: Call, buffer: OsDmaBuffer,
                                fence: OsMonitoredFence, isPaging: bool = False) -> Steps:
    """FEN-05: the driver adds the command that writes the next value of a fence. For paging buffers
    the call is one of the scheduler's class."""
    m.require(buffer.open and buffer.fence == 0 and buffer.context.open and buffer.signals is None,
              f"{buffer!r} is gone, submitted, or writes a fence already")
    m.require(fence.open and fence.device is buffer.context.device,
              f"{fence!r} is gone, or of another device")
    m.require(not m.busy(buffer), f"{buffer!r} is in another call")
    if isPaging:
        call.level, call.facts = 1, replace(call.facts, level=1, klass=SCHEDULER_CLASS)
    m.admit(call)
    fence.asked += 1
    wanted = fence.va, fence.asked
    yield from m.driver(call, buffer.context.kmd, DXGKARG_SIGNALMONITOREDFENCE(
        KernelSubmissionType.PAGING if isPaging else KernelSubmissionType.RENDER_GDI,
        buffer.memory, *wanted))
    if call.succeeded:
        buffer.signals = fence
        found = buffer.memory.read()
        if (found.fence_va, found.fence_value) != wanted:
            m.report(Finding(Kind.CONTRACT, f"{call.name} returns, and {buffer!r} writes "
                             f"{found.fence_value} at {found.fence_va:#x}, not {wanted[1]} at "
                             f"{wanted[0]:#x}"))
    return call.status
