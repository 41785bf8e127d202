"""Dxgkrnl's side of packets that wait in its own queue, and of the end of processes that have some:
DxgkDdiRender, DxgkDdiCancelCommand, devices in error, contexts that turn out to be of no use."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit, dma_buffers
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.dma_objects import OsMonitoredFence
from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsDevice,
    OsObject,
    OsOpening,
)
from wddmcheck.machine.dxgkrnl.registry import ddi, event
from wddmcheck.machine.dxgkrnl.state import started, up
from wddmcheck.machine.findings import Kind, stop
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.packet_structs import DXGKARG_CANCELCOMMAND, DXGKARG_RENDER
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGK_ALLOCATIONLIST, PrivateData


@ddi
def DxgkDdiRender(m: Machine, call: Call, hContext: OsContext,
                  hOpen: OsOpening | None = None, waits: OsMonitoredFence | None = None,
                  resident: bool = False) -> Steps:
    """SUB-01, SUB-02: a packet is built from the commands of user mode, and waits to be submitted.
    Failing "commands": there is an error in them, for which the device is put in error (DEV-07).
    Where a context has several DMA buffers at once, `resident`: the address of this one is known
    already (SUB-04), and `waits` is what has to be written before it is submitted."""
    device = hContext.device
    started(m)
    if hContext.buffers:
        yield from dma_buffers.render(m, call, hContext, waits, resident)
        return call.status
    m.require(hContext.open and hContext.renders and not hContext.rejected,
              f"{hContext!r} is gone, or takes no packets that are built by Render")
    m.require(not device.lost, f"{device!r} is in error")
    m.require(not hContext.rendered and not hContext.preempted,
              f"{hContext!r} has a packet to submit")
    m.require(hContext.fence == 0, f"{hContext!r} has a packet that is not retired", driver=True)
    m.require(hOpen is None or (hOpen.open and hOpen.device is device),
              f"{hOpen!r} is not open on {device!r}")
    m.admit(call, device.thread)
    hContext.used = True
    commands = PrivateData(valid=not call.failures.take("commands"))
    reads = (() if hOpen is None else
             (DXGK_ALLOCATIONLIST(hOpen.kmd, hOpen.va, hOpen.allocation.content),))
    yield from m.driver(call, hContext.kmd, DXGKARG_RENDER(commands, reads))
    if call.succeeded:
        hContext.rendered, hContext.built_by, hContext.work = True, call, (hOpen, None)
    else:
        audit.after_failed_create(m, call)
    if call.status is NtStatus.STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE:
        device.lose()
    return call.status


@ddi
def DxgkDdiCancelCommand(m: Machine, call: Call, hContext: OsContext) -> Steps:
    """SUB-11, DEV-07: a packet that never reached the hardware, or that came back, is not submitted
    any more, because its device is in error. A failure is stop 0x119/0x9."""
    up(m)
    m.require(hContext.open and (hContext.rendered or hContext.preempted),
              f"{hContext!r} is gone, or has no packet to cancel")
    m.require(hContext.device.lost, f"{hContext.device!r} is not in error")
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_CANCELCOMMAND(hContext.kmd))
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails", "0x119/0x9")
    hContext.rendered = hContext.preempted = False
    hContext.work = (None, None)
    if hContext.renders:
        audit.after_cancel(m, call, hContext.built_by)
    return call.status


@event
def device_error(m: Machine, device: OsDevice) -> OsObject | None:
    """Dxgkrnl puts a device into error: its process ends, or a packet of it faulted (DEV-07). The
    driver is not told."""
    m.require(device.open and not device.lost, f"{device!r} is gone, or in error")
    device.lose()
    return None


@event
def reject_context(m: Machine, context: OsContext) -> OsObject | None:
    """CTX-03: Dxgkrnl cannot use what the driver's CreateContext has returned."""
    m.require(context.open and not context.used and not context.rejected,
              f"{context!r} is gone, was used, or is rejected already")
    context.rejected = True
    return None
