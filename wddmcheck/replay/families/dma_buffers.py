"""How the steps of models/dma_buffers.wddm and its variants are taken: a context has several DMA
buffers, and some of its steps are several kinds of things to the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer, OsMonitoredFence
from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsObject,
    OsProcess,
)
from wddmcheck.machine.reference.dma_buffers import DmaMiniport
from wddmcheck.replay.families.dma_buffers_state import FIRST, KNOWN, look
from wddmcheck.replay.families.terms import Terms
from wddmcheck.replay.requests import CREATE_AREA, Extra, Request, failures
from wddmcheck.replay.vocabulary import Act, Given, Ref, Vocabulary
from wddmcheck.report.story import CallMade, Story, StoryStep

CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext,
    "ContextAllocation": OsContextAllocation, "DmaBuffer": OsDmaBuffer,
    "MonitoredFence": OsMonitoredFence,
}
"""What the classes of the model are to Dxgkrnl, which has no other name for private data than that
of its buffer."""

CALLBACKS = frozenset({
    "DxgkCbCreateContextAllocation", "DxgkCbDestroyContextAllocation", "DxgkCbNotifyInterrupt",
    "DxgkCbNotifyDpc"})
"""Callbacks that mean the same in the model and on the machine."""

INSIDE = frozenset({"ReadPageable", "DxgkCbMapContextAllocation"})
"""What the model calls a callback, and shows in what it does: paged memory is touched, an area has
an address."""

UNTOLD = frozenset({"DxgkCbQueueDpc", "DxgkCbSynchronizeExecution"})
"""Callbacks of which the model does not tell: that the DPC is queued is in its state."""

GPU_STEPS = {"RunBuffer": "run_buffer", "CompleteBuffer": "complete_buffer",
             "Preempt": "DxgkDdiPreemptCommand"}
"""What the hardware does by itself, and the machine's name for it; a node gives up a buffer when
the driver has told it to."""

EVENTS = {
    "pfnRenderCb": "build_buffer", "Discard": "discard_buffer",
    "OwnSynchronizationObject": "own_synchronization_object",
    "pfnCreateSynchronizationObject2Cb": "create_monitored_fence",
    "pfnDestroySynchronizationObjectCb": "destroy_monitored_fence",
}
"""What user mode does, and the machine's name for it."""

LONG = frozenset({"DxgkDdiStopDevice", "DxgkDdiDestroyContext"})
"""DDIs that the reference miniport can be interrupted in, and the model takes in one step."""


def _asked(step: StoryStep, pools: Mapping[str, str]) -> Request:
    """What a DDI is asked for beside its arguments."""
    extra: tuple[tuple[str, Extra], ...] = ()
    if step.block == "DxgkDdiCreateContext":
        areas = 2 * any(c.name == CREATE_AREA for c in step.calls)
        extra = (("areas", areas), ("buffers", True))
    return Request(tuple(failures(step, pools)), extra)


TERMS = Terms(frozenset(KNOWN), CALLBACKS, GPU_STEPS, _asked, EVENTS, INSIDE)


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    (act,) = TERMS.acts(step, pools)
    if step.block == "pfnRenderCb":
        return (_built(step, act),)
    if step.block == "Preempt":
        return (Act(act.name, (("buffer", act.args[0][1]),)),)
    return (replace(act, whole=step.block in LONG),)


def _built(step: StoryStep, act: Act) -> Act:
    """What has physical addresses is a matter of the driver, which may know them already: the
    second way of the model's DxgkDdiRender."""
    given: dict[str, Given] = dict(act.args)
    if given.pop("way") != "Physical" or step.status == "STATUS_NO_MEMORY":
        return act
    return Act("DxgkDdiRender", (*given.items(), ("resident", 2 in step.turns)))


def _told(step: StoryStep) -> list[CallMade]:
    """A preemption is reported, though the model does not say so."""
    told = TERMS.told(step)
    return [*told, CallMade("DxgkCbNotifyInterrupt", ())] if step.block == "Preempt" else told


def _settle(story: Story) -> tuple[Act, ...]:
    """What shows that a claim of the model's is broken: an application writes where it can; the GPU
    runs what was submitted last; calls in flight end."""
    if story.property == "only_user_areas_are_mapped":
        return tuple(Act("run_hostile_commands", (("context", Ref(life.object)),), hardware=True)
                     for life in story.lives if life.pool == "Context" and life.died is None)
    if story.property != "assertions_hold" or not story.steps:
        return ()
    last = story.steps[-1]
    if not last.block.startswith("DxgkDdiSubmitCommand"):
        return (Act("run_until_idle", hardware=True),)
    (buffer,) = (a.value.object for a in last.args)
    return tuple(Act(name, (("buffer", Ref(buffer)),), hardware=True)
                 for name in ("run_buffer", "complete_buffer"))


DMA_BUFFERS = Vocabulary(
    _acts, CLASSES, KNOWN, look, _settle,
    "the GPU, a call in flight, or an application goes on with what it has",
    told=_told, untold=UNTOLD, first=FIRST, reference=DmaMiniport,
    hardware=frozenset({"in_order"}))
"""From the machine's state to the state of models/dma_buffers.wddm."""
