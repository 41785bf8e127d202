"""A sweep by brute force: all runs with a bounded number of failures, on the oracle alone.

Nodes are pairs of a state of the model and the failures so far; nothing of `sweep.inject` is used.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from wddmcheck.ir.evaluate import Layout, evaluate, initial_state, instances, take
from wddmcheck.ir.system import Action, Kind, System
from wddmcheck.result.verdict import State
from wddmcheck.sweep.causes import Causes

Broken = dict[str, dict[tuple[int, ...], int]]
"""By property, sets of failures (sorted) that break it, and the length of the shortest run."""


def broken(system: System, sizes: dict[str, int], found: Causes, most: int) -> Broken:
    """What breaks each invariant and obligation, in runs with at most `most` failures."""
    layout = Layout.of(system, sizes)
    numbers = {f: n for n, f in enumerate(found.failures, 1)}
    invariants = [p for p in system.properties if p.kind is Kind.INVARIANT and not p.goal]
    start = (initial_state(layout), ())
    depth: dict[tuple[State, tuple[int, ...]], int] = {start: 0}
    queue = deque([start])
    result: Broken = {}

    def note(name: str, failures: tuple[int, ...], steps: int) -> None:
        sets = result.setdefault(name, {})
        sets[failures] = min(sets.get(failures, steps), steps)

    while queue:
        node = queue.popleft()
        state, failures = node
        for prop in invariants:
            if not evaluate(prop.formula, layout, state, {}):
                note(prop.name, failures, depth[node])
        for action in system.actions:
            for args in instances(layout, action):
                outcome = take(layout, action, args, state)
                if outcome is None:
                    continue
                env = dict(zip((p.name for p in action.params), args, strict=True))
                new = list(failures)
                for number in _happens(action, found, numbers, layout, state, env, failures):
                    new.append(number)
                if len(new) > most:
                    continue
                after = tuple(sorted(new))
                for obligation in outcome.broken:
                    note(obligation.property, after, depth[node] + 1)
                if outcome.state is not None and (outcome.state, after) not in depth:
                    depth[outcome.state, after] = depth[node] + 1
                    queue.append((outcome.state, after))
    return result


def _happens(action: Action, found: Causes, numbers: dict[object, int], layout: Layout,
             state: State, env: dict[str, int], before: tuple[int, ...]) -> Iterator[int]:
    families = {numbers[c.failure]: (c.family, c.failure.name) for groups in found.of.values()
                for group in groups for c in group if c.family}
    for group in found.of.get(action.name, ()):
        for cause in group:
            follows = cause.family and any(
                families.get(n, ("", ""))[0] == cause.family
                and families[n][1] != cause.failure.name for n in before)
            if not follows and evaluate(cause.when, layout, state, env):
                yield numbers[cause.failure]
                break


def minimal(sets: dict[tuple[int, ...], int]) -> dict[tuple[int, ...], int]:
    """Without those that contain a smaller one."""


    return {s: n for s, n in sets.items()
            if not any(Counter(o) < Counter(s) for o in sets)}


