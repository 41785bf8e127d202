"""How the steps of a kind of model are taken on the machine: a step of a story as calls of the
machine, as data, which a replay executes and a generated test spells out.

A model and its variants are a family. What each family calls things is in `replay.families`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from wddmcheck.machine.dxgkrnl.objects import OsObject
from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.replay.abstraction import Seen
from wddmcheck.report.story import Argument, CallMade, Story, StoryStep, ValueKind


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
    """What a family calls things, and what machine it runs on.

    `acts` is what a step asks for (given the class of each identity; raises `UnknownStepError`);
    `settle` what happens by itself after the last step, and `settles` says so in words. `records`
    are what the classes of the model are to Dxgkrnl. `known` are the classes and fields of the
    model that the machine has too, and `look` sees them there; nothing is known where a model is
    coarser than the machine. What belongs to no object is a field of the class "".

    `told` are the callbacks of a step that are some to Dxgkrnl, by its names; `untold` those of the
    machine of which the model does not tell. `initial` are values that fields have at first, by
    class, where these are not none, false or 0; `first` are further words that say no more than
    these, in any field.

    `reference` is the miniport that does what the model says. `hardware` are the properties that
    the GPU has (fields of `Gpu`), `policies` what Dxgkrnl does without being asked, `only` the
    policies to which the machine has this one answer. `from_entry`: a run begins with DriverEntry;
    else the driver is loaded before it."""

    acts: Callable[[StoryStep, Mapping[str, str]], tuple[Act, ...]]
    records: Mapping[str, type[OsObject]] = field(default_factory=dict)
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    look: Callable[[Machine], list[Seen]] = lambda machine: []
    settle: Callable[[Story], tuple[Act, ...]] = lambda story: ()
    settles: str = "what the GPU has is finished"
    told: Callable[[StoryStep], Sequence[CallMade]] = lambda step: step.calls
    untold: frozenset[str] = frozenset()
    initial: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    first: frozenset[str] = frozenset()
    reference: type[ReferenceMiniport] = ReferenceMiniport
    hardware: frozenset[str] = frozenset()
    policies: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    from_entry: bool = False

    def gpu(self) -> Gpu:
        """A GPU of the kind that the family runs on."""
        return Gpu(lazy_switch="lazy_switch" in self.hardware, in_order="in_order" in self.hardware)

    @property
    def same_state(self) -> bool:
        """Whether the state of the model is the machine's, so that the two can be compared."""
        return bool(self.known)


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
