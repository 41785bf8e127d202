"""Model and machine side by side, as a Hypothesis state machine: whatever the model does the
machine does too, with the same state after every step, and what the model forbids Dxgkrnl does not
do. Derive from `Agreement` and name the model."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import ClassVar

from hypothesis import Phase as Phases
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.support.models import shipped
from tests.support.walks import choices
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Instance, Program, compile_system
from wddmcheck.ir.evaluate import Layout, evaluate, initial_state
from wddmcheck.ir.expr import sort_of
from wddmcheck.ir.show import show_value
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Phase
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.replay.agree import Pair

Argument = tuple[str, object]
Call = tuple[str, tuple[Argument, ...]]
NAMED = "object"
"""Marks an argument that is an identity."""


@cache
def program(model: str, scope: str, policies: tuple[tuple[str, str], ...]) -> Program:
    system = shipped(model, dict(policies))
    return compile_system(Layout.of(system, dict(dict(system.scopes)[scope])))


def settled(examples: int) -> settings:
    """Settings of an agreement test."""
    return settings(max_examples=examples, stateful_step_count=100, deadline=None,
                    phases=(Phases.explicit, Phases.reuse, Phases.generate, Phases.shrink))


class Agreement(RuleBasedStateMachine):
    """`names` are the machine's own for what the model calls otherwise: steps of the GPU, events.
    `beyond` are blocks whose contracts the machine does not have."""

    model: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]]
    policies: ClassVar[tuple[dict[str, str], ...]] = ({},)
    names: ClassVar[dict[str, str]] = {}
    beyond: ClassVar[frozenset[str]] = frozenset()

    program: Program
    pair: Pair
    state: Packed

    @initialize(data=st.data())
    def start(self, data: st.DataObject) -> None:
        scope = data.draw(st.sampled_from(self.scopes))
        chosen = data.draw(st.sampled_from(self.policies))
        self.program = program(self.model, scope, tuple(sorted(chosen.items())))
        layout = self.program.codec.layout
        self.pair = Pair(layout)
        self.state = self.program.codec.pack(initial_state(layout))

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        possible = choices(self.program, self.state)
        name = data.draw(st.sampled_from(sorted(possible)))
        step, self.state = data.draw(st.sampled_from(possible[name]))
        done = self.pair.take(step)
        assert not done.impossible, done.impossible
        assert done.deviations == ()
        assert done.findings == ()

    @precondition(lambda self: self.another_call_fits())
    @rule(data=st.data())
    def what_is_forbidden_does_not_happen(self, data: st.DataObject) -> None:
        allowed = {self.call_of(i) for i in self.begun(self.enabled())}
        others = [call for i in self.begun(self.program.instances)
                  if (call := self.call_of(i)) is not None and call not in allowed
                  and call[0] not in self.beyond]
        if not others:
            return
        block = data.draw(st.sampled_from(sorted({block for block, _ in others})))
        args = data.draw(st.sampled_from(sorted({a for b, a in others if b == block}, key=repr)))
        look, machine = self.pair.runner.words.look, self.pair.machine
        before = look(machine)
        values = {n: self.record(v) for n, v in args}
        try:
            self.attempt(block, values)
        except OutOfReachError:
            assert look(machine) == before
            return
        raise AssertionError(f"the machine does {block} {args}, which the model forbids")

    def attempt(self, block: str, values: dict[str, object]) -> None:
        """Ask the machine for a block of the model."""
        if block in self.names:
            getattr(self.pair.machine, self.names[block])(*values.values())
        else:
            self.pair.machine.call(block, failing=(), **values)

    # --- inside ------------------------------------------------------------------------------

    def another_call_fits(self) -> bool:
        """Whether the scope has room for another call: that it has not is no rule of Dxgkrnl's."""
        layout = self.program.codec.layout
        calls = next(p.name for p in layout.system.pools if p.calls)
        return len(self.pair.machine.calls) < layout.sizes[calls]

    def enabled(self) -> list[Instance]:
        good: list[tuple[int, Packed]] = []
        self.program.successors(self.state, good, [])
        return [self.program.instances[number] for number, _ in good]

    def begun(self, instances: Iterable[Instance]) -> list[Instance]:
        """Those that begin a call, or are a step of the hardware or of user mode."""
        return [i for i in instances if i.action.label.phase in (Phase.WHOLE, Phase.ENTRY)]

    def call_of(self, instance: Instance) -> Call | None:
        """What an instance asks Dxgkrnl or the hardware for: identities and plain values. None if
        it names what is not there."""
        env = {p.name: v for p, v in zip(instance.action.params, instance.args, strict=True)}
        now = self.pair.narrator.now.state
        args: list[Argument] = []
        for name, expr in instance.action.label.args:
            sort = sort_of(expr)
            value = evaluate(expr, self.program.codec.layout, now, env)
            if not isinstance(sort, RefSort):
                args.append((name, show_value(value, sort)))
                continue
            identity = self.pair.narrator.who.current.get((sort.pool, value))
            if value >= 0 and (identity is None or self.pair.runner.names.record(identity) is None):
                return None
            args.append((name, (NAMED, identity) if value >= 0 else None))
        return instance.action.label.block, tuple(args)

    def record(self, value: object) -> object:
        """An argument for the machine."""
        if isinstance(value, tuple):
            return self.pair.runner.names.record(value[1])
        return {"true": True, "false": False}.get(str(value), value)
