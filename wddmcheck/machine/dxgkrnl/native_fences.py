"""Dxgkrnl's side of native fences, and what the GPU does with them by itself."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsDevice, OsGlobalFence, OsLocalFence
from wddmcheck.machine.dxgkrnl.records import created, destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi, event
from wddmcheck.machine.dxgkrnl.state import needed, present
from wddmcheck.machine.event_structs import (
    DXGKARG_CLOSENATIVEFENCE,
    DXGKARG_CREATENATIVEFENCE,
    DXGKARG_DESTROYNATIVEFENCE,
    DXGKARG_OPENNATIVEFENCE,
    DXGKARG_UPDATEMONITOREDVALUES,
)
from wddmcheck.machine.findings import Finding, Kind, stop
from wddmcheck.machine.gpu.notices import NEVER, NativeFence
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.processor import Irql


@ddi
def DxgkDdiCreateNativeFence(m: Machine, call: Call) -> Steps:
    """NFN-01: the global object, of the adapter."""
    present(m)
    m.admit(call)
    fence = m.handles.add(OsGlobalFence(handle=m.handles.new(), made_by=call))
    arg = DXGKARG_CREATENATIVEFENCE(fence.handle, fence.values)
    yield from m.driver(call, m.adapter.kmd, arg)
    created(m, call, fence, arg.hGlobalNativeFence)
    return call.status


@ddi
def DxgkDdiOpenNativeFence(m: Machine, call: Call, hDevice: OsDevice,
                           hGlobalNativeFence: OsGlobalFence) -> Steps:
    """NFN-01: a local object, of a process and its device."""
    m.require(hDevice.open and hGlobalNativeFence.open, "the device or the fence is gone")
    m.admit(call, hDevice.process)
    local = m.handles.add(OsLocalFence(handle=m.handles.new(), device=hDevice,
                                       fence=hGlobalNativeFence, made_by=call))
    arg = DXGKARG_OPENNATIVEFENCE(hDevice.kmd, hGlobalNativeFence.kmd, local.handle)
    yield from m.driver(call, m.adapter.kmd, arg)
    created(m, call, local, arg.hLocalNativeFence)
    return call.status


@ddi
def DxgkDdiCloseNativeFence(m: Machine, call: Call, hLocalNativeFence: OsLocalFence) -> Steps:
    """NFN-02. By policy Signals, the GPU is done with the fence or it is not."""
    local = hLocalNativeFence
    m.require(local.open, f"{local!r} is gone")
    known = known_fence(m, local.fence)
    m.require(m.policies.Signals != "until_closed" or known is None or not known.signalling,
              f"{local.fence!r} is being signalled")
    m.admit(call, local.device.process)
    local.open = False
    yield from m.driver(call, m.adapter.kmd, DXGKARG_CLOSENATIVEFENCE(local.kmd))
    destroyed(m, call, local)
    return call.status


@ddi
def DxgkDdiDestroyNativeFence(m: Machine, call: Call, hGlobalNativeFence: OsGlobalFence) -> Steps:
    """NFN-02 to NFN-04: after the last local one. When it has returned, the interrupt record does
    not name the fence, and the memory of its values goes."""
    fence = hGlobalNativeFence
    m.require(fence.open and not fence.waiting, f"{fence!r} is gone, or a thread waits for it")
    m.require(not any(x.fence is fence for x in m.handles.all(OsLocalFence)),
              f"{fence!r} is still open in a process")
    m.require(not m.busy(fence), f"{fence!r} is in another call")
    m.admit(call)
    fence.open = False
    yield from m.driver(call, m.adapter.kmd, DXGKARG_DESTROYNATIVEFENCE(fence.kmd))
    destroyed(m, call, fence)
    named = m.gpu.notices.signalled
    if named is not None and named.values is fence.values:
        m.report(Finding(Kind.CONTRACT, f"{call.name} returns and the interrupt record still names "
                         f"{fence!r}"))
    return call.status


@ddi
def DxgkDdiUpdateMonitoredValues(m: Machine, call: Call, hGlobalNativeFence: OsGlobalFence,
                                 monitored: bool = True) -> Steps:
    """NFN-05: a thread begins to wait for the next value (`monitored`), or none waits any more. At
    DIRQL; a failure is stop 0x119/0x12. Then Dxgkrnl looks at the current value once more."""
    fence = hGlobalNativeFence
    m.require(fence.open and m.gpu.present, f"{fence!r} or the device is gone")
    if monitored:
        m.require(not fence.waiting, f"a thread waits for {fence!r}")
        m.require(any(x.fence is fence and x.open for x in m.handles.all(OsLocalFence)),
                  f"{fence!r} is open in no process")
    else:
        m.require(fence.told, f"{fence!r} is not monitored")
    m.admit(call)
    fence.waiting = fence.told = monitored
    fence.base = fence.values.current
    with m.processor.at(Irql.DIRQL):
        yield from m.driver(call, m.adapter.kmd, DXGKARG_UPDATEMONITOREDVALUES(
            fence.kmd, fence.base + 1 if monitored else NEVER))
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails", "0x119/0x12")
    if fence.reached:
        fence.waiting = False
    return call.status


# --- the GPU -------------------------------------------------------------------------------------


def known_fence(m: Machine, fence: OsGlobalFence) -> NativeFence | None:
    """What the GPU knows of a fence, found by the memory of its values."""
    return next((f for f in m.gpu.notices.fences if f.values is fence.values), None)


def _known(m: Machine, fence: OsGlobalFence) -> NativeFence:
    return needed(m, known_fence(m, fence), f"the GPU does not know {fence!r}")


@event
def begin_signal(m: Machine, fence: OsGlobalFence) -> None:
    """The GPU begins to signal a fence. By policy Signals it may until the fence is destroyed, or
    as long as a process has it open."""
    m.require(m.policies.Signals == "until_destroyed"
              or any(x.fence is fence for x in m.handles.all(OsLocalFence)),
              f"no process has {fence!r} open")
    m.gpu.notices.begin_signal(_known(m, fence))


@event
def finish_signal(m: Machine, fence: OsGlobalFence) -> None:
    """The current value is written, and the CPU told if a thread waits for it: else the thread
    waits for ever (NFN-04, NFN-05)."""
    known, notices = _known(m, fence), m.gpu.notices
    notices.finish_signal(known)
    if fence.waiting and fence.reached and not (
            notices.raised and (notices.collapsed or notices.signalled is known)):
        m.report(Finding(Kind.STUCK, f"a thread waits for a value that {fence!r} has reached, and "
                         "no interrupt is on its way"))
