"""k-induction strengthened with invariants that the tool finds itself.

For k = 0, 1, ...: the base case clears all runs of k steps (and gives shortest counterexamples);
then the undecided claims are assumed along k steps from an arbitrary state that satisfies the
invariants, and each must hold after them. Claims about steps are asked one step later, with the
claims about states assumed in the state where that step starts: these were shown before it. What
fails is dropped, together with nothing else, until the rest is inductive as a set.

Soundness rests on this: "unknown" raises, and never counts as unsatisfiable; steps of a run have
a successor, so that the arbitrary k steps cover every part of every run; a step that would leave
the sorts of the variables is a claim like the others, without which nothing is proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from wddmcheck.engines.base import CheckTask, Progress, silent
from wddmcheck.engines.smt.bmc import WITNESS_KINDS, Bounded, Escape
from wddmcheck.engines.smt.candidates import candidates
from wddmcheck.engines.smt.circuit import FALSE
from wddmcheck.engines.smt.claims import Claim, claims_of, names_slots
from wddmcheck.engines.smt.formula import claim_formulas
from wddmcheck.engines.smt.houdini import inductive
from wddmcheck.engines.smt.layout import CannotEncode
from wddmcheck.engines.smt.solver import Halted, Solver, Supervisor, Term, resident_bytes
from wddmcheck.engines.smt.unroll import Model, Unrolling
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
    Unreached,
    Verdict,
    Violated,
)

DEFAULT_K = 6
ESCAPE = Property("", Kind.OBLIGATION)
"""Stands for "no step writes outside the sorts", which every proof needs."""


@dataclass(slots=True)
class _Window:
    """Runs of some steps from any state that satisfies the invariants, and what is assumed."""

    unrolling: Unrolling
    always: list[Claim] = field(default_factory=list)

    def fails(self, claim: Claim, assumed: Sequence[Claim], until_state: int, until_step: int
              ) -> bool:
        """Whether `claim` can be violated at the end though `assumed` holds in the states and
        steps before (up to the given numbers, both included)."""
        unrolling = self.unrolling
        solver = unrolling.solver
        premise: list[Term] = []
        for other in assumed:
            if other.whole == FALSE:
                continue
            if other.of_step:
                premise += [solver.not_(unrolling.of_step(other.whole, j))
                            for j in range(1, until_step + 1)]
            else:
                premise += [solver.not_(unrolling.of_state(other.whole, j))
                            for j in range(until_state + 1)]
        name = unrolling.of_step if claim.of_step else unrolling.of_state
        return any(solver.check([*premise, name(part, unrolling.depth)])
                   for part in claim.parts)

    def assert_always(self, claims: Sequence[Claim]) -> None:
        """Assert claims that hold in every reachable state, here and after `grow`."""
        self.always += claims
        for depth in range(self.unrolling.depth + 1):
            self._assert(claims, depth)

    def grow(self) -> None:
        """One more step."""
        self.unrolling.extend()
        self._assert(self.always, self.unrolling.depth)

    def _assert(self, claims: Sequence[Claim], depth: int) -> None:
        solver = self.unrolling.solver
        for claim in claims:
            if not claim.of_step:
                solver.add(solver.not_(self.unrolling.of_state(claim.whole, depth)))
            elif depth > 0:
                solver.add(solver.not_(self.unrolling.of_step(claim.whole, depth)))


@dataclass(slots=True)
class _Induction:
    """The search for proofs: `proved` maps properties to evidence."""

    model: Model
    claims: list[Claim]
    invariants: list[Claim]
    states: _Window
    steps: _Window
    proved: dict[str, Inductive] = field(default_factory=dict)
    _facts: list[Claim] = field(default_factory=list)
    _k: int = 1
    _safe: bool = False      # that no step escapes has been proved

    def attempt(self, k: int, open_: Sequence[str]) -> None:
        """Try to prove the claims in `open_` by k-induction; the base case must be clear."""
        escape = self._escape()
        alive = [c for c in self.claims if c.property.name in open_
                 and (k > 0 or c.of_step)]
        if not self._safe:
            alive.append(escape)
        while True:
            failed = [c for c in alive if self._fails(c, alive, k)]
            if not failed:
                break
            alive = [c for c in alive if c not in failed]
        if not self._safe and escape not in alive:
            return
        self._safe = True
        self._facts += [c for c in alive if c is not escape]
        self._k = max(self._k, k)
        evidence = Inductive(tuple(self._formulas()), self._k)
        self.proved.update((c.property.name, evidence) for c in alive if c is not escape)
        for window in (self.states, self.steps):
            window.assert_always(alive)

    def _fails(self, claim: Claim, alive: Sequence[Claim], k: int) -> bool:
        if claim.of_step:
            return self.steps.fails(claim, alive, k, k)
        return self.states.fails(claim, alive, k - 1, k)

    def _escape(self) -> Claim:
        step = self.model.step
        lit = step.circuit.and_((step.escape, step.faulted ^ 1))
        return Claim(ESCAPE, True, (lit,) if lit != FALSE else (), lit)

    def _formulas(self) -> list[Expr]:
        found = [c.property.formula for c in self.invariants]
        for fact in self._facts:
            found += claim_formulas(fact.property, self.model.layout)
        return list(dict.fromkeys(found))

    def grow(self, k: int) -> None:
        """Make the windows as long as `attempt(k)` needs them."""
        while self.states.unrolling.depth < k:
            self.states.grow()
            self.states.unrolling.proceed()
        while self.steps.unrolling.depth < k + 1:
            if self.steps.unrolling.depth > 0:
                self.steps.unrolling.proceed()
            self.steps.grow()


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
                stop, note = Stop.UNKNOWN, str(reason)
            except Halted as halted:
                stop = halted.stop
            except Escape as escape:
                stop, note = Stop.UNKNOWN, str(escape)
            except KeyboardInterrupt:
                stop = Stop.INTERRUPTED
            exploration = Exploration(
                self.name, run.symmetric, 0, 0, max(0, run.depth), False, stop,
                supervisor.watch.elapsed, max(supervisor.peak, resident_bytes()))
            verdicts = {p.name: run.verdict(p, stop, note) for p in asked}
        return CheckResult(exploration, verdicts, (note,) if note else ())


class _Run:
    """One check: what has been built so far, and the verdicts that it allows."""

    def __init__(self, task: CheckTask, supervisor: Supervisor) -> None:
        self.task = task
        self.supervisor = supervisor
        self.symmetric = False
        self.base: Bounded | None = None
        self.induction: _Induction | None = None

    @property
    def depth(self) -> int:
        """The depth that the base case has cleared."""
        return self.base.depth if self.base is not None else -1

    def open(self) -> list[str]:
        """The properties without an answer."""
        proved = self.induction.proved if self.induction is not None else {}
        return [n for n in self.base.open() if n not in proved] if self.base is not None else []

    def work(self) -> None:
        """Base case and induction by turns."""
        task, supervisor = self.task, self.supervisor
        model = Model(task.system, task.scope)
        self.symmetric = task.symmetry and not names_slots(task.system, model.layout)
        by_name = {p.name: p for p in task.system.properties}
        claims = claims_of([by_name[n] for n in task.properties], model.layout, model.step,
                           symmetric=self.symmetric)
        self.base = Bounded(model, Solver(supervisor), claims)
        self.base.advance()
        if not self.open():
            return
        invariants = inductive(model, Solver(supervisor), self._guesses(), symmetric=self.symmetric)
        self.induction = _prepare(model, supervisor, claims, invariants)
        limit = DEFAULT_K if task.limits.depth is None else task.limits.depth
        for k in range(limit + 1):
            if self.base.depth < k:
                self.base.advance()
            supervisor.at(k, "induction")
            self.induction.grow(k)
            self.induction.attempt(k, self.open())
            if not self.open():
                return

    def _guesses(self) -> list[Expr]:
        asked = [p for p in self.task.system.properties if p.kind is Kind.INVARIANT]
        return list(dict.fromkeys([*(p.formula for p in asked), *candidates(self.task.system)]))

    def verdict(self, prop: Property, stop: Stop | None, note: str) -> Verdict:
        """What is known about `prop`."""
        witness = prop.kind in WITNESS_KINDS
        if prop.kind not in (Kind.INVARIANT, Kind.OBLIGATION, *WITNESS_KINDS):
            return Skipped(f"k-induction cannot decide `{prop.kind.value}` properties")
        trace = self.base.found.get(prop.name) if self.base is not None else None
        if trace is not None:
            return Reached(trace) if witness else Violated(trace)
        evidence = self.induction.proved.get(prop.name) if self.induction is not None else None
        if evidence is not None:
            return Unreached(evidence) if witness else Proved(evidence)
        depth = self.base.cleared.get(prop.name) if self.base is not None else None
        if not note and stop is Stop.DEPTH:
            note = f"not inductive for k up to {self.depth}, with the invariants that were found"
        return Inconclusive(stop or Stop.UNKNOWN, depth, note)


def _prepare(model: Model, supervisor: Supervisor, claims: list[Claim],
             invariants: list[Claim]) -> _Induction:
    """The two windows, with the invariants asserted in every state."""
    windows = []
    escape = model.step.circuit.and_((model.step.escape, model.step.faulted ^ 1))
    for _ in range(2):
        of_states = [x for c in (*claims, *invariants) if not c.of_step
                     for x in (*c.parts, c.whole)]
        of_steps = [x for c in claims if c.of_step for x in (*c.parts, c.whole)]
        window = _Window(Unrolling(model, Solver(supervisor), of_states, [*of_steps, escape],
                                   initial=False))
        window.assert_always(invariants)
        windows.append(window)
    return _Induction(model, claims, invariants, *windows)
