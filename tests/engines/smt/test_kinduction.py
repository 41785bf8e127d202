"""k-induction: proves what it should, never what is false, and its certificates check."""

from __future__ import annotations

from itertools import product

import pytest

from tests.engines.smt.random_systems import random_system
from tests.engines.smt.test_bmc import counter, sizes
from tests.engines.smt.yardstick import action, yardstick
from tests.support.naive import Reference
from tests.support.samples import one_in
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.smt.kinduction import KInduction
from wddmcheck.ir.build import and_, arith, at_most, eq, ite, less, ne, not_
from wddmcheck.ir.evaluate import evaluate
from wddmcheck.ir.expr import TRUE, BinOp, Const, Read
from wddmcheck.ir.sorts import IntRange
from wddmcheck.ir.system import Kind, Obligation, Property, StateVar, System
from wddmcheck.result.verdict import (
    CheckResult,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Violated,
)


def check(system: System, scope: dict[str, int], limits: Limits = Limits(),  # noqa: B008
          *names: str) -> CheckResult:
    asked = names or tuple(p.name for p in system.properties)
    return KInduction().check(CheckTask(system, scope, asked, limits))


def assert_inductive(reference: Reference, evidence: Inductive) -> None:
    """By enumeration of all states: the certificate holds initially and one step keeps it."""
    layout = reference.layout

    def holds(state: tuple[int, ...]) -> bool:
        return all(evaluate(e, layout, state, {}) for e in evidence.invariant)

    assert evidence.k == 1
    assert holds(reference.initial)
    domains = [sorted({*layout.values(v.sort), *([-2] if "dangling=True" in repr(v.sort) else [])})
               for v in reference.system.variables for _ in range(layout.words(v))]
    for state in product(*domains):
        if holds(state):
            assert all(t.state is None or holds(t.state) for t in reference.taken(state))


@pytest.mark.parametrize("scope", [(2, 2, 3, 3), (3, 4, 6, 8)])
def test_proves_the_yardstick(scope: tuple[int, int, int, int]) -> None:
    names = ("I1", "I2", "I3", "I4", "I5", "S1", "S2")
    result = check(yardstick(), sizes(*scope), Limits(), *names)
    assert {n: type(v) for n, v in result.verdicts.items()} == dict.fromkeys(names, Proved)


def test_finds_lemmas_for_what_is_not_inductive() -> None:
    verdict = check(yardstick(), sizes(1, 2, 2, 2), Limits(), "S2").verdicts["S2"]
    assert isinstance(verdict, Proved)
    assert isinstance(verdict.evidence, Inductive)
    assert 1 < len(verdict.evidence.invariant) < 40
    assert_inductive(Reference(yardstick(), sizes(1, 1, 1, 1)), verdict.evidence)


@pytest.mark.parametrize(("bug", "name", "length"), [(1, "I3", 7), (2, "I4", 8)])
def test_never_proves_the_defects(bug: int, name: str, length: int) -> None:
    """They are too deep for the base case, so they look true for long."""
    verdict = check(yardstick(bug), sizes(2, 2, 2, 2), Limits(), name).verdicts[name]
    assert verdict == Inconclusive(Stop.DEPTH, 6, verdict.reason)  # type: ignore[union-attr]
    assert length > 6


@pytest.mark.parametrize("seed", one_in(8, range(40)))
def test_is_sound_on_random_systems(seed: int) -> None:
    system = random_system(seed)
    scope = {"P": 1 + seed % 2, "Q": 1}
    reference = Reference(system, scope)
    result = check(system, scope, Limits(depth=3))
    levels = list(reference.levels(5))
    evidence = None
    for prop in system.properties:
        length = next((k for k, (states, steps) in enumerate(levels)
                       if reference.shown(prop, states, steps)), None)
        match result.verdicts[prop.name]:
            case Proved(found) | Unreached(found):
                assert length is None, prop.name
                evidence = found
            case Violated(trace) | Reached(trace):
                assert trace is not None
                assert len(trace.steps) == length, prop.name
            case Inconclusive():
                assert length is None or length > 3, prop.name
            case verdict:
                assert isinstance(verdict, Skipped)
    if scope["P"] == 1 and isinstance(evidence, Inductive) and evidence.k == 1:
        assert_inductive(reference, evidence)


def ring(size: int, *, bad: int) -> System:
    """Counts 0 .. size-1 round and round, from 0; from `size` on, up to `bad`, where `never_bad`
    ends: k-induction needs more steps than there are between `size` and `bad`."""
    sort = IntRange(0, bad)
    n = Read("n", (), sort)
    one = Const(1, IntRange(1, 1))
    last = eq(n, Const(size - 1, sort))
    step = ite(last, Const(0, sort), ite(less(n, Const(bad, sort)),
                                         arith(BinOp.ADD, n, one), n))
    return System("ring", (), (StateVar("n", (), sort, 0),),
                  (action("Go", (), TRUE, ("n", (), step)),),
                  (Property("never_bad", Kind.INVARIANT, ne(n, Const(bad, sort))),))


