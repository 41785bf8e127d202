"""Runs a story on a machine, step for step, and says where the two part.

Three things are compared after each step: where the call stopped and with which status, which
callbacks it made, and (for the reference miniport and its defects) the whole state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wddmcheck.machine.dxgkrnl.calls import Call, CallbackMade
from wddmcheck.machine.dxgkrnl.objects import OsObject
from wddmcheck.machine.findings import BugCheck, Finding, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.replay.abstraction import look
from wddmcheck.replay.names import Names
from wddmcheck.replay.requests import request
from wddmcheck.replay.views import ToldState, differences
from wddmcheck.report.story import Argument, Story, StoryStep, Value, ValueKind

GPU_STEPS = {
    "RunPacket": "run_packet", "CompletePacket": "complete_packet",
    "SaveIdleContext": "save_idle_context", "Vsync": "vsync",
}
"""What the hardware of models/miniport.wddm does by itself, and the machine's name for it."""

INTERRUPTS = ("interrupt", "dpc")


class UnknownStepError(Exception):
    """A step whose block the machine does not have: the trace is of another kind of model."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was replayed. `deviations` say where the machine differs from the story, in
    `state` and in what the call did; `findings` are what this step brought up; `impossible` is why
    the step could not be done at all, `blamed` whether that is the driver's doing."""

    step: StoryStep
    call: Call | None = None
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
    compare_state: bool
    names: Names = field(default_factory=Names)
    told: ToldState = field(init=False)
    calls: dict[str, Call] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.told = ToldState(self.pools)

    def steps(self, steps: tuple[StoryStep, ...]) -> Iterator[Done]:
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
        try:
            call = self._act(step)
        except OutOfReachError as error:
            return Done(step, None, (), self._new(noted), str(error), error.driver)
        except BugCheck:
            stopped = True
        born = tuple((i, self.pools[i]) for i in self.told.follow(step))
        deviations: list[str] = []
        if call is not None:
            made: list[OsObject] = [*call.made] if call.returned else []
            made += [c.result for c in call.callbacks if c.result is not None]
            self.names.bind_records(born, made)
        ended = any(f.stops for f in step.faults)
        if not stopped and not ended:
            if call is not None and step.kind == "ddi":
                deviations += _parted(step, call)
            if call is not None:
                deviations += self._callbacks(step, call)
            if self.compare_state:
                seen = look(self.machine)
                self.names.bind_keys(born, seen)
                deviations += differences(self.told.objects, self.names.view(seen))
        return Done(step, call, tuple(deviations), self._new(noted), stopped=stopped)

    def _new(self, noted: int) -> tuple[Finding, ...]:
        return tuple(self.machine.findings[noted:])

    # --- acting -----------------------------------------------------------------------------------

    def _act(self, step: StoryStep) -> Call | None:
        if step.kind == "gpu":
            self._hardware(step)
            return None
        if step.kind not in ("ddi", *INTERRUPTS):
            raise UnknownStepError(f"{step.block} is a {step.kind} step")
        if step.phase in ("resume", "return"):
            call = self.calls.get(step.call)
            if call is None:
                raise OutOfReachError(f"{step.call} was never begun", driver=True)
            return self.machine.resume(call)
        asked = request(step, self.pools)
        args = {a.name: self._argument(a) for a in step.args} | dict(asked.extra)
        if step.block not in self.machine.known_calls:
            raise UnknownStepError(f"the machine has no {step.block}")
        call = self.machine.call(step.block, failing=asked.failing, **args)
        if step.call:
            self.calls[step.call] = call
        return call

    def _hardware(self, step: StoryStep) -> None:
        method = GPU_STEPS.get(step.block)
        if method is None:
            raise UnknownStepError(f"the machine's GPU does not do {step.block}")
        getattr(self.machine, method)(*(self._argument(a) for a in step.args))

    def _argument(self, argument: Argument) -> object:
        value = argument.value
        match value.kind:
            case ValueKind.OBJECT | ValueKind.DANGLING:
                record = self.names.record(value.object)
                if record is None:
                    raise OutOfReachError(f"the driver never gave Dxgkrnl {value.text}",
                                          driver=True)
                return record
            case ValueKind.NONE:
                return None
            case _:
                return {"true": True, "false": False}.get(value.text, value.text)

    # --- comparing --------------------------------------------------------------------------------

    def _callbacks(self, step: StoryStep, call: Call) -> Iterator[str]:
        wanted = sorted(self._told(c.name, c.args, c.status) for c in step.calls)
        made = sorted(self._made(c) for c in call.callbacks)
        for text in _without(wanted, made):
            yield f"the driver does not call {text}"
        for text in _without(made, wanted):
            yield f"the driver calls {text}"

    def _told(self, name: str, args: tuple[Argument, ...], status: str) -> str:
        shown = ", ".join(_shown(a.value) for a in args if a.name != "space")
        return f"{name}({shown})" + _failed(status)

    def _made(self, made: CallbackMade) -> str:
        shown = ", ".join(self.names.identity(a) or repr(a) for _, a in made.args)
        return f"{made.name}({shown})" + _failed(made.status.name)


def machine_runner(machine: Machine, story: Story) -> Runner:
    """A runner for a story, on a fresh machine."""
    pools = {life.object: life.pool for life in story.lives}
    return Runner(machine, pools, isinstance(machine.miniport, ReferenceMiniport))


def _parted(step: StoryStep, call: Call) -> Iterator[str]:
    """Where the call is, if not where the step says."""
    wanted = {"pauses": "preempted", "waits": "waits"}.get(step.at, "returned")
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
    return value.object if value.kind is ValueKind.OBJECT else value.text


def _without(these: list[str], those: list[str]) -> list[str]:
    left = list(those)
    result = []
    for item in these:
        if item in left:
            left.remove(item)
        else:
            result.append(item)
    return result
