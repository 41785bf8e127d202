"""What Dxgkrnl does in several calls: a process is killed, the device is stopped, or disappears, or
its engine hangs.

A sequence takes one step at a time, so that its caller can let the GPU and interrupts come between:

    kill = sequences.kill(machine, process)
    while kill.step():
        machine.vsync()

    kill.run()          # all of it, with each DPC as soon as it is queued
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsDevice,
    OsOpening,
    OsProcess,
    OsResource,
)
from wddmcheck.machine.dxgkrnl.recovery import ADAPTER_TIMEOUT, ENGINE_TIMEOUT
from wddmcheck.machine.dxgkrnl.state import unfinished
from wddmcheck.machine.machine import Machine

Plan: TypeAlias = Iterator[str]
"""Takes a step of the machine each time it is advanced; yields what that was."""


@dataclass(slots=True)
class Sequence:
    """The steps of a plan. `done` are those that were taken."""

    machine: Machine
    plan: Plan
    done: list[str]

    def step(self) -> bool:
        """Take the next step; False if there is none left. Raises `OutOfReachError`, `BugCheck`."""
        for what in self.plan:
            self.done.append(what)
            return True
        return False

    def run(self, between: Callable[[Machine], None] = lambda machine: None) -> None:
        """Take all steps; after each, `between` may let something else happen. Raises
        `OutOfReachError`, `BugCheck`."""
        while self.step():
            between(self.machine)


def kill(machine: Machine, process: OsProcess) -> Sequence:
    """The process ends with whatever it has: what waits in Dxgkrnl's queue is cancelled, what the
    GPU has is aborted by an engine reset, then openings, contexts, devices and the process itself
    go (LIFECYCLES: DEV-04, CTX-08, PRC-04)."""
    return Sequence(machine, _kill(machine, process), [])


def stop(machine: Machine, *, remove: bool = False) -> Sequence:
    """PnP stops the device (and removes it): all processes end, all allocations go."""
    return Sequence(machine, _stop(machine, remove), [])


def surprise_removal(machine: Machine) -> Sequence:
    """The device is unplugged: the driver is told, and then everything is taken down without it."""
    return Sequence(machine, _surprise(machine), [])


def recover(machine: Machine, *, node: int = 0, adapter: bool = False) -> Sequence:
    """A timeout of a node: preemption, which does not help, then the reset of the engine; where
    that fails (or with `adapter`) the reset of the whole adapter."""
    return Sequence(machine, _recover(machine, node, adapter), [])


# --- plans ---------------------------------------------------------------------------------------


def _call(m: Machine, name: str, failing: str | tuple[str, ...] = (), **args: object) -> Plan:
    """A call to its end. Where it waits, for its DPC, the DPC runs."""
    call = m.call(name, failing=failing, **args)
    yield f"{name} {call.at}"
    while not call.returned:
        if call.waiting is not None and not call.waiting.ready() and m.adapter.dpc_queued:
            yield from _dpc(m)
        m.resume(call)
        yield f"{name} {call.at}"


def _dpc(m: Machine) -> Plan:
    if m.adapter.dpc_queued:
        m.call("DxgkDdiDpcRoutine")
        yield "DxgkDdiDpcRoutine returned"


def _abort(m: Machine, process: OsProcess) -> Plan:
    """What the process has on the GPU is aborted."""
    for node in range(len(m.gpu.nodes)):
        if any(c.device.process is process and c.node == node and unfinished(m, c)
               for c in m.handles.all(OsContext)):
            yield from _call(m, "DxgkDdiResetEngine", node=node)
        if m.adapter.to_reset:
            yield from _adapter_reset(m)
    yield from _dpc(m)


def _cancel(m: Machine, process: OsProcess) -> Plan:
    """The devices of the process are in error; what was not submitted yet, or is to be submitted
    again, never is."""
    if not process.killed:
        m.happen("terminate_process", process)
        yield "terminated"
    for context in m.handles.all(OsContext):
        if context.device.process is process and (context.rendered or context.preempted):
            yield from _call(m, "DxgkDdiCancelCommand", hContext=context)


def _kill(m: Machine, process: OsProcess) -> Plan:
    yield from _cancel(m, process)
    if m.gpu.present:
        yield from _abort(m, process)
    for opening in [o for o in m.handles.all(OsOpening) if o.device.process is process]:
        yield from _call(m, "DxgkDdiCloseAllocation", hDevice=opening.device, hOpen=opening)
    for context in [c for c in m.handles.all(OsContext) if c.device.process is process]:
        yield from _call(m, "DxgkDdiDestroyContext", hContext=context)
    for device in [d for d in m.handles.all(OsDevice) if d.process is process]:
        yield from _call(m, "DxgkDdiDestroyDevice", hDevice=device)
    if m.image.told and not process.closed:
        m.happen("close_adapter", process)
        yield "closed"
    yield from _call(m, "DxgkDdiDestroyProcess", hKmdProcess=process)


def _stop(m: Machine, remove: bool) -> Plan:
    for process in list(m.handles.all(OsProcess)):
        yield from _kill(m, process)
    if m.paging.transferring:
        moving = m.paging.allocation
        yield from _call(m, "DxgkDdiBuildPagingBuffer", operation="TransferEnd",
                         hAllocation=moving)
    for resource in list(m.handles.all(OsResource)):
        yield from _call(m, "DxgkDdiDestroyAllocation", hResource=resource, destroyResource=True)
    for allocation in list(m.handles.all(OsAllocation)):
        yield from _call(m, "DxgkDdiDestroyAllocation", hAllocation=allocation)
    yield from _call(m, "DxgkDdiStopDevice")
    if remove:
        yield from _call(m, "DxgkDdiRemoveDevice")


def _surprise(m: Machine) -> Plan:
    m.unplug()
    yield "unplugged"
    yield from _call(m, "DxgkDdiNotifySurpriseRemoval")
    yield from _dpc(m)
    yield from _stop(m, remove=True)


def _recover(m: Machine, node: int, adapter: bool) -> Plan:
    if m.fences[node].preempting == 0:
        yield from _call(m, "DxgkDdiPreemptCommand", node=node)
    yield from _dpc(m)
    if not adapter:
        yield from _call(m, "DxgkDdiCollectDbgInfo", Reason=ENGINE_TIMEOUT)
        yield from _call(m, "DxgkDdiResetEngine", node=node)
        yield from _dpc(m)
    if adapter or m.adapter.to_reset:
        yield from _adapter_reset(m)


def _adapter_reset(m: Machine) -> Plan:
    yield from _call(m, "DxgkDdiCollectDbgInfo", Reason=ADAPTER_TIMEOUT)
    yield from _call(m, "DxgkDdiResetFromTimeout")
    yield from _dpc(m)
    for allocation in [a for a in m.handles.all(OsAllocation) if a.page is not None]:
        yield from _call(m, "DxgkDdiBuildPagingBuffer", operation="TransferSizeZero",
                         hAllocation=allocation)
    yield from _call(m, "DxgkDdiRestartFromTimeout")


