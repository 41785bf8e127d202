"""How the steps of a kind of model are taken on the machine: a step of a story as calls of the
machine, as data, which a replay executes and a generated test spells out.

The steps of models/miniport.wddm and its variants have the machine's own names. (What the yardstick
calls things is in `replay.yardstick`.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

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
from wddmcheck.machine.dxgkrnl.registry import load
from wddmcheck.replay.requests import request
from wddmcheck.report.story import Argument, Story, StoryStep, ValueKind


class UnknownStepError(Exception):
    """A step that the machine does not have: the trace is of another kind of model."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Dxgkrnl's record of an identity of the story, or what its field `field` names."""

    identity: str
    field: str = ""


Given: TypeAlias = Ref | str | int | bool | None
"""An argument of the machine."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do with the machine: call the DDI `name` with `args` by name (with `failing`,
    see `Machine.call`), and `whole`: to its end; or, with `resumes`, go on with the call of that
    identity; or, with `hardware`, let the GPU do `name`, with `args` in order."""

    name: str
    args: tuple[tuple[str, Given], ...] = ()
    failing: tuple[str, ...] = ()
    whole: bool = False
    resumes: str = ""
    hardware: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`acts` is what a step asks for (given the class of each identity); `settle` what happens by
    itself after the last step. `records` are what the classes of the model are to Dxgkrnl.
    `same_state`: the model's state is the driver's, so it can be compared."""

    acts: Callable[[StoryStep, Mapping[str, str]], tuple[Act, ...]]
    knows: Callable[[Story], bool]
    records: Mapping[str, type[OsObject]] = field(default_factory=dict)
    same_state: bool = False
    settle: Callable[[Story], tuple[Act, ...]] = lambda story: ()


def given(argument: Argument) -> Given:
    """An argument of a step as an argument of the machine."""
    value = argument.value
    match value.kind:
        case ValueKind.OBJECT | ValueKind.DANGLING:
            return Ref(value.object)
        case ValueKind.NONE:
            return None
        case _:
            return {"true": True, "false": False}.get(value.text, value.text)


# --- models/miniport.wddm ------------------------------------------------------------------------

GPU_STEPS = {
    "RunPacket": "run_packet", "CompletePacket": "complete_packet",
    "SaveIdleContext": "save_idle_context", "Vsync": "vsync",
}
"""What the hardware of models/miniport.wddm does by itself, and the machine's name for it."""


CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext,
    "ContextAllocation": OsContextAllocation, "Resource": OsResource,
    "Allocation": OsAllocation, "OpenAllocation": OsOpening,
}
"""What the classes of models/miniport.wddm are to Dxgkrnl."""

OTHERS = frozenset({"Adapter", "IsrState", "Call"})
"""Classes of which Dxgkrnl has no record."""

CALLBACKS = frozenset({
    "DxgkCbCreateContextAllocation", "DxgkCbDestroyContextAllocation", "DxgkCbAcquireHandleData",
    "DxgkCbReleaseHandleData", "DxgkCbNotifyInterrupt", "DxgkCbNotifyDpc", "DxgkCbQueueDpc"})
"""Callbacks that mean the same in the model and on the machine."""


def _foreign(step: StoryStep, pools: Mapping[str, str]) -> None:
    """Raise `UnknownStepError` if a step speaks of what the machine does not have: a model that
    goes further than the machine has steps of the same names that mean more."""
    for pool in pools.values():
        if pool not in CLASSES and pool not in OTHERS:
            raise UnknownStepError(f"the machine has no {pool}")
    for made in step.calls:
        if made.name not in CALLBACKS:
            raise UnknownStepError(f"the machine has no {made.name}")


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    _foreign(step, pools)
    args = tuple((a.name, given(a)) for a in step.args)
    if step.kind == "gpu":
        method = GPU_STEPS.get(step.block)
        if method is None:
            raise UnknownStepError(f"the machine's GPU does not do {step.block}")
        return (Act(method, args, hardware=True),)
    if step.kind not in ("ddi", "interrupt", "dpc"):
        raise UnknownStepError(f"{step.block} is a step of a {step.kind}, and the machine has none")
    if step.phase in ("resume", "return"):
        return (Act(step.block, resumes=step.call),)
    if step.block not in load():
        raise UnknownStepError(f"the machine has no {step.block}")
    asked = request(step, pools)
    return (Act(step.block, args + asked.extra, asked.failing),)


MINIPORT = Vocabulary(
    _acts, lambda story: True, CLASSES,
    same_state=True)
