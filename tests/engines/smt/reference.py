"""Breadth-first search with the oracle (`ir.evaluate`): what the engines have to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wddmcheck.ir.evaluate import Layout, evaluate, initial_state, instances, take
from wddmcheck.ir.system import Kind, Property, System

State = tuple[int, ...]


@dataclass(frozen=True)
class Taken:
    """An enabled instance: what it breaks, and its successor."""

    action: str
    args: tuple[int, ...]
    broken: tuple[str, ...]
    state: State | None


class Reference:
    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        self.system = system
        self.layout = Layout.of(system, scope)
        self.initial = initial_state(self.layout)

    def taken(self, state: State) -> Iterator[Taken]:
        for action in self.system.actions:
            for args in instances(self.layout, action):
                outcome = take(self.layout, action, args, state)
                if outcome is not None:
                    yield Taken(action.name, args, tuple(o.property for o in outcome.broken),
                                outcome.state)

    def levels(self, depth: int) -> Iterator[tuple[list[State], list[Taken]]]:
        """Per depth: the states first reached there, and the instances that were taken."""
        seen = {self.initial}
        frontier = [self.initial]
        steps: list[Taken] = []
        for _ in range(depth + 1):
            yield frontier, steps
            steps = [t for s in frontier for t in self.taken(s)]
            new = dict.fromkeys(t.state for t in steps if t.state is not None)
            frontier = [s for s in new if s not in seen]
            seen.update(frontier)
            if not frontier and not steps:
                return

    def shown(self, prop: Property, states: list[State], steps: list[Taken]) -> bool:
        """Whether a level violates (or reaches) `prop`."""
        match prop.kind:
            case Kind.INVARIANT:
                return any(not evaluate(prop.formula, self.layout, s, {}) for s in states)
            case Kind.REACHABLE:
                return any(evaluate(prop.formula, self.layout, s, {}) for s in states)
            case Kind.OBLIGATION:
                return any(prop.name in t.broken for t in steps)
            case Kind.FIRES:
                return any(t.action in prop.actions and t.state is not None for t in steps)
            case Kind.NO_DEADLOCK:
                return any(next(self.taken(s), None) is None for s in states)
            case _:
                raise AssertionError(prop.kind)
