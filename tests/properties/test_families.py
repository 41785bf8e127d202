"""Model and machine agree, family by family: whatever a model does, its reference miniport on the
machine does too, with the same state after every step; and what the model forbids, Dxgkrnl and the
hardware do not do.
"""

from __future__ import annotations

from typing import Any

from hypothesis import Phase as Phases
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.support.walks import choices, program
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Instance, Program
from wddmcheck.ir.evaluate import evaluate, initial_state
from wddmcheck.ir.expr import sort_of
from wddmcheck.ir.show import show_value
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Phase
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.replay.agree import Pair
from wddmcheck.report.story import Argument, StoryStep, Value, ValueKind

SCOPES = (
    ("locks", "small"), ("locks", "paging"), ("threading", "small"), ("threading", "watchdog"),
    ("threading", "contexts"), ("threading", "classes"))

BOUNDED = frozenset({"DxgkDdiCreateProcess", "DxgkDdiCreateDevice", "DxgkDdiCreateContext",
                     "DxgkDdiCreateOverlay"})
"""What a model forbids because of its scope, or as an assumption that keeps it small."""

Asked = tuple[str, tuple[tuple[str, Value], ...]]


class Agreement(RuleBasedStateMachine):
    """The pair, and where the model is in its packed form."""

    program: Program
    pair: Pair
    state: Packed

    @initialize(which=st.sampled_from(SCOPES))
    def start(self, which: tuple[str, str]) -> None:
        family, scope = which
        self.program = program(scope, f"models/{family}.wddm")
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
    @rule()
    def nothing_that_is_forbidden_happens(self) -> None:
        good: list[tuple[int, Packed]] = []
        self.program.successors(self.state, good, [])
        allowed = {self.asked(i) for i in self.begun(self.program.instances[n] for n, _ in good)}
        runner = self.pair.runner
        before = runner.words.look(runner.machine)
        for asked in {self.asked(i) for i in self.begun(self.program.instances)} - allowed:
            assert asked is None or self.refused(*asked), f"{asked}, which the model forbids"
            assert runner.words.look(runner.machine) == before

    # --- inside ------------------------------------------------------------------------------

    def refused(self, block: str, args: tuple[tuple[str, Value], ...]) -> bool:
        """Whether the machine does not do a step."""
        runner = self.pair.runner
        step = StoryStep(0, "", block, "", "entry", tuple(Argument(n, v) for n, v in args))
        try:
            for act in runner.words.acts(step, runner.pools):
                runner.do(act)
        except OutOfReachError:
            return True
        return False

    def another_call_fits(self) -> bool:
        """Whether the scope has room for another call: that it has not is no rule of Dxgkrnl's."""
        layout = self.program.codec.layout
        calls = next(p.name for p in layout.system.pools if p.calls)
        return len(self.pair.machine.calls) < layout.sizes[calls]

    def begun(self, instances: Any) -> list[Instance]:
        """Those that begin a call, or are a step of the hardware."""
        return [i for i in instances if i.action.label.phase in (Phase.WHOLE, Phase.ENTRY)
                and i.action.label.block not in BOUNDED]

    def asked(self, instance: Instance) -> Asked | None:
        """What an instance asks Dxgkrnl or the hardware for. None if it names what is not there."""
        env = {p.name: v for p, v in zip(instance.action.params, instance.args, strict=True)}
        now = self.pair.narrator.now.state
        args: list[tuple[str, Value]] = []
        for name, expr in instance.action.label.args:
            sort = sort_of(expr)
            value = evaluate(expr, self.program.codec.layout, now, env)
            if not isinstance(sort, RefSort):
                args.append((name, Value(ValueKind.PLAIN, show_value(value, sort))))
            elif value < 0:
                args.append((name, Value(ValueKind.NONE, "none")))
            else:
                identity = self.pair.narrator.who.current.get((sort.pool, value))
                if identity is None or self.pair.runner.names.record(identity) is None:
                    return None
                args.append((name, Value(ValueKind.OBJECT, identity, identity)))
        return instance.action.label.block, tuple(args)


Agreement.TestCase.settings = settings(
    max_examples=40, stateful_step_count=80, deadline=None,
    phases=(Phases.explicit, Phases.reuse, Phases.generate, Phases.shrink))
TestAgreement = Agreement.TestCase
