"""Induction over one step, taken apart: a question is about one action with known arguments and
one orbit of bad instances after it (`orbits`), in a state of which only that is said.

What is assumed of that state goes in piece by piece: if the solver's state breaks an assumption,
the broken instance is added, and the solver asked again. So a "no" has been shown from true
premises alone, and a "yes" is a whole state, from which the oracle takes the step. The places that
nothing has been said of have their initial values there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.smt.circuit import FALSE, TRUE, Circuit, Lit
from wddmcheck.engines.smt.encode import Encoder, Value, constant
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.orbits import Case, Orbits, TooMany, instances
from wddmcheck.engines.smt.solver import Solver, Supervisor, Term
from wddmcheck.engines.smt.step import state_inputs
from wddmcheck.engines.smt.symmetry import asymmetry
from wddmcheck.engines.smt.taken import Taken
from wddmcheck.ir.evaluate import Layout as OracleLayout
from wddmcheck.ir.evaluate import evaluate, initial_state, take
from wddmcheck.ir.expr import And, Expr, Quant, QuantOp
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.ir.walk import reads
from wddmcheck.result.verdict import State

MAX_SEEDS = 8
"""Instances of an assumption that are added unasked, at most: those of the named slots."""

LARGE = 60
"""Instances with more nodes than this are added only if the others do not suffice."""


@dataclass(frozen=True, slots=True)
class Lemma:
    """One assumption: `body` for all slots that `binders` (name, pool) range over."""

    binders: tuple[tuple[str, str], ...]
    body: Expr
    reads: frozenset[str]


def lemmas(formula: Expr, binders: tuple[tuple[str, str], ...] = ()) -> Iterator[Lemma]:
    """`formula` as a conjunction of quantified bodies."""
    match formula:
        case And(args):
            for arg in args:
                yield from lemmas(arg, binders)
        case Quant(QuantOp.FORALL, var, pool, body):
            yield from lemmas(body, (*binders, (var, pool)))
        case _:
            yield Lemma(binders, formula, reads(formula))


class OneStep:
    """One step of `system` from any state. With `symmetric` (asked for, and true of the system),
    slots are named up to renaming. May raise `CannotEncode`, `TooMany` and `Halted`."""

    def __init__(self, system: System, scope: Mapping[str, int], supervisor: Supervisor, *,
                 symmetric: bool = True) -> None:
        self.system = system
        self.layout = Layout(system, scope)
        self.symmetric = symmetric and not asymmetry(system, self.layout)
        self._supervisor = supervisor
        self._oracle = OracleLayout.of(system, scope)
        self._circuit = Circuit()
        now = state_inputs(self._circuit, self.layout, "")
        self._before = Encoder(self._circuit, self.layout, now)
        self._cones = Cones(self._circuit, now)
        self._over = Orbits(self.layout, self._before).over
        self._means = {lit: (place, value) for place, values in enumerate(now)
                       for value, lit in values if lit > TRUE}
        self._partition = [self._circuit.and_(self._circuit.exactly_one([x for _, x in value]))
                           for value in now]
        self._solver = Solver(supervisor, logic="")
        self._terms: dict[int, Term] = {}
        self._taken: dict[int, list[Taken]] = {}
        self._lemmas: dict[Expr, tuple[Lemma, ...]] = {}

    def initially(self, formula: Expr) -> bool:
        """Whether `formula` holds in the initial state."""
        return bool(evaluate(formula, self._oracle, initial_state(self._oracle), {}))

    def kept(self, formulas: Sequence[Expr]) -> dict[Expr, frozenset[Expr]]:
        """The greatest subset of `formulas`, true at first, that every step keeps as a set; each
        with those that are used to show it. A step that leaves the sorts counts as one; that there
        is none is for `stays` to show."""
        alive = {f: None for f in formulas if self.initially(f)}
        shown: dict[Expr, frozenset[Expr]] = {}
        while len(shown) < len(alive):
            formula = next(f for f in alive if f not in shown)
            answer = self._keeps(formula, tuple(alive))
            if isinstance(answer, frozenset):
                shown[formula] = answer
                continue
            alive = {f: None for f in alive if evaluate(f, self._oracle, answer, {})}
            shown = {f: used for f, used in shown.items()
                     if f in alive and all(u in alive for u in used)}
        return {f: shown[f] for f in alive}

    def _keeps(self, formula: Expr, assumed: tuple[Expr, ...]) -> frozenset[Expr] | State:
        """What shows that every step from `assumed` leads to `formula`; or a state that is
        reached from `assumed` and where it is false."""
        used: set[Expr] = set()
        about = reads(formula)
        for number, action in enumerate(self.system.actions):
            # A step that writes nothing that it reads keeps what is assumed.
            if not about.isdisjoint(u.var for u in action.updates):
                for taken in self._takings(number):
                    for case in self._broken(taken, formula):
                        before = self._state(case, assumed, used)
                        if before is not None:
                            return self._after(taken, before, formula)
        return frozenset(used)

    def _after(self, taken: Taken, before: State, formula: Expr) -> State:
        outcome = take(self._oracle, taken.action, taken.args, before)
        if outcome is None or outcome.state is None \
                or evaluate(formula, self._oracle, outcome.state, {}):
            raise InternalError(f"the solver's step of {taken.action.name} does not break what "
                                f"it should")
        return outcome.state

    def _broken(self, taken: Taken, formula: Expr) -> list[Case]:
        """The ways in which `formula` can be false after a step."""
        if taken.moves == FALSE:
            return []
        start = Case(taken.case.named, (taken.moves,))
        for follow in (True, False):
            try:
                return taken.orbits[follow].cases(formula, False, start, {})
            except TooMany:
                continue
        bad = taken.orbits[False].encoder.lit(formula, {}) ^ 1
        return [Case(start.named, (taken.moves, bad))]

    def never(self, prop: Property, assumed: Sequence[Expr]) -> frozenset[Expr] | None:
        """What of `assumed` shows that no step from a state with it violates `prop` (an
        obligation), or takes it (FIRES); None if one can."""
        used: set[Expr] = set()
        for number, action in enumerate(self.system.actions):
            owes = any(o.property == prop.name for o in action.obligations)
            if not (action.name in prop.actions if prop.kind is Kind.FIRES else owes):
                continue
            for taken in self._takings(number):
                lits = [taken.moves] if prop.kind is Kind.FIRES else [
                    lit for name, lit in taken.breaches if name == prop.name]
                for lit in lits:
                    if self._state(Case(taken.case.named, (lit,)), assumed, used) is not None:
                        return None
        return frozenset(used)

    def stays(self, assumed: Sequence[Expr]) -> frozenset[Expr] | None:
        """What of `assumed` shows that every value that is written is of its sort; None if one
        may not be."""
        used: set[Expr] = set()
        for number in range(len(self.system.actions)):
            for taken in self._takings(number):
                for lit in taken.escapes():
                    if self._state(Case(taken.case.named, (lit,)), assumed, used) is not None:
                        return None
        return frozenset(used)

    def _takings(self, number: int) -> list[Taken]:
        known = self._taken.get(number)
        if known is None:
            action = self.system.actions[number]
            known = self._taken[number] = [
                Taken(self._before, action, case, args)
                for case, args in instances(action, self.layout, symmetric=self.symmetric)]
        return known

    # --- one question ------------------------------------------------------------------------

    def _state(self, case: Case, assumed: Sequence[Expr], used: set[Expr]) -> State | None:
        """A state with `case` in which all of `assumed` holds; if there is none, the assumptions
        that this rests on are added to `used`."""
        root = self._circuit.and_(case.lits)
        if root == FALSE:
            return None
        self._supervisor.at(1, "induction over one step")
        needed: set[Expr] = set()
        with self._solver.scope():
            question = _Question(self, root)
            known = self._over(Case({}, fixed=tuple(self._facts(root))))
            seeds = list(self._seeds(assumed, case, known, question))
            for large in (False, True):
                for formula, lit in seeds:
                    if (self._cones(lit).size > LARGE) == large:
                        needed.add(formula)
                        question.add(lit)
                if not self._solver.check():
                    used |= needed
                    return None
            while True:
                state = question.state()
                broken = [(f, self._instance(lemma, state, known))
                          for f in assumed if not evaluate(f, self._oracle, state, {})
                          for lemma in self._parts(f)]
                if not broken:
                    return state
                for formula, instance in broken:
                    if instance is not None:
                        needed.add(formula)
                        question.add(instance)
                if not self._solver.check():
                    used |= needed
                    return None

    def _parts(self, formula: Expr) -> tuple[Lemma, ...]:
        known = self._lemmas.get(formula)
        if known is None:
            known = self._lemmas[formula] = tuple(lemmas(formula))
        return known

    def _facts(self, root: Lit) -> dict[tuple[int, int], None]:
        """The words, with their values, that `root` asks for outright."""
        found: dict[tuple[int, int], None] = {}
        stack = [root]
        while stack:
            lit = stack.pop()
            args = self._circuit.args[lit >> 1]
            if lit in self._means:
                found[self._means[lit]] = None
            elif args is not None and not lit & 1:
                stack += args
        return found

    def _seeds(self, assumed: Sequence[Expr], case: Case, known: Encoder, question: _Question
               ) -> Iterator[tuple[Expr, Lit]]:
        """Instances of `assumed` at slots with names, if they are about what is asked."""
        asked = {self.layout.words[p].var.name for p in question.places}
        for formula in assumed:
            for lemma in self._parts(formula):
                if lemma.reads.isdisjoint(asked):
                    continue
                ranges = [range(case.named.get(pool, 0)) for _, pool in lemma.binders]
                tuples = list(product(*ranges))
                for values in tuples if len(tuples) <= MAX_SEEDS else ():
                    yield formula, _at(lemma, values, known)

    def _instance(self, lemma: Lemma, state: State, known: Encoder) -> Lit | None:
        """The first instance of `lemma` that is false in `state`, as a literal."""
        sizes = [range(self.layout.sizes[pool]) for _, pool in lemma.binders]
        for values in product(*sizes):
            env = {name: v for (name, _), v in zip(lemma.binders, values, strict=True)}
            if not evaluate(lemma.body, self._oracle, state, env):
                return _at(lemma, values, known)
        return None


def _at(lemma: Lemma, values: tuple[int, ...], encoder: Encoder) -> Lit:
    env = {name: constant(v) for (name, _), v in zip(lemma.binders, values, strict=True)}
    return encoder.lit(lemma.body, env)


@dataclass(frozen=True, slots=True)
class Cone:
    """What a literal rests on: words, and how many nodes."""

    places: frozenset[int]
    size: int


class Cones:
    """The cones of literals over a state, each found once."""

    def __init__(self, circuit: Circuit, now: Sequence[Value]) -> None:
        self._circuit = circuit
        self._place = {lit >> 1: place for place, value in enumerate(now)
                       for _, lit in value if lit > TRUE}
        self._known: dict[int, Cone] = {}

    def __call__(self, lit: Lit) -> Cone:
        """The cone of `lit`."""
        known = self._known.get(lit >> 1)
        if known is None:
            known = self._known[lit >> 1] = self._find(lit >> 1)
        return known

    def _find(self, root: int) -> Cone:
        seen, places, stack = {0}, set(), [root]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            args = self._circuit.args[node]
            if args is None:
                places.add(self._place[node])
            else:
                stack += [a >> 1 for a in args]
        return Cone(frozenset(places), len(seen))


class _Question:
    """What has been asserted in the solver's present scope, and the words that it is about."""

    def __init__(self, step: OneStep, root: Lit) -> None:
        self._step = step
        self.places: set[int] = set()
        self.add(root)

    def add(self, lit: Lit) -> None:
        """Assert `lit`, and that the words in it have one value each."""
        step = self._step
        more = sorted(step._cones(lit).places - self.places)
        self.places.update(more)
        for part in (lit, *(step._partition[place] for place in more)):
            if part != TRUE:
                step._solver.add(step._solver.translate(step._circuit, part, step._terms))

    def state(self) -> State:
        """The state that the solver found."""
        return tuple(self._value(place) for place in range(len(self._step.layout.words)))

    def _value(self, place: int) -> int:
        step = self._step
        if place not in self.places:
            return step.layout.words[place].var.init
        for value, lit in step._before.words[place]:
            if step._solver.value(step._solver.literal(lit, step._terms)):
                return value
        raise InternalError("the solver's state leaves a word without a value")
