"""Random runs of the oracle: a quick look at a model, and which of its blocks they took.

A run starts in the initial state and takes one enabled action instance after another: first an
action, then its parameters, both uniformly among what is enabled, so that blocks with many
parameters do not crowd out the others. The same seed gives the same runs. Nothing is proved:
violations found are real, absence of them means nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from wddmcheck.ir.evaluate import Layout, Outcome, evaluate, initial_state, instances, take
from wddmcheck.ir.system import Action, Kind, Property, System
from wddmcheck.pipeline.scopes import ScopeChoice
from wddmcheck.result.verdict import State, Step, Trace


@dataclass(frozen=True, slots=True)
class Found:
    """The first violation: of which property, and how."""

    prop: Property
    trace: Trace


@dataclass(slots=True)
class Coverage:
    """What the runs so far have done."""

    taken: Counter[tuple[str, str]] = field(default_factory=Counter)  # (block, status)
    runs: int = 0
    steps: int = 0
    stuck: int = 0                     # runs that ended because nothing was enabled
    states: set[int] = field(default_factory=set)  # hashes, for a rough count

    def rows(self, system: System) -> tuple[tuple[str, str, int], ...]:
        """Every block and status of `system` in its order, and how often it was taken; what calls
        in flight do between entry and return has the status ""."""
        keys = dict.fromkeys(key for a in system.actions for key in _keys(a))
        return tuple((block, status, self.taken[block, status]) for block, status in keys)


def walk(system: System, choice: ScopeChoice, *, steps: int, seed: int,
         coverage: Coverage) -> Found | None:
    """One random run of at most `steps` steps, up to the first violation. Counts in `coverage`,
    which is right whenever the caller looks (after Ctrl-C, say)."""
    layout = Layout.of(system, dict(choice.sizes))
    invariants = tuple(p for p in system.properties if p.kind is Kind.INVARIANT and not p.goal)
    props = {p.name: p for p in system.properties}
    found = _run(system, layout, steps, random.Random(seed), invariants, props, coverage)
    coverage.runs += 1
    return found


def _run(system: System, layout: Layout, steps: int, rng: random.Random,
         invariants: tuple[Property, ...], props: dict[str, Property],
         coverage: Coverage) -> Found | None:
    state = initial_state(layout)
    initial, taken = state, list[Step]()
    coverage.states.add(hash(state))
    broken = _broken_invariant(invariants, layout, state)
    if broken is not None:
        return Found(broken, Trace(initial, (), True))
    for _ in range(steps):
        picked = _pick(system, layout, state, rng)
        if picked is None:
            coverage.stuck += 1
            return None
        action, args, outcome = picked
        for key in _keys(action):
            coverage.taken[key] += 1
        coverage.steps += 1
        taken.append(Step(action.name, args, outcome.state))
        if outcome.broken:
            return Found(props[outcome.broken[0].property], Trace(initial, tuple(taken), False))
        if outcome.state is None:
            return None
        state = outcome.state
        coverage.states.add(hash(state))
        broken = _broken_invariant(invariants, layout, state)
        if broken is not None:
            return Found(broken, Trace(initial, tuple(taken), False))
    return None


def _pick(system: System, layout: Layout, state: State,
          rng: random.Random) -> tuple[Action, tuple[int, ...], Outcome] | None:
    """A random enabled instance: the first action in a random order that has one."""
    for action in rng.sample(system.actions, len(system.actions)):
        choices = list(instances(layout, action))
        rng.shuffle(choices)
        for args in choices:
            outcome = take(layout, action, args, state)
            if outcome is not None:
                return action, args, outcome
    return None


def _broken_invariant(invariants: tuple[Property, ...], layout: Layout,
                      state: State) -> Property | None:
    return next((p for p in invariants if not evaluate(p.formula, layout, state, {})), None)


def _keys(action: Action) -> Iterator[tuple[str, str]]:
    yield action.label.block, action.label.status
    for call in action.label.calls:
        yield call.name, call.status
