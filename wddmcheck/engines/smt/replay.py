"""Runs of a solver re-executed by the oracle: models are decoded by their instances only, and the
states come from `ir.evaluate`. So a trace of these engines is a run, or an `InternalError`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.ir.evaluate import Layout, Outcome, initial_state, take
from wddmcheck.ir.system import System
from wddmcheck.result.verdict import State, Step, Trace

Instance = tuple[int, tuple[int, ...]]
"""An action number and its arguments."""


class Oracle:
    """The system at its scope, as the oracle sees it."""

    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        self.layout = Layout.of(system, scope)
        self.initial: State = initial_state(self.layout)

    def replay(self, instances: Sequence[Instance]) -> tuple[Trace, Outcome]:
        """The shortest trace that takes these, and the outcome of the last of them."""
        outcome = Outcome(self.initial, ())
        steps = []
        for number, args in instances:
            action = self.layout.system.actions[number]
            state = outcome.state
            after = take(self.layout, action, args, state) if state is not None else None
            if after is None:
                raise InternalError(f"the solver's run does not execute at {action.name}{args}")
            outcome = after
            steps.append(Step(action.name, args, outcome.state))
        return Trace(self.initial, tuple(steps), shortest=True), outcome
