"""A model and a machine side by side, on a run: what the model does the machine has to do, with
the same state after it, and what the model forbids the machine has to refuse."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.walks import choices, pick
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
from wddmcheck.result.verdict import Step

Call = tuple[str, tuple[tuple[str, object], ...]]
May = Callable[[Machine, Mapping[str, Any]], bool]


@dataclass(slots=True)
class Twins:
    """The two, at one scope. `methods` are the machine's names for steps that are no calls; `may`
    is what the model forbids and the machine does, by step: where, given the arguments."""

    program: Program
    methods: Mapping[str, str]
    may: Mapping[str, May] = field(default_factory=dict)
    pair: Pair = field(init=False)
    state: Packed = field(init=False)

    def __post_init__(self) -> None:
        layout = self.program.codec.layout
        self.pair = Pair(layout)
        self.state = self.program.codec.pack(initial_state(layout))

    # --- what is allowed --------------------------------------------------------------------------

    def possible(self) -> dict[str, list[tuple[Step, Packed]]]:
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

    def wander(self, rng: random.Random) -> None:
        """Take some step."""
        self.take(*pick(self.possible(), rng))

    # --- what is not ------------------------------------------------------------------------------

    def has_room(self) -> bool:
        """Whether the scope has room for another call: that it has none is no rule of Dxgkrnl's."""
        layout = self.program.codec.layout
        calls = next(p.name for p in layout.system.pools if p.calls)
        return len(self.pair.machine.calls) < layout.sizes[calls]

    def forbidden(self) -> list[Call]:
        """Calls and steps of the hardware that the model does not allow now, where there is room
        for another call."""
        if not self.has_room():
            return []
        good: list[tuple[int, Packed]] = []
        self.program.successors(self.state, good, [])
        allowed = {self._call(i) for i in _begun(self.program.instances[n] for n, _ in good)}
        every = (self._call(i) for i in _begun(self.program.instances))
        return sorted({c for c in every if c is not None and c not in allowed and not self._may(c)},
                      key=repr)

    def _may(self, call: Call) -> bool:
        block, args = call
        values = {name: self._record(value) for name, value in args}
        return block in self.may and self.may[block](self.pair.machine, values)

    def refuse(self, call: Call) -> None:
        """Ask the machine for what the model forbids."""
        block, args = call
        machine, words = self.pair.machine, self.pair.runner.words
        values = {name: self._record(value) for name, value in args}
        before = words.look(machine)
        try:
            if block in self.methods:
                getattr(machine, self.methods[block])(*values.values())
            else:
                machine.call(block, failing=(), **values)
        except OutOfReachError:
            assert words.look(machine) == before
            return
        raise AssertionError(f"the machine does {block} {args}, which the model forbids")

    def _call(self, instance: Instance) -> Call | None:
        """What an instance asks Dxgkrnl or the hardware for: identities and plain values. None if
        it names what is not there."""
        env = {p.name: v for p, v in zip(instance.action.params, instance.args, strict=True)}
        now = self.pair.narrator.now.state
        args: list[tuple[str, object]] = []
        for name, expr in instance.action.label.args:
            sort = sort_of(expr)
            value = evaluate(expr, self.program.codec.layout, now, env)
            if not isinstance(sort, RefSort):
                args.append((name, show_value(value, sort)))
                continue
            identity = self.pair.narrator.who.current.get((sort.pool, value))
            if value >= 0 and (identity is None or self.pair.runner.names.record(identity) is None):
                return None
            args.append((name, ("object", identity) if value >= 0 else None))
        return instance.action.label.block, tuple(args)

    def _record(self, value: object) -> object:
        """An argument for the machine."""
        if isinstance(value, tuple):
            return self.pair.runner.names.record(value[1])
        return {"true": True, "false": False}.get(str(value), value)


def _begun(instances: Iterable[Instance]) -> Iterable[Instance]:
    """Those that begin a call, or are a step of the hardware."""
    return (i for i in instances if i.action.label.phase in (Phase.WHOLE, Phase.ENTRY))
