"""Runs of the system itself, from what a search stored: each state's number of the one before it.

With symmetry the stored states are canonical, and a run of them is no run of the system. So the
run is walked again from the initial state by the oracle (`ir.evaluate`), which takes at each step
the first instance that leads into the orbit of the next stored state.
"""

from __future__ import annotations

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.native.program import Program
from wddmcheck.engines.native.store import Store
from wddmcheck.ir.evaluate import State, initial_state, instances, take
from wddmcheck.ir.system import Action
from wddmcheck.result.verdict import Step, Trace


class Tracer:
    """Walks to stored states."""

    def __init__(self, program: Program, store: Store) -> None:
        self.program, self.store = program, store
        self.layout = program.plan.layout

    def to_state(self, number: int) -> Trace:
        """A shortest run to a state of the orbit of a stored one."""
        steps = self._walk(number)
        return Trace(initial_state(self.layout), tuple(steps), shortest=True)

    def to_fault(self, number: int, action: Action, obligation: int) -> Trace:
        """... and a step further, in which an instance of `action` breaks that obligation."""
        steps = self._walk(number)
        at = self._last(steps)
        wanted = action.obligations[obligation]
        for args in instances(self.layout, action):
            outcome = take(self.layout, action, args, at)
            if outcome is not None and any(o is wanted for o in outcome.broken):
                return self._trace(steps, Step(action.name, args, outcome.state))
        raise InternalError(f"no instance of {action.name} breaks {wanted.property} where the "
                            "native engine saw it")

    def to_firing(self, number: int, action: Action) -> Trace:
        """... and a step further, which takes an instance of `action`."""
        steps = self._walk(number)
        at = self._last(steps)
        for args in instances(self.layout, action):
            outcome = take(self.layout, action, args, at)
            if outcome is not None and outcome.state is not None:
                return self._trace(steps, Step(action.name, args, outcome.state))
        raise InternalError(f"{action.name} is not enabled where the native engine took it")

    def _trace(self, steps: list[Step], last: Step) -> Trace:
        return Trace(initial_state(self.layout), (*steps, last), shortest=True)

    def _last(self, steps: list[Step]) -> State:
        state = steps[-1].state if steps else initial_state(self.layout)
        assert state is not None
        return state

    def _walk(self, number: int) -> list[Step]:
        at = initial_state(self.layout)
        steps: list[Step] = []
        for following in self.store.chain(number)[1:]:
            step = self._towards(at, self.store.state(following))
            steps.append(step)
            at = self._last(steps)
        return steps

    def _towards(self, at: State, wanted: tuple[int, ...]) -> Step:
        """The first instance that leads into the orbit of `wanted`."""
        for action in self.layout.system.actions:
            for args in instances(self.layout, action):
                outcome = take(self.layout, action, args, at)
                if outcome is None or outcome.state is None:
                    continue
                if self.program.normal(self.program.plan.pack(outcome.state)) == wanted:
                    return Step(action.name, args, outcome.state)
        raise InternalError("a state that the native engine found has no predecessor")
