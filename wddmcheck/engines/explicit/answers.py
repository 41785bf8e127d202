"""Verdicts and traces from what an exploration found. A trace is walked again on the system itself,
so that a witness in a quotient becomes a run."""

from __future__ import annotations

from collections.abc import Callable

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Program
from wddmcheck.engines.explicit.graph import first_without
from wddmcheck.engines.explicit.liveness import Lasso, violation
from wddmcheck.engines.explicit.search import Found, Witness
from wddmcheck.ir.evaluate import initial_state
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Action, Kind, Property
from wddmcheck.result.verdict import (
    Enumeration,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Step,
    Stop,
    Trace,
    Unreached,
    Verdict,
    Violated,
)


class Answers:
    """Verdicts from what a search found. `canonical` maps a state to what `found.states` has of it
    (None: itself); `odds` are those of a missed state."""

    def __init__(self, program: Program, found: Found,
                 canonical: Callable[[Packed], Packed] | None, *, symmetric: bool | None = None,
                 odds: float = 0.0) -> None:
        self.program, self.found, self.canonical = program, found, canonical
        beyond = tuple(sorted(found.faults))
        self.evidence = Enumeration(
            len(found.states), canonical is not None if symmetric is None else symmetric, beyond,
            odds)

    def all(self, properties: list[Property]) -> dict[str, Verdict]:
        """The verdict on each."""
        return {p.name: self.one(p) for p in properties}

    def one(self, prop: Property) -> Verdict:
        """The verdict on a property."""
        found = self.found
        witness = found.witnesses.get(prop.name)
        match prop.kind:
            case Kind.REACHABLE | Kind.FIRES:
                if witness is not None:
                    return Reached(None if prop.goal else self.trace(witness))
                return (Unreached(self.evidence) if found.complete
                        else self.cut_short(found.depth))
            case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO:
                if not found.complete:
                    return self.nothing("the graph of states is not complete")
                return (self.always_possible(prop) if prop.kind is Kind.ALWAYS_POSSIBLE
                        else self.leads_to(prop))
            case Kind.INVARIANT | Kind.OBLIGATION | Kind.NO_DEADLOCK:
                if witness is not None:
                    return Violated(self.trace(witness))
                if found.complete:
                    return Proved(self.evidence)
                # The last level's states have been looked at, but what is enabled in them has not.
                late = prop.kind is Kind.NO_DEADLOCK
                return self.cut_short(found.depth - late)

    def cut_short(self, depth: int) -> Verdict:
        """Nothing so far: runs of up to `depth` steps are clean."""
        if depth <= 0:
            return self.nothing("")
        return Holds(depth, self.found.stopped_by or Stop.STATES)

    def nothing(self, reason: str) -> Verdict:
        """No answer."""
        return Inconclusive(self.found.stopped_by or Stop.STATES, self.found.depth, reason)

    def always_possible(self, prop: Property) -> Verdict:
        """Whether the goal can be reached from wherever it should."""
        lost = first_without(self.found, self.holds(prop.formula), self.holds(prop.premise))
        if lost is None:
            return Proved(self.evidence)
        return Violated(self.trace(Witness(lost)))

    def leads_to(self, prop: Property) -> Verdict:
        """Whether one thing leads to another."""
        lasso = violation(self.program, self.found, self.holds(prop.formula),
                          self.holds(prop.target), prop.fair)
        return Proved(self.evidence) if lasso is None else Violated(self.lasso(lasso))

    def holds(self, formula: Expr) -> Callable[[int], object]:
        """Whether a formula holds in a state, by its number."""
        noted = self.found.marks.get(formula)
        if noted is not None:
            return noted
        predicate, states = self.program.predicate(formula), self.found.states
        return lambda number: predicate(states[number])

    # --- traces --------------------------------------------------------------------------------

    def trace(self, witness: Witness) -> Trace:
        """The run to a witness, on the system itself."""
        layout = self.program.codec.layout
        at = self.program.codec.pack(initial_state(layout))
        steps: list[Step] = []
        for number in self.chain(witness.state)[1:]:
            instance, at = self.towards(at, number)
            steps.append(self.step(instance, at))
        if witness.action is not None:
            steps.append(self.last(at, witness.action, witness.obligation))
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

    def last(self, at: Packed, action: Action, obligation: int) -> Step:
        """The step that fires the action or breaks the obligation, from the concrete state: the
        first instance of the action that does so there."""
        good: list[tuple[int, Packed]] = []
        bad: list[tuple[int, int]] = []
        self.program.successors(at, good, bad)
        able = [i for i, _ in good] if obligation < 0 else [i for i, o in bad if o == obligation]
        instance = next(i for i in able if self.program.instances[i].action is action)
        after = dict(good).get(instance)
        if after is not None:
            return self.step(instance, after)
        return Step(action.name, self.program.instances[instance].args, None)

    def step(self, instance: int, state: Packed) -> Step:
        """A step as the IR has it."""
        inst = self.program.instances[instance]
        return Step(inst.action.name, inst.args, self.program.codec.unpack(state))

    def lasso(self, lasso: Lasso) -> Trace:
        """The run of a lasso; one that ends where nothing is enabled stays there for ever, which
        is a loop of no steps."""
        base = self.trace(Witness(lasso.start))
        rest = tuple(self.step(i, self.found.states[n]) for i, n in lasso.path)
        loop = len(base.steps) + (len(rest) if lasso.loop is None else lasso.loop)
        return Trace(base.initial, base.steps + rest, shortest=False, loop=loop)
