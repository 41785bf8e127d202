"""Induction over several steps: what holds after every run of k steps from any state that satisfies
the invariants, if it holds before and along the run.

Claims about steps are asked one step later than claims about states, with the latter assumed in
the state where that step starts: these were shown before it. What fails is dropped until the rest
is inductive as a set.

Soundness rests on this: "unknown" raises, and never counts as unsatisfiable; steps of a run have
a successor, so that the arbitrary k steps cover every part of every run; nothing is assumed of the
state after the step that is asked about, since that step may end in a fault; and a step that would
leave the sorts of the variables is a claim like the others, without which nothing is proved.
"""

from __future__ import annotations

from collections.abc import Sequence

from wddmcheck.engines.smt.circuit import FALSE, Lit
from wddmcheck.engines.smt.claims import Claim
from wddmcheck.engines.smt.formula import claim_formulas
from wddmcheck.engines.smt.houdini import Houdini
from wddmcheck.engines.smt.solver import Halted, Solver, Supervisor, Term
from wddmcheck.engines.smt.split import NOTHING, Given
from wddmcheck.engines.smt.unroll import Model, Unrolling
from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import Inductive

ESCAPE = Property("", Kind.OBLIGATION)
"""Stands for "no step writes outside the sorts", which every proof needs."""


class Window:
    """Runs of some steps from an arbitrary state. Each invariant is switched on by assuming its
    name, so that the solver can tell which ones a proof used; facts are asserted."""

    def __init__(self, model: Model, solver: Solver, claims: Sequence[Claim],
                 invariants: Sequence[Claim], escape: Claim) -> None:
        self.solver = solver
        self.invariants = invariants
        both = (*claims, *invariants, escape)
        self.unrolling = Unrolling(
            model, solver, [x for c in both if not c.of_step for x in (*c.parts, c.whole)],
            [x for c in both if c.of_step for x in (*c.parts, c.whole)], initial=False)
        self._switches = [solver.constant(f"invariant{i}") for i in range(len(invariants))]
        self._facts: list[Claim] = []
        self.settled = 0            # the last state that is known to be reached by a whole step
        self._settle(0)

    def grow(self) -> None:
        """One more step, which may end in a fault: nothing is said about a state after it."""
        self.unrolling.extend()
        self._assert([c for c in self._facts if c.of_step], self.unrolling.depth)

    def settle(self) -> None:
        """Assert that the last step has a successor, and there what holds in every state."""
        self.unrolling.proceed()
        self.settled = self.unrolling.depth
        self._settle(self.settled)

    def _settle(self, depth: int) -> None:
        for switch, claim in zip(self._switches, self.invariants, strict=True):
            self.solver.add(self.solver.or_([
                self.solver.not_(switch),
                self.solver.not_(self.unrolling.of_state(claim.whole, depth))]))
        self._assert([c for c in self._facts if not c.of_step], depth)

    def add_facts(self, claims: Sequence[Claim]) -> None:
        """Assert claims that hold in every run, here and later."""
        self._facts += claims
        for depth in range(self.settled + 1):
            self._assert([c for c in claims if not c.of_step], depth)
        for depth in range(1, self.unrolling.depth + 1):
            self._assert([c for c in claims if c.of_step], depth)

    def _assert(self, claims: Sequence[Claim], depth: int) -> None:
        for claim in claims:
            self.solver.add(self.solver.not_(self._name(claim, claim.whole, depth)))

    def _name(self, claim: Claim, lit: Lit, depth: int) -> Term:
        unrolling = self.unrolling
        return unrolling.of_step(lit, depth) if claim.of_step else unrolling.of_state(lit, depth)

    def proof(self, claim: Claim, assumed: Sequence[Claim]) -> set[int] | None:
        """None if `claim` can be violated at the end of the window though `assumed` holds before
        (for a claim about steps: also, of states, where the last step starts). Otherwise the
        numbers of the invariants that show it."""
        last = self.unrolling.depth
        premise = [self.solver.not_(self._name(other, other.whole, j))
                   for other in assumed for j in range(int(other.of_step), last)
                   if other.whole != FALSE]
        used: set[int] = set()
        for part in claim.parts:
            if self.solver.check([*self._switches, *premise, self._name(claim, part, last)]):
                return None
            used |= set(self.solver.core(self._switches))
        return used


class Induction:
    """The search for proofs. `proved` has the names of claims that hold in every run, those of
    `given` first."""

    def __init__(self, model: Model, supervisor: Supervisor, claims: Sequence[Claim],
                 houdini: Houdini, given: Given = NOTHING) -> None:
        self.model = model
        self.claims = claims
        self.houdini = houdini
        self.given = given
        self.proved: dict[str, None] = dict.fromkeys(given.names)
        self._used: set[int] = set()     # invariants, by number in `houdini.alive`
        self._k = 1
        self._safe = bool(given.names)   # that no step escapes has been proved
        lit = model.circuit.and_((model.step.escape, model.step.faulted ^ 1))
        self._escape = Claim(ESCAPE, True, (lit,) if lit != FALSE else (), lit)
        self._states, self._steps = (
            Window(model, Solver(supervisor), claims, houdini.alive, self._escape)
            for _ in range(2))
        for window in (self._states, self._steps):
            window.add_facts([c for c in claims if c.property.name in self.proved])

    def attempt(self, k: int, open_: Sequence[str]) -> None:
        """Try to prove the claims in `open_` by k-induction; the base case must be clear."""
        self._grow(k)
        alive = [c for c in self.claims if c.property.name in open_ and (k > 0 or c.of_step)]
        if not self._safe:
            alive.append(self._escape)
        while True:
            proofs = [(self._steps if c.of_step else self._states).proof(c, alive)
                      for c in alive]
            if None not in proofs:
                break
            alive = [c for c, p in zip(alive, proofs, strict=True) if p is not None]
        if not self._safe and self._escape not in alive:
            return
        self._safe = True
        self._used.update(*(p for p in proofs if p is not None))
        if alive != [self._escape] and alive:
            self._k = max(self._k, k)
        self.proved.update((c.property.name, None) for c in alive if c is not self._escape)
        for window in (self._states, self._steps):
            window.add_facts(alive)

    def _grow(self, k: int) -> None:
        """Claims about states are asked after k steps with a successor, claims about steps one
        later: that a last step exists must not be assumed for the former."""
        while self._states.unrolling.depth < k:
            self._states.grow()
            self._states.settle()
        while self._steps.unrolling.depth < k + 1:
            if self._steps.unrolling.depth > 0:
                self._steps.settle()
            self._steps.grow()

    def evidence(self) -> Inductive:
        """One certificate for all that was proved, with the invariants that it needs."""
        alive = self.houdini.alive
        try:
            invariants = self.houdini.closure([alive[i] for i in sorted(self._used)])
        except (Halted, KeyboardInterrupt):
            invariants = alive           # more than needed, and as good
        found = [*self.given.formulas, *(c.property.formula for c in invariants)]
        for claim in self.claims:
            name = claim.property.name
            if name in self.proved and name not in self.given.names:
                found += claim_formulas(claim.property, self.model.layout)
        return Inductive(tuple(dict.fromkeys(found)), self._k)
