"""Dxgkrnl's side of PnP: add, start, stop and remove the device."""

from __future__ import annotations

from dataclasses import replace

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.display_records import OsMemoryBasis, OsNotification, OsSession
from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsAllocation,
    OsCpuEvent,
    OsGlobalFence,
    OsOverlay,
    OsPages,
    OsPagingBuffer,
    OsProcess,
    OsResource,
)
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import recovering, up
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.image import OTHER_FUNCTION, PHYSICAL_DEVICE
from wddmcheck.machine.machine import Fences, Machine
from wddmcheck.machine.runtime_structs import FState
from wddmcheck.machine.structs import DXGK_START_INFO, NULL, Out

UNSET = 0xCCCC_CCCC
"""What is in a variable that nobody has set."""


@ddi
def DxgkDdiAddDevice(m: Machine, call: Call) -> Steps:
    """ADP-01, ADP-02. Failing "unsupported": it is another function of the card, for which the
    driver may give no context block: nothing more comes then, as after a failure."""
    m.require(m.image.loaded, "the driver is not loaded")
    m.require(m.adapter.state == "absent", "the adapter has been added")
    m.admit(call)
    m.gpu.plug_in()          # PnP has found it
    context = Out(UNSET)
    other = call.failures.take("unsupported")
    yield from m.driver(call, OTHER_FUNCTION if other else PHYSICAL_DEVICE, context)
    if not call.succeeded:
        audit.after_failed_create(m, call)
    elif context.value == NULL and other:
        audit.after_failed_create(m, call, "does not support the adapter")
    else:
        if context.value in (NULL, UNSET):
            m.report(Finding(Kind.CONTRACT, f"{call.name} succeeds and " + (
                "gives no context block" if context.value == NULL
                else "does not set MiniportDeviceContext")))
        m.adapter.state, m.adapter.kmd = "added", context.value
    return call.status


@ddi
def DxgkDdiStartDevice(m: Machine, call: Call, memory: str = "automatic") -> Steps:
    """ADP-03; failing "hardware": the device does not come up. `memory`: how it comes about from
    now on, see `Memory`."""
    m.require(m.adapter.state == "added", "the adapter is not added, or is started")
    m.require(m.gpu.present, "the device is gone")
    m.admit(call)
    m.paging.memory = Memory(memory)
    m.gpu.healthy = not call.failures.take("hardware")
    m.adapter.handle = m.handles.new()
    interface = replace(m.interface, DeviceHandle=m.adapter.handle)
    yield from m.driver(call, m.adapter.kmd, DXGK_START_INFO(), interface, Out(0), Out(0))
    if call.succeeded:
        m.adapter.state = "started"
    else:
        audit.after_failed_create(m, call)
    return call.status


def _idle(m: Machine, call: Call) -> None:
    """ADP-10: nothing of the adapter is left when it stops, but for what was pinned and evicted
    (ALC-23) and, by policy G30, notifications and sessions."""
    up(m)
    m.require(not any(f.preempting for f in m.fences), "a preemption is under way")
    m.require(not recovering(m), "a timeout is being recovered from")
    m.require(not any(m.handles.all(OsProcess)), "there are processes")
    m.require(all(a.evicted for a in m.handles.all(OsAllocation))
              and not any(m.handles.all(OsResource)), "there are allocations")
    m.require(not any(m.handles.all(OsGlobalFence)) and not any(m.handles.all(OsCpuEvent)),
              "there are native fences or CPU events")
    m.require(not m.adapter.awaits_resume, "the engine was reset and not resumed")
    m.require(not any(m.handles.all(OsOverlay)), "there are overlays")
    m.require(not any(m.handles.all(OsMemoryBasis)), "there are memory bases")
    m.require(m.policies.G30 != "before_stop" or not _notified(m),
              "there are frame notifications or protected sessions")
    m.require(m.component.state is FState.F0, "the power component is in a lower F-state")
    m.require(not any(m.handles.all(OsPages)) and not any(m.handles.all(OsPagingBuffer)),
              "there is memory of allocations, or paging work")
    m.admit(call)


def _notified(m: Machine) -> bool:
    """Whether there are frame notifications or protected sessions."""
    return any(m.handles.all(OsNotification)) or any(m.handles.all(OsSession))


@ddi
def DxgkDdiStopDevice(m: Machine, call: Call) -> Steps:
    """ADP-06."""
    _idle(m, call)
    yield from m.driver(call, m.adapter.kmd)
    _stopped(m, call)
    return call.status


def _stopped(m: Machine, call: Call) -> None:
    """ADP-04, ADP-06: the driver's handle for callbacks ends here, and what the start has made."""
    if call.succeeded:
        m.adapter.state, m.adapter.handle, m.adapter.stopping = "added", NULL, False
        m.adapter.queried = False
        audit.after_stop(m, call)


@ddi
def DxgkDdiStopDeviceAndReleasePostDisplayOwnership(m: Machine, call: Call) -> Steps:
    """ADP-07: as StopDevice; a driver may refuse. Failing "post display": it cannot hand over."""
    _idle(m, call)
    m.require(not m.adapter.removed, "the device is gone; only StopDevice follows")
    m.gpu.post_display = not call.failures.take("post display")
    yield from m.driver(call, m.adapter.kmd, 0)
    _stopped(m, call)
    m.adapter.stopping = not call.succeeded
    return call.status


@ddi
def DxgkDdiRemoveDevice(m: Machine, call: Call) -> Steps:
    """ADP-08: the driver frees its context block, and the bus resets the device. What a stop leaves
    is gone by then (ADP-10)."""
    m.require(m.adapter.state == "added", "the adapter is not added, or not stopped")
    m.require(not _notified(m) and not any(m.handles.all(OsAllocation)),
              "there are frame notifications, protected sessions or allocations")
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd)
    if call.succeeded:
        m.adapter.state, m.adapter.kmd, m.adapter.dpc_queued = "absent", NULL, False
        m.adapter.removed = m.adapter.stopping = m.adapter.to_reset = False
        m.adapter.awaits_resume = False
        m.paging.transferring, m.paging.allocation, m.paging.mapped = False, None, False
        audit.at_remove(m)
        m.last_fence, m.fences = 0, [Fences() for _ in m.fences]
        m.gpu.power_cycle()
    return call.status
