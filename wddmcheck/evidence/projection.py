"""Slices, checked again by the oracle: every step of the system is a step of the slice, or changes
nothing in it (`recheck`); where a slice tells of ways, its certain steps are steps of the system
(`recheck_ways`).

That is what makes a proof on a slice one of the system. It is looked at along random runs of the
system, which refutes a slice but does not confirm it. Nothing here imports what made the slice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.evidence.steps import MAX_WALK, Steps
from wddmcheck.ir.evaluate import Layout, Outcome, initial_state, take
from wddmcheck.ir.system import Action, System
from wddmcheck.result.verdict import State


@dataclass(frozen=True, slots=True)
class Taken:
    """An instance and what it did in `state`."""

    state: State
    action: Action
    args: tuple[int, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Part:
    """A slice as plain data. `params`: of each of its actions, which of the original's parameters
    it has; `asked`: of each of its actions, its obligations (by name) that are the system's (by
    action and number)."""

    system: System
    sizes: Mapping[str, int]
    params: Mapping[str, tuple[int, ...]]
    asked: Mapping[tuple[str, int], str]


@dataclass(frozen=True, slots=True)
class Ways:
    """The system that an engine was asked about what is always possible, as plain data: its runs
    take certain steps from where its last variable is 1. `params` as in a `Part`; `empty`:
    variables of the full system that say whether slots are taken, of pools that certain steps leave
    empty if the slice does not see them."""

    system: System
    sizes: Mapping[str, int]
    params: Mapping[str, tuple[int, ...]]
    empty: tuple[str, ...]


def walk(system: System, sizes: Mapping[str, int], limit: int = 200,
         seed: int = 0) -> tuple[Taken, ...]:
    """Up to `limit` instances along random runs of `system`, faults among them."""
    return tuple(_walk(Steps(system, Layout.of(system, sizes)), limit, random.Random(seed)))


def _walk(steps: Steps, limit: int, rng: random.Random) -> Iterator[Taken]:
    start = initial_state(steps.layout)
    state, length = start, 0
    for _ in range(limit):
        found = _some(steps, state, rng) if length < MAX_WALK else None
        if found is None and state == start:
            return
        if found is not None:
            yield found
        after = found.outcome.state if found is not None else None
        state, length = (start, 0) if after is None else (after, length + 1)


def _some(steps: Steps, state: State, rng: random.Random) -> Taken | None:
    for action in rng.sample(steps.system.actions, len(steps.system.actions)):
        for args, outcome in steps.taken(action, state, rng):
            return Taken(state, action, args, outcome)
    return None


def recheck(system: System, sizes: Mapping[str, int], part: Part, taken: tuple[Taken, ...]) -> None:
    """Check that `part` goes along with the steps `taken` by `system`. Raises `InternalError`."""
    whole, own = Layout.of(system, sizes), Layout.of(part.system, part.sizes)
    places = [i for v in part.system.variables
              for i in range(whole.starts[v.name], whole.starts[v.name] + whole.words(v))]
    actions = {a.name: a for a in part.system.actions}

    def seen(state: State) -> State:
        return tuple(state[i] for i in places)

    _expect(seen(initial_state(whole)) == initial_state(own), "starts elsewhere")
    for step in taken:
        before = seen(step.state)
        after = None if step.outcome.state is None else seen(step.outcome.state)
        action = actions.get(step.action.name)
        if action is None:
            _expect(after in (None, before), f"lacks {step.action.name}, which changes it")
            continue
        outcome = take(own, action, tuple(step.args[i] for i in part.params[action.name]), before)
        _expect(outcome is not None, f"does not take {action.name}")
        assert outcome is not None
        _expect(after is None or outcome.state == after, f"goes elsewhere by {action.name}")
        have = {o.property for o in outcome.broken}
        for (name, number), asked in part.asked.items():
            if name == action.name and step.action.obligations[number] in step.outcome.broken:
                _expect(asked in have, f"does not break {asked}")


def recheck_ways(system: System, sizes: Mapping[str, int], ways: Ways, taken: tuple[Taken, ...],
                 seed: int = 0) -> None:
    """Check, in the states of the steps `taken`, that `system` takes a step that `ways` has as a
    certain one. Raises `InternalError`."""
    whole, own = Layout.of(system, sizes), Layout.of(ways.system, ways.sizes)
    steps, rng = Steps(ways.system, own), random.Random(seed)
    seen = [v.name for v in ways.system.variables[:-1]]
    unseen = [n for n in ways.empty if n not in seen]
    actions = {a.name: a for a in system.actions}

    def at(state: State, name: str) -> State:
        first = whole.starts[name]
        return state[first:first + whole.words(whole.variables[name])]

    def look(state: State) -> State:
        return (*(value for name in seen for value in at(state, name)), 1)

    for state in dict.fromkeys(step.state for step in taken):
        found = _some(steps, look(state), rng)
        if found is None or found.action.name not in actions:
            continue
        action = actions[found.action.name]
        given = dict(zip(ways.params[action.name], found.args, strict=True))
        args = tuple(given[i] if i in given else rng.choice(whole.values(p.sort))
                     for i, p in enumerate(action.params))
        real, told = take(whole, action, args, state), found.outcome
        _expect(real is not None, f"does not take {action.name} as the slice does")
        assert real is not None
        if real.state is None:
            continue
        _expect(told.state is not None, f"takes {action.name} without the slice's fault")
        _expect(told.state == look(real.state), f"goes elsewhere by {action.name} than the slice")
        for name in unseen:
            init = whole.variables[name].init
            was, is_ = ({init} >= {*at(s, name)} for s in (state, real.state))
            _expect(is_ or not was, f"sets {name} by {action.name}, which the slice does not see")


def _expect(condition: bool, problem: str) -> None:
    if not condition:
        raise InternalError(f"a slice does not follow the system: it {problem}")
