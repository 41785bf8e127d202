"""How the steps of models/fences_events.wddm and its variants are taken."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.machine.dxgkrnl.objects import (
    OsCpuEvent,
    OsDevice,
    OsGlobalFence,
    OsLocalFence,
    OsObject,
    OsProcess,
    OsProcessEvent,
)
from wddmcheck.machine.dxgkrnl.registry import load
from wddmcheck.replay.families.fences_events_state import INITIAL, KNOWN, look
from wddmcheck.replay.families.foreign import refuse_foreign
from wddmcheck.replay.requests import request
from wddmcheck.replay.vocabulary import Act, Given, Ref, UnknownStepError, Vocabulary, given
from wddmcheck.report.story import ChangeKind, Story, StoryStep

CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "GlobalFence": OsGlobalFence,
    "LocalFence": OsLocalFence, "CpuEvent": OsCpuEvent, "ProcessEvent": OsProcessEvent,
}
"""What the classes of the model are to Dxgkrnl."""

HAPPENS = {
    "BeginSignal": "begin_signal", "FinishSignal": "finish_signal",
    "EventHappens": "event_happens",
}
"""What the GPU does, and the machine's name for it."""

CALLBACKS = frozenset({
    "DxgkCbNotifyInterrupt", "DxgkCbNotifyDpc", "DxgkCbQueueDpc", "DxgkCbSignalEvent"})
"""Callbacks that mean the same in the model and on the machine."""

THREADS = {"SignalProcess": "SignalProcessEvent"}
"""What threads of the driver do: blocks of the model, and routines of the reference miniport."""


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    refuse_foreign(step, pools, CLASSES, CALLBACKS)
    args = tuple((a.name, given(a)) for a in step.args)
    if step.block in HAPPENS:
        return (Act(HAPPENS[step.block], args, hardware=True),)
    name = THREADS.get(step.block, step.block)
    if name not in load():
        raise UnknownStepError(f"the machine has no {step.block}")
    if step.phase in ("resume", "return"):
        return (Act(name, resumes=step.call),)
    if step.block in THREADS:
        args = tuple(("item", value) for _, value in args)
    return (Act(name, args + _extra(step), request(step, pools).failing),)


def _extra(step: StoryStep) -> tuple[tuple[str, Given], ...]:
    """What is not in the model's arguments: that processes are of virtual machines, what user mode
    wants of an escape, and with which event of several the DPC begins."""
    match step.block:
        case "DxgkDdiCreateProcess":
            return (("kind", "Virtual"),)
        case "DxgkDdiEscape":
            return (("command", "add event"),)
        case "DxgkDdiDpcRoutine":
            begun = [c.subject for c in step.changes
                     if c.kind is ChangeKind.CHANGED and c.label == "signals"]
            return (("first", Ref(begun[0])),) if begun else ()
    return ()


def _settle(story: Story) -> tuple[Act, ...]:
    """What shows that an event is lost: the DPC that is queued runs, and user mode still waits."""
    last = story.steps[-1] if story.steps else None
    if last is None or any(f.stops for f in last.faults) or last.kind != "interrupt":
        return ()
    return (Act("DxgkDdiDpcRoutine", whole=True), Act("user_mode_waits", hardware=True))


FENCES_EVENTS = Vocabulary(_acts, CLASSES, KNOWN, look, _settle,
                           "what is queued runs, and user mode goes on waiting", initial=INITIAL,
                           untold=frozenset({"DxgkCbSynchronizeExecution"}))
