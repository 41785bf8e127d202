"""Model and machine side by side, as a Hypothesis state machine: whatever the model does the
machine does too, with the same state after every step, and what the model forbids Dxgkrnl does not
do. Derive from `Agreement` and name the model."""

from __future__ import annotations

from collections.abc import Mapping
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
from wddmcheck.testgen.tour import tour

Argument = tuple[str, object]
Call = tuple[str, tuple[Argument, ...]]
NAMED = "object"
"""Marks an argument that is an identity."""


@cache
def program(model: str, scope: str, policies: tuple[tuple[str, str], ...],
            sizes: tuple[tuple[str, int], ...] = ()) -> Program:
    """A shipped model, compiled at one of its scopes, but with some `sizes` of pools."""
    system = shipped(model, dict(policies))
    return compile_system(Layout.of(system, dict(dict(system.scopes)[scope]) | dict(sizes)))


def settled(examples: int) -> settings:
    """Settings of an agreement test."""
    return settings(max_examples=examples, stateful_step_count=100, deadline=None,
                    phases=(Phases.explicit, Phases.reuse, Phases.generate, Phases.shrink))


class Agreement(RuleBasedStateMachine):
    """`names` are the machine's own for what the model calls otherwise: steps of the GPU,
    events."""

    model: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]]
    policies: ClassVar[tuple[dict[str, str], ...]] = ({},)
    names: ClassVar[dict[str, str]] = {}

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

    @precondition(lambda self: another_call_fits(self.pair))
    @rule(data=st.data())
    def what_is_forbidden_does_not_happen(self, data: st.DataObject) -> None:
        others = forbidden(self.program, self.pair, self.state)
        if not others:
            return
        block = data.draw(st.sampled_from(sorted({block for block, _ in others})))
        args = data.draw(st.sampled_from(sorted({a for b, a in others if b == block}, key=repr)))
        refused(self.pair, self.names, (block, args))


def whole_scope(model: str, scope: str, policies: dict[str, str], names: Mapping[str, str],
                **sizes: int) -> int:
    """Every transition of a model at a scope (but with some `sizes` of pools) is taken on both, and
    in every state every call that the model forbids is refused. The number of states."""
    of = program(model, scope, tuple(sorted(policies.items())), tuple(sorted(sizes.items())))
    layout = of.codec.layout
    found = tour(layout)
    assert "(100 %)" in found.covered
    met: set[Packed] = set()
    for one in found.runs:
        pair = Pair(layout)
        for step in one:
            done = pair.take(step)
            assert (done.impossible, done.deviations, done.findings) == ("", (), ())
            assert step.state is not None
            state = of.codec.pack(step.state)
            if state not in met and another_call_fits(pair):
                for call in forbidden(of, pair, state):
                    refused(pair, names, call)
            met.add(state)
    assert len(met) >= found.states - 1     # the initial state, perhaps
    return found.states


# --- inside --------------------------------------------------------------------------------------


def another_call_fits(pair: Pair) -> bool:
    """Whether the scope has room for another call: that it has not is no rule of Dxgkrnl's."""
    layout = pair.layout
    calls = next(p.name for p in layout.system.pools if p.calls)
    return len(pair.machine.calls) < layout.sizes[calls]


def forbidden(of: Program, pair: Pair, state: Packed) -> set[Call]:
    """The calls and steps of the hardware that could be asked for in a state, and that the model
    does not allow there."""
    good: list[tuple[int, Packed]] = []
    of.successors(state, good, [])
    allowed = {call_of(of, pair, of.instances[number]) for number, _ in good}
    return {call for i in of.instances if i.action.label.phase in (Phase.WHOLE, Phase.ENTRY)
            and (call := call_of(of, pair, i)) is not None} - allowed


def call_of(of: Program, pair: Pair, instance: Instance) -> Call | None:
    """What an instance asks Dxgkrnl or the hardware for: identities and plain values. None if it
    names what is not there."""
    env = {p.name: v for p, v in zip(instance.action.params, instance.args, strict=True)}
    now = pair.narrator.now.state
    args: list[Argument] = []
    for name, expr in instance.action.label.args:
        sort = sort_of(expr)
        value = evaluate(expr, of.codec.layout, now, env)
        if not isinstance(sort, RefSort):
            args.append((name, show_value(value, sort)))
            continue
        identity = pair.narrator.who.current.get((sort.pool, value))
        if value >= 0 and (identity is None or pair.runner.names.record(identity) is None):
            return None
        args.append((name, (NAMED, identity) if value >= 0 else None))
    return instance.action.label.block, tuple(args)


def refused(pair: Pair, names: Mapping[str, str], call: Call) -> None:
    """The machine refuses a call, and nothing changes."""
    block, args = call
    look, machine = pair.runner.words.look, pair.machine
    before = look(machine)
    values = {name: record(pair, value) for name, value in args}
    try:
        if block in names:
            getattr(machine, names[block])(*values.values())
        else:
            machine.call(block, failing=(), **values)
    except OutOfReachError:
        assert look(machine) == before
        return
    raise AssertionError(f"the machine does {block} {args}, which the model forbids")


def record(pair: Pair, value: object) -> object:
    """An argument for the machine."""
    if isinstance(value, tuple):
        return pair.runner.names.record(value[1])
    return {"true": True, "false": False}.get(str(value), value)
