"""A model and a machine side by side, on a run: what the model does the machine has to do, with
the same state after it, and what the model forbids the machine has to refuse."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.walks import Choices, choices
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Instance, Program
from wddmcheck.ir.evaluate import evaluate, initial_state
from wddmcheck.ir.expr import sort_of
from wddmcheck.ir.show import show_value
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Phase
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.replay.agree import Pair
from wddmcheck.replay.views import Fields, FieldValue
from wddmcheck.report.story import Argument, StoryStep, Value, ValueKind
from wddmcheck.result.verdict import Step

May = Callable[["Twins", Mapping[str, str]], object]
"""Whether the machine may do, as things are, what the model forbids: it is given the arguments,
identities and plain values, "" for no object."""

Pick = Callable[[Choices, random.Random, Counter[str]], tuple[Step, Packed]]
"""Some step, given what was taken how often."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that begins, or a step of the hardware."""

    block: str
    kind: str
    args: tuple[Argument, ...]


@dataclass(slots=True)
class Twins:
    """The two, at one scope. `may` is what the model forbids and the machine does, by step.
    `took` and `refused` count blocks, `often` actions."""

    program: Program
    may: Mapping[str, May] = field(default_factory=dict)
    pair: Pair = field(init=False)
    state: Packed = field(init=False)
    took: Counter[str] = field(default_factory=Counter)
    often: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        layout = self.program.codec.layout
        self.pair = Pair(layout)
        self.state = self.program.codec.pack(initial_state(layout))

    @property
    def machine(self) -> Machine:
        """The machine."""
        return self.pair.machine

    # --- what is allowed --------------------------------------------------------------------------

    def possible(self) -> Choices:
        """What can happen now, by action."""
        return choices(self.program, self.state)

    def take(self, step: Step, after: Packed) -> None:
        """Take a step on both sides."""
        self.state = after
        done = self.pair.take(step)
        told = f"step {done.step.number}, {done.step.block}"
        assert not done.impossible, f"{told}: {done.impossible}"
        assert done.deviations == (), told
        assert done.findings == (), told
        self.took[done.step.block] += 1

    def wander(self, rng: random.Random, pick: Pick) -> None:
        """Take some step."""
        self.take(*pick(self.possible(), rng, self.often))

    def roam(self, rng: random.Random, pick: Pick, steps: int, every: int) -> None:
        """Take so many steps, and ask for something that is forbidden every so often."""
        for number in range(steps):
            self.wander(rng, pick)
            if number % every == 0:
                self.refuse_something(rng)

    # --- what is not ------------------------------------------------------------------------------

    def has_room(self) -> bool:
        """Whether the scope has room for another call: that it has none is no rule of Dxgkrnl's."""
        layout = self.program.codec.layout
        calls = next((p.name for p in layout.system.pools if p.calls), None)
        return calls is None or len(self.machine.calls) < layout.sizes[calls]

    def forbidden(self) -> dict[str, list[Call]]:
        """Calls and steps of the hardware that the model does not allow now, by block, where there
        is room for another call. (What is allowed and breaks a property is not among them.)"""
        if not self.has_room():
            return {}
        good: list[tuple[int, Packed]] = []
        bad: list[tuple[int, int]] = []
        self.program.successors(self.state, good, bad)
        taken = [n for n, _ in good] + [n for n, _ in bad]
        allowed = {self._call(i) for i in _begun(self.program.instances[n] for n in taken)}
        every = {self._call(i) for i in _begun(self.program.instances)} - allowed
        found: dict[str, list[Call]] = {}
        for call in sorted((c for c in every if c is not None), key=repr):
            if not self._may(call):
                found.setdefault(call.block, []).append(call)
        return found

    def refuse(self, call: Call) -> None:
        """Ask the machine for what the model forbids."""
        runner = self.pair.runner
        before = runner.words.look(self.machine)
        step = StoryStep(0, "", call.block, call.kind, "entry", call.args)
        try:
            for act in runner.words.acts(step, runner.pools):
                runner.do(act)
        except OutOfReachError:
            assert runner.words.look(self.machine) == before
            self.refused[call.block] += 1
            return
        raise AssertionError(f"the machine does {call.block} {call.args}, which the model forbids")

    def refuse_something(self, rng: random.Random) -> None:
        """Ask for something that the model forbids."""
        forbidden = self.forbidden()
        if forbidden:
            self.refuse(rng.choice(forbidden[rng.choice(list(forbidden))]))

    # --- for `may` --------------------------------------------------------------------------------

    def record(self, identity: str) -> Any:
        """Dxgkrnl's record of an object."""
        return self.pair.runner.names.record(identity)

    def full(self, pool: str) -> bool:
        """Whether the scope has no room for another object of a class."""
        return len(self.all(pool)) >= self.program.codec.layout.sizes[pool]

    def all(self, pool: str) -> list[Fields]:
        """The objects of a class."""
        told, pools = self.pair.runner.told.objects, self.pair.runner.pools
        return [fields for identity, fields in told.items() if pools.get(identity) == pool]

    def field(self, identity: str, name: str) -> FieldValue:
        """A field of an object, "" if it is as at first."""
        return self.pair.runner.told.objects[identity].get(name, "")

    # --- inside -----------------------------------------------------------------------------------

    def _may(self, call: Call) -> bool:
        rule = self.may.get(call.block)
        return rule is not None and bool(rule(self, {
            a.name: "" if a.value.kind is ValueKind.NONE else a.value.text for a in call.args}))

    def _call(self, instance: Instance) -> Call | None:
        """What an instance asks Dxgkrnl or the hardware for. None if it names what is not there."""
        label = instance.action.label
        env = {p.name: v for p, v in zip(instance.action.params, instance.args, strict=True)}
        now = self.pair.narrator.now.state
        args: list[Argument] = []
        for name, expr in label.args:
            sort = sort_of(expr)
            value = evaluate(expr, self.program.codec.layout, now, env)
            if not isinstance(sort, RefSort):
                args.append(Argument(name, Value(ValueKind.PLAIN, show_value(value, sort))))
                continue
            if value < 0:
                args.append(Argument(name, Value(ValueKind.NONE, "none")))
                continue
            identity = self.pair.narrator.who.current.get((sort.pool, value))
            if identity is None or self.record(identity) is None:
                return None
            args.append(Argument(name, Value(ValueKind.OBJECT, identity, identity)))
        return Call(label.block, label.kind, tuple(args))


def _begun(instances: Iterable[Instance]) -> Iterable[Instance]:
    """Those that begin a call, or are a step of the hardware."""
    return (i for i in instances if i.action.label.phase in (Phase.WHOLE, Phase.ENTRY))


def asleep(now: Twins, args: Mapping[str, str]) -> bool:
    """In D3, and on the way, objects may go, which models/power.wddm is about, and others not."""
    return now.machine.adapter.state in ("settling", "asleep")
