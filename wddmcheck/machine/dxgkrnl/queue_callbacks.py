"""The callbacks of doorbells, engine resets and suspensions, with the checks that their pages
promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl.entry import enter
from wddmcheck.machine.dxgkrnl.objects import (
    DoorbellStatus,
    OsContext,
    OsDoorbell,
    OsHwQueue,
    Suspension,
)
from wddmcheck.machine.findings import Finding, Kind, call_site, stop
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.status import NtStatus

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine
    from wddmcheck.machine.queue_structs import (
        DXGKARGCB_DISCONNECTDOORBELL,
        DXGKARGCB_INVALIDATEHWCONTEXT,
    )
    from wddmcheck.machine.structs import DXGKARGCB_NOTIFY_INTERRUPT_DATA

LEADS_SOMEWHERE = (DoorbellStatus.CONNECTING, DoorbellStatus.CONNECTED)


def disconnect_doorbell(machine: Machine, arg: DXGKARGCB_DISCONNECTDOORBELL) -> Pauses:
    """DxgkCbDisconnectDoorbell (DBL-05): by the driver's handle of the queue. It takes its time,
    and only when it has returned does no user-mode address lead to the location. A doorbell that is
    being connected will not be."""
    name = "DxgkCbDisconnectDoorbell"
    enter(machine, name)
    queue = machine.handles.of_driver(arg.hHwQueue)
    if not isinstance(queue, OsHwQueue):
        stop(Kind.BAD_HANDLE, f"{name}: hHwQueue: {arg.hHwQueue:#x} is no handle that the driver "
             "gave to a hardware queue", "0xC4", objects=(arg.hHwQueue,))
    if not _doorbells(machine, queue):
        machine.report(Finding(Kind.CONTRACT, f"{name}: {queue!r} has no doorbell",
                               (arg.hHwQueue,), where=call_site()))
        return NtStatus.STATUS_INVALID_PARAMETER
    yield PREEMPT
    for doorbell in _doorbells(machine, queue):
        if doorbell.status in LEADS_SOMEWHERE:
            doorbell.disconnect(DoorbellStatus.RETRY)
    machine.callback(name, (("hHwQueue", queue),))
    return NtStatus.STATUS_SUCCESS


def _doorbells(machine: Machine, queue: OsHwQueue) -> list[OsDoorbell]:
    return [d for d in machine.handles.all(OsDoorbell) if d.queue is queue]


def invalidate_hw_context(machine: Machine, arg: DXGKARGCB_INVALIDATEHWCONTEXT) -> NtStatus:
    """DxgkCbInvalidateHwContext (TDR-12, DBL-07): by Dxgkrnl's handle. The device is put in error,
    and its doorbells are disconnected for good."""
    name = "DxgkCbInvalidateHwContext"
    enter(machine, name, arg.hAdapter)
    context = machine.handles.find(arg.hHwContext, OsContext, f"{name}: hHwContext")
    for doorbell in machine.handles.all(OsDoorbell):
        if doorbell.queue.context.device is context.device:
            doorbell.disconnect(DoorbellStatus.ABORT)
    context.device.lose()
    machine.callback(name, (("hHwContext", context),))
    return NtStatus.STATUS_SUCCESS


def suspend_completed(machine: Machine, arg: DXGKARGCB_NOTIFY_INTERRUPT_DATA) -> None:
    """DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED (HWQ-06, TDR-12): a fence that was issued; one of an
    earlier suspension says nothing about the latest."""
    name = "DxgkCbNotifyInterrupt"
    context = machine.handles.find(arg.hContext, OsContext, f"{name}: hContext")
    fence = arg.ContextSuspendFence
    if machine.adapter.awaits_resume:
        stop(Kind.BAD_FENCE, f"the driver reports a suspension of {context!r} after the engine was "
             "reset and before it was resumed", "0x119/0x10", objects=(context.kmd,))
    if not 0 < fence <= context.suspend_fence:
        stop(Kind.BAD_FENCE, f"the driver reports suspend fence {fence} of {context!r}; the last "
             f"one that Dxgkrnl issued is {context.suspend_fence}", "0x119/0x11",
             objects=(context.kmd,))
    if context.suspension is Suspension.SUSPENDING and fence == context.suspend_fence:
        context.suspension = Suspension.SUSPENDED
    machine.callback(name, (("hContext", context), ("contextSuspendFence", fence)))
