"""k-induction strengthened with invariants that the tool finds itself.

First, what one step shows (`onestep`): of the claims alone, and then with lemmas, which are found
at a small scope and checked at this one. For what that leaves open, k = 0, 1, ...: the base case
clears all runs of k steps (and gives shortest counterexamples); then the claims are assumed along
k steps from an arbitrary state, and each must hold after them (`windows`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from wddmcheck.engines.base import CheckTask, Progress, silent
from wddmcheck.engines.memory import rss
from wddmcheck.engines.smt.bmc import WITNESS_KINDS, Bounded, Escape, skipped
from wddmcheck.engines.smt.borrow import witnesses
from wddmcheck.engines.smt.candidates import candidates
from wddmcheck.engines.smt.claims import Claim, claims_of
from wddmcheck.engines.smt.houdini import Houdini
from wddmcheck.engines.smt.layout import CannotEncode
from wddmcheck.engines.smt.onestep import OneStep
from wddmcheck.engines.smt.orbits import TooMany
from wddmcheck.engines.smt.solver import Halted, Solver, Supervisor
from wddmcheck.engines.smt.split import NOTHING, Given, shown_by, small
from wddmcheck.engines.smt.unroll import Model
from wddmcheck.engines.smt.windows import Induction
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import (
    CheckResult,
    Exploration,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Trace,
    Unreached,
    Verdict,
    Violated,
)

MAX_K = 6
CLAIMS = (Kind.INVARIANT, Kind.OBLIGATION, *WITNESS_KINDS)


class KInduction:
    """The engine "kinduction"."""

    name: ClassVar[str] = "kinduction"

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Prove, or violate within the base case; `task.limits.depth` bounds k."""
        by_name = {p.name: p for p in task.system.properties}
        asked = [by_name[name] for name in task.properties]
        with Supervisor(self.name, task.limits, progress) as supervisor:
            run = _Run(task, supervisor)
            stop: Stop | None = None
            note = ""
            try:
                run.work()
                stop = Stop.DEPTH if run.open() else None
            except CannotEncode as reason:
                return skipped(self.name, asked, str(reason))
            except Halted as halted:
                stop = halted.stop
            except Escape as escape:
                stop, note = Stop.UNKNOWN, str(escape)
            except KeyboardInterrupt:
                stop = Stop.INTERRUPTED
            exploration = Exploration(
                self.name, run.symmetric, 0, 0, max(0, run.depth), False, stop,
                supervisor.watch.elapsed, max(supervisor.peak, rss()))
            verdicts = {p.name: run.verdict(p, stop, note) for p in asked}
        return CheckResult(exploration, verdicts, (note,) if note else ())


class _Run:
    """One check: what has been built so far, and the verdicts that it allows."""

    def __init__(self, task: CheckTask, supervisor: Supervisor) -> None:
        self.task = task
        self.supervisor = supervisor
        by_name = {p.name: p for p in task.system.properties}
        self.asked = [by_name[n] for n in task.properties if by_name[n].kind in CLAIMS]
        self.symmetric = False
        self.base: Bounded | None = None
        self.given = NOTHING
        self.borrowed: dict[str, Trace] = {}
        self.induction: Induction | None = None
        self.evidence: Inductive | None = None

    @property
    def depth(self) -> int:
        """The depth that the base case has cleared."""
        return self.base.depth if self.base is not None else -1

    def open(self) -> list[str]:
        """The properties without an answer that could have one."""
        found = self.found()
        proved = self.given.names if self.induction is None else self.induction.proved
        return [p.name for p in self.asked if p.name not in found and p.name not in proved]

    def found(self) -> dict[str, Trace]:
        """The runs that answer a property."""
        return {**self.borrowed, **(self.base.found if self.base is not None else {})}

    def work(self) -> None:
        """One step, taken apart; then, for what that leaves open, more steps and the base case by
        turns."""
        self._split()
        if self.open():
            self._unroll()

    def _split(self) -> None:
        task = self.task
        try:
            step = OneStep(task.system, task.scope, self.supervisor, symmetric=task.symmetry)
            self.symmetric = step.symmetric
            self.given = shown_by(step, self.asked)
            sample = small(step.layout)
            if sample is not None:
                self._goals(sample)
                if self.open():
                    left = [p for p in self.asked if p.name not in self.borrowed]
                    self.given = shown_by(step, left, self._lemmas(sample, left))
        except TooMany:
            pass

    def _goals(self, scope: Mapping[str, int]) -> None:
        """Goals that runs at a smaller scope reach."""
        names = set(self.open())
        goals = [p for p in self.asked if p.goal and p.name in names]
        if goals:
            task = self.task
            self.borrowed = witnesses(task.system, task.scope, scope, goals, self.supervisor,
                                      task.limits.depth, symmetric=self.symmetric)

    def _lemmas(self, scope: Mapping[str, int], asked: Sequence[Property]) -> tuple[Expr, ...]:
        """What shows the claims in one step at a smaller scope: good guesses at this one."""
        model = Model(self.task.system, scope)
        induction = self._induction(model, self._claims(model, asked))
        for k in (0, 1):
            induction.attempt(k, self.open())
        return induction.evidence().invariant

    def _unroll(self) -> None:
        task, supervisor = self.task, self.supervisor
        model = Model(task.system, task.scope)
        claims = self._claims(model, self.asked)
        names = set(self.open())
        self.base = Bounded(model, Solver(supervisor),
                            [c for c in claims if c.property.name in names])
        self.base.advance()
        if not self.open():
            return
        self.induction = self._induction(model, claims, self.given)
        limit = MAX_K if task.limits.depth is None else min(MAX_K, task.limits.depth)
        for k in range(limit + 1):
            if self.base.depth < k:
                self.base.advance()
            supervisor.at(k, "induction")
            self.induction.attempt(k, self.open())
            if not self.open():
                return

    def _claims(self, model: Model, asked: Sequence[Property]) -> list[Claim]:
        return claims_of(asked, model.layout, model.step, symmetric=self.symmetric)

    def _induction(self, model: Model, claims: Sequence[Claim], given: Given = NOTHING
                   ) -> Induction:
        houdini = Houdini(model, Solver(self.supervisor), self._guesses(),
                          symmetric=self.symmetric)
        return Induction(model, self.supervisor, claims, houdini, given)

    def _guesses(self) -> list[Expr]:
        asked = [p for p in self.task.system.properties if p.kind is Kind.INVARIANT]
        return list(dict.fromkeys([*(p.formula for p in asked), *candidates(self.task.system)]))

    def verdict(self, prop: Property, stop: Stop | None, note: str) -> Verdict:
        """What is known about `prop`."""
        witness = prop.kind in WITNESS_KINDS
        if prop.kind not in CLAIMS:
            return Skipped(f"k-induction cannot decide `{prop.kind.value}` properties")
        trace = self.found().get(prop.name)
        if trace is not None:
            return Reached(trace) if witness else Violated(trace)
        evidence = self._proof(prop.name)
        if evidence is not None:
            return Unreached(evidence) if witness else Proved(evidence)
        depth = self.base.cleared.get(prop.name) if self.base is not None else None
        if not note and stop is Stop.DEPTH:
            note = f"not inductive for k up to {self.depth}, with the invariants that were found"
        return Inconclusive(stop or Stop.UNKNOWN, depth, note)

    def _proof(self, name: str) -> Inductive | None:
        if name in self.given.names:
            return Inductive(self.given.formulas, 1)
        if self.induction is None or name not in self.induction.proved:
            return None
        self.evidence = self.evidence or self.induction.evidence()
        return self.evidence
