"""The engine `interpret`: breadth-first search over the compiled system.

Exact: every state is kept whole, so a complete search is a proof at its scope. Counterexamples are
shortest. With symmetry, one state of each orbit is visited; witnesses are walked again on the
system itself, so that they are runs of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.answers import Explored
from wddmcheck.engines.base import CheckTask, Limits, Progress, silent
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Program, compile_system
from wddmcheck.engines.explicit.graph import first_without
from wddmcheck.engines.explicit.liveness import Lasso, violation
from wddmcheck.engines.explicit.search import Found, Wanted, Witness, search
from wddmcheck.engines.explicit.symmetry import Canonical
from wddmcheck.ir.evaluate import Layout, initial_state
from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import (
    CheckResult,
    Enumeration,
    Exploration,
    Step,
    Trace,
    Verdict,
    Violated,
)

EDGES = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)


class Interpret:
    """See the module."""

    name: ClassVar[str] = "interpret"

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Answer every property of `task`."""
        layout = Layout.of(task.system, task.scope)
        program = compile_system(layout)
        by_name = {p.name: p for p in task.system.properties}
        asked = [by_name[name] for name in task.properties]
        plain = [p for p in asked if p.kind is not Kind.LEADS_TO]
        live = [p for p in asked if p.kind is Kind.LEADS_TO]
        canonical = Canonical(program.codec) if task.symmetry else None
        if canonical is not None and canonical.trivial:
            canonical = None
        # Without symmetry one search serves all; with it, `leads to` needs the full graph as well.
        first = plain if canonical is not None else asked
        found = search(program, _wanted(program, first), canonical, task.limits, progress)
        verdicts = _Answers(program, found, canonical).all(first)
        explored = _exploration(self.name, canonical is not None, found)
        notes: tuple[str, ...] = ()
        if canonical is not None and live:
            again = search(program, _wanted(program, live), None,
                           _remaining(task.limits, found), progress, "without symmetry")
            verdicts |= _Answers(program, again, None).all(live)
            notes = (f"`leads to` was checked on the full graph: {len(again.states):,} states",)
        return CheckResult(explored, {p.name: verdicts[p.name] for p in asked}, notes)


def _remaining(limits: Limits, found: Found) -> Limits:
    if limits.timeout_s is None:
        return limits
    return replace(limits, timeout_s=max(0.0, limits.timeout_s - found.seconds))


def _wanted(program: Program, properties: list[Property]) -> Wanted:
    wanted = Wanted([], frozenset(p.name for p in properties if p.kind is Kind.OBLIGATION))
    for prop in properties:
        match prop.kind:
            case Kind.INVARIANT:
                wanted.on_states.append((prop.name, program.predicate(prop.formula), False))
            case Kind.REACHABLE:
                wanted.on_states.append((prop.name, program.predicate(prop.formula), True))
            case Kind.FIRES:
                for action in prop.actions:
                    wanted.actions.setdefault(action, []).append(prop.name)
            case Kind.NO_DEADLOCK:
                wanted.deadlock = prop.name
            case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO:
                wanted.edges = True
            case Kind.OBLIGATION:
                pass
    return wanted


def _exploration(name: str, symmetry: bool, found: Found) -> Exploration:
    return Exploration(name, symmetry, len(found.states), found.transitions, found.depth,
                       found.complete, found.stopped_by, found.seconds, found.peak)


