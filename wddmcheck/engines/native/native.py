"""The engine `native`: breadth-first search in machine code, compiled from the system at run time.

Exact: every state is kept whole. Counterexamples are shortest, and the same however many threads
there are. With symmetry one state of each orbit is visited; the canonical form is exact, so orbits
are counted exactly, and witnesses are walked again on the system itself by the oracle.

`leads to` is not decided here: fairness speaks of single instances, which need the full graph with
its edges. The engine says so, and `auto` asks `interpret`.
"""

from __future__ import annotations

from typing import ClassVar

from wddmcheck.engines.answers import Explored
from wddmcheck.engines.base import CheckTask, Progress, silent
from wddmcheck.engines.native.program import Program, compile_system
from wddmcheck.engines.native.rounds import Hit
from wddmcheck.engines.native.search import Found, Search
from wddmcheck.engines.native.store import FullError
from wddmcheck.engines.native.trace import Tracer
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.result.verdict import (
    CheckResult,
    Enumeration,
    Exploration,
    Inconclusive,
    Skipped,
    Stop,
    Trace,
    Verdict,
    Violated,
)


class Native:
    """See the module."""

    name: ClassVar[str] = "native"

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Answer every property of `task`, but for those about fairness."""
        layout = Layout.of(task.system, task.scope)
        by_name = {p.name: p for p in task.system.properties}
        asked = [by_name[name] for name in task.properties]
        mine = [p for p in asked if p.kind is not Kind.LEADS_TO]
        program = compile_system(layout, mine, task.symmetry)
        search = Search(program, task.limits, progress, task.threads)
        try:
            found = search.go()
            verdicts = _Answers(program, search, found).all(mine)
        finally:
            search.close()
        for prop in asked:
            if prop.kind is Kind.LEADS_TO:
                verdicts[prop.name] = Skipped("native does not decide `leads to`; interpret does")
        explored = Exploration(self.name, program.quotient, found.states, found.transitions,
                               found.depth, found.complete, found.stopped_by, found.seconds,
                               found.peak)
        return CheckResult(explored, {p.name: verdicts[p.name] for p in asked})


class _Answers:
    """Verdicts from what a search found."""

    def __init__(self, program: Program, search: Search, found: Found) -> None:
        self.program, self.search, self.found = program, search, found
        self.system: System = program.plan.layout.system
        self.tracer = Tracer(program, search.store)
        self.actions: dict[str, list[Hit]] = {}            # firing, by the action's name
        self.broken: dict[str, list[tuple[Hit, int]]] = {}  # by the property's name
        self.looked: dict[str, Hit] = {}
        beyond = self._sort_hits()
        self.explored = Explored(Enumeration(found.states, program.quotient, beyond),
                                 found.complete, found.depth, found.stopped_by)

    def _sort_hits(self) -> tuple[str, ...]:
        """Put hits under what they are of; the properties whose faults ended a run."""
        records, beyond = self.program.records, set()
        for number, action in enumerate(self.system.actions):
            hit = self.found.hits.get(number)
            if hit is not None:
                self.actions.setdefault(action.name, []).append(hit)
            for i, obligation in enumerate(action.obligations):
                hit = self.found.hits.get(records.of_action(number) + i)
                if hit is not None:
                    self.broken.setdefault(obligation.property, []).append((hit, number))
                    if obligation.stops:
                        beyond.add(obligation.property)
        for i, (name, _, _) in enumerate(records.formulas):
            hit = self.found.hits.get(records.looked + i)
            if hit is not None:
                self.looked[name] = hit
        return tuple(sorted(beyond))

    def all(self, properties: list[Property]) -> dict[str, Verdict]:
        """All verdicts."""
        verdicts = {p.name: self.one(p) for p in properties
                    if p.kind is not Kind.ALWAYS_POSSIBLE}
        graph = {p.name: p for p in properties if p.kind is Kind.ALWAYS_POSSIBLE}
        if graph:
            verdicts |= self.always_possible(list(graph.values()))
        return verdicts

    def one(self, prop: Property) -> Verdict:
        """The verdict on a property that a single run can show."""
        match prop.kind:
            case Kind.INVARIANT if prop.name in self.looked:
                return Violated(self.tracer.to_state(self.looked[prop.name].state))
            case Kind.REACHABLE if prop.name in self.looked:
                trace = None if prop.goal else self.tracer.to_state(self.looked[prop.name].state)
                return self.explored.reached(prop, trace)
            case Kind.OBLIGATION if prop.name in self.broken:
                hit, number = min(self.broken[prop.name], key=lambda b: self._order(b[0]))
                obligation = hit.record - self.program.records.of_action(number)
                action = self.system.actions[number]
                return Violated(self.tracer.to_fault(hit.state, action, obligation))
            case Kind.FIRES if any(a in self.actions for a in prop.actions):
                return self.explored.reached(prop, None if prop.goal else self._firing(prop))
            case Kind.NO_DEADLOCK if self.program.records.deadlock in self.found.hits:
                hit = self.found.hits[self.program.records.deadlock]
                return Violated(self.tracer.to_state(hit.state))
            case _:
                return self.explored.unseen(prop)

    def _order(self, hit: Hit) -> tuple[int, int, int]:
        """Nearer states first, then lower numbers: the same choice every time."""
        return len(self.search.store.chain(hit.state)), hit.state, hit.record

    def _firing(self, prop: Property) -> Trace:
        hits = [h for a in prop.actions for h in self.actions.get(a, [])]
        first = min(hits, key=self._order)
        return self.tracer.to_firing(first.state, self.system.actions[first.record])

    def always_possible(self, properties: list[Property]) -> dict[str, Verdict]:
        """Whether the goals can be reached from every state."""
        if not self.found.complete:
            return {p.name: self.explored.unseen(p) for p in properties}
        try:
            lost = self.search.lost(len(self.program.goals))
        except (TimeoutError, KeyboardInterrupt, FullError, MemoryError) as error:
            stop = (Stop.TIME if isinstance(error, TimeoutError) else Stop.INTERRUPTED
                    if isinstance(error, KeyboardInterrupt) else Stop.MEMORY)
            self.found.stopped_by = stop
            return {p.name: Inconclusive(stop, self.found.depth, "what can still be reached was "
                                         "not found out") for p in properties}
        by_name = dict(zip(self.program.goals, lost, strict=True))
        return {p.name: self.explored.proved() if (at := by_name[p.name]) is None
                else Violated(self.tracer.to_state(at)) for p in properties}
