"""Breadth-first search over packed states, with what is needed to say how each was reached.

One pass looks at everything: invariants and reachability goals on every state, obligations and
fired blocks on every instance. States are visited in the order in which they are found, instances
in the order of their declaration, so the first witness of anything is a shortest one, and the same
on every run.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from wddmcheck.engines.base import Limits, Pace, Progress, Watch
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Program
from wddmcheck.engines.memory import rss
from wddmcheck.ir.evaluate import initial_state
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Action
from wddmcheck.result.verdict import Stop

CHUNK = 64
"""States expanded between two looks at the clock."""


@dataclass(slots=True)
class Witness:
    """How something was first seen: in state number `state`, or by taking an instance of `action`
    there; with `obligation` >= 0, by its breaking that one of its obligations."""

    state: int
    action: Action | None = None
    obligation: int = -1


@dataclass(slots=True)
class Wanted:
    """What to look for: names of properties per predicate, obligation property, or action."""

    on_states: list[tuple[str, Callable[[Packed], object], bool]]   # (name, formula, sought value)
    obligations: frozenset[str] = frozenset()
    actions: dict[str, list[str]] = field(default_factory=dict)     # action -> FIRES properties
    deadlock: str = ""
    edges: bool = False


@dataclass(slots=True)
class Found:
    """What a search saw."""

    states: list[Packed]
    parents: array[int]
    via: array[int]
    witnesses: dict[str, Witness] = field(default_factory=dict)
    transitions: int = 0
    depth: int = 0                       # completed
    complete: bool = False
    stopped_by: Stop | None = None
    faults: set[str] = field(default_factory=set)
    faulty: set[int] = field(default_factory=set)    # states in which a run can end in a fault
    edge_starts: array[int] = field(default_factory=lambda: array("q", [0]))
    edge_targets: array[int] = field(default_factory=lambda: array("i"))
    edge_instances: array[int] = field(default_factory=lambda: array("i"))
    marks: dict[Expr, Callable[[int], bool]] = field(default_factory=dict)
    """Formulas of which it was noted in which states, by number, they hold."""
    seconds: float = 0.0
    peak: int = 0


def search(program: Program, wanted: Wanted, canonical: Callable[[Packed], Packed] | None,
           limits: Limits, progress: Progress, doing: str = "") -> Found:
    """Visit all reachable states (representatives, with `canonical`) that limits allow."""
    run = _Search(program, wanted, canonical, limits, progress, doing)
    try:
        run.go()
    except KeyboardInterrupt:
        run.found.stopped_by = Stop.INTERRUPTED
    except MemoryError:
        run.found.stopped_by = Stop.MEMORY
    run.found.seconds = run.watch.elapsed
    run.found.peak = max(run.pace.peak, rss())
    return run.found


class _Search:
    def __init__(self, program: Program, wanted: Wanted,
                 canonical: Callable[[Packed], Packed] | None, limits: Limits,
                 progress: Progress, doing: str) -> None:
        self.program, self.wanted, self.canonical = program, wanted, canonical
        self.limits = limits
        self.watch = Watch(limits, rss)
        self.pace = Pace("interpret", self.watch, progress, doing)
        start = program.codec.pack(initial_state(program.codec.layout))
        if canonical is not None:
            start = canonical(start)
        self.found = Found([start], array("q", [-1]), array("i", [-1]))
        self.numbers: dict[Packed, int] = {start: 0}
        self.open_states = list(wanted.on_states)
        self.open_actions = dict(wanted.actions)

    def go(self) -> None:
        found, states = self.found, self.found.states
        self.look(0)
        level_start, depth, before = 0, 0, 1
        while level_start < len(states):
            if self.limits.depth is not None and depth >= self.limits.depth:
                found.stopped_by = Stop.DEPTH
                return
            level_end = len(states)
            for at in range(level_start, level_end, CHUNK):
                if self.limited(depth, level_end - level_start, before):
                    return
                for number in range(at, min(at + CHUNK, level_end)):
                    self.expand(number)
            before = level_end - level_start
            level_start = level_end
            if level_start < len(states):
                depth += 1
            found.depth = depth
        found.complete = True

    def limited(self, depth: int, frontier: int, before: int) -> bool:
        """Whether a limit is reached; reports progress on the way."""
        stop = self.pace.stop(depth, len(self.found.states), frontier, before)
        if stop is None:
            return False
        self.found.stopped_by = stop
        return True

    def expand(self, number: int) -> None:
        """Take every instance that is enabled in state `number`."""
        found, numbers, canonical = self.found, self.numbers, self.canonical
        good: list[tuple[int, Packed]] = []
        bad: list[tuple[int, int]] = []
        self.program.successors(found.states[number], good, bad)
        for instance, state in good:
            if canonical is not None:
                state = canonical(state)
            known = numbers.get(state)
            if known is None:
                known = numbers[state] = len(found.states)
                found.states.append(state)
                found.parents.append(number)
                found.via.append(instance)
                self.look(known)
            if self.wanted.edges:
                found.edge_targets.append(known)
                found.edge_instances.append(instance)
            if self.open_actions:
                self.fired(number, instance)
        found.transitions += len(good)
        if self.wanted.edges:
            found.edge_starts.append(len(found.edge_targets))
        if bad:
            self.broken(number, bad)
        elif not good and self.wanted.deadlock:
            found.witnesses.setdefault(self.wanted.deadlock, Witness(number))

    def look(self, number: int) -> None:
        """Evaluate the formulas that have not had their witness."""
        state = self.found.states[number]
        hit = [name for name, holds, sought in self.open_states if bool(holds(state)) is sought]
        if hit:
            for name in hit:
                self.found.witnesses[name] = Witness(number)
            self.open_states = [o for o in self.open_states if o[0] not in hit]

    def fired(self, number: int, instance: int) -> None:
        action = self.program.instances[instance].action
        for name in self.open_actions.pop(action.name, ()):
            if name not in self.found.witnesses:
                self.found.witnesses[name] = Witness(number, action)

    def broken(self, number: int, bad: list[tuple[int, int]]) -> None:
        for instance, index in bad:
            action = self.program.instances[instance].action
            obligation = action.obligations[index]
            if obligation.stops:
                self.found.faults.add(obligation.property)
                self.found.faulty.add(number)
            if obligation.property in self.wanted.obligations:
                self.found.witnesses.setdefault(
                    obligation.property, Witness(number, action, index))
