"""Runs a story on a machine, step for step, and says where the two part.

Three things are compared after each step: where the call stopped and with which status, which
callbacks it made, and (for the reference miniport and its defects) the whole state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from wddmcheck.machine.dxgkrnl.calls import Call, CallbackMade
from wddmcheck.machine.dxgkrnl.objects import OsObject
from wddmcheck.machine.findings import BugCheck, Finding, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.replay.families import words_for
from wddmcheck.replay.names import Names
from wddmcheck.replay.views import FIRST, ToldState, differences
from wddmcheck.replay.vocabulary import Act, Given, Ref, Vocabulary
from wddmcheck.report.story import CallMade, ChangeKind, Story, StoryStep, Value


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was replayed. `at`, `status`, `result` and `callbacks` are those of its call
    after this step (`at` is "" for what is no call). `deviations` say where the machine differs
    from the story, in what the call did and in the state; `findings` are what this step brought
    up; `impossible` is why the step could not be done at all, `blamed` whether that is the
    driver's doing."""

    step: StoryStep
    at: str = ""
    status: str = ""
    result: object = None
    callbacks: tuple[CallbackMade, ...] = ()
    deviations: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    impossible: str = ""
    blamed: bool = False
    stopped: bool = False


@dataclass(slots=True)
class Runner:
    """Replays one story on one machine. `compare_state`: the miniport keeps what the abstraction
    can read."""

    machine: Machine
    pools: dict[str, str]
    words: Vocabulary
    compare_state: bool
    names: Names = field(init=False)
    told: ToldState = field(init=False)
    calls: dict[str, Call] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = FIRST | self.words.first
        self.names = Names(self.words.records, first)
        self.told = ToldState(self.pools, self.words.known, self.words.initial, first)

    def steps(self, steps: Sequence[StoryStep]) -> Iterator[Done]:
        """Replay the steps; stops after one that is impossible or ends the machine. Raises
        `UnknownStepError`."""
        for step in steps:
            done = self.step(step)
            yield done
            if done.impossible or done.stopped:
                return

    def step(self, step: StoryStep) -> Done:
        """Replay one step. Raises `UnknownStepError`."""
        noted = len(self.machine.findings)
        call: Call | None = None
        stopped = False
        made: list[OsObject] = []
        try:
            for act in self.words.acts(step, self.pools):
                match self.do(act):
                    case Call() as done:
                        call = done
                    case OsObject() as item:
                        made.append(item)
            if call is not None and step.call:
                self.calls[step.call] = call
        except OutOfReachError as error:
            return Done(step, findings=self._new(noted), impossible=str(error),
                        blamed=error.driver)
        except BugCheck:
            stopped = True
        born = tuple((i, self.pools[i]) for i in self.told.follow(step))
        if call is not None:
            made += call.made if call.returned else call.making
            made += [c.result for c in call.callbacks if c.result is not None]
        self.names.bind_records(born, made)
        deviations: tuple[str, ...] = ()
        if not stopped and not any(f.stops for f in step.faults):
            deviations = tuple(self._deviations(step, call, born))
        if call is None:
            return Done(step, deviations=deviations, findings=self._new(noted), stopped=stopped)
        status = call.status.name if call.status is not None else ""
        return Done(step, call.at, status, call.result, tuple(call.callbacks), deviations,
                    self._new(noted), stopped=stopped)

    def settle(self, story: Story) -> tuple[Finding, ...]:
        """After the last step: let happen what does by itself; what that brought up."""
        noted = len(self.machine.findings)
        with suppress(BugCheck, OutOfReachError):
            for act in self.words.settle(story):
                self.do(act)
        return self._new(noted)

    def _new(self, noted: int) -> tuple[Finding, ...]:
        return tuple(self.machine.findings[noted:])

    def do(self, act: Act) -> Call | OsObject | None:
        """Do one thing with the machine: the call, if it was one, or what Dxgkrnl made otherwise.
        Raises `OutOfReachError`, `BugCheck`."""
        args = {name: self._given(value) for name, value in act.args}
        if act.hardware:
            made = getattr(self.machine, act.name)(*args.values())
            return made if isinstance(made, OsObject) else None
        if act.resumes:
            call = self.calls.get(act.resumes)
            if call is None:
                raise OutOfReachError(f"{act.resumes} never began", driver=True)
            return self.machine.resume(call)
        call = self.machine.call(act.name, failing=act.failing, **args)
        while act.whole and not call.returned:
            self.machine.resume(call)
        return call

    def _given(self, value: Given) -> object:
        if not isinstance(value, Ref):
            return value
        record = self.names.record(value.identity)
        if record is None:
            raise OutOfReachError(f"the driver never gave Dxgkrnl {value.identity}", driver=True)
        return getattr(record, value.field) if value.field else record

    # --- comparing --------------------------------------------------------------------------------

    def _deviations(self, step: StoryStep, call: Call | None,
                    born: tuple[tuple[str, str], ...]) -> Iterator[str]:
        if call is not None:
            yield from _parted(step, call)
        if call is not None and self.words.same_state:
            yield from self._callbacks(step, call)
        if call is not None and call.returned:
            for what in sorted(call.failures.wanted):
                yield f"{step.block} never comes to where {what} was to fail"
        if self.compare_state:
            seen = self.words.look(self.machine)
            self.names.bind_keys(born, seen)
            yield from differences(self.told.objects, self.names.view(seen))

    def _callbacks(self, step: StoryStep, call: Call) -> Iterator[str]:
        passing = {c.subject for c in step.changes if c.kind is ChangeKind.CREATED} & {
            c.subject for c in step.changes if c.kind is ChangeKind.DESTROYED}
        told = self.words.told(step)
        names: dict[str, set[str]] = {}
        for c in step.calls:
            names.setdefault(c.name, set()).update(a.name for a in c.args)
        wanted = sorted(self._told(c, passing) for c in told)
        made = sorted(self._made(c, names.get(c.name)) for c in call.callbacks
                      if c.name not in self.words.untold)
        lacking, more = _unmatched(wanted, made)
        for text in lacking:
            yield f"the driver does not call {text}"
        for text in more:
            yield f"the driver calls {text}"

    def _told(self, made: CallMade, passing: set[str]) -> str:
        """A callback as the story has it. What does not outlive its step has no name."""
        shown = ", ".join(
            f"a {self.pools[a.value.object]}" if a.value.object in passing else _shown(a.value)
            for a in made.args if a.name != "space")
        return f"{made.name}({shown})" + _failed(made.status)

    def _made(self, made: CallbackMade, names: set[str] | None) -> str:
        """A callback as the machine has it, with those arguments that the story has too."""
        shown = ", ".join(self._named(a) for name, a in made.args if names is None or name in names)
        return f"{made.name}({shown})" + _failed(made.status.name)

    def _named(self, item: object) -> str:
        """An argument of a callback, as the story has it."""
        match item:
            case bool():
                return str(item).lower()
            case int():
                return str(item)
        return self.names.identity(item) or f"a {type(item).__name__.removeprefix('Os')}"


