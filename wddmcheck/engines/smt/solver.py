"""One Z3 solver under the limits of a check, and circuits as Z3 terms.

Terms are raw handles of the C API: building them through the classes of z3py costs more than
solving. Each solver has a context of its own, kept whole until the solver goes, so that nothing
is counted per term and every run numbers its terms alike.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import z3
from z3 import z3core

from wddmcheck.engines.base import Limits, Progress, Tick, Watch
from wddmcheck.engines.memory import rss
from wddmcheck.engines.smt.circuit import TRUE, Circuit, Lit
from wddmcheck.result.verdict import Stop

Term: TypeAlias = Any
"""A handle of a Z3 term (`z3.z3types.Ast`)."""

LOOK_EVERY_S = 0.05
TICK_EVERY_S = 0.4
SEED = 1


class Halted(Exception):  # noqa: N818  not an error: a limit was hit
    """The solver gave no answer, for the reason `stop`."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.value)
        self.stop = stop


class Supervisor:
    """Watches the limits while Z3 computes, from a thread: interrupts it, and ticks. Outside of
    `Supervisor.check`, the thread does nothing."""

    def __init__(self, engine: str, limits: Limits, progress: Progress) -> None:
        self.watch = Watch(limits, rss)
        self.tick = Tick(engine, 0)
        self.stopped: Stop | None = None
        self.peak = 0
        self._progress = progress
        self._lock = threading.Lock()
        self._busy: z3.Context | None = None
        self._end = threading.Event()
        self._ticked = 0.0
        self._raised: BaseException | None = None
        self._thread = threading.Thread(target=self._look, name="smt-limits", daemon=True)

    def __enter__(self) -> Supervisor:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end.set()
        self._thread.join()

    def at(self, depth: int, doing: str) -> None:
        """What the next ticks say; raises `Halted` if a limit has been reached."""
        self.tick = Tick(self.tick.engine, depth, doing=doing)
        self.raise_if_stopped()
        self._report()

    def raise_if_stopped(self) -> None:
        """Look at the limits."""
        self._measure()
        if self.stopped is not None:
            raise Halted(self.stopped)

    def _measure(self) -> None:
        if self.stopped is None:
            self.stopped = self.watch.stop()

    def _report(self) -> None:
        now = self.watch.elapsed
        if now - self._ticked >= TICK_EVERY_S:
            self._ticked = now
            memory = rss()
            self.peak = max(self.peak, memory)
            tick = self.tick
            self._progress(Tick(tick.engine, tick.depth, memory=memory, doing=tick.doing))

    def _look(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            with self._lock:
                if self._busy is None:
                    continue
                self._measure()
                try:
                    self._report()
                except BaseException as error:  # to be raised where the check was called
                    self._raised = error
                if self.stopped is not None or self._raised is not None:
                    self._busy.interrupt()

    def check(self, solver: z3.Solver, assumptions: Sequence[Term]) -> bool:
        """Whether the assertions are satisfiable under `assumptions`; raises `Halted`."""
        self.raise_if_stopped()
        array = (z3.Ast * len(assumptions))(*assumptions)
        with self._lock:
            self._busy = solver.ctx
        try:
            result = z3core.Z3_solver_check_assumptions(
                solver.ctx.ref(), solver.solver, len(assumptions), array)
        except z3.Z3Exception:
            # An interrupt that arrives while Z3 prepares its answer is raised, not returned.
            result = z3.Z3_L_UNDEF
        finally:
            with self._lock:
                self._busy = None
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised
        if result == z3.Z3_L_UNDEF:
            if self.stopped is None and "keyboard" in solver.reason_unknown():
                self.stopped = Stop.INTERRUPTED
            raise Halted(self.stopped or Stop.UNKNOWN)
        return bool(result == z3.Z3_L_TRUE)


class Solver:
    """Assertions over named Boolean constants, and satisfiability under assumptions."""

    def __init__(self, supervisor: Supervisor, logic: str = "QF_FD") -> None:
        self.supervisor = supervisor
        self._context = z3.Context()
        self._ref = self._context.ref()
        with_logic = z3.SolverFor(logic, self._context) if logic else z3.Solver(
            ctx=self._context)
        with_logic.set("random_seed", SEED)
        self._solver = with_logic
        self._bool = z3core.Z3_mk_bool_sort(self._ref)
        self.true = self._kept(z3core.Z3_mk_true(self._ref))
        self.false = self._kept(z3core.Z3_mk_false(self._ref))
        self._model: Any = None
        self._unread = False

    def _kept(self, term: Term) -> Term:
        z3core.Z3_inc_ref(self._ref, term)
        return term

    def constant(self, name: str) -> Term:
        """The Boolean constant called `name`."""
        symbol = z3core.Z3_mk_string_symbol(self._ref, name)
        return self._kept(z3core.Z3_mk_const(self._ref, symbol, self._bool))

    def not_(self, term: Term) -> Term:
        """Negation."""
        return self._kept(z3core.Z3_mk_not(self._ref, term))

    def or_(self, terms: Sequence[Term]) -> Term:
        """Disjunction."""
        array = (z3.Ast * len(terms))(*terms)
        return self._kept(z3core.Z3_mk_or(self._ref, len(terms), array))

    def and_(self, terms: Sequence[Term]) -> Term:
        """Conjunction."""
        array = (z3.Ast * len(terms))(*terms)
        return self._kept(z3core.Z3_mk_and(self._ref, len(terms), array))

    def translate(self, circuit: Circuit, lit: Lit, terms: dict[int, Term]) -> Term:
        """The term of `lit`; `terms` maps nodes that are known already, and is added to."""
        stack = [lit >> 1]
        terms.setdefault(0, self.false)
        while stack:
            node = stack[-1]
            if node in terms:
                stack.pop()
                continue
            args = circuit.args[node]
            if args is None:
                terms[node] = self.constant(circuit.names[node])
                continue
            missing = [a >> 1 for a in args if a >> 1 not in terms]
            if missing:
                stack += missing
                continue
            # A conjunction of negations is said as a disjunction: one node less per argument.
            if all(a & 1 for a in args):
                terms[node] = self.not_(self.or_([terms[a >> 1] for a in args]))
            else:
                terms[node] = self.and_([self._signed(terms[a >> 1], a) for a in args])
            stack.pop()
        return self._signed(terms[lit >> 1], lit)

    def _signed(self, term: Term, lit: Lit) -> Term:
        return self.not_(term) if lit & 1 else term

    def literal(self, lit: Lit, terms: Mapping[int, Term]) -> Term:
        """The term of an input literal (or a constant) under the naming `terms`."""
        if lit >> 1 == 0:
            return self.true if lit == TRUE else self.false
        return self._signed(terms[lit >> 1], lit)

    def substitute(self, term: Term, old: Sequence[Term], new: Sequence[Term]) -> Term:
        """`term` with the constants `old` replaced."""
        n = len(old)
        return self._kept(z3core.Z3_substitute(
            self._ref, term, n, (z3.Ast * n)(*old), (z3.Ast * n)(*new)))

    def add(self, term: Term) -> None:
        """Assert `term`."""
        z3core.Z3_solver_assert(self._ref, self._solver.solver, term)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is asserted within is taken back at the end."""
        z3core.Z3_solver_push(self._ref, self._solver.solver)
        try:
            yield
        finally:
            self._model, self._unread = None, False
            z3core.Z3_solver_pop(self._ref, self._solver.solver, 1)

    def check(self, assumptions: Iterable[Term] = ()) -> bool:
        """Whether there is a model, which `value` reads (until the next model is found, if it was
        read before the next call). Raises `Halted` instead of answering "unknown"."""
        if self._unread:
            self._model, self._unread = None, False
        found = self.supervisor.check(self._solver, list(assumptions))
        self._unread = found
        return found

    def core(self, assumptions: Iterable[Term]) -> list[int]:
        """The positions in `assumptions` of those that the last "no" of `check` rests on."""
        used = {term.as_ast().value for term in self._solver.unsat_core()}
        return [i for i, term in enumerate(assumptions) if term.value in used]

    def value(self, term: Term) -> bool:
        """The truth of `term` in the model found last; what the model leaves open is false."""
        if self._unread:
            # Only on demand: getting the model costs as much as an easy query.
            self._model, self._unread = self._solver.model(), False
        out = (z3.Ast * 1)()
        z3core.Z3_model_eval(self._ref, self._model.model, term, True, out)
        self._kept(out[0])
        return bool(z3core.Z3_get_bool_value(self._ref, out[0]) == z3.Z3_L_TRUE)
