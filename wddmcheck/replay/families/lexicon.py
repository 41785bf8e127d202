"""Steps that have the machine's own names: models/miniport.wddm, and models that go on from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
from wddmcheck.replay.vocabulary import Act, UnknownStepError, given
from wddmcheck.report.story import Story, StoryStep

CLASSES: Mapping[str, type[OsObject]] = {
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


SETTLES = "everything comes to its end, and the adapter is taken down"


def settle(story: Story) -> tuple[Act, ...]:
    """What comes of a state shows later."""
    return (Act("aftermath", hardware=True),)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a family has. `gpu` and `thunks` are the machine's names of what the hardware does by
    itself, and of what Dxgkrnl does without the driver; `others` and `callbacks` are classes
    without a record, and callbacks, besides those of models/miniport.wddm."""

    gpu: Mapping[str, str]
    thunks: Mapping[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    callbacks: frozenset[str] = frozenset()
    records: Mapping[str, type[OsObject]] = field(default_factory=lambda: CLASSES)

    def acts(self, step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
        """What a step asks for. Raises `UnknownStepError`."""
        self._foreign(step, pools)
        args = tuple((a.name, given(a)) for a in step.args)
        if step.kind in ("gpu", "thunk"):
            method = (self.gpu if step.kind == "gpu" else self.thunks).get(step.block)
            if method is None:
                whose = "the machine's GPU" if step.kind == "gpu" else "the machine"
                raise UnknownStepError(f"{whose} does not do {step.block}")
            return (Act(method, args, hardware=True),)
        if step.kind not in ("ddi", "interrupt", "dpc"):
            raise UnknownStepError(
                f"{step.block} is a step of a {step.kind}, and the machine has none")
        if step.phase in ("resume", "return"):
            return (Act(step.block, resumes=step.call),)
        if step.block not in load():
            raise UnknownStepError(f"the machine has no {step.block}")
        asked = request(step, pools)
        return (Act(step.block, args + asked.extra, asked.failing),)

    def _foreign(self, step: StoryStep, pools: Mapping[str, str]) -> None:
        """Raise `UnknownStepError` if a step speaks of what the machine does not have: a model that
        goes further than the machine has steps of the same names that mean more."""
        for pool in pools.values():
            if pool not in self.records and pool not in OTHERS | self.others:
                raise UnknownStepError(f"the machine has no {pool}")
        for made in step.calls:
            if made.name not in CALLBACKS | self.callbacks:
                raise UnknownStepError(f"the machine has no {made.name}")
