"""How the steps of models/miniport.wddm and its variants are taken: they have the machine's own
names."""

from __future__ import annotations

from collections.abc import Mapping

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
from wddmcheck.replay.families.miniport_state import KNOWN, look
from wddmcheck.replay.requests import request
from wddmcheck.replay.vocabulary import Act, UnknownStepError, Vocabulary, given
from wddmcheck.report.story import StoryStep

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


MINIPORT = Vocabulary(_acts, CLASSES, KNOWN, look)
