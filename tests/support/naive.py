"""The reference: breadth-first search on the oracle, as plainly as can be."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.ir.evaluate import Layout, State, evaluate, initial_state, instances, take
from wddmcheck.ir.system import Kind, Property, System


class Naive:
    """All reachable states with their distance, and when each property is first seen to break (or,
    for goals, to be reached)."""

    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        self.system = system
        self.layout = Layout.of(system, scope)
        start = initial_state(self.layout)
        self.depths: dict[State, int] = {start: 0}
        self.edges: dict[State, list[State]] = {}
        self.faulty: set[State] = set()
        self.broken: dict[str, int] = {}
        self.fired: dict[str, int] = {}
        self.stuck: int | None = None
        self.transitions = 0
        frontier = [start]
        while frontier:
            found: list[State] = []
            for state in frontier:
                self._expand(state, found)
            frontier = found
        self.depth = max(self.depths.values())

    def _expand(self, state: State, found: list[State]) -> None:
        depth = self.depths[state]
        self.edges[state] = []
        enabled = False
        for action in self.system.actions:
            for args in instances(self.layout, action):
                outcome = take(self.layout, action, args, state)
                if outcome is None:
                    continue
                enabled = True
                for obligation in outcome.broken:
                    self.broken.setdefault(obligation.property, depth + 1)
                if outcome.state is None:
                    self.faulty.add(state)
                    continue
                self.transitions += 1
                self.fired.setdefault(action.name, depth + 1)
                self.edges[state].append(outcome.state)
                if outcome.state not in self.depths:
                    self.depths[outcome.state] = depth + 1
                    found.append(outcome.state)
        if not enabled and self.stuck is None:
            self.stuck = depth

    def first(self, prop: Property) -> int | None:
        """The number of steps to the first violation, or to reaching the goal; None if never."""
        match prop.kind:
            case Kind.OBLIGATION:
                return self.broken.get(prop.name)
            case Kind.FIRES:
                return min((self.fired[a] for a in prop.actions if a in self.fired), default=None)
            case Kind.NO_DEADLOCK:
                return self.stuck
            case Kind.INVARIANT:
                return self._nearest(lambda s: not evaluate(prop.formula, self.layout, s, {}))
            case Kind.REACHABLE:
                return self._nearest(lambda s: bool(evaluate(prop.formula, self.layout, s, {})))
            case Kind.ALWAYS_POSSIBLE:
                alive = self._alive(prop)
                return self._nearest(lambda s: s not in alive)
            case Kind.LEADS_TO:
                raise AssertionError("not decided here")

    def _nearest(self, wanted: object) -> int | None:
        assert callable(wanted)
        return min((d for s, d in self.depths.items() if wanted(s)), default=None)

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