class _Answers:
    """Verdicts from what a search found."""

    def __init__(self, program: Program, found: Found,
                 canonical: Callable[[Packed], Packed] | None) -> None:
        self.program, self.found, self.canonical = program, found, canonical
        beyond = tuple(sorted(found.faults))
        evidence = Enumeration(len(found.states), canonical is not None, beyond)
        self.explored = Explored(evidence, found.complete, found.depth, found.stopped_by)

    def all(self, properties: list[Property]) -> dict[str, Verdict]:
        return {p.name: self.one(p) for p in properties}

    def one(self, prop: Property) -> Verdict:
        found = self.found
        witness = found.witnesses.get(prop.name)
        match prop.kind:
            case Kind.REACHABLE | Kind.FIRES if witness is not None:
                return self.explored.reached(prop, None if prop.goal else self.trace(witness))
            case Kind.ALWAYS_POSSIBLE if found.complete:
                return self.always_possible(prop)
            case Kind.LEADS_TO if found.complete:
                return self.leads_to(prop)
            case _ if witness is not None:
                return Violated(self.trace(witness))
            case _:
                return self.explored.unseen(prop)

    def always_possible(self, prop: Property) -> Verdict:
        goal = self.program.predicate(prop.formula)
        states = self.found.states
        lost = first_without(self.found, lambda n: goal(states[n]))
        if lost is None:
            return self.explored.proved()
        return Violated(self.trace(Witness(lost)))

    def leads_to(self, prop: Property) -> Verdict:
        lasso = violation(self.program, self.found, self.program.predicate(prop.formula),
                          self.program.predicate(prop.target), prop.fair)
        return self.explored.proved() if lasso is None else Violated(self.lasso(lasso))

    # --- traces --------------------------------------------------------------------------------

    def trace(self, witness: Witness) -> Trace:
        """The run to a witness, on the system itself."""
        layout = self.program.codec.layout
        at = self.program.codec.pack(initial_state(layout))
        steps: list[Step] = []
        for number in self.chain(witness.state)[1:]:
            instance, at = self.towards(at, number)
            steps.append(self.step(instance, at))
        if witness.instance >= 0:
            steps.append(self.last(at, witness))
        return Trace(initial_state(layout), tuple(steps), shortest=True)

    def chain(self, number: int) -> list[int]:
        """The states on the way to `number`, the initial one first."""
        numbers = []
        while number >= 0:
            numbers.append(number)
            number = self.found.parents[number]
        return numbers[::-1]

    def towards(self, at: Packed, number: int) -> tuple[int, Packed]:
        """An instance that leads from the concrete state `at` into the orbit of `number`."""
        good: list[tuple[int, Packed]] = []
        self.program.successors(at, good, [])
        wanted = self.found.states[number]
        if self.canonical is None:
            via = self.found.via[number]
            return next((i, s) for i, s in good if i == via)
        for instance, state in good:
            if self.canonical(state) == wanted:
                return instance, state
        raise InternalError("a state of the quotient has no concrete predecessor")

    def last(self, at: Packed, witness: Witness) -> Step:
        """The step that fires the action or breaks the obligation, from the concrete state. In a
        quotient the witness's instance is one of the representative; here, any instance of the
        same action that does the same will do."""
        good: list[tuple[int, Packed]] = []
        bad: list[tuple[int, int]] = []
        self.program.successors(at, good, bad)
        if witness.obligation < 0:
            able = [i for i, _ in good]
        else:
            able = [i for i, o in bad if o == witness.obligation]
        action = self.program.instances[witness.instance].action
        instance = witness.instance if self.canonical is None else next(
            i for i in able if self.program.instances[i].action is action)
        after = dict(good).get(instance)
        if after is not None:
            return self.step(instance, after)
        return Step(action.name, self.program.instances[instance].args, None)

    def step(self, instance: int, state: Packed) -> Step:
        inst = self.program.instances[instance]
        return Step(inst.action.name, inst.args, self.program.codec.unpack(state))

    def lasso(self, lasso: Lasso) -> Trace:
        """The run of a lasso; one that ends where nothing is enabled stays there for ever, which
        is a loop of no steps."""
        base = self.trace(Witness(lasso.start))
        rest = tuple(self.step(i, self.found.states[n]) for i, n in lasso.path)
        loop = len(base.steps) + (len(rest) if lasso.loop is None else lasso.loop)
        return Trace(base.initial, base.steps + rest, shortest=False, loop=loop)
