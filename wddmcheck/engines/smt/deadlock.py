"""NO_DEADLOCK: is there a state at this depth in which no instance is enabled?

"No instance" ranges over all arguments of all actions, which would be large to say. It is said
piece by piece: ask for a state in which the instances known so far are disabled; if that state
enables another one, this one is added, and kept for all depths.
"""

from __future__ import annotations

from itertools import product
from math import prod

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.smt.circuit import FALSE, Lit
from wddmcheck.engines.smt.encode import constant
from wddmcheck.engines.smt.solver import Term
from wddmcheck.engines.smt.unroll import Unrolling
from wddmcheck.ir.evaluate import Layout, evaluate, instances
from wddmcheck.ir.system import Action
from wddmcheck.result.verdict import State, Trace

MAX_TOGETHER = 64
"""An action with at most this many instances is added whole."""


class Deadlock:
    """Searches the states of an unrolling."""

    def __init__(self, unrolling: Unrolling) -> None:
        self.unrolling = unrolling
        self.known: dict[Lit, None] = {}

    def find(self) -> Trace | None:
        """A run to a deadlock at the present depth, if there is one."""
        unrolling = self.unrolling
        depth = unrolling.depth
        enabled: list[Term] = [unrolling.copy_to_state(lit, depth) for lit in self.known]
        while True:
            solver = unrolling.solver
            quiet = [solver.not_(term) for term in enabled]
            wanted = unrolling.all_of(quiet)
            if not solver.check([wanted]):
                return None
            oracle = unrolling.model.oracle
            last = oracle.replay(unrolling.instances(depth))[1].state
            if last is None:
                raise InternalError("the solver's run ends in a fault")
            found = self._enabled(oracle.layout, last)
            if found is None:
                # The least run that keeps the known instances quiet may end in another state, in
                # which one that is not known yet is enabled.
                trace, least = oracle.replay(unrolling.least_instances(depth, wanted))
                if least.state is None:
                    raise InternalError("the solver's run ends in a fault")
                found = self._enabled(oracle.layout, least.state)
                if found is None:
                    return trace
            for lit in self._guards(*found):
                if lit not in self.known:
                    self.known[lit] = None
                    enabled.append(unrolling.copy_to_state(lit, depth))

    @staticmethod
    def _enabled(layout: Layout, state: State) -> tuple[Action, tuple[int, ...]] | None:
        for action in layout.system.actions:
            for args in instances(layout, action):
                env = {p.name: v for p, v in zip(action.params, args, strict=True)}
                if evaluate(action.guard, layout, state, env):
                    return action, args
        return None

    def _guards(self, action: Action, args: tuple[int, ...]) -> list[Lit]:
        layout, encoder = self.unrolling.layout, self.unrolling.model.step.encoder
        domains = layout.arguments(action)
        if prod(len(d) for d in domains) > MAX_TOGETHER:
            domains = [(v,) for v in args]
        lits = []
        names = [p.name for p in action.params]
        for values in product(*domains):
            env = {n: constant(v) for n, v in zip(names, values, strict=True)}
            lit = encoder.lit(action.guard, env)
            if lit != FALSE:
                lits.append(lit)
        return lits
