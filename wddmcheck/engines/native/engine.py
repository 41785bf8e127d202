"""The engine `native`: breadth-first search in machine code.

Exact: states are kept whole, unless the task is *compact*. With symmetry one state of each orbit is
visited; the canonical form is exact, so orbits are counted exactly. Traces are found again on the
interpreter's program, one step at a time. *Always possible* is decided on the edges of the graph;
`leads to` asks for the full graph, with the instances of its edges, and is answered for up to
`GRAPH_STATES` states.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import MAGIC_NUMBER
from typing import ClassVar, cast

from wddmcheck.engines.base import CheckTask, Limits, Progress, silent
from wddmcheck.engines.explicit.answers import Answers
from wddmcheck.engines.explicit.codec import Codec, Packed
from wddmcheck.engines.explicit.compile import Program
from wddmcheck.engines.explicit.search import Found, Witness
from wddmcheck.engines.explicit.size import check_sizes
from wddmcheck.engines.native import cache
from wddmcheck.engines.native.explore import Explored, explore
from wddmcheck.engines.native.kernels import Task
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.program import check, kept
from wddmcheck.engines.native.records import Records
from wddmcheck.engines.native.table import Edges
from wddmcheck.ir.evaluate import Layout, instances
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.quiet import Quiet, reduction
from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import (
    CheckResult,
    Exploration,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Stop,
    Trace,
    Verdict,
    Violated,
)

GRAPH_STATES = 400_000
"""States of the largest graph on which `leads to` is decided."""


class Native:
    """See the module."""

    name: ClassVar[str] = "native"

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Answer every property of `task`."""
        layout = Layout.of(task.system, task.scope)
        search = _Search(_telling(layout), task, progress)
        by_name = {p.name: p for p in task.system.properties}
        asked = [by_name[name] for name in task.properties]
        live = [p for p in asked if p.kind is Kind.LEADS_TO]
        # Where fairness is all that is asked for, its search is the only one.
        plain = [p for p in asked if p.kind is not Kind.LEADS_TO] or live
        # (A reduced search says nothing of runs up to a depth.)
        first = search.run(plain, task.limits, reduce=task.reduce and task.limits.depth is None)
        try:
            verdicts = search.verdicts(first, plain)
            exploration = Exploration(
                self.name, first.task.quotient, first.count, first.transitions, first.depth,
                first.complete, first.stopped_by, first.seconds, first.peak,
                bool(first.task.quiet))
        finally:
            first.free()
        if first.task.quiet:
            verdicts |= search.shortest(plain, verdicts, first)
        notes: tuple[str, ...] = ()
        if live and plain is not live:
            more, notes = search.live(live, first)
            verdicts |= more
        return CheckResult(exploration, {p.name: verdicts[p.name] for p in asked}, notes,
                           search.details)