def test_needs_and_finds_a_larger_k() -> None:
    # 10 values: too many for atoms, so no candidate helps.
    verdict = check(ring(7, bad=10), {}).verdicts["never_bad"]
    assert isinstance(verdict, Proved)
    assert isinstance(verdict.evidence, Inductive)
    assert verdict.evidence.k == 4


def test_true_for_long_is_not_proved() -> None:
    sort = IntRange(0, 40)
    n = Read("n", (), sort)
    up = action("Up", (), less(n, Const(40, sort)),
                ("n", (), arith(BinOp.ADD, n, Const(1, IntRange(1, 1)))))
    system = System("long", (), (StateVar("n", (), sort, 0),), (up,), (
        Property("low", Kind.INVARIANT, less(n, Const(30, sort))),
        Property("in_range", Kind.INVARIANT, at_most(n, Const(40, sort)))))
    result = check(system, {})
    assert isinstance(result.verdicts["low"], Inconclusive)
    assert isinstance(result.verdicts["in_range"], Proved)


def test_runs_that_end_in_a_fault_have_no_successor() -> None:
    """`low` holds only because the fault stops the run; and the fault itself is found."""
    result = check(counter(), {}, Limits(depth=5), "range", "low")
    assert isinstance(result.verdicts["range"], Violated)
    sort = IntRange(0, 3)
    n = Read("n", (), sort)
    system = counter()
    owed = Obligation("range", eq(n, Const(1, sort)), stops=True)
    up = action("Up", (), TRUE, ("n", (), arith(BinOp.ADD, n, Const(1, IntRange(1, 1)))),
                obligations=(owed,))
    stopped = System("stopped", (), system.variables, (up,), (
        Property("range", Kind.OBLIGATION),
        Property("low", Kind.INVARIANT, less(n, Const(2, sort)))))
    result = check(stopped, {})
    assert isinstance(result.verdicts["range"], Violated)
    assert isinstance(result.verdicts["low"], Proved)


def test_a_deadlocked_state_is_still_a_state() -> None:
    """A bad state in which nothing is enabled must count in the induction step."""
    sort = IntRange(0, 20)
    n = Read("n", (), sort)
    up = action("Up", (), less(n, Const(12, sort)),
                ("n", (), arith(BinOp.ADD, n, Const(1, IntRange(1, 1)))))
    system = System("end", (), (StateVar("n", (), sort, 0),), (up,), (
        Property("not_12", Kind.INVARIANT, ne(n, Const(12, sort))),))
    assert isinstance(check(system, {}).verdicts["not_12"], Inconclusive)


def test_nothing_is_proved_when_a_write_may_leave_its_sort() -> None:
    result = check(counter(guarded=False, top=30), {}, Limits(), "low", "goes")
    assert not any(isinstance(v, Proved | Unreached) for v in result.verdicts.values())
    sort = IntRange(0, 30)
    n = Read("n", (), sort)
    system = counter(guarded=False, top=30)
    true = System("true", (), system.variables, system.actions, (
        Property("true", Kind.INVARIANT, not_(and_(less(n, Const(3, sort)),
                                                   less(Const(5, sort), n)))),))
    assert isinstance(check(true, {}).verdicts["true"], Inconclusive)


def test_an_obligation_is_proved_with_a_formula_as_evidence() -> None:
    sort = IntRange(0, 3)
    n = Read("n", (), sort)
    owed = Obligation("range", eq(n, Const(3, sort)), stops=True)
    up = action("Up", (), less(n, Const(3, sort)),
                ("n", (), arith(BinOp.ADD, n, Const(1, IntRange(1, 1)))), obligations=(owed,))
    system = System("careful", (), (StateVar("n", (), sort, 0),), (up,),
                    (Property("range", Kind.OBLIGATION),))
    verdict = check(system, {}).verdicts["range"]
    assert isinstance(verdict, Proved)
    assert_inductive(Reference(system, {}), verdict.evidence)  # type: ignore[arg-type]


def test_time_ends_the_attempt_in_order() -> None:
    result = check(yardstick(), sizes(3, 4, 6, 8), Limits(timeout_s=0.05))
    assert result.exploration.stopped_by is Stop.TIME
    assert all(isinstance(v, Inconclusive | Skipped | Reached)
               for v in result.verdicts.values())
