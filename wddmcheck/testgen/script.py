"""A story as lines of a scenario (`machine.scenario`): one line for each thing that happens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wddmcheck.machine.dxgkrnl.display_records import OsMemoryBasis, OsNotification, OsSession
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer
from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsCpuEvent,
    OsDevice,
    OsDoorbell,
    OsGlobalFence,
    OsHwQueue,
    OsLocalFence,
    OsObject,
    OsOpening,
    OsOverlay,
    OsPagingBuffer,
    OsProcess,
    OsProcessEvent,
    OsResource,
)
from wddmcheck.replay.families import words_for
from wddmcheck.replay.runner import STOPS
from wddmcheck.replay.vocabulary import Act, Given, Ref, Vocabulary
from wddmcheck.report.story import ChangeKind, Story, StoryStep

WIDTH = 96
_ATTRIBUTES: Mapping[type[OsObject], str] = {
    OsProcess: "process", OsDevice: "device", OsContext: "context", OsContextAllocation: "area",
    OsResource: "resource", OsAllocation: "allocation", OsOpening: "opening",
    OsHwQueue: "queue", OsDoorbell: "doorbell", OsGlobalFence: "fence",
    OsLocalFence: "local_fence", OsCpuEvent: "cpu_event", OsProcessEvent: "process_event",
    OsPagingBuffer: "paging", OsOverlay: "overlay", OsNotification: "notification",
    OsSession: "session", OsMemoryBasis: "basis", OsDmaBuffer: "dma_buffer",
}
_SHORT = {"pauses": "the call is interrupted half way", "waits": "the call has to wait"}
"""What the first word says of where a call is."""


@dataclass(slots=True)
class Script:
    """Writes the lines of one run. `pools` has the class of each identity, `used` those that are
    needed later, `settle` what happens by itself in the end; `names` are the variables for
    identities."""

    steps: Sequence[StoryStep]
    words: Vocabulary
    pools: Mapping[str, str]
    used: frozenset[str]
    settle: tuple[Act, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """The lines, each with its comment; without indentation."""
        last = len(self.steps)
        for step in self.steps:
            broken = step.number == last and any(f.stops for f in step.faults)
            yield from self._step(step, broken)
        if self.settle:
            yield f"# {self.words.settles}"
        for act in self.settle:
            yield self._act(act, "", "")

    def _step(self, step: StoryStep, broken: bool) -> Iterator[str]:
        if broken:
            yield "# here the model's driver breaks the rule:"
        acts = self.words.acts(step, self.pools)
        for act in acts[:-1]:
            yield self._act(act, "", "")
        born = [c.subject for c in step.changes if c.kind is ChangeKind.CREATED
                and c.subject in self.used and c.subject != step.call]
        stops = step.at.partition(" ")[0]
        outcome = "any" if broken else STOPS.get(stops, step.status)
        if step.at:
            yield f"# {_SHORT.get(stops, step.at)}:"
        if acts[-1].hardware or outcome in ("", "STATUS_SUCCESS"):
            outcome = ""
        yield from self._last(acts[-1], step, born, outcome)

    def _last(self, act: Act, step: StoryStep, born: Sequence[str], outcome: str) -> Iterator[str]:
        """The act that a step ends with, and the variables for what it made."""
        whole = len(born) == 1 and not (step.at and step.call)
        # What happens without a call gives what it made itself.
        suffix = self._made(step, born[0]) if whole and not act.hardware else ""
        target = ""
        if whole:
            target = self._name(born[0])
        elif step.at and step.call in self.used and not act.resumes:
            target = self._name(step.call)
        elif born:
            target = f"made{step.number}"
        yield (f"{target} = " if target else "") + self._act(act, outcome, suffix)
        if not whole:
            for identity in born:
                yield f"{self._name(identity)} = {target}{self._made(step, identity)}"

    def _made(self, step: StoryStep, identity: str) -> str:
        """How what a step made is read from it."""
        kind = self.words.records[self.pools[identity]]
        gone = {c.subject for c in step.changes if c.kind is ChangeKind.DESTROYED}
        alike = [c.subject for c in step.changes if c.kind is ChangeKind.CREATED
                 and c.subject not in gone and self.pools.get(c.subject) == self.pools[identity]]
        if len(alike) > 1:
            return f".all({kind.__name__})[{alike.index(identity)}]"
        return f".{_ATTRIBUTES[kind]}"

    def _name(self, identity: str) -> str:
        if identity not in self.names:
            name = re.sub(r"\W", "", identity)
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            self.names[identity] = name
        return self.names[identity]

    def _act(self, act: Act, outcome: str, suffix: str) -> str:
        if act.hardware:
            args = [self._given(value) for _, value in act.args]
        elif act.resumes:
            args = [self._name(act.resumes)]
        else:
            args = [f"{name}={self._given(value)}" for name, value in act.args]
        if act.whole and act.name in _LONG:
            args.append("whole=True")
        if act.failing:
            failing = act.failing[0] if len(act.failing) == 1 else act.failing
            args.append(f"failing={_literal(failing)}")
        if outcome:
            args.append(f"outcome={_literal(outcome)}")
        return f"run.{'resume' if act.resumes else act.name}({', '.join(args)}){suffix}"

    def _given(self, value: Given) -> str:
        if isinstance(value, Ref):
            return self._name(value.identity) + (f".{value.field}" if value.field else "")
        return _literal(value)


_LONG = frozenset({"DxgkDdiDestroyContext", "DxgkDdiStopDevice", "DxgkDdiDpcRoutine",
                   "DxgkDdiSetPowerState"})
"""DDIs of the reference miniport that pause; where a step is a whole call, they must not."""


def _literal(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "(" + ", ".join(_literal(v) for v in value) + ("," if len(value) == 1 else "") + ")"
    return repr(value)


def script(story: Story) -> Script:
    """The script of a story. Raises `UnknownStepError` for what the machine does not have."""
    words = words_for(story)
    pools = {life.object: life.pool for life in story.lives}
    return script_of(story.steps, words, pools, words.settle(story))


def script_of(steps: Sequence[StoryStep], words: Vocabulary, pools: Mapping[str, str],
              settle: tuple[Act, ...] = ()) -> Script:
    """The script of some steps. Raises `UnknownStepError`."""
    acts = [act for step in steps for act in words.acts(step, pools)]
    used = {v.identity for act in (*acts, *settle) for _, v in act.args if isinstance(v, Ref)}
    used |= {act.resumes for act in acts if act.resumes}
    return Script(steps, words, pools, frozenset(used), settle)


def kinds_named(lines: Sequence[str]) -> tuple[str, ...]:
    """The record classes that the lines name, for their import."""
    found = {name for line in lines for name in re.findall(r"\.all\((Os\w+)\)", line)}
    return tuple(sorted(found))
