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
from wddmcheck.replay.families.foreign import refuse_foreign
from wddmcheck.replay.families.miniport_state import KNOWN, look
from wddmcheck.replay.requests import request
from wddmcheck.replay.vocabulary import Act, UnknownStepError, Vocabulary, given
from wddmcheck.report.story import StoryStep

GPU_STEPS = {
    "RunPacket": "run_packet", "CompletePacket": "complete_packet",
    "SaveIdleContext": "save_idle_context", "Vsync": "vsync",
}
"""What the hardware of models/miniport.wddm does by itself, and the machine's name for it."""


DXGKRNL_STEPS = {"EndFailedCreate": "end_failed_create"}
"""What Dxgkrnl does by itself in variants of models/miniport.wddm."""

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


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    refuse_foreign(step, pools, CLASSES, CALLBACKS, OTHERS)
    if step.block in DXGKRNL_STEPS:
        return (Act(DXGKRNL_STEPS[step.block], hardware=True),)
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


MINIPORT = Vocabulary(_acts, CLASSES, KNOWN, look, untold=frozenset({"DxgkCbSynchronizeExecution"}))
