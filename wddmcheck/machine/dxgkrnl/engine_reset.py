"""Dxgkrnl's side of the reset of an engine.

A scheduler that asks for the dependent engines first does not listen to the node from then on, and
accounts for its packets by LastAbortedFenceId (TDR-01, TDR-02). One that resets at once takes the
driver's reports of what was aborted.
"""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsContext
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import UNFINISHED, over, started, unfinished, usable
from wddmcheck.machine.findings import Finding, Kind, stop
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import DXGKARG_QUERYDEPENDENTENGINEGROUP, DXGKARG_RESETENGINE


@ddi
def DxgkDdiQueryDependentEngineGroup(m: Machine, call: Call, node: int = 0) -> Steps:
    """TDR-01, TDR-06: a timeout was noticed. The mask includes the node, or stop 0x119/0x8."""
    usable(m)
    m.require(m.gpu.present, "the device is gone")
    m.require(any(c.node == node and unfinished(m, c) for c in m.handles.all(OsContext)),
              "the node has no work that could hang")
    m.admit(call)
    fences = m.fences[node]
    fences.timed_out, fences.seen = True, m.gpu.nodes[node].fence
    arg = DXGKARG_QUERYDEPENDENTENGINEGROUP(node)
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded and not arg.DependentNodeOrdinalMask & 1 << node:
        stop(Kind.CONTRACT, f"{call.name} gives {arg.DependentNodeOrdinalMask:#x}, without node "
             f"{node} itself", "0x119/0x8")
    return call.status


@ddi
def DxgkDdiResetEngine(m: Machine, call: Call, node: int = 0) -> Steps:
    """TDR-02, FEN-02: the scheduler gives up on the packets of a node. Failing "reset": the
    hardware does not come back, and the whole adapter has to be reset."""
    fences = m.fences[node]
    if fences.timed_out:
        started(m)
        m.require(not any(c.reported for c in m.handles.all(OsContext)), "DPCs are flushed first")
    else:
        usable(m)
        m.require(any(p.state in UNFINISHED for p in m.gpu.nodes[node].packets.values()),
                  "the node has no work to give up")
    m.require(m.gpu.present, "the device is gone")
    m.admit(call)
    queued = {p.fence for p in m.gpu.nodes[node].packets.values() if p.state in UNFINISHED}
    running = m.gpu.nodes[node].running
    m.gpu.resettable = not call.failures.take("reset")
    arg = DXGKARG_RESETENGINE(node)
    known = fences.last_completed
    yield from m.driver(call, m.adapter.kmd, arg)
    m.adapter.to_reset, timed_out, fences.timed_out = not call.succeeded, fences.timed_out, False
    if not call.succeeded:
        return call.status
    fences.preempting = 0
    aborted = arg.LastAbortedFenceId
    fits = fences.seen <= aborted <= fences.last_submitted if timed_out else (
        aborted in {known, *queued})
    if not fits:
        stop(Kind.BAD_FENCE, f"DxgkDdiResetEngine gives {aborted} as the last aborted fence; "
             f"{sorted(queued)} were queued and {max(known, fences.seen)} was complete",
             "0x119/0xA")
    if timed_out:
        _account(m, node, aborted, running.fence if running is not None else 0)
    return call.status


def _account(m: Machine, node: int, aborted: int, running: int) -> None:
    """What is up to the last aborted fence is over, and its device in error, also if it was done
    meanwhile (TDR-09); the rest was not begun, and is submitted again (SUB-07)."""
    if running > aborted:
        m.report(Finding(Kind.BAD_FENCE, f"DxgkDdiResetEngine gives {aborted} as the last aborted "
                         f"fence; the packet with fence {running} was running, and is taken for "
                         "one that was not begun"))
    left = [p.fence for p in m.gpu.nodes[node].packets.values()
            if p.state in (PacketState.QUEUED, PacketState.RUNNING)]
    if left:
        m.report(Finding(Kind.BAD_FENCE, f"DxgkDdiResetEngine leaves packets {left} on the node; "
                         "they will be submitted again"))
    m.fences[node].last_completed = aborted
    for context in m.handles.all(OsContext):
        if context.node != node or not context.fence:
            continue
        if context.fence <= aborted:
            context.device.lose()
            over(context)
        else:
            context.fence, context.preempted = 0, True
