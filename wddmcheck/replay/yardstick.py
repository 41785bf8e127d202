"""How the steps of models/yardstick.wddm are taken: its contexts are real contexts, its allocations
are context allocations that the user-mode driver asks for by escapes.

The yardstick is coarser than the machine: a call is one step there, and the GPU's completion stands
for the end of the packet, its interrupt and its DPC.
"""

from __future__ import annotations

from collections.abc import Callable

from wddmcheck.machine.dxgkrnl.calls import Call
from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsObject,
    OsProcess,
)
from wddmcheck.machine.findings import BugCheck
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.replay.vocabulary import Taking, UnknownStepError, Vocabulary
from wddmcheck.report.story import Story


def _whole(name: str, *names: str) -> Callable[[Machine, list[object]], Call]:
    """A step that is one call of a DDI, with its arguments under other names."""

    def call(machine: Machine, args: list[object]) -> Call:
        return _to_the_end(machine, machine.call(
            name, failing=(), **dict(zip(names, args, strict=True))))

    return call


def _to_the_end(machine: Machine, call: Call) -> Call:
    while not call.returned:
        machine.resume(call)
    return call


def _create_area(machine: Machine, args: list[object]) -> Call:
    (context,) = args
    assert isinstance(context, OsContext)
    return machine.call("DxgkDdiEscape", hDevice=context.device, hContext=context,
                        command="create area")


def _destroy_area(machine: Machine, args: list[object]) -> Call:
    (area,) = args
    assert isinstance(area, OsContextAllocation)
    return machine.call("DxgkDdiEscape", hDevice=area.device, hContext=area.context, area=area,
                        command="destroy area")


def _complete(machine: Machine, args: list[object]) -> Call:
    (context,) = args
    assert isinstance(context, OsContext)
    _finish(machine, context)
    machine.call("DxgkDdiInterruptRoutine")
    return machine.call("DxgkDdiDpcRoutine")


def _finish(machine: Machine, context: OsContext) -> None:
    packet = machine.gpu.nodes[0].packets.get(context.fence)
    if packet is not None and packet.state is PacketState.QUEUED:
        machine.run_packet(context)
    machine.complete_packet(context)


STEPS: dict[str, Callable[[Machine, list[object]], Call]] = {
    "AddDevice": _whole("DxgkDdiAddDevice"),
    "StartDevice": _whole("DxgkDdiStartDevice"),
    "StopDevice": _whole("DxgkDdiStopDevice"),
    "RemoveDevice": _whole("DxgkDdiRemoveDevice"),
    "CreateProcess": _whole("DxgkDdiCreateProcess"),
    "DestroyProcess": _whole("DxgkDdiDestroyProcess", "hKmdProcess"),
    "CreateDevice": _whole("DxgkDdiCreateDevice", "hKmdProcess"),
    "DestroyDevice": _whole("DxgkDdiDestroyDevice", "hDevice"),
    "CreateContext": _whole("DxgkDdiCreateContext", "hDevice"),
    "DestroyContext": _whole("DxgkDdiDestroyContext", "hContext"),
    "CreateContextAllocation": _create_area,
    "DestroyContextAllocation": _destroy_area,
    "Submit": _whole("DxgkDdiSubmitCommand", "hContext", "area"),
    "Complete": _complete,
}


def _take(taking: Taking) -> Call:
    step = STEPS.get(taking.step.block)
    if step is None:
        raise UnknownStepError(f"the yardstick has no {taking.step.block}")
    return step(taking.machine, list(taking.args.values()))


def _knows(story: Story) -> bool:
    return bool(story.steps) and all(s.block in STEPS for s in story.steps)


def _settle(machine: Machine) -> None:
    """The GPU finishes what it has."""
    try:
        for context in tuple(machine.handles.all(OsContext)):
            packet = machine.gpu.nodes[0].packets.get(context.fence)
            if packet is not None and packet.state in (PacketState.QUEUED, PacketState.RUNNING):
                _finish(machine, context)
    except BugCheck:
        return


RECORDS: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext,
    "Allocation": OsContextAllocation,
}

YARDSTICK = Vocabulary("yardstick", _take, _knows, RECORDS, settle=_settle)
