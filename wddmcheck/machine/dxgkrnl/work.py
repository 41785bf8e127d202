"""Dxgkrnl's side of work: submission, cancelling, interrupts."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsContextAllocation, OsOpening
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started, usable
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGK_ALLOCATIONLIST,
    DXGK_SUBMITCOMMANDFLAGS,
    DXGKARG_CANCELCOMMAND,
    DXGKARG_SUBMITCOMMAND,
    NULL,
)


@ddi
def DxgkDdiSubmitCommand(m: Machine, call: Call, hContext: OsContext,
                         hOpen: OsOpening | None = None,
                         area: OsContextAllocation | None = None) -> Steps:
    """SUB-02, SUB-05, SUB-08: one packet of a context at a time, which reads what is open on the
    context's device, and perhaps a context allocation of that device (which is the driver's own
    affair: it travels as private data)."""
    started(m)
    m.require(hContext.open, f"{hContext!r} is gone")
    m.require(hContext.fence == 0, f"{hContext!r} has a packet that is not retired", driver=True)
    usable(m)
    fences = m.fences[hContext.node]
    m.require(fences.preempting == 0, "the node is being preempted")
    m.require(not hContext.device.lost, f"{hContext.device!r} is in error")
    again = hContext.preempted
    if again:
        m.require(hOpen is None and area is None, f"{hContext!r} has a packet to submit again")
        hOpen, area = hContext.work
    reads: tuple[DXGK_ALLOCATIONLIST, ...] = ()
    if hOpen is not None:
        m.require(again or (hOpen.open and hOpen.device is hContext.device),
                  f"{hOpen!r} is not open on the device of {hContext!r}")
        m.require(hOpen.allocation.page is not None, f"{hOpen.allocation!r} is not resident")
        reads = (DXGK_ALLOCATIONLIST(hOpen.kmd, hOpen.va, hOpen.allocation.content),)
    if area is not None:
        m.require(area.open and area.device is hContext.device, f"{area!r} is gone")
    m.admit(call)
    m.last_fence += 1
    fences.last_submitted = m.last_fence
    hContext.fence = hContext.last_fence = m.last_fence
    hContext.reported = False
    hContext.preempted, hContext.work = False, (hOpen, area)
    yield from m.driver(call, m.adapter.kmd,
                        DXGKARG_SUBMITCOMMAND(
                            hContext.kmd, hContext.fence, reads,
                            (area.handle, area.va) if area is not None else (NULL, 0),
                            hContext.node, Flags=(
                                DXGK_SUBMITCOMMANDFLAGS.Resubmission if again
                                else DXGK_SUBMITCOMMANDFLAGS.NONE)))
    return call.status


@ddi
def DxgkDdiCancelCommand(m: Machine, call: Call, hContext: OsContext) -> Steps:
    """SUB-11, DEV-07: a packet that came back is not submitted again, as its device is in error."""
    started(m)
    m.require(hContext.open, f"{hContext!r} is gone")
    m.require(hContext.preempted, f"{hContext!r} has no packet to submit again")
    m.require(hContext.device.lost, f"{hContext.device!r} is not in error")
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_CANCELCOMMAND(hContext.kmd))
    hContext.preempted, hContext.work = False, (None, None)
    return call.status


@ddi
def DxgkDdiInterruptRoutine(m: Machine, call: Call, shared: bool = False) -> Steps:
    """INT-01, INT-02: the ISR, at DIRQL, between StartDevice and StopDevice. `shared`: another
    device on the same line raises the interrupt, which the driver must not claim."""
    m.require(m.adapter.state == "started", "no ISR is connected")
    if shared:
        m.require(not m.gpu.pending, "the device raises an interrupt of its own")
    else:
        m.require(m.gpu.interrupts_enabled, "the device's interrupts are disabled", driver=True)
        m.require(m.gpu.pending, "the device raises no interrupt", driver=True)
    claimed = yield from m.driver(call, m.adapter.kmd, 0)
    if bool(claimed) is shared:
        m.report(Finding(Kind.CONTRACT, "DxgkDdiInterruptRoutine claims the interrupt of another "
                         "device" if shared else "DxgkDdiInterruptRoutine does not claim the "
                         "interrupt of its device"))
    return claimed


@ddi
def DxgkDdiDpcRoutine(m: Machine, call: Call) -> Steps:
    """INT-04, INT-05: the DPC, if one is queued; it is off the queue before it runs."""
    m.require(m.adapter.state == "started", "no DPC can be queued")
    m.require(m.adapter.dpc_queued, "no DPC is queued", driver=True)
    m.adapter.dpc_queued = False
    yield from m.driver(call, m.adapter.kmd)
    _retire(m)
    return None


def _retire(m: Machine) -> None:
    """A packet is retired when the driver has freed its ring entry, where there still is a ring."""
    for context in m.handles.all(OsContext):
        ring = m.gpu.nodes[context.node].packets
        if context.reported and (context.fence not in ring or not m.gpu.present):
            context.fence, context.reported = 0, False
