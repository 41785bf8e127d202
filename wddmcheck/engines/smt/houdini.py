"""Houdini: of some candidate invariants, the greatest subset that is inductive.

All candidates are assumed in a state that is otherwise arbitrary; each action in turn must keep
them. A step that breaks some is a reason to drop these, and to start over: the others may have
leaned on them. What is left when no action breaks anything holds initially and is kept by every
step that has a successor (and stays within the sorts of the variables), hence in every reachable
state. Bad instances are taken one per orbit, as in `claims`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.smt.circuit import FALSE
from wddmcheck.engines.smt.claims import Claim, state_claim
from wddmcheck.engines.smt.solver import Solver
from wddmcheck.engines.smt.unroll import Model, Unrolling
from wddmcheck.ir.evaluate import evaluate
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Property


class Houdini:
    """The greatest inductive subset of `guesses`: `alive`, without those that every state
    satisfies. Making one computes it, and may raise `Halted`."""

    def __init__(self, model: Model, solver: Solver, guesses: Sequence[Expr], *, symmetric: bool
                 ) -> None:
        self.solver = solver
        oracle = model.oracle
        self.alive: list[Claim] = []
        for guess in guesses:
            solver.supervisor.at(1, "candidate invariants")
            if evaluate(guess, oracle.layout, oracle.initial, {}):
                claim = state_claim(Property("", Kind.INVARIANT, guess), guess, False,
                                    model.layout, model.step.encoder, symmetric=symmetric)
                if claim.whole != FALSE:
                    self.alive.append(claim)
        self.unrolling = Unrolling(
            model, solver, [x for c in self.alive for x in (*c.parts, c.whole)], [],
            initial=False)
        self.unrolling.extend()
        self.unrolling.proceed()
        name = self.unrolling.of_state
        self._before = {id(c): solver.not_(name(c.whole, 0)) for c in self.alive}
        self._after = {id(c): (name(c.whole, 1), [name(p, 1) for p in c.parts])
                       for c in self.alive}
        waiting = deque(range(len(model.step.chosen)))
        while waiting:
            action = waiting.popleft()
            kept = self._keep(action)
            if len(kept) < len(self.alive):
                self.alive = kept
                waiting += (a for a in range(len(model.step.chosen)) if a not in waiting)

    def _keep(self, action: int) -> list[Claim]:
        """Those that `action` keeps, assuming them."""
        solver, unrolling = self.solver, self.unrolling
        chosen = unrolling.of_step(unrolling.model.step.chosen[action], 1)
        kept = self.alive
        while kept:
            solver.supervisor.at(1, f"{len(kept)} candidate invariants")
            after = [part for c in kept for part in self._after[id(c)][1]]
            before = [self._before[id(c)] for c in kept]
            if not solver.check([chosen, *before, unrolling.either(after)]):
                break
            kept = [c for c in kept if not solver.value(self._after[id(c)][0])]
        return kept

    def closure(self, needed: Sequence[Claim]) -> list[Claim]:
        """A subset of `alive` that has `needed` and is inductive by itself: what the solver used
        to show that one is kept is needed too."""
        before = [self._before[id(c)] for c in self.alive]
        found = {id(c) for c in needed}
        waiting = list(needed)
        while waiting:
            claim = waiting.pop()
            self.solver.supervisor.at(1, f"certificate of {len(found)} invariants")
            for part in claim.parts:
                if self.solver.check([*before, self.unrolling.of_state(part, 1)]):
                    raise InternalError("an inductive invariant is not inductive")
                for i in self.solver.core(before):
                    other = self.alive[i]
                    if id(other) not in found:
                        found.add(id(other))
                        waiting.append(other)
        return [c for c in self.alive if id(c) in found]
