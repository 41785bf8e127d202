"""Steps of a system by the oracle alone: what can be done in a state, and a random walk."""

from __future__ import annotations

import random
from collections.abc import Iterator

from wddmcheck.ir.evaluate import Layout, Outcome, evaluate, initial_state, take
from wddmcheck.ir.system import Action, System
from wddmcheck.ir.walk import guard_levels
from wddmcheck.result.verdict import State

MAX_WALK = 40
"""A random walk starts again after so many steps."""


class Steps:
    """The steps of `system` under `layout`. Instances are enumerated parameter by parameter; a part
    of the guard is looked at as soon as its parameters have values."""

    def __init__(self, system: System, layout: Layout) -> None:
        self.system = system
        self.layout = layout
        self._levels = {a.name: guard_levels(a) for a in system.actions}

    def instances(self, action: Action, state: State,
                  rng: random.Random | None = None) -> Iterator[Outcome]:
        """What each enabled instance of `action` does in `state`; in random order with `rng`."""
        return (outcome for _, outcome in self.taken(action, state, rng))

    def taken(self, action: Action, state: State,
              rng: random.Random | None = None) -> Iterator[tuple[tuple[int, ...], Outcome]]:
        """The enabled instances of `action` by the values of their parameters, and what each does
        in `state`; in random order with `rng`."""
        for args in self._arguments(action, state, (), rng):
            outcome = take(self.layout, action, args, state)
            if outcome is not None:
                yield args, outcome

    def enabled(self, state: State, block: str = "") -> bool:
        """Whether some action (of `block`, if given) is enabled in `state`."""
        return any(True for a in self.system.actions if block in ("", a.label.block)
                   for _ in self.instances(a, state))

    def successors(self, state: State) -> Iterator[State]:
        """The states one step away."""
        for action in self.system.actions:
            for outcome in self.instances(action, state):
                if outcome.state is not None:
                    yield outcome.state

    def walk(self, limit: int, seed: int) -> Iterator[State]:
        """Up to `limit` reachable states, the initial one first: random walks that start again
        where they end or after `MAX_WALK` steps. The same seed gives the same states."""
        rng = random.Random(seed)
        start = initial_state(self.layout)
        state, steps = start, 0
        yield start
        for _ in range(limit - 1):
            following = self._some_successor(state, rng) if steps < MAX_WALK else None
            state, steps = (start, 0) if following is None else (following, steps + 1)
            yield state

    def _some_successor(self, state: State, rng: random.Random) -> State | None:
        for action in rng.sample(self.system.actions, len(self.system.actions)):
            for outcome in self.instances(action, state, rng):
                if outcome.state is not None:
                    return outcome.state
        return None

    def _arguments(self, action: Action, state: State, given: tuple[int, ...],
                   rng: random.Random | None) -> Iterator[tuple[int, ...]]:
        params = action.params
        env = {p.name: v for p, v in zip(params, given, strict=False)}
        if not all(evaluate(part, self.layout, state, env)
                   for part in self._levels[action.name][len(given)]):
            return
        if len(given) == len(params):
            yield given
            return
        values = self.layout.values(params[len(given)].sort)
        for value in rng.sample(values, len(values)) if rng is not None else values:
            yield from self._arguments(action, state, (*given, value), rng)
