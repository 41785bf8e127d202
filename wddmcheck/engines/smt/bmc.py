"""Bounded model checking: all runs of length 0, 1, 2, ..., every property at every length.

So counterexamples are shortest, property by property. What a depth has been cleared of is
asserted, which helps the depths after it. Coverage goals come last at each depth, all in one
question: one run often reaches several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.base import CheckTask, Progress, silent
from wddmcheck.engines.memory import rss
from wddmcheck.engines.smt.claims import Claim, claims_of
from wddmcheck.engines.smt.deadlock import Deadlock
from wddmcheck.engines.smt.layout import CannotEncode
from wddmcheck.engines.smt.replay import Instance, Oracle
from wddmcheck.engines.smt.solver import Halted, Solver, Supervisor, Term
from wddmcheck.engines.smt.symmetry import asymmetry
from wddmcheck.engines.smt.unroll import Model, Unrolling
from wddmcheck.ir.evaluate import Outcome, evaluate
from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import (
    CheckResult,
    Exploration,
    Holds,
    Inconclusive,
    Reached,
    Skipped,
    Stop,
    Trace,
    Verdict,
    Violated,
)

DEFAULT_DEPTH = 25
WITNESS_KINDS = (Kind.REACHABLE, Kind.FIRES)
NOT_HERE = "bounded model checking cannot decide `{}` properties"


class Escape(Exception):  # noqa: N818  not an error of ours: the system leaves its sorts
    """A reachable instance writes a value outside the sort of a variable."""


@dataclass(slots=True)
class Bounded:
    """The search itself, for engines that need its runs or its bounds: `advance` clears one more
    depth. `found` has the traces, `cleared` the depth up to which a claim has been answered."""

    model: Model
    solver: Solver
    claims: Sequence[Claim]
    deadlocks: Sequence[str] = ()
    depth: int = -1
    found: dict[str, Trace] = field(default_factory=dict)
    cleared: dict[str, int] = field(default_factory=dict)
    _unrolling: Unrolling = field(init=False)
    _deadlock: Deadlock = field(init=False)

    def __post_init__(self) -> None:
        lits = [(c.of_step, lit) for c in self.claims for lit in (*c.parts, c.whole)]
        self._unrolling = Unrolling(
            self.model, self.solver, [x for of_step, x in lits if not of_step],
            [x for of_step, x in lits if of_step], initial=True)
        self._deadlock = Deadlock(self._unrolling)

    def open(self) -> list[str]:
        """The properties without an answer yet."""
        names = [c.property.name for c in self.claims] + list(self.deadlocks)
        return [n for n in names if n not in self.found]

    def advance(self) -> None:
        """Clear the next depth; raises `Halted`, and `Escape`."""
        depth = self.depth + 1
        at = self.solver.supervisor.at
        at(depth, "unrolling")
        if depth == 0:
            self.cleared.update((c.property.name, 0) for c in self.claims if c.of_step)
        else:
            self._unrolling.extend()
            for claim in self._waiting(of_step=True, kinds=(Kind.OBLIGATION,)):
                at(depth, claim.property.name)
                self._ask(claim, depth)
            self._check_escape(depth)
            self._unrolling.proceed()
            for claim in self._waiting(of_step=True, kinds=(Kind.FIRES,)):
                at(depth, claim.property.name)
                self._ask(claim, depth)
        for claim in self._waiting(of_step=False):
            at(depth, claim.property.name)
            self._ask(claim, depth)
        self._goals(depth)
        for name in self.deadlocks:
            if name not in self.found:
                at(depth, name)
                trace = self._deadlock.find()
                if trace is not None:
                    self.found.update((n, trace) for n in self.deadlocks)
                self.cleared[name] = depth
        self.depth = depth

    def _waiting(self, *, of_step: bool, kinds: tuple[Kind, ...] = tuple(Kind)) -> list[Claim]:
        return [c for c in self.claims if c.of_step == of_step and c.property.kind in kinds
                and not c.property.goal and c.property.name not in self.found]

    def _term(self, claim: Claim, lit: int, depth: int) -> Term:
        unrolling = self._unrolling
        return unrolling.of_step(lit, depth) if claim.of_step else unrolling.of_state(lit, depth)

    def _ask(self, claim: Claim, depth: int) -> None:
        whole = self._term(claim, claim.whole, depth)
        for part in claim.parts:
            if self.solver.check([self._term(claim, part, depth)]):
                # `whole`: the first run may have its bad instance anywhere in the orbit.
                self._record(claim, self._unrolling.least_instances(depth, whole))
                return
        self.solver.add(self.solver.not_(whole))
        self.cleared[claim.property.name] = depth

    def _record(self, claim: Claim, run: list[Instance]) -> None:
        trace, outcome = self.model.oracle.replay(run)
        if not shows(self.model.oracle, claim.property, trace, outcome):
            raise InternalError(f"the solver's run does not show {claim.property.name}")
        self.found[claim.property.name] = trace

    def _goals(self, depth: int) -> None:
        """All goals that this depth reaches."""
        waiting = [c for c in self.claims
                   if c.property.goal and c.property.name not in self.found
                   and (depth > 0 or not c.of_step)]
        while waiting:
            self.solver.supervisor.at(depth, f"{len(waiting)} goals")
            terms = [self._term(c, c.whole, depth) for c in waiting]
            if not self.solver.check([self._unrolling.either(terms)]):
                break
            run = self._unrolling.instances(depth)
            hit = [c for c, t in zip(waiting, terms, strict=True) if self.solver.value(t)]
            for claim in hit:
                self._record(claim, run)
            waiting = [c for c in waiting if c not in hit]
        for claim in waiting:
            self.solver.add(self.solver.not_(self._term(claim, claim.whole, depth)))
            self.cleared[claim.property.name] = depth

    def _check_escape(self, depth: int) -> None:
        step = self.model.step
        if step.escape == 0:
            return
        # Only instances with a successor write: exclude the others in the question.
        faulted = self._unrolling.of_step(step.faulted, depth)
        escape = self._unrolling.of_step(step.escape, depth)
        if self.solver.check([self.solver.not_(faulted), escape]):
            number, args = self._unrolling.instances(depth)[-1]
            name = self.model.layout.system.actions[number].name
            raise Escape(f"{name}{args} writes a value outside the sort of a variable")


def shows(oracle: Oracle, prop: Property, trace: Trace, outcome: Outcome) -> bool:
    """Whether `trace`, whose last step does `outcome`, violates `prop` (reaches it, for goals)."""
    if prop.kind is Kind.OBLIGATION:
        return prop.name in (o.property for o in outcome.broken)
    if outcome.state is None:
        return False
    if prop.kind is Kind.FIRES:
        return bool(trace.steps) and trace.steps[-1].action in prop.actions
    holds = evaluate(prop.formula, oracle.layout, outcome.state, {}) == 1
    return holds == (prop.kind is Kind.REACHABLE)


class Bmc:
    """The engine "bmc"."""

    name: ClassVar[str] = "bmc"

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Look for violations and witnesses in all runs up to `task.limits.depth` steps."""
        by_name = {p.name: p for p in task.system.properties}
        asked = [by_name[name] for name in task.properties]
        with Supervisor(self.name, task.limits, progress) as supervisor:
            search: Bounded | None = None
            stop: Stop | None = None
            notes: tuple[str, ...] = ()
            symmetric = False
            try:
                model = Model(task.system, task.scope)
                symmetric = task.symmetry and not asymmetry(task.system, model.layout)
                claims = claims_of(asked, model.layout, model.step, symmetric=symmetric)
                search = Bounded(model, Solver(supervisor), claims,
                                 [p.name for p in asked if p.kind is Kind.NO_DEADLOCK])
                stop = _run(search, task.limits.depth)
            except CannotEncode as reason:
                return skipped(self.name, asked, str(reason))
            except Halted as halted:
                stop = halted.stop
            except Escape as escape:
                stop, notes = Stop.UNKNOWN, (str(escape),)
            except KeyboardInterrupt:
                stop = Stop.INTERRUPTED
            exploration = Exploration(
                self.name, symmetric, 0, 0, max(0, search.depth if search else 0), False, stop,
                supervisor.watch.elapsed, max(supervisor.peak, rss()))
            verdicts = {p.name: _verdict(p, search, stop, notes) for p in asked}
        return CheckResult(exploration, verdicts, notes)