def runner_for(story: Story, machine: Machine) -> Runner:
    """A runner for a story, on a fresh machine."""
    words = words_for(story)
    pools = {life.object: life.pool for life in story.lives}
    return Runner(machine, pools, words, words.same_state
                  and isinstance(machine.miniport, words.reference))


STOPS = {"pauses": "preempted", "waits": "waits"}
"""Where a call stops half way, in a story and on the machine."""


def _parted(step: StoryStep, call: Call) -> Iterator[str]:
    """Where the call is, if not where the step says."""
    wanted = STOPS.get(step.at.partition(" ")[0], "returned")
    if not call.at.startswith(wanted):
        yield f"{step.block} {_where(call)}; in the model it {step.at or 'returns'}"
    elif call.status is not None and step.status and call.status.name != step.status:
        yield f"{step.block} returns {call.status.name}; in the model {step.status}"


def _where(call: Call) -> str:
    if call.returned:
        return f"returns {call.status.name}" if call.status is not None else "returns"
    return "pauses" if call.waiting is None else call.at


def _failed(status: str) -> str:
    return f" -> {status}" if status not in ("", "STATUS_SUCCESS") else ""


def _shown(value: Value) -> str:
    """An argument of a callback. What a callback that waited has destroyed has no name any more."""
    return UNKNOWN if value.text == DESTROYED else value.object or value.text


UNKNOWN, DESTROYED = "?", "destroyed"
"""Stands for what a story does not name, and how the story says so."""


def _unmatched(told: list[str], made: list[str]) -> tuple[list[str], list[str]]:
    """The callbacks of a story that were not made, and those made that are not in it."""
    left, lacking = list(made), []
    for text in told:
        form = re.compile(re.escape(text).replace(re.escape(UNKNOWN), "[^,)]*"))
        found = next((m for m in left if form.fullmatch(m)), None)
        if found is None:
            lacking.append(text)
        else:
            left.remove(found)
    return lacking, left
