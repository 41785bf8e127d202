"""Dxgkrnl's side of work: submission, interrupts, engine reset."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsContextAllocation, OsOpening
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started, usable
from wddmcheck.machine.findings import Finding, Kind, stop
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGK_ALLOCATIONLIST,
    DXGK_SUBMITCOMMANDFLAGS,
    DXGKARG_CANCELCOMMAND,
    DXGKARG_RESETENGINE,
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
    hContext.fence, hContext.reported = m.last_fence, False
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
def DxgkDdiResetEngine(m: Machine, call: Call, node: int = 0) -> Steps:
    """SUB-09, FEN-02: the scheduler gives up on the packets of a node. The last aborted fence is
    one of theirs, or the last completed one ("TDR changes in Windows 8"; stop 0x119/0xA). Failing
    "reset": the hardware does not come back, and the whole adapter has to be reset."""
    usable(m)
    m.require(m.gpu.present, "the device is gone")
    m.require(any(p.state in (PacketState.QUEUED, PacketState.RUNNING, PacketState.PREEMPTED)
                  for p in m.gpu.nodes[node].packets.values()), "the node has no work to give up")
    m.admit(call)
    queued = {p.fence for p in m.gpu.nodes[node].packets.values() if p.state in (
        PacketState.QUEUED, PacketState.RUNNING, PacketState.PREEMPTED)}
    m.gpu.resettable = not call.failures.take("reset")
    arg = DXGKARG_RESETENGINE(node)
    completed = m.fences[node].last_completed
    yield from m.driver(call, m.adapter.kmd, arg)
    m.adapter.to_reset = not call.succeeded
    if call.succeeded:
        m.fences[node].preempting = 0
    if call.succeeded and arg.LastAbortedFenceId not in {completed, *queued}:
        stop(Kind.BAD_FENCE, f"DxgkDdiResetEngine gives {arg.LastAbortedFenceId} as the last "
             f"aborted fence; {sorted(queued)} were queued and {completed} was complete",
             "0x119/0xA")
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