def _run(search: Bounded, limit: int | None) -> Stop | None:
    """Deepen to the limit; None if everything has been answered before."""
    for _ in range((DEFAULT_DEPTH if limit is None else limit) + 1):
        if not search.open():
            return None
        search.advance()
    return Stop.DEPTH if search.open() else None


def skipped(engine: str, asked: Sequence[Property], reason: str) -> CheckResult:
    """The answer to a system that cannot be encoded."""
    return CheckResult(Exploration(engine, False, 0, 0, 0, False),
                       {p.name: Skipped(reason) for p in asked})


def _verdict(prop: Property, search: Bounded | None, stop: Stop | None,
             notes: tuple[str, ...]) -> Verdict:
    if prop.kind in (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO):
        return Skipped(NOT_HERE.format(prop.kind.value))
    stopped_by = stop or Stop.DEPTH
    if search is None:
        return Inconclusive(stopped_by)
    trace = search.found.get(prop.name)
    if trace is not None:
        return Reached(trace) if prop.kind in WITNESS_KINDS else Violated(trace)
    cleared = search.cleared.get(prop.name)
    if cleared is None or (stopped_by is Stop.UNKNOWN and notes):
        return Inconclusive(stopped_by, cleared, " ".join(notes))
    return Holds(cleared, stopped_by)
