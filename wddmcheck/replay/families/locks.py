"""models/locks.wddm: its steps have the machine's own names, but for what a step leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsObject,
    OsProcess,
)
from wddmcheck.machine.reference.locking import LockingMiniport
from wddmcheck.replay.families.locks_state import KNOWN, look
from wddmcheck.replay.requests import request
from wddmcheck.replay.vocabulary import Act, Given, UnknownStepError, Vocabulary, given
from wddmcheck.report.story import Story, StoryStep

Args = tuple[tuple[str, Given], ...]

CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext,
    "ContextAllocation": OsContextAllocation,
}


def _call(name: str, **more: Given) -> Callable[[Args], tuple[Act, ...]]:
    """A call of a DDI with the arguments of the step, and `more`."""
    return lambda args: (Act(name, args + tuple(more.items())),)


def _update(args: Args) -> tuple[Act, ...]:
    """The paging operation that a callback asked for: the model has no other."""
    ((_, area),) = args
    return (Act("DxgkDdiBuildPagingBuffer",
                (("operation", "UpdateContextAllocation"), ("hContextResource", area))),)


def _complete(args: Args) -> tuple[Act, ...]:
    """A packet runs and completes in one step of the model."""
    return (Act("run_packet", args, hardware=True), Act("complete_packet", args, hardware=True))


STEPS: dict[str, Callable[[Args], tuple[Act, ...]]] = {
    **{name: _call(name) for name in (
        "DxgkDdiAddDevice", "DxgkDdiStartDevice", "DxgkDdiStopDevice", "DxgkDdiRemoveDevice",
        "DxgkDdiCreateProcess", "DxgkDdiDestroyProcess", "DxgkDdiCreateDevice",
        "DxgkDdiDestroyDevice", "DxgkDdiCreateContext", "DxgkDdiDestroyContext",
        "DxgkDdiSubmitCommand", "DxgkDdiQueryCurrentFence", "DxgkDdiSetPowerComponentFState",
        "DxgkDdiInterruptRoutine", "DxgkDdiDpcRoutine")},
    "DxgkDdiEscape": _call("DxgkDdiEscape", command="tune"),
    "DxgkDdiBuildPagingBuffer": _update,
    "CompletePacket": _complete,
    "Vsync": lambda args: (Act("vsync", hardware=True),),
}
"""The steps that begin something, and what they are on the machine."""


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    begins = STEPS.get(step.block)
    if begins is None:
        raise UnknownStepError(f"the machine has no {step.block}")
    if step.phase in ("resume", "return"):
        return (Act(step.block, resumes=step.call),)
    *first, last = begins(tuple((a.name, given(a)) for a in step.args))
    asked = request(step, pools)
    return (*first, Act(last.name, last.args + asked.extra, asked.failing, hardware=last.hardware))


def _settle(story: Story) -> tuple[Act, ...]:
    """Where a call is said to be stuck, everything else goes on."""
    stuck = story.property == "no_stuck_call"
    return (Act("run_until_idle", hardware=True),) if stuck else ()


LOCKS = Vocabulary(_acts, CLASSES, KNOWN, look, _settle, "whatever can go on does",
                   initial={"": {"component": "F0", "powered": "true"}}, reference=LockingMiniport,
                   policies={"G04": "retired"})
