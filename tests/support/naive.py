"""The reference: breadth-first search on the oracle (`ir.evaluate`), as plainly as can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from wddmcheck.ir.evaluate import Layout, State, evaluate, initial_state, instances, take
from wddmcheck.ir.system import Kind, Property, System


@dataclass(frozen=True)
class Taken:
    """An enabled instance: where it is taken, what it breaks, and its successor."""

    before: State
    action: str
    args: tuple[int, ...]
    broken: tuple[str, ...]
    state: State | None


class Reference:
    """The steps of a system at a scope, and its states by their distance."""

    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        self.system = system
        self.layout = Layout.of(system, scope)
        self.initial = initial_state(self.layout)

    def taken(self, state: State) -> Iterator[Taken]:
        for action in self.system.actions:
            for args in instances(self.layout, action):
                outcome = take(self.layout, action, args, state)
                if outcome is not None:
                    yield Taken(state, action.name, args,
                                tuple(o.property for o in outcome.broken), outcome.state)

    def levels(self, depth: int | None = None) -> Iterator[tuple[list[State], list[Taken]]]:
        """Per depth: the states first reached there, and the instances that were taken."""
        seen = {self.initial}
        frontier = [self.initial]
        steps: list[Taken] = []
        for _ in count() if depth is None else range(depth + 1):
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


class Naive(Reference):
    """All reachable states with their distance, and when each property is first seen to break (or,
    for goals, to be reached)."""

    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        super().__init__(system, scope)
        self._levels = list(self.levels())
        self.depths = {s: d for d, (states, _) in enumerate(self._levels) for s in states}
        self.depth = max(self.depths.values())
        self.faulty: set[State] = set()
        self.edges: dict[State, list[State]] = {s: [] for s in self.depths}
        for _, steps in self._levels:
            for taken in steps:
                if taken.state is None:
                    self.faulty.add(taken.before)
                else:
                    self.edges[taken.before].append(taken.state)
        self.transitions = sum(map(len, self.edges.values()))

    def first(self, prop: Property) -> int | None:
        """The number of steps to the first violation, or to reaching the goal; None if never."""
        if prop.kind is Kind.ALWAYS_POSSIBLE:
            alive = self._alive(prop)
            return min((d for s, d in self.depths.items() if s not in alive
                        and evaluate(prop.premise, self.layout, s, {})), default=None)
        return next((d for d, (states, steps) in enumerate(self._levels)
                     if self.shown(prop, states, steps)), None)

    def _alive(self, prop: Property) -> set[State]:
        """The states from which the goal, or a fault, can be reached."""
        alive = {s for s in self.depths
                 if s in self.faulty or evaluate(prop.formula, self.layout, s, {})}
        while True:
            more = {s for s in self.depths if s not in alive
                    and any(t in alive for t in self.edges[s])}
            if not more:
                return alive
            alive |= more
