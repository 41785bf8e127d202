"""How steps are taken of a model whose blocks have the machine's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from wddmcheck.machine.dxgkrnl.registry import load
from wddmcheck.replay.families.foreign import refuse_foreign
from wddmcheck.replay.requests import Request, request
from wddmcheck.replay.vocabulary import Act, UnknownStepError, given
from wddmcheck.report.story import CallMade, Story, StoryStep

OTHERS = frozenset({"Adapter", "IsrState", "Call"})
"""Classes that every model has and of which Dxgkrnl has no record."""

REGISTERS = frozenset({"WriteRegister", "ReadRegister"})
"""A model's callbacks for accesses to registers, which on the machine are just that, watched."""

SETTLES = "everything comes to its end, and the adapter is taken down"


def settle(story: Story) -> tuple[Act, ...]:
    """What comes of a state shows later."""
    return (Act("aftermath", hardware=True),)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one family. `classes` are those of its objects; `callbacks` those that mean the
    same in the model and on the machine; `renamed` those that are cases of another one there;
    `inside` those that the machine has no name for, because they are something else there; `gpu`
    and `events` are the machine's names for what the hardware does by itself, and for what user
    mode and the operating system do, `threads` for what threads of the driver do, each about one
    object; `asked` is what a DDI is asked for beside its arguments."""

    classes: frozenset[str]
    callbacks: frozenset[str]
    gpu: Mapping[str, str]
    asked: Callable[[StoryStep, Mapping[str, str]], Request] = request
    events: Mapping[str, str] = field(default_factory=dict)
    inside: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    threads: Mapping[str, str] = field(default_factory=dict)

    def acts(self, step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
        """What a step asks of the machine; `pools`: the class of each identity. Raises
        `UnknownStepError`."""
        refuse_foreign(step, pools, self.classes,
                       self.callbacks | self.inside | self.renamed.keys(), OTHERS)
        args = tuple((a.name, given(a)) for a in step.args)
        leads_to = step.kind == "thunk" and step.block in load()
        if (step.kind in ("gpu", "thunk") and not leads_to) or step.block in self.events:
            name = (self.gpu if step.kind == "gpu" else self.events).get(step.block)
            if name is None:
                who = "the machine's GPU" if step.kind == "gpu" else "the machine"
                raise UnknownStepError(f"{who} does not do {step.block}")
            if step.kind == "thunk" and step.status == "STATUS_NO_MEMORY":
                args = (*args, ("fails", True))
            return (Act(name, args, hardware=True),)
        thread = self.threads.get(step.block)
        if thread is not None and step.phase not in ("resume", "return"):
            return (Act(thread, tuple(("item", value) for _, value in args)),)
        if thread is None and step.kind not in ("ddi", "interrupt", "dpc", "thunk"):
            raise UnknownStepError(
                f"{step.block} is a step of a {step.kind}, and the machine has none")
        if step.phase in ("resume", "return"):
            return (Act(step.block, resumes=step.call),)
        if step.block not in load():
            raise UnknownStepError(f"the machine has no {step.block}")
        asked = self.asked(step, pools)
        return (Act(step.block, args + asked.extra, asked.failing),)

    def told(self, step: StoryStep) -> list[CallMade]:
        """The callbacks of a step that are some to Dxgkrnl, by its names."""
        return [replace(c, name=self.renamed.get(c.name, c.name)) for c in step.calls
                if c.name not in self.inside]
