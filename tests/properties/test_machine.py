"""Model and machine agree: whatever the model does, with failures injected at every create and
interrupts and the GPU in between, the reference miniport on the machine does too, with the same
state after every step; and what the model forbids, Dxgkrnl does not do.
"""

from __future__ import annotations

from typing import Any

from hypothesis import Phase as Phases
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.support.models import shipped
from tests.support.walks import MINIPORT, choices
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Instance, Program, compile_system
from wddmcheck.ir.evaluate import Layout, evaluate, initial_state
from wddmcheck.ir.expr import sort_of
from wddmcheck.ir.show import show_value
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Phase
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.replay.agree import Pair
from wddmcheck.replay.families.miniport import GPU_STEPS
from wddmcheck.replay.families.miniport_state import look

SCOPES = ("small", "teardown", "sharing", "review")
POLICIES = ({"G04": "completed", "G09": "waits"}, {"G04": "retired", "G09": "immediate"})
PROGRAMS: dict[tuple[str, int], Program] = {}

Call = tuple[str, tuple[tuple[str, object], ...]]


def program(scope: str, policies: int) -> Program:
    if (scope, policies) not in PROGRAMS:
        system = shipped(MINIPORT, POLICIES[policies])
        PROGRAMS[scope, policies] = compile_system(
            Layout.of(system, dict(dict(system.scopes)[scope])))
    return PROGRAMS[scope, policies]


class Agreement(RuleBasedStateMachine):
    """The pair, and where the model is in its packed form."""

    program: Program
    pair: Pair
    state: Packed

    @initialize(scope=st.sampled_from(SCOPES), policies=st.integers(0, 1))
    def start(self, scope: str, policies: int) -> None:
        self.program = program(scope, policies)
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
                  if (call := self.call_of(i)) is not None and call not in allowed]
        if not others:
            return
        block = data.draw(st.sampled_from(sorted({block for block, _ in others})))
        args = data.draw(st.sampled_from(sorted({a for b, a in others if b == block}, key=repr)))
        before = look(self.pair.machine)
        machine, values = self.pair.machine, {n: self.record(v) for n, v in args}
        try:
            if block in GPU_STEPS:
                getattr(machine, GPU_STEPS[block])(*values.values())
            else:
                machine.call(block, failing=(), **values)
        except OutOfReachError:
            assert look(machine) == before
            return
        raise AssertionError(f"the machine does {block} {args}, which the model forbids")

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

    def begun(self, instances: Any) -> list[Instance]:
        """Those that begin a call, or are a step of the hardware."""
        return [i for i in instances
                if i.action.label.phase in (Phase.WHOLE, Phase.ENTRY)]

    def call_of(self, instance: Instance) -> Call | None:
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

    def record(self, value: object) -> object:
        """An argument for the machine."""
        if isinstance(value, tuple):
            return self.pair.runner.names.record(value[1])
        return {"true": True, "false": False}.get(str(value), value)


Agreement.TestCase.settings = settings(
    max_examples=60, stateful_step_count=100, deadline=None,
    phases=(Phases.explicit, Phases.reuse, Phases.generate, Phases.shrink))
TestAgreement = Agreement.TestCase
