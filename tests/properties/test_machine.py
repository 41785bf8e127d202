"""Model and machine agree: whatever the model does, with failures injected at every create and
interrupts and the GPU in between, the reference miniport on the machine does too, with the same
state after every step; and what the model forbids, Dxgkrnl does not do.
"""

from __future__ import annotations

from hypothesis import Phase as Phases
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.support.models import shipped
from tests.support.twins import Twins
from tests.support.walks import MINIPORT
from wddmcheck.engines.explicit.compile import Program, compile_system
from wddmcheck.ir.evaluate import Layout
from wddmcheck.replay.families.miniport import GPU_STEPS

SCOPES = ("small", "teardown", "sharing", "review")
POLICIES = ({"G04": "completed", "G09": "waits"}, {"G04": "retired", "G09": "immediate"})
PROGRAMS: dict[tuple[str, int], Program] = {}


def program(scope: str, policies: int) -> Program:
    if (scope, policies) not in PROGRAMS:
        system = shipped(MINIPORT, POLICIES[policies])
        PROGRAMS[scope, policies] = compile_system(
            Layout.of(system, dict(dict(system.scopes)[scope])))
    return PROGRAMS[scope, policies]


class Agreement(RuleBasedStateMachine):
    """The two, on a run that Hypothesis chooses."""

    twins: Twins

    @initialize(scope=st.sampled_from(SCOPES), policies=st.integers(0, 1))
    def start(self, scope: str, policies: int) -> None:
        self.twins = Twins(program(scope, policies), GPU_STEPS)

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        possible = self.twins.possible()
        name = data.draw(st.sampled_from(sorted(possible)))
        self.twins.take(*data.draw(st.sampled_from(possible[name])))

    @rule(data=st.data())
    def what_is_forbidden_does_not_happen(self, data: st.DataObject) -> None:
        others = self.twins.forbidden()
        if not others:
            return
        block = data.draw(st.sampled_from(sorted({block for block, _ in others})))
        self.twins.refuse(data.draw(st.sampled_from([c for c in others if c[0] == block])))


Agreement.TestCase.settings = settings(
    max_examples=60, stateful_step_count=100, deadline=None,
    phases=(Phases.explicit, Phases.reuse, Phases.generate, Phases.shrink))
TestAgreement = Agreement.TestCase