@dataclass(slots=True)
class _Search:
    """Searches of one system, and what they say."""

    program: Program
    task: CheckTask
    progress: Progress
    details: tuple[str, ...] = ()

    def run(self, properties: list[Property], limits: Limits, doing: str = "", *,
            reduce: bool = False) -> Explored:
        """One search, for these properties."""
        plan = Plan(self.program.codec.layout)
        kinds = {p.kind for p in properties}
        live = Kind.LEADS_TO in kinds
        if live:
            few = min(limits.states or GRAPH_STATES, GRAPH_STATES)
            limits = replace(limits, states=few)
        edges = (Edges.INSTANCES if live else Edges.TARGETS if Kind.ALWAYS_POSSIBLE in kinds
                 else Edges.NONE)
        formulas = tuple((p.name, p.formula, p.kind is Kind.REACHABLE) for p in properties
                         if p.kind in (Kind.INVARIANT, Kind.REACHABLE))
        always = [p for p in properties if p.kind is Kind.ALWAYS_POSSIBLE]
        goals = _marked(properties) if live else tuple(p.formula for p in always)
        premises = () if live else tuple(p.premise for p in always)
        quotient = self.task.symmetry and not live and bool(plan.pools)
        task = Task(plan, Records(self.task.system, formulas), goals, quotient, edges,
                    Kind.NO_DEADLOCK in kinds, self.task.compact and not live,
                    self.quiet([f for _, f, _ in formulas] + [*goals, *premises])
                    if reduce and not live else (), premises)
        check(task)
        return explore(task, limits, self.progress, self.task.threads, doing)

    def quiet(self, formulas: list[Expr]) -> tuple[Quiet, ...]:
        """The actions that can be taken first, if `formulas` are asked about."""
        found = reduction(self.task.system, formulas)
        names = [self.task.system.actions[q.action].name for q in found.quiet]
        self.details = (*(f"partial order: {name} is taken first, for nothing else can notice it"
                          for name in names),
                        *(f"partial order: {name} is not taken first: {why}"
                          for name, why in found.loud))
        return found.quiet

    def shortest(self, properties: list[Property], verdicts: dict[str, Verdict],
                 first: Explored) -> dict[str, Verdict]:
        """Shortest runs for what a reduced search found: it is searched for again, in all orders,
        no deeper than the runs that are known."""
        traces = {p.name: trace for p in properties
                  if (trace := _trace(verdicts[p.name])) is not None}
        if not traces:
            return {}
        # One more than the longest: whether a state is a deadlock is seen when it is expanded.
        deepest = max(len(t.steps) for t in traces.values())
        again = self.run([p for p in properties if p.name in traces],
                         replace(self.task.limits.after(first.seconds), depth=deepest + 1),
                         "for shortest runs")
        try:
            found = self.verdicts(again, [p for p in properties if p.name in traces])
        finally:
            again.free()
        return {name: found[name] if _trace(found[name]) is not None
                else _not_shortest(verdicts[name]) for name in traces}

    def live(self, properties: list[Property],
             first: Explored) -> tuple[dict[str, Verdict], tuple[str, ...]]:
        """Verdicts on claims about fairness, which need the full graph, and notes on it. `first`
        says how large it is at least."""
        limits = self.task.limits.after(first.seconds)
        if not first.complete or first.count > GRAPH_STATES:
            return {p.name: _no_graph(first) for p in properties}, ()
        again = self.run(properties, limits, "with its graph")
        try:
            note = f"`leads to` was checked on the full graph: {again.count:,} states"
            return self.verdicts(again, properties), (note,) if first.task.quotient else ()
        finally:
            again.free()

    def verdicts(self, explored: Explored, properties: list[Property]) -> dict[str, Verdict]:
        """What a search says about these properties."""
        found = _as_found(self.program, explored, properties)
        whole = not explored.task.quotient and not explored.task.compact
        answers = Answers(self.program, found, None if whole else _Kept(self.program, explored),
                          symmetric=explored.task.quotient, odds=_odds(explored))
        always = [p.name for p in properties if p.kind is Kind.ALWAYS_POSSIBLE]
        verdicts: dict[str, Verdict] = {}
        for prop in properties:
            match prop.kind:
                case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO if not explored.complete:
                    verdicts[prop.name] = _no_graph(explored)
                case Kind.ALWAYS_POSSIBLE if explored.unswept is not None:
                    verdicts[prop.name] = Inconclusive(
                        explored.unswept, explored.depth, "what can still be reached is not known")
                case Kind.ALWAYS_POSSIBLE:
                    lost = explored.lost[always.index(prop.name)]
                    verdicts[prop.name] = (Proved(answers.evidence) if lost is None
                                           else Violated(answers.trace(Witness(lost))))
                case _:
                    verdicts[prop.name] = answers.one(prop)
        if explored.task.quiet:
            return {name: _unbounded(verdict) for name, verdict in verdicts.items()}
        return verdicts


def _telling(layout: Layout) -> Program:
    """The interpreter's program, with which runs are told, from an earlier run if that is kept.
    Raises `UserError` (WC304) if the scope is far too large."""
    check_sizes(layout)
    kind = f"tell-{MAGIC_NUMBER.hex()}"
    return Program(Codec(layout), lambda make: cache.through(cache.model(layout), kind, make))


def _odds(explored: Explored) -> float:
    """The odds that a compact search took a new state for one that it had seen: that any two of its
    states have the same hash of 64 bits. No two states of one word have."""
    if not explored.task.compact or explored.task.plan.words == 1:
        return 0.0
    return min(1.0, explored.count * (explored.count - 1) / 2 / 2.0**64)


def _unbounded(verdict: Verdict) -> Verdict:
    """What a reduced search may say: nothing of runs up to a depth, which it takes in longer
    ones."""
    match verdict:
        case Holds(_, stop):
            return Inconclusive(stop, None, "of independent steps one order was explored, so no "
                                "depth is complete; --reduction off gives one")
        case _:
            return verdict


def _trace(verdict: Verdict) -> Trace | None:
    match verdict:
        case Violated(trace) | Reached(trace):
            return trace
        case _:
            return None


def _not_shortest(verdict: Verdict) -> Verdict:
    """The verdict, if it is not known whether there are shorter runs."""
    match verdict:
        case Violated(trace):
            return Violated(replace(trace, shortest=False))
        case Reached(Trace() as trace):
            return Reached(replace(trace, shortest=False))
        case _:
            return verdict


def _no_graph(explored: Explored) -> Inconclusive:
    large = explored.count > GRAPH_STATES and (
        explored.complete or explored.stopped_by is Stop.STATES)
    reason = (f"native keeps the full graph of up to {GRAPH_STATES:,} states; interpret has no "
              "such limit" if large else "the graph of states is not complete")
    return Inconclusive(explored.stopped_by or Stop.STATES, explored.depth, reason)


