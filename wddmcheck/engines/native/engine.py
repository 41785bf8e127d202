"""The engine `native`: breadth-first search in machine code.

Exact, and without symmetry: it counts the states of the model as written. Traces are found again
on the interpreter's program, one step at a time. Properties of the graph (`always possible`, `leads
to`) are answered for graphs of up to `GRAPH_STATES` states, on a second search that keeps the
edges.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, cast

from wddmcheck.engines.base import CheckTask, Limits, Progress, silent
from wddmcheck.engines.explicit.answers import Answers
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Program, compile_system
from wddmcheck.engines.explicit.search import Found, Witness
from wddmcheck.engines.native.explore import Explored, explore
from wddmcheck.engines.native.kernel import Watch, kernel
from wddmcheck.engines.native.packing import Packing
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.result.verdict import CheckResult, Exploration, Inconclusive, Stop, Verdict

EDGES = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)
GRAPH_STATES = 400_000
"""States of the largest graph whose edges are kept."""


class Native:
    """See the module."""

    name: ClassVar[str] = "native"

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Answer every property of `task`."""
        layout = Layout.of(task.system, task.scope)
        program = compile_system(layout)
        by_name = {p.name: p for p in task.system.properties}
        asked = [by_name[name] for name in task.properties]
        plain = [p for p in asked if p.kind not in EDGES]
        graph = [p for p in asked if p.kind in EDGES]
        verdicts: dict[str, Verdict] = {}
        search = _Search(program, task.system, progress)
        # Where only the graph is asked for, its search is the only one.
        found = search.run(plain, task.limits, edges=not plain)
        try:
            if plain:
                verdicts |= Answers(program, _as_found(program, found, plain), None).all(plain)
            if graph:
                verdicts |= self._graph(search, found, graph, task.limits, again=bool(plain))
        finally:
            found.free()
        exploration = Exploration(self.name, False, found.count, found.transitions, found.depth,
                                  found.complete, found.stopped_by, found.seconds, found.peak)
        return CheckResult(exploration, {p.name: verdicts[p.name] for p in asked})

    def _graph(self, search: _Search, found: Explored, graph: list[Property], limits: Limits,
               *, again: bool) -> dict[str, Verdict]:
        if not found.complete or found.count > GRAPH_STATES:
            stop = found.stopped_by or Stop.STATES
            reason = ("the graph of states is not complete" if not found.complete else
                      f"native keeps graphs of up to {GRAPH_STATES:,} states; interpret has no "
                      "such limit")
            return {p.name: Inconclusive(stop, found.depth, reason) for p in graph}
        if not again:
            return Answers(search.program, _as_found(search.program, found, graph),
                           None).all(graph)
        second = search.run(graph, _remaining(limits, found), edges=True, doing="with its graph")
        try:
            return Answers(search.program, _as_found(search.program, second, graph),
                           None).all(graph)
        finally:
            second.free()


def _remaining(limits: Limits, found: Explored) -> Limits:
    if limits.timeout_s is None:
        return limits
    return replace(limits, timeout_s=max(0.0, limits.timeout_s - found.seconds))


@dataclass(slots=True)
class _Search:
    """Searches of one system."""

    program: Program
    system: System
    progress: Progress

    def run(self, properties: list[Property], limits: Limits, *, edges: bool,
            doing: str = "") -> Explored:
        """One search, for these properties."""
        watch = _watch(self.system, properties, edges)
        made = kernel(Packing(self.program.codec.layout), watch)
        return explore(made, watch, limits, self.progress, doing)


def _watch(system: System, properties: list[Property], edges: bool) -> Watch:
    formulas = tuple((p.formula, p.kind is Kind.REACHABLE) for p in properties
                     if p.kind in (Kind.INVARIANT, Kind.REACHABLE))
    about = dict.fromkeys((o.property, o.stops) for a in system.actions for o in a.obligations)
    fires = dict.fromkeys(a for p in properties if p.kind is Kind.FIRES for a in p.actions)
    return Watch(formulas, {key: n for n, key in enumerate(about)},
                 {name: n for n, name in enumerate(fires)},
                 any(p.kind is Kind.NO_DEADLOCK for p in properties), edges)


# --- what was found, as the explicit engines have it ---------------------------------------------


def _as_found(program: Program, explored: Explored, properties: list[Property]) -> Found:
    """What was found in the interpreter's terms. States are translated when they are asked for."""
    states = _States(program, explored)
    found = Found(cast("list[Packed]", states), cast("array[int]", _Parents(explored)),
                  cast("array[int]", _Via(program, explored, states)))
    found.transitions, found.depth = explored.transitions, explored.depth
    found.complete, found.stopped_by = explored.complete, explored.stopped_by
    found.edge_starts, found.edge_targets = explored.starts, explored.targets
    found.edge_instances = explored.instances
    found.faulty = {n for n, bad in enumerate(explored.faulty) if bad}
    watch, notes = explored.watch, explored.witnesses
    for (name, stops), number in watch.obligations.items():
        if stops and notes[watch.first_obligation + number][0] >= 0:
            found.faults.add(name)
    formula = 0
    for prop in properties:
        numbers: list[int] = []
        match prop.kind:
            case Kind.INVARIANT | Kind.REACHABLE:
                numbers, formula = [formula], formula + 1
            case Kind.OBLIGATION:
                numbers = [watch.first_obligation + watch.obligations[key]
                           for key in ((prop.name, False), (prop.name, True))
                           if key in watch.obligations]
            case Kind.FIRES:
                numbers = [watch.first_action + watch.actions[a] for a in prop.actions]
            case Kind.NO_DEADLOCK:
                numbers = [watch.deadlock_number]
            case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO:
                pass
        seen = [notes[n] for n in numbers if notes[n][0] >= 0]
        if seen:
            state, instance, obligation = min(seen)
            match prop.kind:
                case Kind.FIRES:
                    found.witnesses[prop.name] = Witness(state, instance)
                case Kind.OBLIGATION:
                    found.witnesses[prop.name] = Witness(state, instance, obligation)
                case _:
                    found.witnesses[prop.name] = Witness(state)
    return found


@dataclass(slots=True)
class _States(Sequence[Packed]):
    """States in the interpreter's packing."""

    program: Program
    explored: Explored

    def __len__(self) -> int:
        return self.explored.count

    def __getitem__(self, number: int) -> Packed:  # type: ignore[override]
        if not 0 <= number < self.explored.count:
            raise IndexError(number)
        packing = self.explored.kernel.packing
        return self.program.codec.pack(packing.unpack(self.explored.words(number)))


@dataclass(slots=True)
class _Parents:
    explored: Explored

    def __getitem__(self, number: int) -> int:
        return self.explored.parents[number] if number else -1


@dataclass(slots=True)
class _Via:
    """The instance by which a state was found: the first of its parent's that leads to it."""

    program: Program
    explored: Explored
    states: _States

    def __getitem__(self, number: int) -> int:
        good: list[tuple[int, Packed]] = []
        self.program.successors(self.states[self.explored.parents[number]], good, [])
        wanted = self.states[number]
        return next(instance for instance, state in good if state == wanted)
