"""What only the explicit engine can get wrong: orbits, and claims about the graph of states.

(That its verdicts are those of a naive search, and of all other engines, is in
test_engines_agree.py.)
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.properties.random_systems import SCOPES, systems
from tests.support.naive import Reference, Taken
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.explicit import symmetry as symmetry_module
from wddmcheck.engines.explicit.codec import Codec
from wddmcheck.engines.explicit.symmetry import Canonical
from wddmcheck.engines.registry import get
from wddmcheck.evidence.recheck import recheck
from wddmcheck.evidence.renaming import rename
from wddmcheck.ir.evaluate import State, evaluate
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.result.verdict import CheckResult, Violated

SETTINGS = settings(max_examples=15, deadline=None, database=None, derandomize=True,
                    suppress_health_check=list(HealthCheck))
scopes = st.sampled_from(SCOPES)
MOST = 1500     # states of a system that is still looked at


def explore(system: System, scope: Mapping[str, int], *, symmetry: bool,
            kinds: tuple[Kind, ...] = tuple(Kind)) -> CheckResult:
    """A complete exploration; systems that are too large are not looked at."""
    names = tuple(p.name for p in system.properties if p.kind in kinds)
    result = get("interpret").check(CheckTask(
        system, scope, names, Limits(states=MOST), symmetry))
    assume(result.exploration.complete)
    return result


class Graph:
    """The reachable states and what can be done in them, by the oracle."""

    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        self.reference = Reference(system, scope)
        self.taken: dict[State, list[Taken]] = {}
        self.blocks = {a.name: a.label.block for a in system.actions}
        stack = [self.reference.initial]
        while stack:
            state = stack.pop()
            if state not in self.taken:
                self.taken[state] = list(self.reference.taken(state))
                stack += [t.state for t in self.taken[state] if t.state is not None]

    def holds(self, formula: Expr, state: State) -> bool:
        return bool(evaluate(formula, self.reference.layout, state, {}))

    def renamings(self, state: State) -> set[State]:
        layout = self.reference.layout
        names = [p.name for p in layout.system.pools]
        choices = product(*(permutations(range(layout.sizes[n])) for n in names))
        return {rename(layout.system, layout, state, dict(zip(names, c, strict=True)))
                for c in choices}

    def violated(self, prop: Property) -> bool:
        """Whether some fair run has the premise and never again the target.

        The greatest set of states without the target from each of which, for each fair block, a
        way inside the set leads over a step of the block or out of a state in which it is not
        enabled (Emerson and Lei 1986); or a state in which nothing is enabled."""
        open_states = {s for s in self.taken if not self.holds(prop.target, s)}
        stuck = {s for s in open_states if not self.taken[s]}
        fair = set(open_states)
        while True:
            kept = set(fair)
            for block in (None, *prop.fair):
                kept &= self._leading(fair, {
                    s for s in fair for t in self.taken[s] if t.state in fair
                    and (block is None or self.blocks[t.action] == block
                         or all(self.blocks[o.action] != block for o in self.taken[s]))})
            if kept == fair:
                break
            fair = kept
        bad = self._leading(open_states, stuck | fair)
        return any(self.holds(prop.formula, s) for s in bad)

    def _leading(self, inside: set[State], to: set[State]) -> set[State]:
        """The states of `inside` from which a way inside leads to `to`."""
        reach = to & inside
        while True:
            more = {s for s in inside - reach if any(t.state in reach for t in self.taken[s])}
            if not more:
                return reach
            reach |= more


@SETTINGS
@given(systems(), scopes)
def test_leads_to_is_decided_exactly(system: System, scope: Mapping[str, int]) -> None:
    result = explore(system, scope, symmetry=True, kinds=(Kind.LEADS_TO,))
    graph = Graph(system, scope)
    for prop in system.properties:
        if prop.kind is Kind.LEADS_TO:
            verdict = result.verdicts[prop.name]
            assert isinstance(verdict, Violated) == graph.violated(prop), prop
            recheck(system, scope, prop, verdict)


@SETTINGS
@given(systems(), scopes)
def test_symmetry_changes_no_verdict_and_no_length(
        system: System, scope: Mapping[str, int]) -> None:
    plain = explore(system, scope, symmetry=False)
    orbits = explore(system, scope, symmetry=True)
    assert plain.exploration.depth == orbits.exploration.depth
    for prop in system.properties:
        a, b = plain.verdicts[prop.name], orbits.verdicts[prop.name]
        assert type(a) is type(b)
        if isinstance(a, Violated) and isinstance(b, Violated):
            assert len(a.trace.steps) == len(b.trace.steps)
        for verdict in (a, b):
            recheck(system, scope, prop, verdict)


@pytest.mark.parametrize("few", [0, 24], ids=["by refinement", "as shipped"])
@SETTINGS
@given(system=systems(), scope=scopes, random=st.randoms(use_true_random=False))
def test_one_canonical_state_per_orbit(few: int, system: System, scope: Mapping[str, int],
                                       random: Random) -> None:
    explore(system, scope, symmetry=False, kinds=())
    graph = Graph(system, scope)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(symmetry_module, "FEW", few)
        codec = Codec(graph.reference.layout)
        canonical = Canonical(codec)
        seen: dict[State, object] = {}
        for state in random.sample(sorted(graph.taken), min(40, len(graph.taken))):
            orbit = graph.renamings(state)
            forms = {canonical(codec.pack(s)) for s in orbit}
            assert len(forms) == 1
            form = codec.unpack(forms.pop())
            assert form in orbit
            assert seen.setdefault(form, min(orbit)) == min(orbit)
