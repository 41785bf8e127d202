"""Witnesses of goals from a smaller scope: a run that reaches a goal there is tried at this one.

A scope with more slots need not have the runs of a smaller one, since formulas quantify over all
slots; so the oracle takes every step here, and looks at the end. There may be shorter runs here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from wddmcheck.engines.smt.bmc import Bounded, Escape, shows
from wddmcheck.engines.smt.claims import claims_of
from wddmcheck.engines.smt.replay import Instance, Oracle
from wddmcheck.engines.smt.solver import Solver, Supervisor
from wddmcheck.engines.smt.unroll import Model
from wddmcheck.ir.evaluate import take
from wddmcheck.ir.system import Property, System
from wddmcheck.result.verdict import Trace

DEPTH = 12
"""Longer runs are not looked for."""


def witnesses(system: System, scope: Mapping[str, int], smaller: Mapping[str, int],
              goals: Sequence[Property], supervisor: Supervisor, depth: int | None, *,
              symmetric: bool) -> dict[str, Trace]:
    """Runs at `scope` that reach some of `goals`, of at most `depth` steps; may raise
    `Halted`."""
    model = Model(system, smaller)
    claims = claims_of(goals, model.layout, model.step, symmetric=symmetric)
    search = Bounded(model, Solver(supervisor), claims)
    oracle = Oracle(system, scope)
    try:
        while search.open() and search.depth < (DEPTH if depth is None else min(DEPTH, depth)):
            search.advance()
    except Escape:
        pass
    numbers = {a.name: i for i, a in enumerate(system.actions)}
    found: dict[str, Trace] = {}
    for goal in goals:
        if goal.name in search.found:
            steps = search.found[goal.name].steps
            trace = _taken(oracle, [(numbers[s.action], s.args) for s in steps], goal)
            if trace is not None:
                found[goal.name] = trace
    return found


def _taken(oracle: Oracle, run: Sequence[Instance], goal: Property) -> Trace | None:
    """The trace of `run`, if it can be taken and reaches `goal`."""
    state = oracle.initial
    for number, args in run:
        outcome = take(oracle.layout, oracle.layout.system.actions[number], args, state)
        if outcome is None or outcome.state is None:
            return None
        state = outcome.state
    trace, last = oracle.replay(run)
    return replace(trace, shortest=False) if shows(oracle, goal, trace, last) else None
