"""Verdicts, checked again by the oracle. Nothing here imports an engine: it re-checks, not trusts.

* A trace is executed step by step, and what it claims must be there: the broken obligation, the
  false invariant, the true goal, the deadlock, the loop with its fairness.
* `Inductive` evidence is checked *in structure only*: its invariant must hold in the initial state
  and in up to `states` states that random walks of the oracle reach, and imply the property there.
  That the invariant is inductive is for a second solver to confirm.
* That nothing leads from a state to a goal (`ALWAYS_POSSIBLE`) is searched for up to `states`
  states; a goal that is found refutes the verdict, an unfinished search does not confirm it.
* `Enumeration` evidence cannot be repeated here; only its numbers are looked at.

A mismatch is an `InternalError`: wddmcheck contradicts itself, and no verdict may be shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.evidence.renaming import equal_up_to_renaming
from wddmcheck.evidence.steps import Steps
from wddmcheck.ir.evaluate import Layout, Outcome, evaluate, initial_state, take
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.result.verdict import (
    Enumeration,
    Evidence,
    Holds,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Skipped,
    State,
    Trace,
    Unreached,
    Verdict,
    Violated,
)

GOALS = (Kind.REACHABLE, Kind.FIRES)


@dataclass(slots=True)
class Walk:
    """What checks of one system at one scope, with one seed, have in common: the states of the
    random walks, and the formulas that were true in all of them."""

    states: tuple[State, ...] = ()
    held: set[Expr] = field(default_factory=set)


def recheck(system: System, scope: Mapping[str, int], prop: Property, verdict: Verdict, *,
            states: int = 200, seed: int = 0, walk: Walk | None = None) -> None:
    """Check `verdict` on `prop` at `scope` as the module says. Raises `InternalError`."""
    layout = Layout.of(system, scope)
    check = _Check(system, layout, Steps(system, layout), prop, states, seed, walk or Walk())
    match verdict:
        case Violated(trace):
            check.expect(prop.kind not in GOALS, "a goal cannot be violated")
            check.violation(trace)
        case Reached(trace):
            check.expect(prop.kind in GOALS, "only goals are reached")
            if trace is not None:
                check.witness(trace)
        case Proved(evidence):
            check.expect(prop.kind not in GOALS, "goals are reached, not proved")
            check.evidence(evidence)
        case Unreached(evidence):
            check.expect(prop.kind in GOALS, "only goals are unreached")
            check.evidence(evidence)
        case Holds(depth, _):
            check.expect(depth >= 0, "a negative depth")
        case Inconclusive() | Skipped():
            pass


@dataclass(frozen=True, slots=True)
class Run:
    """A trace after re-execution: its states, and what its last step did (None: no steps)."""

    states: tuple[State, ...]
    last: Outcome | None


@dataclass(frozen=True, slots=True)
class _Check:
    """The checks of one property at one scope."""

    system: System
    layout: Layout
    steps: Steps
    prop: Property
    limit: int
    seed: int
    walk: Walk

    def expect(self, condition: bool, problem: str) -> None:
        """Raise unless `condition` holds."""
        if not condition:
            raise InternalError(f"the verdict on {self.prop.name} does not stand: {problem}")

    def holds(self, expr: Expr, state: State) -> bool:
        """Whether a closed condition is true in `state`."""
        return bool(evaluate(expr, self.layout, state, {}))

    def execute(self, trace: Trace) -> Run:
        """Execute `trace`; each step must be enabled and lead where it says."""
        self.expect(trace.initial == initial_state(self.layout),
                    "the trace does not start in the initial state")
        actions = {a.name: a for a in self.system.actions}
        states, last = [trace.initial], None
        for number, step in enumerate(trace.steps, 1):
            where = f"step {number} ({step.action})"
            self.expect(last is None or last.state is not None, f"{where} follows a fault")
            action = actions.get(step.action)
            self.expect(action is not None, f"{where} is no action")
            assert action is not None
            self.expect(len(step.args) == len(action.params), f"{where} has other parameters")
            last = take(self.layout, action, step.args, states[-1])
            self.expect(last is not None, f"{where} is not enabled")
            assert last is not None
            self.expect(last.state == step.state, f"{where} leads elsewhere")
            if last.state is not None:
                states.append(last.state)
        return Run(tuple(states), last)

    # --- traces --------------------------------------------------------------------------------

    def violation(self, trace: Trace) -> None:
        """The trace must end in what the property forbids."""
        run = self.execute(trace)
        final = run.states[-1]
        ended = run.last is not None and run.last.state is None
        match self.prop.kind:
            case Kind.OBLIGATION:
                broken = {o.property for o in run.last.broken} if run.last is not None else set()
                self.expect(self.prop.name in broken, "the last step breaks no such obligation")
                return
            case Kind.INVARIANT:
                self.expect(not self.holds(self.prop.formula, final),
                            "the invariant is true in the last state")
            case Kind.NO_DEADLOCK:
                self.expect(not self.steps.enabled(final),
                            "something can still happen in the last state")
            case Kind.ALWAYS_POSSIBLE:
                self.expect(self.holds(self.prop.premise, final),
                            "nothing needs to be possible in the last state")
                self._unreachable(final)
            case Kind.LEADS_TO:
                self._lasso(trace, run.states)
            case Kind.REACHABLE | Kind.FIRES:
                self.expect(False, "a goal cannot be violated")
        self.expect(not ended, "the trace ends in a fault of another property")

    def witness(self, trace: Trace) -> None:
        """The trace must end in what the goal asks for."""
        run = self.execute(trace)
        if self.prop.kind is Kind.REACHABLE:
            self.expect(run.last is None or run.last.state is not None, "the trace ends in a fault")
            self.expect(self.holds(self.prop.formula, run.states[-1]),
                        "the goal is false in the last state")
            return
        self.expect(run.last is not None and run.last.state is not None
                    and trace.steps[-1].action in self.prop.actions,
                    "the last step is none of the actions, or ends in a fault")

    def _unreachable(self, start: State) -> None:
        """Search from `start` for the goal, up to the limit."""
        seen, queue = {start}, deque([start])
        while queue and len(seen) <= self.limit:
            state = queue.popleft()
            self.expect(not self.holds(self.prop.formula, state),
                        "the goal can be reached from the last state")
            for after in self.steps.successors(state):
                if after not in seen:
                    seen.add(after)
                    queue.append(after)

    def _lasso(self, trace: Trace, states: tuple[State, ...]) -> None:
        """The formula was true, the target never after, and the loop is fair."""
        loop, last = trace.loop, len(states) - 1
        self.expect(loop is not None and 0 <= loop <= last, "there is no loop")
        assert loop is not None
        self.expect(last == len(trace.steps), "the trace ends in a fault")
        self.expect(equal_up_to_renaming(self.system, self.layout, states[loop], states[last]),
                    "the loop does not close")
        asked = [self.holds(self.prop.formula, s) for s in states]
        given = [self.holds(self.prop.target, s) for s in states]
        self.expect(any(asked[i] and not any(given[min(i, loop):]) for i in range(last + 1)),
                    "whatever asks for the target gets it")
        actions = {a.name: a.label.block for a in self.system.actions}
        taken = {actions[s.action] for s in trace.steps[loop:]}
        for block in self.prop.fair:
            self.expect(
                block in taken or not all(self.steps.enabled(s, block) for s in states[loop:]),
                f"the loop is not fair to {block}")

    # --- evidence ------------------------------------------------------------------------------

    def evidence(self, evidence: Evidence) -> None:
        """The numbers of an enumeration; an invariant in states that the oracle reaches."""
        match evidence:
            case Enumeration(count, _, beyond, odds):
                self.expect(count >= 1, "an enumeration without the initial state")
                self.expect(0 <= odds < 1, "an enumeration that is likely to miss a state")
                names = {p.name for p in self.system.properties}
                self.expect(names.issuperset(beyond), "it names a property that does not exist")
            case Inductive(invariant, k):
                self.expect(k >= 1, "induction over less than one step")
                walk = self.walk
                walk.states = walk.states or tuple(self.steps.walk(self.limit, self.seed))
                fresh = [part for part in invariant if part not in walk.held]
                for state in walk.states:
                    self.expect(all(self.holds(part, state) for part in fresh),
                                "the invariant is false in a reachable state")
                    self._satisfies(state)
                walk.held.update(fresh)

    def _satisfies(self, state: State) -> None:
        """The property, as far as one reachable state can refute it."""
        prop = self.prop
        match prop.kind:
            case Kind.INVARIANT:
                self.expect(self.holds(prop.formula, state), "a reachable state violates it")
            case Kind.REACHABLE:
                self.expect(not self.holds(prop.formula, state), "a reachable state satisfies it")
            case Kind.OBLIGATION:
                for action in self.system.actions:
                    if any(o.property == prop.name for o in action.obligations):
                        self.expect(all(o.property != prop.name
                                        for outcome in self.steps.instances(action, state)
                                        for o in outcome.broken), "a reachable step breaks it")
            case Kind.FIRES:
                for action in self.system.actions:
                    if action.name in prop.actions:
                        self.expect(all(outcome.state is None for outcome in
                                        self.steps.instances(action, state)),
                                    "a reachable step does it")
            case Kind.NO_DEADLOCK:
                self.expect(self.steps.enabled(state), "a reachable state is stuck")
            case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO:
                pass
