"""Slices, checked again by the oracle: every step of the system is a step of the slice, or changes
nothing in it.

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


def _expect(condition: bool, problem: str) -> None:
    if not condition:
        raise InternalError(f"a slice does not follow the system: it {problem}")
