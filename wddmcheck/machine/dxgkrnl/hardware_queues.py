"""Dxgkrnl's side of hardware queues."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import dma_buffers
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer
from wddmcheck.machine.dxgkrnl.objects import (
    DeviceState,
    OsContext,
    OsDoorbell,
    OsHwQueue,
    Suspension,
)
from wddmcheck.machine.dxgkrnl.records import created, destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import needed, present, up
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.queue_structs import (
    DXGKARG_CREATEHWQUEUE,
    DXGKARG_SUBMITCOMMANDTOHWQUEUE,
)


@ddi
def DxgkDdiCreateHwQueue(m: Machine, call: Call, hHwContext: OsContext,
                         userModeSubmission: bool = False) -> Steps:
    """HWQ-02: on a context that has queues."""
    present(m)
    m.require(hHwContext.open and hHwContext.queues, f"{hHwContext!r} is gone, or has no queues")
    m.require(hHwContext.device.state is DeviceState.GOOD, f"{hHwContext.device!r} is in error")
    m.admit(call, hHwContext.device.process)
    queue = m.handles.add(OsHwQueue(handle=m.handles.new(), context=hHwContext,
                                    user_mode=userModeSubmission, made_by=call))
    arg = DXGKARG_CREATEHWQUEUE(queue.handle, hHwContext.kmd, queue.progress, userModeSubmission)
    yield from m.driver(call, arg)
    created(m, call, queue, arg.hHwQueue)
    return call.status


@ddi
def DxgkDdiDestroyHwQueue(m: Machine, call: Call, hHwQueue: OsHwQueue) -> Steps:
    """HWQ-03, HWQ-09: its doorbell is gone; its work is done, or its context is suspended because
    the device is in error."""
    context = hHwQueue.context
    up(m)
    m.require(hHwQueue.open, f"{hHwQueue!r} is gone")
    m.require(not any(d.queue is hHwQueue for d in m.handles.all(OsDoorbell)),
              f"{hHwQueue!r} still has a doorbell")
    if context.device.state is DeviceState.GOOD:
        m.require(not hHwQueue.progress.behind, f"{hHwQueue!r} has work", driver=True)
    else:
        m.require(context.suspension is Suspension.SUSPENDED, f"{context!r} is not suspended",
                  driver=True)
    m.admit(call, context.device.process)
    hHwQueue.open = False
    yield from m.driver(call, hHwQueue.kmd)
    destroyed(m, call, hHwQueue)
    return call.status


@ddi
def DxgkDdiSubmitCommandToHwQueue(m: Machine, call: Call, hHwQueue: OsHwQueue | None = None,
                                  buffer: OsDmaBuffer | None = None) -> Steps:
    """HWQ-05: also to a context that is suspended; the work waits. Or one of several DMA buffers of
    a context, to the queue of that."""
    present(m)
    if buffer is not None:
        yield from dma_buffers.submit_to_queue(m, call, buffer)
        return call.status
    hHwQueue = needed(m, hHwQueue, "there is no queue to submit to")
    context = hHwQueue.context
    m.require(hHwQueue.open and not hHwQueue.user_mode, f"{hHwQueue!r} is gone, or user mode's")
    m.require(context.device.state is DeviceState.GOOD, f"{context.device!r} is in error")
    m.admit(call, context.device.process)
    hHwQueue.progress.queued += 1
    yield from m.driver(call, m.adapter.kmd, DXGKARG_SUBMITCOMMANDTOHWQUEUE(
        hHwQueue.kmd, hHwQueue.progress.queued))
    return call.status