# --- what was found, as the explicit engines have it ---------------------------------------------


def _as_found(program: Program, explored: Explored, properties: list[Property]) -> Found:
    """What was found in the interpreter's terms. States are translated when they are asked for."""
    states = _States(program, explored)
    found = Found(cast("list[Packed]", states), cast("array[int]", _Parents(explored)),
                  cast("array[int]", _Via(program, explored, states)))
    found.transitions, found.depth = explored.transitions, explored.depth
    found.complete, found.stopped_by = explored.complete, explored.stopped_by
    if explored.task.edges is Edges.INSTANCES:
        known = _numbers(program)
        found.edge_starts, found.edge_targets = explored.starts, explored.targets
        found.edge_instances = array("I", [known[i] for i in explored.instances])
        found.faulty = {n for n, bad in enumerate(explored.faulty) if bad}
        found.marks = {formula: _Marked(explored.marks, 1 << bit)
                       for bit, formula in enumerate(explored.task.goals)}
    notes = _Notes(explored)
    found.faults = notes.faults()
    for prop in properties:
        witness = notes.witness(prop)
        if witness is not None:
            found.witnesses[prop.name] = witness
    return found


def _marked(properties: list[Property]) -> tuple[Expr, ...]:
    """The premises and targets of claims about fairness."""
    return tuple(dict.fromkeys(formula for p in properties for formula in (p.formula, p.target)))


@dataclass(frozen=True, slots=True)
class _Marked:
    """Whether a formula holds in a state, by its number."""

    marks: array[int]
    bit: int

    def __call__(self, number: int) -> bool:
        return bool(self.marks[number] & self.bit)


def _numbers(program: Program) -> list[int]:
    """The interpreter's numbers of all instances, in the order in which native counts them; -1 for
    those that are never enabled."""
    layout = program.codec.layout
    known = {(i.action.name, i.args): n for n, i in enumerate(program.instances)}
    return [known.get((action.name, args), -1) for action in layout.system.actions
            for args in instances(layout, action)]


@dataclass(slots=True)
class _Notes:
    """What was seen first, in the interpreter's terms."""

    explored: Explored

    def faults(self) -> set[str]:
        """The properties whose violation ended a run."""
        records = self.explored.task.records
        return {o.property for n, action in enumerate(records.system.actions)
                for i, o in enumerate(action.obligations)
                if o.stops and self.explored.records[records.of_action(n) + i] is not None}

    def witness(self, prop: Property) -> Witness | None:
        """Where a property is violated, or reached, first."""
        records, seen = self.explored.task.records, self.explored.records
        match prop.kind:
            case Kind.INVARIANT | Kind.REACHABLE:
                names = [name for name, _, _ in records.formulas]
                return _at(seen[records.looked + names.index(prop.name)])
            case Kind.NO_DEADLOCK:
                return _at(seen[records.deadlock])
            case Kind.OBLIGATION:
                return self._first((n, i, records.of_action(n) + i)
                                   for n, action in enumerate(records.system.actions)
                                   for i, o in enumerate(action.obligations)
                                   if o.property == prop.name)
            case Kind.FIRES:
                return self._first((n, -1, n) for n, action in enumerate(records.system.actions)
                                   if action.name in prop.actions)
            case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO:
                return None

    def _first(self, records: Iterator[tuple[int, int, int]]) -> Witness | None:
        """The first of several records: (action, obligation, record)."""
        seen = [(state, action, obligation) for action, obligation, record in records
                if (state := self.explored.records[record]) is not None]
        if not seen:
            return None
        state, action, obligation = min(seen)
        return Witness(state, self.explored.task.records.system.actions[action], obligation)


def _at(state: int | None) -> Witness | None:
    return None if state is None else Witness(state)


@dataclass(slots=True)
class _Kept:
    """What is kept of a state in the interpreter's packing, to compare with that of others."""

    program: Program
    explored: Explored

    def __call__(self, state: Packed) -> Packed:
        words = self.explored.task.plan.pack(self.program.codec.unpack(state))
        return kept(self.explored.program, self.explored.task, words)


@dataclass(slots=True)
class _States(Sequence[Packed]):
    """States in the interpreter's packing; where they are not kept as they are, what is kept."""

    program: Program
    explored: Explored

    def __len__(self) -> int:
        return self.explored.count

    def __getitem__(self, number: int) -> Packed:  # type: ignore[override]
        if not 0 <= number < self.explored.count:
            raise IndexError(number)
        task, words = self.explored.task, self.explored.words(number)
        if task.quotient or task.compact:
            return words
        return self.program.codec.pack(task.plan.unpack(words))


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
