"""Dxgkrnl's side of doorbells: what leads a user-mode address to the physical location, and away
from it."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import (
    DeviceState,
    DoorbellStatus,
    OsAllocation,
    OsDoorbell,
    OsHwQueue,
    Suspension,
)
from wddmcheck.machine.dxgkrnl.records import created, destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import present, up
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.queue_structs import (
    D3DDDI_DOORBELLSTATUS,
    DXGKARG_CONNECTDOORBELL,
    DXGKARG_CREATEDOORBELL,
    DXGKARG_DESTROYDOORBELL,
    DXGKARG_DISCONNECTDOORBELL,
    RingBufferData,
)
from wddmcheck.machine.structs import NULL

CONNECTED = (D3DDDI_DOORBELLSTATUS.D3DDDI_DOORBELLSTATUS_CONNECTED,
             D3DDDI_DOORBELLSTATUS.D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD)


@ddi
def DxgkDdiCreateDoorbell(m: Machine, call: Call, hHwQueue: OsHwQueue,
                          hRingBuffer: OsAllocation) -> Steps:
    """DBL-01: the software side, with a ring buffer that the process sees already."""
    device = hHwQueue.context.device
    up(m)
    m.require(hHwQueue.open and hHwQueue.user_mode, f"{hHwQueue!r} is gone, or is Dxgkrnl's")
    m.require(device.state is DeviceState.GOOD, f"{device!r} is in error")
    m.require(hRingBuffer.open and hRingBuffer.page is not None, f"{hRingBuffer!r} is gone")
    m.admit(call)
    va = device.process.table.map(hRingBuffer.page)
    doorbell = m.handles.add(OsDoorbell(handle=m.handles.new(), queue=hHwQueue, ring=hRingBuffer,
                                        ring_va=va, made_by=call))
    arg = DXGKARG_CREATEDOORBELL(hHwQueue.kmd, doorbell.handle, hRingBuffer.kmd,
                                 RingBufferData(va, hRingBuffer.content))
    yield from m.driver(call, arg)
    created(m, call, doorbell, arg.hDoorbell)
    if not call.succeeded:
        _unmap_ring(doorbell)
    return call.status


def _unmap_ring(doorbell: OsDoorbell) -> None:
    doorbell.queue.context.device.process.table.unmap(doorbell.ring_va)


@ddi
def DxgkDdiConnectDoorbell(m: Machine, call: Call, hDoorbell: OsDoorbell) -> Steps:
    """DBL-02: when it returns, Dxgkrnl lets the user-mode address lead to what the driver gave;
    unless the doorbell was disconnected meanwhile. Policy Rotation: whether it may come while
    another doorbell is being disconnected."""
    device = hDoorbell.queue.context.device
    present(m)
    m.require(hDoorbell.open and hDoorbell.status is DoorbellStatus.RETRY,
              f"{hDoorbell!r} is gone, or not to be connected")
    m.require(not m.busy(hDoorbell), f"{hDoorbell!r} is in another call")
    m.require(device.state is DeviceState.GOOD, f"{device!r} is in error")
    m.require(m.policies.Rotation != "serialised"
              or all(c.name != "DxgkDdiDisconnectDoorbell" for c in m.calls),
              "a doorbell is being disconnected")
    m.admit(call)
    hDoorbell.status = DoorbellStatus.CONNECTING
    arg = DXGKARG_CONNECTDOORBELL(hDoorbell.kmd)
    yield from m.driver(call, arg)
    if call.succeeded and (arg.KernelCpuVirtualAddress == NULL or arg.Status not in CONNECTED):
        m.report(Finding(Kind.CONTRACT, f"{call.name} succeeds and gives no address, or no status "
                         "of a connected doorbell"))
    if call.succeeded and hDoorbell.status is DoorbellStatus.CONNECTING:
        hDoorbell.status, hDoorbell.location = (DoorbellStatus.CONNECTED,
                                                arg.KernelCpuVirtualAddress)
    return call.status


@ddi
def DxgkDdiDisconnectDoorbell(m: Machine, call: Call, hDoorbell: OsDoorbell) -> Steps:
    """DBL-03: Dxgkrnl takes the physical page from user mode when it has returned. Of a killed
    process, only when the context is suspended (HWQ-09)."""
    context = hDoorbell.queue.context
    up(m)
    m.require(hDoorbell.open and hDoorbell.status is DoorbellStatus.CONNECTED,
              f"{hDoorbell!r} is gone, or not connected")
    m.require(not m.busy(hDoorbell), f"{hDoorbell!r} is in another call")
    m.require(context.device.state is not DeviceState.KILLED
              or context.suspension is Suspension.SUSPENDED, f"{context!r} is not suspended",
              driver=True)
    m.admit(call)
    yield from m.driver(call, DXGKARG_DISCONNECTDOORBELL(hDoorbell.kmd))
    if hDoorbell.status is DoorbellStatus.CONNECTED:
        hDoorbell.disconnect(DoorbellStatus.RETRY)
    return call.status


@ddi
def DxgkDdiDestroyDoorbell(m: Machine, call: Call, hDoorbell: OsDoorbell) -> Steps:
    """DBL-04, HWQ-09: user mode has no access any more. The driver leaves the physical doorbell to
    others."""
    context = hDoorbell.queue.context
    up(m)
    m.require(hDoorbell.open and not m.busy(hDoorbell), f"{hDoorbell!r} is gone, or in a call")
    m.require(context.device.state is not DeviceState.KILLED or (
        hDoorbell.status is not DoorbellStatus.CONNECTED
        and context.suspension is Suspension.SUSPENDED),
        f"{hDoorbell!r} is connected, or {context!r} is not suspended", driver=True)
    m.admit(call)
    hDoorbell.open = False
    hDoorbell.disconnect(DoorbellStatus.ABORT)
    yield from m.driver(call, DXGKARG_DESTROYDOORBELL(hDoorbell.kmd))
    destroyed(m, call, hDoorbell)
    wired = m.gpu.engine.wired
    if wired is not None and wired.progress is hDoorbell.queue.progress:
        m.report(Finding(Kind.CONTRACT, f"{call.name} returns and the physical doorbell still "
                         f"wakes {hDoorbell.queue!r}, whose doorbell is gone"))
    if call.succeeded:
        _unmap_ring(hDoorbell)
    return call.status
