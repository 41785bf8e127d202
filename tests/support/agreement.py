"""Model and machine side by side, on runs that Hypothesis chooses, or on all of a scope. Derive
from `Agreement` and name the model."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import ClassVar

from hypothesis import Phase as Phases
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.support.twins import May, Twins
from tests.support.walks import program, seldom
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.testgen.tour import Tour, tour


def settled(examples: int) -> settings:
    """Settings of an agreement test. The runs are the same every time, as those of all random tests
    here: a failure belongs to the change that it is seen with."""
    return settings(max_examples=examples, stateful_step_count=100, deadline=None, derandomize=True,
                    phases=(Phases.explicit, Phases.generate, Phases.shrink))


class Agreement(RuleBasedStateMachine):
    """`may` is what the model forbids and the machine does, see `Twins`."""

    model: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]]
    policies: ClassVar[tuple[dict[str, str], ...]] = ({},)
    may: ClassVar[Mapping[str, May]] = {}

    twins: Twins

    @initialize(data=st.data())
    def start(self, data: st.DataObject) -> None:
        scope = data.draw(st.sampled_from(self.scopes))
        chosen = data.draw(st.sampled_from(self.policies))
        of = program(scope, self.model, tuple(sorted(chosen.items())))
        self.twins = Twins(of, self.may)

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        possible = self.twins.possible()
        name = data.draw(st.sampled_from(sorted(possible)))
        self.twins.take(*data.draw(st.sampled_from(possible[name])))

    @precondition(lambda self: self.twins.has_room())
    @rule(data=st.data())
    def what_is_forbidden_does_not_happen(self, data: st.DataObject) -> None:
        others = self.twins.forbidden()
        if not others:
            return
        block = data.draw(st.sampled_from(sorted(others)))
        self.twins.refuse(data.draw(st.sampled_from(others[block])))


def whole_scope(model: str, scope: str, policies: Mapping[str, str] = MappingProxyType({}),
                may: Mapping[str, May] | None = MappingProxyType({}), **sizes: int) -> Tour:
    """Every transition of a model at a scope (but with some `sizes` of pools) is taken on both; in
    every state every call that the model forbids is refused, unless `may` is None."""
    of = program(scope, model, tuple(sorted(policies.items())), tuple(sorted(sizes.items())))
    found = tour(of.codec.layout)
    assert "(100 %)" in found.covered
    met: set[Packed] = set()
    for one in found.runs:
        twins = Twins(of, may or {})
        for step in one:
            assert step.state is not None
            twins.take(step, of.codec.pack(step.state))
            if may is None or twins.state in met:
                continue
            met.add(twins.state)
            for call in chain.from_iterable(twins.forbidden().values()):
                twins.refuse(call)
    assert may is None or len(met) >= found.states - 1     # the initial state, perhaps
    return found


def gets_about(model: str, scopes: tuple[str, ...], may: Mapping[str, May], runs: int,
               every: int) -> None:
    """So many random runs at each scope take every block, and most of the forbidden calls are
    tried."""
    took: set[str] = set()
    refused: set[str] = set()
    for scope in scopes:
        for seed in range(runs):
            twins = Twins(program(scope, model), may)
            twins.roam(random.Random(seed), seldom, 150, every)
            took |= set(twins.took)
            refused |= set(twins.refused)
    blocks = {a.label.block for a in program(scopes[0], model).codec.layout.system.actions}
    assert took == blocks
    assert len(refused) > len(blocks) / 2
