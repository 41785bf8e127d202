"""Dxgkrnl's side of contexts that the GPU schedules: suspending and resuming them, and the reset of
their engine."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import DeviceState, OsContext, OsHwQueue, Suspension
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import present, up
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.queue_structs import (
    DXGKARG_RESETHWENGINE,
    DXGKARG_RESUMECONTEXT,
    DXGKARG_RESUMEHWENGINE,
    DXGKARG_SUSPENDCONTEXT,
)
from wddmcheck.machine.status import NtStatus


@ddi
def DxgkDdiSuspendContext(m: Machine, call: Call, hContext: OsContext) -> Steps:
    """HWQ-06: with a fence that grows. Success says that the context is suspended already;
    STATUS_PENDING, that an interrupt will say so."""
    up(m)
    m.require(hContext.open and hContext.queues, f"{hContext!r} is gone, or is no such context")
    m.require(hContext.suspension is not Suspension.SUSPENDING, f"{hContext!r} is being suspended")
    m.admit(call)
    hContext.suspend_fence += 1
    hContext.suspension = Suspension.SUSPENDING
    yield from m.driver(call, m.adapter.kmd,
                        DXGKARG_SUSPENDCONTEXT(hContext.kmd, hContext.suspend_fence))
    if call.status is NtStatus.STATUS_SUCCESS:
        hContext.suspension = Suspension.SUSPENDED
    return call.status


@ddi
def DxgkDdiResumeContext(m: Machine, call: Call, hContext: OsContext) -> Steps:
    """HWQ-08: of one that was told to suspend, whether or not it has."""
    present(m)
    m.require(hContext.open, f"{hContext!r} is gone")
    m.require(hContext.device.state is DeviceState.GOOD, f"{hContext.device!r} is in error")
    m.require(hContext.suspension is not Suspension.RESUMED, f"{hContext!r} is not suspended")
    m.admit(call)
    hContext.suspension = Suspension.RESUMED
    yield from m.driver(call, m.adapter.kmd, DXGKARG_RESUMECONTEXT(hContext.kmd))
    return call.status


@ddi
def DxgkDdiResetHwEngine(m: Machine, call: Call) -> Steps:
    """HWQ-06, TDR-12: something on the engine takes too long. What was being suspended counts as
    suspended afterwards (no page says so). Until the engine is resumed, no interrupt comes."""
    present(m)
    m.require(any(c.suspension is Suspension.SUSPENDING for c in m.handles.all(OsContext))
              or any(q.progress.behind for q in m.handles.all(OsHwQueue)), "nothing timed out")
    m.require(not m.adapter.awaits_resume and all(c.name != call.name for c in m.calls),
              "the engine is being reset")
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_RESETHWENGINE())
    if call.succeeded:
        m.adapter.awaits_resume = True
        for context in m.handles.all(OsContext):
            if context.suspension is Suspension.SUSPENDING:
                context.suspension = Suspension.SUSPENDED
    return call.status


@ddi
def DxgkDdiResumeHwEngine(m: Machine, call: Call) -> Steps:
    """TDR-12."""
    present(m)
    m.require(m.adapter.awaits_resume, "the engine was not reset")
    m.admit(call)
    m.adapter.awaits_resume = False
    yield from m.driver(call, m.adapter.kmd, DXGKARG_RESUMEHWENGINE())
    return call.status
