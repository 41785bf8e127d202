"""Executes instances on concrete states with the encoder: over constants, circuits are constants.

Traces that a solver finds are decoded by their instances only; the states come from here, so a
trace of this family of engines is always a run, or an `InternalError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.smt.circuit import TRUE, Circuit
from wddmcheck.engines.smt.encode import Encoder, Env, FreeVariables, Value, constant
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.ir.expr import Expr, Var
from wddmcheck.ir.system import Action, Write
from wddmcheck.result.verdict import State, Step, Trace


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an enabled instance does: the properties that it breaks, and its successor."""

    broken: tuple[str, ...]
    state: State | None


class Concrete:
    """Evaluates expressions and instances in one concrete state."""

    def __init__(self, layout: Layout, state: State, free: FreeVariables) -> None:
        self.layout = layout
        self.state = state
        self.encoder = Encoder(Circuit(), layout, [constant(v) for v in state], free)

    def holds(self, expr: Expr, env: Env | None = None) -> bool:
        """The truth of a BOOL expression."""
        return self.encoder.lit(expr, env or {}) == TRUE

    def value(self, expr: Expr, env: Env) -> int:
        """The value of an expression."""
        (value, _), *rest = self.encoder.value(expr, env)
        if rest:
            raise InternalError("a constant state gave no constant value")
        return value

    def instances(self, action: Action) -> Iterator[tuple[int, ...]]:
        """The enabled instances of `action`, in the order of their arguments."""
        for args in product(*self.layout.arguments(action)):
            if self.holds(action.guard, self.env(action, args)):
                yield args

    def env(self, action: Action, args: Sequence[int]) -> dict[str, Value]:
        """Parameters by name."""
        return {p.name: constant(v) for p, v in zip(action.params, args, strict=True)}

    def take(self, action: Action, args: Sequence[int]) -> Outcome | None:
        """Take an instance; None if it is not enabled."""
        env = self.env(action, args)
        if not self.holds(action.guard, env):
            return None
        broken: list[str] = []
        for owed in action.obligations:
            if self.holds(owed.broken, env):
                broken.append(owed.property)
                if owed.stops:
                    return Outcome(tuple(broken), None)
        after = list(self.state)
        for update in action.updates:
            for write in update.writes:
                self._write(update.var, write, env, after)
        return Outcome(tuple(broken), tuple(after))

    def _write(self, var: str, write: Write, env: Env, after: list[int]) -> None:
        names = [name for name, _ in write.binders]
        for values in product(*(range(self.layout.sizes[p]) for _, p in write.binders)):
            inner = {**env, **{n: constant(v) for n, v in zip(names, values, strict=True)}}
            index = [inner[i.name][0][0] if isinstance(i, Var) and i.name in names
                     else self.value(i, inner) for i in write.index]
            place = self.layout.place(var, tuple(index))
            if place is not None and self.holds(write.where, inner):
                after[place] = self.value(write.value, inner)


def replay(layout: Layout, instances: Sequence[tuple[int, tuple[int, ...]]],
           free: FreeVariables, *, shortest: bool) -> tuple[Trace, Outcome | None]:
    """The trace of these (action number, arguments), and the outcome of the last."""
    state: State | None = layout.initial
    steps = []
    outcome: Outcome | None = None
    for number, args in instances:
        action = layout.system.actions[number]
        outcome = Concrete(layout, state, free).take(action, args) if state is not None else None
        if outcome is None:
            raise InternalError(f"the solver's run does not execute at {action.name}{args}")
        state = outcome.state
        steps.append(Step(action.name, args, state))
    return Trace(layout.initial, tuple(steps), shortest), outcome



