"""Steps of a system by the oracle alone: what can be done in a state, and a random walk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

from wddmcheck.ir.evaluate import Layout, Outcome, initial_state, take
from wddmcheck.ir.sorts import NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import Action, System
from wddmcheck.result.verdict import State


def instances(layout: Layout, action: Action, state: State) -> Iterator[Outcome]:
    """What each enabled instance of `action` does in `state`."""
    for args in product(*(_values(layout, p.sort) for p in action.params)):
        outcome = take(layout, action, args, state)
        if outcome is not None:
            yield outcome


def enabled(system: System, layout: Layout, state: State, block: str = "") -> bool:
    """Whether some action (of `block`, if given) is enabled in `state`."""
    return any(True for a in system.actions if block in ("", a.label.block)
               for _ in instances(layout, a, state))


def successors(system: System, layout: Layout, state: State) -> Iterator[State]:
    """The states one step away."""
    for action in system.actions:
        for outcome in instances(layout, action, state):
            if outcome.state is not None:
                yield outcome.state


def walk(system: System, layout: Layout, limit: int, seed: int) -> Iterator[State]:
    """Up to `limit` reachable states, the initial one first: random walks that start again where
    they end or have gone 40 steps. The same seed gives the same states."""
    rng = random.Random(seed)
    start = initial_state(layout)
    state, steps = start, 0
    yield start
    for _ in range(limit - 1):
        following = sorted(set(successors(system, layout, state))) if steps < 40 else []
        state, steps = (rng.choice(following), steps + 1) if following else (start, 0)
        yield state


def _values(layout: Layout, sort: Sort) -> range | list[int]:
    match sort:
        case BoolSort():
            return range(2)
        case IntRange(lo, hi):
            return range(lo, hi + 1)
        case EnumSort(_, members):
            return range(len(members))
        case RefSort(pool, none, _):
            slots = range(layout.sizes[pool])
            return [NONE, *slots] if none else slots
