"""How the steps of a kind of model are taken on the machine.

The steps of models/miniport.wddm and its variants have the machine's own names. (What the yardstick
calls things is in `replay.yardstick`.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wddmcheck.machine.dxgkrnl.calls import Call
from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsObject,
    OsOpening,
    OsProcess,
    OsResource,
)
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.replay.requests import request
from wddmcheck.report.story import Story, StoryStep


class UnknownStepError(Exception):
    """A step that the machine does not have: the trace is of another kind of model."""


@dataclass(slots=True)
class Taking:
    """A step that is being taken: its arguments as Dxgkrnl's records or plain values, the calls in
    flight by their identities, and the class of each identity."""

    machine: Machine
    step: StoryStep
    args: dict[str, object]
    calls: dict[str, Call]
    pools: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`take` takes a step and returns the call it was part of, if any. `records` are what the
    classes of the model are to Dxgkrnl. `same_state`: the model's state is the driver's, so it
    can be compared. `settle` lets happen what must, after the last step."""

    name: str
    take: Callable[[Taking], Call | None]
    knows: Callable[[Story], bool]
    records: Mapping[str, type[OsObject]] = field(default_factory=dict)
    same_state: bool = False
    settle: Callable[[Machine], None] = lambda machine: None


GPU_STEPS = {
    "RunPacket": "run_packet", "CompletePacket": "complete_packet",
    "SaveIdleContext": "save_idle_context", "Vsync": "vsync",
}
"""What the hardware of models/miniport.wddm does by itself, and the machine's name for it."""


def _take(taking: Taking) -> Call | None:
    step, machine = taking.step, taking.machine
    if step.kind == "gpu":
        method = GPU_STEPS.get(step.block)
        if method is None:
            raise UnknownStepError(f"the machine's GPU does not do {step.block}")
        getattr(machine, method)(*taking.args.values())
        return None
    if step.kind not in ("ddi", "interrupt", "dpc"):
        raise UnknownStepError(f"{step.block} is a step of a {step.kind}, and the machine has none")
    if step.phase in ("resume", "return"):
        call = taking.calls.get(step.call)
        if call is None:
            raise OutOfReachError(f"{step.call} has returned before", driver=True)
        return machine.resume(call)
    if step.block not in machine.known_calls:
        raise UnknownStepError(f"the machine has no {step.block}")
    asked = request(step, taking.pools)
    call = machine.call(step.block, failing=asked.failing, **(taking.args | dict(asked.extra)))
    if step.call:
        taking.calls[step.call] = call
    return call


MINIPORT = Vocabulary(
    "miniport", _take, lambda story: True,
    {"Process": OsProcess, "Device": OsDevice, "Context": OsContext,
     "ContextAllocation": OsContextAllocation, "Resource": OsResource,
     "Allocation": OsAllocation, "OpenAllocation": OsOpening},
    same_state=True)
