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

from wddmcheck.engines.smt.circuit import FALSE
from wddmcheck.engines.smt.claims import Claim, state_claim
from wddmcheck.engines.smt.solver import Solver
from wddmcheck.engines.smt.unroll import Model, Unrolling
from wddmcheck.ir.evaluate import evaluate
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Property


def inductive(model: Model, solver: Solver, guesses: Sequence[Expr], *, symmetric: bool
              ) -> list[Claim]:
    """The greatest inductive subset of `guesses`, as claims, without those that every state
    satisfies. Raises `Halted`."""
    layout, step = model.layout, model.step
    oracle = model.oracle
    claims: list[Claim] = []
    for guess in guesses:
        solver.supervisor.raise_if_stopped()
        if evaluate(guess, oracle.layout, oracle.initial, {}):
            claim = state_claim(Property("", Kind.INVARIANT, guess), guess, False, layout,
                                step.encoder, symmetric=symmetric)
            if claim.whole != FALSE:
                claims.append(claim)
    unrolling = Unrolling(model, solver, [x for c in claims for x in (*c.parts, c.whole)], [],
                          initial=False)
    unrolling.extend()
    unrolling.proceed()
    alive = claims
    waiting = deque(range(len(step.chosen)))
    while waiting:
        action = waiting.popleft()
        kept = _keep(unrolling, alive, action)
        if len(kept) < len(alive):
            alive = kept
            waiting = deque([*waiting, *(a for a in range(len(step.chosen))
                                         if a not in waiting)])
    return alive


def _keep(unrolling: Unrolling, alive: Sequence[Claim], action: int) -> list[Claim]:
    """Those of `alive` that `action` keeps, assuming those."""
    solver = unrolling.solver
    chosen = unrolling.of_step(unrolling.model.step.chosen[action], 1)
    kept = list(alive)
    while kept:
        solver.supervisor.at(1, f"{len(kept)} candidate invariants")
        before = [solver.not_(unrolling.of_state(c.whole, 0)) for c in kept]
        after = [unrolling.of_state(p, 1) for c in kept for p in c.parts]
        if not after or not solver.check([chosen, *before, unrolling.either(after)]):
            break
        kept = [c for c in kept if not solver.value(unrolling.of_state(c.whole, 1))]
    return kept
