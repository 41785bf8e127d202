"""Dxgkrnl's side of preemption, of timeout recovery, and of surprise removal."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import dma_buffers
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer
from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsDevice,
    Suspension,
)
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import UNFINISHED, over, up, usable
from wddmcheck.machine.findings import Finding, Kind, stop
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGK_SURPRISE_REMOVAL_TYPE,
    DXGKARG_COLLECTDBGINFO,
    DXGKARG_PREEMPTCOMMAND,
)

TDR_FAILURE = "0x116"
ENGINE_TIMEOUT, ADAPTER_TIMEOUT = 0x141, 0x117


@ddi
def DxgkDdiPreemptCommand(m: Machine, call: Call, node: int = 0,
                          buffer: OsDmaBuffer | None = None) -> Steps:
    """SUB-09: the scheduler wants the node back. An error is stop 0x119/0x2. `buffer`: the one of
    several DMA buffers of a context that it has."""
    usable(m)
    if buffer is not None:
        dma_buffers.alone_on_node(m, buffer)
    m.require(m.gpu.present, "the device is gone")
    m.require(m.fences[node].preempting == 0, "a preemption is under way")
    m.admit(call)
    m.last_fence += 1
    m.fences[node].preempting = m.last_fence
    yield from m.driver(call, m.adapter.kmd, DXGKARG_PREEMPTCOMMAND(m.last_fence, node))
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails", "0x119/0x2")
    return call.status


@ddi
def DxgkDdiCollectDbgInfo(m: Machine, call: Call, Reason: int = ENGINE_TIMEOUT) -> Steps:
    """TDR-07: before a recovery; the driver keeps to the size of the buffer."""
    up(m)
    m.admit(call)
    arg = DXGKARG_COLLECTDBGINFO(Reason, BufferSize=16)
    yield from m.driver(call, m.adapter.kmd, arg)
    if len(arg.pBuffer) > arg.BufferSize:
        m.report(Finding(Kind.BAD_ACCESS, f"{call.name} writes {len(arg.pBuffer)} bytes into a "
                         f"buffer of {arg.BufferSize}"))
    return call.status


@ddi
def DxgkDdiResetFromTimeout(m: Machine, call: Call) -> Steps:
    """TDR-03, FEN-02, TDR-10: the whole adapter is reset, all that was submitted counts as
    complete, and every device is lost; after it, the GPU touches no memory. Failing "reset": it
    does not work, which is stop 0x116."""
    up(m)
    m.require(m.gpu.present and not m.adapter.resetting, "the adapter is gone, or is being reset")
    m.require(not any(f.timed_out for f in m.fences), "the engine is to be reset first")
    m.require(m.adapter.to_reset or _outstanding(m), "nothing timed out")
    m.admit(call)
    m.adapter.resetting, m.adapter.to_reset = True, False
    m.gpu.resettable = not call.failures.take("reset")
    yield from m.driver(call, m.adapter.kmd)
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails", TDR_FAILURE)
    if not m.gpu.halted or any(n.current is not None for n in m.gpu.nodes):
        m.report(Finding(Kind.GPU_ACCESS, f"{call.name} returns and the GPU still runs, or has a "
                         "context whose state it may save"))
    for fences in m.fences:
        fences.last_completed = fences.last_submitted
    m.adapter.cleaning_up = True
    for device in m.handles.all(OsDevice):
        device.lose()
    _give_up(m)
    return call.status


@ddi
def DxgkDdiRestartFromTimeout(m: Machine, call: Call) -> Steps:
    """TDR-04, TDR-05, TDR-11: the end of the clean-up; memory is empty, and the GPU can be used
    again."""
    m.require(m.adapter.cleaning_up, "the adapter has not been reset")
    m.require(all(a.page is None for a in m.handles.all(OsAllocation)),
              "there are allocations in memory")
    m.admit(call)
    m.adapter.cleaning_up = False
    yield from m.driver(call, m.adapter.kmd)
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails", TDR_FAILURE)
    m.adapter.resetting = False
    return call.status


@ddi
def DxgkDdiNotifySurpriseRemoval(m: Machine, call: Call) -> Steps:
    """ADP-12 to ADP-14: the device is gone; other calls may be in flight. What was outstanding is
    given up (who completes it is not documented). A failure takes the system down."""
    up(m)
    m.require(not m.gpu.present and not m.adapter.removed, "the device is there, or this is known")
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGK_SURPRISE_REMOVAL_TYPE.DxgkRemovalPnPNotify)
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails; Windows cannot go on", "")
    m.adapter.removed = True
    m.adapter.resetting = m.adapter.cleaning_up = m.adapter.to_reset = False
    m.adapter.awaits_resume = False
    for fences in m.fences:
        fences.timed_out = False
    m.paging.transferring, m.paging.allocation = False, None
    _give_up(m)
    for context in m.handles.all(OsContext):
        if context.suspension is Suspension.SUSPENDING:
            context.suspension = Suspension.SUSPENDED
    return call.status


def _outstanding(m: Machine) -> bool:
    return any(p.state in UNFINISHED for n in m.gpu.nodes for p in n.packets.values())


def _give_up(m: Machine) -> None:
    """No packet is outstanding any more, and no preemption."""
    for fences in m.fences:
        fences.preempting = 0
    for context in m.handles.all(OsContext):
        over(context)
