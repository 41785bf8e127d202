"""Dxgkrnl's side of calls that come when something seems to be wrong: the plain text screen, and
the question which fence is complete. (The report about the driver is `recovery`'s.)"""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer, OsDmaWork, work_of
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import UNFINISHED, up, usable
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.processor import Irql
from wddmcheck.machine.runtime_structs import DXGKARG_QUERYCURRENTFENCE


@ddi
def DxgkDdiResetDevice(m: Machine, call: Call) -> Steps:
    """ADP-11: for hibernation and stop screens, in the worst case at the highest IRQL."""
    up(m)
    m.require(not m.gpu.text_mode, "the display is in text mode", driver=True)
    m.admit(call)
    with m.processor.at(Irql.HIGH_LEVEL):
        yield from m.driver(call, m.adapter.kmd)
    if m.gpu.answers and not m.gpu.text_mode:
        m.report(Finding(Kind.CONTRACT, f"{call.name} returns and the display is not in text mode"))
    return None


@ddi
def DxgkDdiQueryCurrentFence(m: Machine, call: Call, node: int = 0) -> Steps:
    """FEN-03, SUB-06: the scheduler has heard nothing of a node for some time. What is complete
    there has been reported when this returns."""
    usable(m)
    m.require(m.gpu.present, "the device is gone")
    m.admit(call)
    arg = DXGKARG_QUERYCURRENTFENCE(node)
    yield from m.driver(call, m.adapter.kmd, arg)
    if not call.succeeded:
        return call.status
    if any(m.handles.all(OsDmaWork)):
        _of_buffers(m, call, arg.CurrentFence)
    else:
        _of_contexts(m, call, arg)
    return arg.CurrentFence


def _of_contexts(m: Machine, call: Call, arg: DXGKARG_QUERYCURRENTFENCE) -> None:
    """Report a fence that is not the last that the driver has reported."""
    latest = m.fences[arg.NodeOrdinal].last_completed
    if arg.CurrentFence != latest:
        m.report(Finding(Kind.BAD_FENCE, f"{call.name} says that {arg.CurrentFence} is the current "
                         f"fence, and the driver has reported {latest}"))


def _of_buffers(m: Machine, call: Call, current: int) -> None:
    """Report a fence that is not the one, and completed ones that were not reported. The fence of a
    refused buffer counts when all before it is over."""
    refused, packets = work_of(m).refused, m.gpu.nodes[0].packets
    buffers = [b for b in m.handles.all(OsDmaBuffer) if b.fence]
    states = {b.fence: packets[b.fence].state for b in buffers if b.fence in packets}
    if current < refused and not any(b.fence < refused for b in buffers):
        m.report(Finding(Kind.BAD_FENCE, f"{call.name} returns fence {current}; that of a refused "
                         f"buffer, {refused}, counts as complete, as all before it is"))
    for buffer in buffers:
        state = states.get(buffer.fence)
        if state in UNFINISHED and buffer.fence <= current:
            m.report(Finding(Kind.BAD_FENCE, f"{call.name} returns fence {current}, and that of "
                             f"{buffer!r}, {buffer.fence}, is not complete"))
        if state is PacketState.DONE and not buffer.reported:
            m.report(Finding(Kind.BAD_FENCE, f"{call.name} returns, and fence {buffer.fence} is "
                             "complete and not reported"))
