"""Runs of growing length: the step circuit is translated to a Z3 term once and copied by
substitution for every step.

`Unrolling` keeps, for each depth, the names of the state's inputs, and for each step the names of
its inputs (chosen action, arguments). Literals that will be asked about (`watch`) get a name of
their own in every copy, so that a question is an assumption and not a new assertion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.smt.circuit import FALSE, TRUE, Circuit, Lit
from wddmcheck.engines.smt.encode import FreeVariables, Value
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.replay import Instance, Oracle
from wddmcheck.engines.smt.solver import Solver, Term
from wddmcheck.engines.smt.step import StepEncoding, state_inputs
from wddmcheck.ir.system import System


class Model:
    """The circuits of one check: the state `now`, a step from it, and the inputs `after`."""

    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        self.layout = layout = Layout(system, scope)
        self.oracle = Oracle(system, scope)
        self.circuit = Circuit()
        self.free = FreeVariables()
        self.now = state_inputs(self.circuit, layout, "")
        self.after = state_inputs(self.circuit, layout, "'")
        self.step = StepEncoding(self.circuit, layout, self.now, self.free)

    def links(self) -> list[Lit]:
        """That `after` is the state after the step; words that no action writes are left out,
        their inputs are simply the same."""
        links = []
        for w in range(len(self.layout.words)):
            if self.kept(w):
                continue
            after, computed = self.after[w], dict(self.step.next[w])
            # Of two choices that share an input, one equation says it all.
            chosen = after[1:] if len(after) == 2 else after
            links += [self.circuit.iff(lit, computed.get(v, FALSE)) for v, lit in chosen]
        return links

    def kept(self, word: int) -> bool:
        """Whether no step changes this word."""
        return self.step.next[word] == self.now[word]

    def partition(self) -> list[Lit]:
        """That every word of `now` has exactly one value, for states that are not computed."""
        return [c for value in self.now
                for c in self.circuit.exactly_one([lit for _, lit in value])]


@dataclass(slots=True)
class _Template:
    """A term with its inputs, to be copied."""

    term: Term
    inputs: list[tuple[int, Term]]


class Unrolling:
    """Asserts runs in a solver. `initial` starts them in the initial state; otherwise they start
    anywhere. `of_states` and `of_steps` are the watched literals."""

    def __init__(self, model: Model, solver: Solver, of_states: Iterable[Lit],
                 of_steps: Iterable[Lit], *, initial: bool) -> None:
        self.model = model
        self.solver = solver
        self.layout = model.layout
        self.states: list[dict[int, Term]] = []
        self.steps: list[dict[int, Term]] = [{}]     # steps[k] leads to states[k]; 0 is unused
        self._state_watch: dict[Lit, Lit] = {}
        self._step_watch: dict[Lit, Lit] = {}
        self._fresh = 0
        step = model.step
        on_states = self._watch(of_states, self._state_watch)
        on_steps = self._watch([*of_steps, step.faulted, step.escape], self._step_watch)
        self._known: dict[int, Term] = {}
        self._state = self._template(on_states)
        self._step = self._template([*step.always, *model.links(), *on_steps])
        self._now_nodes = [self._nodes(v) for v in model.now]
        self._after_nodes = [self._nodes(v) for v in model.after]
        first: dict[int, Term] = {}
        if initial:
            for value, word in zip(model.now, self.layout.words, strict=True):
                for v, lit in value:
                    if lit > TRUE:
                        holds = (v == word.var.init) != bool(lit & 1)
                        first[lit >> 1] = solver.true if holds else solver.false
        else:
            self._name(first, [n for nodes in self._now_nodes for n in nodes], 0)
            free = self._template(model.partition())
            self._copy(free, first)
        self._enter(first)

    def _watch(self, lits: Iterable[Lit], names: dict[Lit, Lit]) -> list[Lit]:
        circuit = self.model.circuit
        for lit in lits:
            if lit > TRUE and lit not in names:
                names[lit] = circuit.input(f"watch{len(circuit.args)}")
        return [circuit.iff(name, lit) for lit, name in names.items()]

    def _template(self, lits: Sequence[Lit]) -> _Template:
        circuit = self.model.circuit
        root = circuit.and_(lits)
        term = self.solver.translate(circuit, root, self._known)
        inputs, seen, stack = [], set(), [root >> 1]
        while stack:
            node = stack.pop()
            if node in seen or node == 0:
                continue
            seen.add(node)
            args = circuit.args[node]
            if args is None:
                inputs.append((node, self._known[node]))
            else:
                stack += [a >> 1 for a in args]
        return _Template(term, sorted(inputs, key=lambda pair: pair[0]))

    @staticmethod
    def _nodes(value: Value) -> list[int]:
        return list(dict.fromkeys(lit >> 1 for _, lit in value if lit > TRUE))

    def _name(self, names: dict[int, Term], nodes: Iterable[int], depth: int) -> None:
        for node in nodes:
            if node not in names:
                names[node] = self.solver.constant(f"{self.model.circuit.names[node]}@{depth}")

    def _copy(self, template: _Template, names: dict[int, Term]) -> None:
        pairs = [(term, names[node]) for node, term in template.inputs]
        self.solver.add(self.solver.substitute(
            template.term, [a for a, _ in pairs], [b for _, b in pairs]))

    def _enter(self, names: dict[int, Term]) -> None:
        """Add a state: its watched literals."""
        depth = len(self.states)
        self._name(names, (node for node, _ in self._state.inputs), depth)
        self._name(names, (n >> 1 for n in self._state_watch.values()), depth)
        self._copy(self._state, names)
        self.states.append(names)

    @property
    def depth(self) -> int:
        """The number of steps."""
        return len(self.states) - 1

    def extend(self) -> None:
        """Add a step: an enabled instance, which may still turn out to have no successor."""
        names: dict[int, Term] = {}
        after: dict[int, Term] = {}
        last, depth = self.states[-1], len(self.states)
        for word, (now_nodes, after_nodes) in enumerate(
                zip(self._now_nodes, self._after_nodes, strict=True)):
            for now, later in zip(now_nodes, after_nodes, strict=True):
                names[now] = last[now]
                if self.model.kept(word):
                    names[later] = after[now] = last[now]
                else:
                    self._name(names, (later,), depth)
                    after[now] = names[later]
        self._name(names, (node for node, _ in self._step.inputs), depth)
        self._name(names, (n >> 1 for n in self._step_watch.values()), depth)
        for lit in self.model.step.chosen:
            if lit > TRUE:
                self._name(names, (lit >> 1,), depth)
        for value in self.model.step.arguments.positions.values():
            self._name(names, self._nodes(value), depth)
        self._copy(self._step, names)
        self.steps.append(names)
        self._enter(after)

    def proceed(self) -> None:
        """Assert that the last step has a successor, as every step but the last of a run must."""
        step = self.model.step
        for lit in (step.faulted, step.escape):
            self.solver.add(self.solver.not_(self.of_step(lit, self.depth)))

    def of_state(self, lit: Lit, depth: int) -> Term:
        """The name of a watched literal in the state at `depth`."""
        return self.solver.literal(self._state_watch.get(lit, lit), self.states[depth])

    def of_step(self, lit: Lit, depth: int) -> Term:
        """The name of a watched literal (or of an input) in the step to `depth`."""
        return self.solver.literal(self._step_watch.get(lit, lit), self.steps[depth])

    def either(self, terms: Sequence[Term]) -> Term:
        """A name to be assumed for the disjunction of `terms`."""
        if len(terms) == 1:
            return terms[0]
        self._fresh += 1
        name = self.solver.constant(f"either{self._fresh}")
        self.solver.add(self.solver.or_([self.solver.not_(name), *terms]))
        return name

    def all_of(self, terms: Sequence[Term]) -> Term:
        """A name to be assumed for the conjunction of `terms`."""
        self._fresh += 1
        name = self.solver.constant(f"all{self._fresh}")
        for term in terms:
            self.solver.add(self.solver.or_([self.solver.not_(name), term]))
        return name

    def copy_to_state(self, lit: Lit, depth: int) -> Term:
        """A literal over the state inputs that is not watched, for the state at `depth`."""
        if lit <= TRUE:
            return self.solver.literal(lit, {})
        template = self._template([lit])
        return self.solver.substitute(
            template.term, [t for _, t in template.inputs],
            [self.states[depth][node] for node, _ in template.inputs])

    # --- runs out of models ------------------------------------------------------------------

    def instances(self, depth: int) -> list[Instance]:
        """The instances that the run in the model found last takes, up to `depth`."""
        return [self._instance(k) for k in range(1, depth + 1)]

    def _instance(self, k: int) -> Instance:
        step = self.model.step
        number = self._first_true([self.of_step(lit, k) for lit in step.chosen])
        args = []
        for value in step.arguments.values(number):
            which = self._first_true([self.of_step(lit, k) for _, lit in value])
            args.append(value[which][0])
        return number, tuple(args)

    def _first_true(self, terms: Sequence[Term]) -> int:
        for i, term in enumerate(terms):
            if self.solver.value(term):
                return i
        raise InternalError("the solver's model chooses nothing")

    def least_instances(self, depth: int, bad: Term) -> list[Instance]:
        """Of all runs to `depth` with `bad`, the lexicographically first by action (declaration
        order) and arguments: it depends on the system alone, not on the solver. A model of `bad`
        must exist."""
        fixed = [bad]
        arguments = self.model.step.arguments
        run: list[Instance] = []
        for k in range(1, depth + 1):
            number = self._least([self.of_step(c, k) for c in self.model.step.chosen], fixed)
            args = []
            for value in arguments.values(number):
                args.append(value[self._least([self.of_step(x, k) for _, x in value], fixed)][0])
            run.append((number, tuple(args)))
        return run

    def _least(self, options: Sequence[Term], fixed: list[Term]) -> int:
        """The first of the exclusive `options` that is possible with all of `fixed`, to which it
        is added. The model found last satisfies `fixed` before and after."""
        now = self._first_true(options)
        while now > 0 and self.solver.check([*fixed, self.either(options[:now])]):
            now = self._first_true(options)
        fixed.append(options[now])
        return now
