"""models/threading.wddm: its steps have the machine's own names, but for what a step leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsDevice,
    OsObject,
    OsOverlay,
    OsProcess,
)
from wddmcheck.machine.reference.threaded import ThreadedMiniport
from wddmcheck.replay.families.threading_state import KNOWN, look
from wddmcheck.replay.vocabulary import Act, Given, Ref, UnknownStepError, Vocabulary, given
from wddmcheck.report.story import Story, StoryStep

CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext, "Overlay": OsOverlay,
}

CALLS = frozenset({
    "DxgkDdiAddDevice", "DxgkDdiStartDevice", "DxgkDdiStopDevice", "DxgkDdiRemoveDevice",
    "DxgkDdiCreateProcess", "DxgkDdiDestroyProcess", "DxgkDdiCreateDevice", "DxgkDdiDestroyDevice",
    "DxgkDdiCreateContext", "DxgkDdiDestroyContext", "DxgkDdiSubmitCommand",
    "DxgkDdiBuildPagingBuffer", "DxgkDdiCreateOverlay", "DxgkDdiFlipOverlay",
    "DxgkDdiDestroyOverlay", "DxgkDdiSetVidPnSourceVisibility", "DxgkDdiSetPowerState",
    "DxgkDdiQueryAdapterInfo", "DxgkDdiInterruptRoutine", "DxgkDdiDpcRoutine"})

OWN = {"WatchdogTimer": "timer_expires", "WatchdogThread": "thread_runs"}
"""What the driver's own threads are to the machine."""

MORE: dict[str, tuple[tuple[str, Given], ...]] = {
    "DxgkDdiSubmitCommand": (("tracked", False),),
    "DxgkDdiBuildPagingBuffer": (("operation", "FlushTlb"),),
}
"""Arguments that the model leaves out: it has no packets and no allocations."""


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    if step.block == "Vsync":
        return (Act("vsync", hardware=True),)
    name = OWN.get(step.block, step.block)
    if step.block not in CALLS and step.block not in OWN:
        raise UnknownStepError(f"the machine has no {step.block}")
    if step.phase in ("resume", "return"):
        return (Act(name, resumes=step.call),)
    args = tuple((a.name, given(a)) for a in step.args)
    return (Act(name, args + MORE.get(name, ()), _failing(step)),)


def _failing(step: StoryStep) -> tuple[str, ...]:
    """What has to fail: a create, or the watchdog, without which the second way of StartDevice is
    not taken."""
    if step.block == "DxgkDdiStartDevice" and step.turns == (2,):
        return ("pool:WatchdogState",)
    return tuple(f"pool:{pool}" for pool in step.failed)


def _settle(story: Story) -> tuple[Act, ...]:
    """A context that is not on the list shows when it is to be taken off."""
    if story.property != "every_context_is_listed":
        return ()
    left = [life.object for life in story.lives if life.pool == "Context" and life.died is None]
    return tuple(Act("DxgkDdiDestroyContext", (("hContext", Ref(c)),), whole=True) for c in left)


THREADING = Vocabulary(_acts, CLASSES, KNOWN, look, _settle, "the contexts are destroyed",
                       initial={"": {"osPower": "Working"}, "Adapter": {"power": "D0"}},
                       reference=ThreadedMiniport)
