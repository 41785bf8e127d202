"""How the steps of models/hardware_queues.wddm and its variants are taken."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsDevice,
    OsDoorbell,
    OsHwQueue,
    OsObject,
    OsProcess,
)
from wddmcheck.machine.dxgkrnl.registry import load
from wddmcheck.replay.families.foreign import refuse_foreign
from wddmcheck.replay.families.hardware_queues_state import INITIAL, KNOWN, look
from wddmcheck.replay.requests import request
from wddmcheck.replay.vocabulary import Act, Given, UnknownStepError, Vocabulary, given
from wddmcheck.report.story import StoryStep

CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext, "HwQueue": OsHwQueue,
    "RingBuffer": OsAllocation, "Doorbell": OsDoorbell,
}
"""What the classes of the model are to Dxgkrnl: a ring buffer is an allocation of user mode."""

HAPPENS = {
    "SwitchTo": "switch_to", "SwitchAway": "switch_away", "Hang": "hang_engine",
    "AcknowledgeSuspension": "acknowledge_suspension", "RunQueue": "run_queue",
    "RingDoorbell": "ring_doorbell", "TerminateProcess": "kill_devices",
}
"""What the hardware and user mode do, and the machine's name for it."""

CHOSEN_BY_DXGKRNL = frozenset({"contextSuspendFence"})
"""Arguments that are Dxgkrnl's own affair on the machine: it counts its fences itself."""

CALLBACKS = frozenset({
    "DxgkCbNotifyInterrupt", "DxgkCbNotifyDpc", "DxgkCbQueueDpc", "DxgkCbDisconnectDoorbell",
    "DxgkCbInvalidateHwContext"})
"""Callbacks that mean the same in the model and on the machine."""

UNTOLD = frozenset({"DxgkCbCreateContextAllocation", "DxgkCbDestroyContextAllocation"})
"""The save areas of contexts, of which the model does not speak."""


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    refuse_foreign(step, pools, CLASSES, CALLBACKS)
    args = tuple((a.name, given(a)) for a in step.args if a.name not in CHOSEN_BY_DXGKRNL)
    if step.block in HAPPENS:
        return (Act(HAPPENS[step.block], args, hardware=True),)
    if step.block not in load():
        raise UnknownStepError(f"the machine has no {step.block}")
    if step.phase in ("resume", "return"):
        return (Act(step.block, resumes=step.call),)
    extra: tuple[tuple[str, Given], ...] = ()
    if step.block == "DxgkDdiCreateContext":
        extra = (("queues", True),)
    return (Act(step.block, args + extra, request(step, pools).failing,
                whole=("DevicePowerState", "D0") in args),)


HARDWARE_QUEUES = Vocabulary(_acts, CLASSES, KNOWN, look, initial=INITIAL, untold=UNTOLD)
