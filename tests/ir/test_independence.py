"""What is said of instances, and of all states, is so in the states that a system reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest

from tests.engines.smt.random_systems import random_system
from tests.support.models import shipped, system_of
from tests.support.samples import one_in
from wddmcheck.ir.evaluate import Layout, Outcome, State, all_instances, initial_state, take
from wddmcheck.ir.independence import Independence
from wddmcheck.ir.known import Known
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import System

Instance = tuple[int, tuple[int, ...]]


class Graph:
    """What happens in the states of a system."""

    def __init__(self, layout: Layout, most: int) -> None:
        self.layout, self.all = layout, list(all_instances(layout))
        self.taken: dict[State, dict[Instance, Outcome]] = {}
        start = initial_state(layout)
        states, seen = [start], {start}
        for state in states:
            if len(seen) < most:
                for outcome in self.outcomes(state).values():
                    if outcome.state is not None and outcome.state not in seen:
                        seen.add(outcome.state)
                        states.append(outcome.state)
        self.states = states

    def outcomes(self, state: State) -> dict[Instance, Outcome]:
        """What each enabled instance does."""
        if state not in self.taken:
            found = ((i, take(self.layout, self.layout.system.actions[i[0]], i[1], state))
                     for i in self.all)
            self.taken[state] = {i: outcome for i, outcome in found if outcome is not None}
        return self.taken[state]

    def wrong_back(self, a: Instance, b: Instance) -> Iterator[State]:
        """Where a does not take back b."""
        for state in self.states:
            here = self.outcomes(state)
            if b in here and (then := here[b].state) is not None:
                back = self.outcomes(then).get(a)
                if back is not None and back.state not in (None, state):
                    yield state

    def wrong(self, a: Instance, b: Instance) -> Iterator[str]:
        """In what way a is not independent of b."""
        for state in self.states:
            here = self.outcomes(state)
            if b not in here or (then := here[b].state) is None:
                continue
            after_b = self.outcomes(then)
            if a not in here:
                if a in after_b:
                    yield "b enables a"
                continue
            if a not in after_b:
                continue                     # b disables it
            if after_b[a].broken != here[a].broken:
                yield "a breaks something else after b"
            if (other := here[a].state) is None:
                continue
            after_a = self.outcomes(other)
            if b not in after_a or after_a[b].broken != here[b].broken:
                yield "a changes what b does"
            elif after_a[b].state != after_b[a].state:
                yield "the orders lead to different states"


def check(system: System, sizes: dict[str, int], most: int) -> Counter[object]:
    """Compare what is said with what is; how much is said of instances that can happen."""
    layout = Layout.of(system, sizes)
    graph, count = Graph(layout, most), Counter[object]()
    possible = {i for state in graph.states for i in graph.outcomes(state)}
    for prepared in (False, True):
        independence = Independence(layout)
        if prepared:
            list(independence.prepare())
            check_facts(independence.known, graph)
            count["settled"] = len(independence.known.settled)
            count["sound"] = len(independence.known.sound)
        for a in possible:
            for b in possible:
                if independence.independent(*a, *b):
                    count["independent", prepared] += 1
                    assert not list(graph.wrong(a, b)), (a, b)
                if independence.takes_back(*a, *b):
                    count["back", prepared] += 1
                    assert not list(graph.wrong_back(a, b)), (a, b)
    return count


def check_facts(known: Known, graph: Graph) -> None:
    """In all states absent slots are as they were, and nothing refers to them."""
    layout = known.layout
    pools = {p.name: p for p in layout.system.pools}
    for state in graph.states:
        for name in known.settled:
            var = layout.variables[name]
            life = pools[var.dims[0]].life
            for slot in range(layout.sizes[var.dims[0]]):
                assert state[layout.offset(life, (slot,))] != 0 or (
                    state[layout.offset(name, (slot,))] == var.init)
        for name in known.sound:
            var = layout.variables[name]
            assert isinstance(var.sort, RefSort)
            for index in product(*(range(layout.sizes[d]) for d in var.dims)):
                to = state[layout.offset(name, index)]
                assert to < 0 or state[layout.offset(pools[var.sort.pool].life, (to,))] != 0


@pytest.mark.parametrize("seeds", one_in(3, [range(12), range(12, 24), range(24, 36)]))
def test_random_systems(seeds: range) -> None:
    found = [check(random_system(seed), {"P": 2, "Q": 2}, 40) for seed in seeds]
    assert sum(n["independent", True] > 0 for n in found) > len(found) / 2
    assert sum(n["back", True] > 0 for n in found) > 0
    assert sum(n["settled"] + n["sound"] > 0 for n in found) > 0


def test_the_yardstick() -> None:
    sizes = {"Process": 2, "Device": 2, "Context": 2, "Allocation": 2}
    found = check(shipped("models/yardstick.wddm"), sizes, 400)
    instances_ = len(list(all_instances(Layout.of(shipped("models/yardstick.wddm"), sizes))))
    assert found["independent", True] > instances_ * instances_ / 2
    assert found["independent", True] > found["independent", False] + 50
    assert found["back", True] > found["back", False] > 0
    assert found["settled"] == found["sound"] == 4


@pytest.mark.parametrize(("path", "scope"), [
    ("models/sharing.wddm", ""), ("models/preemption.wddm", "turns"), ("models/power.wddm", "")])
def test_shipped_models(path: str, scope: str) -> None:
    system = shipped(path)
    found = check(system, dict(dict(system.scopes)[scope or system.default_scopes[0]]), 30)
    assert min(found["independent", True], found["back", True], found["settled"]) > 0


MODEL = """
model known
object Device { }
object Context { busy: bool }
var flag: bool = false
thunk Create(d: Device) -> Context { let c = create Context() return STATUS_SUCCESS, c }
thunk Busy(c: Context) requires not c.busy { c.busy = true }
thunk Idle(c: Context) requires c.busy { c.busy = false }
thunk Set() requires not flag { flag = true }
thunk All() requires no c: Context where c.busy { flag = false }
"""


@pytest.mark.parametrize(("a", "b", "independent"), [
    (("Busy/1", (0,)), ("Busy/1", (1,)), True),
    (("Busy/1", (0,)), ("Idle/1", (0,)), False),        # it enables it
    (("Set/1", ()), ("Busy/1", (0,)), True),
    (("Set/1", ()), ("All/1", ()), False),
    (("All/1", ()), ("Idle/1", (0,)), False),
])
def test_what_is_found(a: tuple[str, tuple[int, ...]], b: tuple[str, tuple[int, ...]],
                       independent: bool) -> None:
    system = system_of(MODEL)
    names = [action.name for action in system.actions]
    found = Independence(Layout.of(system, {"Device": 1, "Context": 2}))
    assert found.independent(names.index(a[0]), a[1], names.index(b[0]), b[1]) is independent
