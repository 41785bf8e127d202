"""Bounded model checking against the oracle, and on the yardstick."""

from __future__ import annotations

import os
import random
import signal
import threading

import pytest

from tests.engines.smt.random_systems import random_system
from tests.engines.smt.yardstick import action, yardstick
from tests.support.models import system_of
from tests.support.naive import Reference
from wddmcheck.engines.base import CheckTask, Limits, Tick
from wddmcheck.engines.smt.bmc import Bmc
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.build import arith, eq, less
from wddmcheck.ir.expr import TRUE, BinOp, Const, Read
from wddmcheck.ir.sorts import IntRange
from wddmcheck.ir.system import Kind, Obligation, Property, StateVar, System
from wddmcheck.result.verdict import (
    CheckResult,
    Holds,
    Inconclusive,
    Reached,
    Skipped,
    Stop,
    Trace,
    Violated,
)


def check(system: System, sizes: dict[str, int], limits: Limits, *names: str,
          symmetry: bool = True) -> CheckResult:
    asked = names or tuple(p.name for p in system.properties)
    return Bmc().check(CheckTask(system, sizes, asked, limits, symmetry))


def sizes(p: int, d: int, c: int, a: int) -> dict[str, int]:
    return {"P": p, "D": d, "C": c, "A": a}


def assert_run(reference: Reference, trace: Trace) -> None:
    """Every step is an instance that the oracle enables, with the successor that it gives."""
    state = trace.initial
    assert state == reference.initial
    for step in trace.steps:
        assert state is not None
        [taken] = [t for t in reference.taken(state)
                   if (t.action, t.args) == (step.action, step.args)]
        assert taken.state == step.state
        state = step.state


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_breadth_first_search_on_random_systems(seed: int) -> None:
    depth = 3
    system = random_system(seed)
    scope = {"P": 1 + seed % 2, "Q": random.Random(seed).choice((0, 1, 2))}
    reference = Reference(system, scope)
    result = check(system, scope, Limits(depth=depth), symmetry=seed % 3 > 0)
    levels = list(reference.levels(depth))
    for prop in system.properties:
        verdict = result.verdicts[prop.name]
        length = next((k for k, (states, steps) in enumerate(levels)
                       if reference.shown(prop, states, steps)), None)
        if length is None:
            assert verdict == Holds(depth), prop.name
        else:
            assert isinstance(verdict, Violated | Reached), prop.name
            assert verdict.trace is not None
            assert len(verdict.trace.steps) == length, prop.name
            assert verdict.trace.shortest
            assert_run(reference, verdict.trace)


@pytest.mark.parametrize(("bug", "name", "length"), [(1, "I3", 7), (2, "I4", 8)])
@pytest.mark.parametrize("scope", [(1, 1, 1, 1), (2, 2, 3, 3), (3, 4, 6, 8)])
def test_yardstick_defects_at_their_known_lengths(
        bug: int, name: str, length: int, scope: tuple[int, int, int, int]) -> None:
    system = yardstick(bug)
    result = check(system, sizes(*scope), Limits(depth=9), name)
    verdict = result.verdicts[name]
    assert isinstance(verdict, Violated)
    assert len(verdict.trace.steps) == length
    assert_run(Reference(system, sizes(*scope)), verdict.trace)


def test_symmetry_changes_nothing_but_the_time() -> None:
    for bug in (1, 2):
        names = [p.name for p in yardstick(bug).properties if not p.goal]
        on, off = (check(yardstick(bug), sizes(1, 2, 2, 2), Limits(depth=8), *names, symmetry=s)
                   for s in (True, False))
        assert on.verdicts == off.verdicts
        assert (on.exploration.symmetry, off.exploration.symmetry) == (True, False)


def test_yardstick_is_clean_and_its_goals_are_reached() -> None:
    result = check(yardstick(), sizes(2, 2, 3, 3), Limits(depth=9))
    for name in ("I1", "I2", "I3", "I4", "I5", "S1", "S2", "alive"):
        assert result.verdicts[name] == Holds(9)
    lengths = {n: len(v.trace.steps) for n, v in result.verdicts.items()
               if isinstance(v, Reached) and v.trace is not None}
    assert lengths["busy_twice"] == 9
    assert lengths["fires AddDevice"] == 1
    assert lengths["fires Complete"] == 8
    assert result.exploration.depth == 9
    assert result.exploration.stopped_by is Stop.DEPTH
    assert not result.exploration.complete


def test_traces_are_lexicographically_first() -> None:
    """The trace is what the system says, not what the solver happens to find."""
    system = yardstick(1)
    scope = sizes(1, 2, 1, 2)
    verdict = check(system, scope, Limits(depth=7), "I3").verdicts["I3"]
    assert isinstance(verdict, Violated)
    reference = Reference(system, scope)
    order = {a.name: i for i, a in enumerate(system.actions)}
    runs: list[tuple[tuple[tuple[int, tuple[int, ...]], ...], tuple[int, ...]]] = [
        ((), reference.initial)]
    for _ in range(7):
        runs = [((*run, (order[t.action], t.args)), t.state) for run, state in runs
                for t in reference.taken(state) if t.state is not None]
    bad = [run for run, state in runs
           if reference.shown(system.properties[2], [state], [])]
    assert system.properties[2].name == "I3"
    assert min(bad) == tuple((order[s.action], s.args) for s in verdict.trace.steps)


def counter(stops: bool = True, top: int = 3, guarded: bool = True) -> System:
    """Counts up; past `top` it breaks `range`, or leaves its sort if not `guarded`."""
    sort = IntRange(0, top)
    n = Read("n", (), sort)
    broken = eq(n, Const(top, sort))
    owed = (Obligation("range", broken, stops),) if guarded else ()
    up = action("Up", (), TRUE, ("n", (), arith(BinOp.ADD, n, Const(1, IntRange(1, 1)))),
                obligations=owed)
    return System("counter", (), (StateVar("n", (), sort, 0),), (up,), (
        Property("range", Kind.OBLIGATION), Property("alive", Kind.NO_DEADLOCK),
        Property("low", Kind.INVARIANT, less(n, Const(2, sort))),
        Property("goes", Kind.FIRES, actions=("Up",)),
        Property("again", Kind.ALWAYS_POSSIBLE), Property("later", Kind.LEADS_TO)))


def test_a_stopping_obligation_ends_the_run() -> None:
    result = check(counter(), {}, Limits(depth=9))
    range_ = result.verdicts["range"]
    assert isinstance(range_, Violated)
    assert [s.state for s in range_.trace.steps] == [(1,), (2,), (3,), None]
    # The instance at 3 is enabled, so there is no deadlock; and nothing comes after it.
    assert result.verdicts["alive"] == Holds(9)
    low = result.verdicts["low"]
    assert isinstance(low, Violated)
    assert len(low.trace.steps) == 2
    assert isinstance(result.verdicts["again"], Skipped)
    assert isinstance(result.verdicts["later"], Skipped)


def test_leaving_a_sort_is_never_silent() -> None:
    result = check(counter(guarded=False), {}, Limits(depth=9))
    assert isinstance(result.verdicts["low"], Violated)
    assert isinstance(result.verdicts["alive"], Inconclusive)
    assert result.exploration.stopped_by is Stop.UNKNOWN
    assert "Up()" in result.notes[0]


def test_a_broken_obligation_that_does_not_stop_goes_on() -> None:
    result = check(counter(stops=False), {}, Limits(depth=3))
    assert result.verdicts["range"] == Holds(3)


def test_a_domain_that_is_too_large_is_skipped() -> None:
    system = counter(top=1 << 20)
    assert isinstance(check(system, {}, Limits(depth=3)).verdicts["low"], Skipped)


def test_time_ends_the_search_in_order() -> None:
    ticks: list[Tick] = []
    task = CheckTask(yardstick(), sizes(3, 4, 6, 8), ("S1", "S2"),
                     Limits(depth=60, timeout_s=2.0))
    result = Bmc().check(task, ticks.append)
    assert result.exploration.stopped_by is Stop.TIME
    assert 1.5 < result.exploration.seconds < 6
    assert all(isinstance(v, Holds) and v.stopped_by is Stop.TIME
               for v in result.verdicts.values())
    assert len(ticks) >= 3


def test_memory_ends_the_search_in_order() -> None:
    result = check(yardstick(), sizes(2, 2, 3, 3), Limits(memory=1))
    assert result.exploration.stopped_by is Stop.MEMORY
    assert isinstance(result.verdicts["I1"], Inconclusive)


def test_the_same_result_twice() -> None:
    first, second = (check(yardstick(2), sizes(2, 2, 2, 2), Limits(depth=8)) for _ in range(2))
    assert first == second


def test_an_interrupt_returns_what_is_known() -> None:
    def interrupt(tick: Tick) -> None:
        if tick.depth >= 2:
            raise KeyboardInterrupt

    task = CheckTask(yardstick(), sizes(3, 4, 6, 8), ("S1",), Limits(depth=40, timeout_s=30))
    result = Bmc().check(task, interrupt)
    assert result.exploration.stopped_by is Stop.INTERRUPTED
    assert isinstance(result.verdicts["S1"], Holds)


def test_ctrl_c_while_the_solver_works() -> None:
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    result = check(yardstick(), sizes(3, 4, 6, 8), Limits(depth=60, timeout_s=30), "S1", "S2")
    timer.join()
    assert result.exploration.stopped_by is Stop.INTERRUPTED
    assert result.exploration.seconds < 10
    assert all(isinstance(v, Holds) for v in result.verdicts.values())


def test_the_least_run_to_a_deadlock_ends_in_one() -> None:
    """Found by random models: the least run that disables the instances known so far was taken for
    a deadlock, though another instance was enabled at its end."""
    system = system_of("""
        model random
        object D { n: 0..2 }
        object C  { life Idle -> Busy -> Idle, Busy -> Done; ref: D?; list: set of D; m: 0..1 }
        var last: C?
        var flag: bool
        var home: D?

        ddi MakeD() returns STATUS_SUCCESS { let d = create D() home = d return STATUS_SUCCESS }
        ddi DropD(d: D) requires no c: C where c.ref == d {
          destroy d
          return STATUS_SUCCESS
        }
        ddi Make(d: D) returns STATUS_SUCCESS, STATUS_NO_MEMORY {
          let c = create C(ref: d) or return STATUS_NO_MEMORY
          last = c
          return STATUS_SUCCESS
        }
        callback Cb(c: C) { c.m = 0 return STATUS_SUCCESS }
        ddi Use(c: C) requires c is Idle {
          wait until flag
          c.m = 1
          return STATUS_SUCCESS
        }
        ddi Drop(c: C) requires not in_flight(c) {
          destroy c
          return STATUS_SUCCESS
        }
        gpu Run(c: C) when c.ref is none { flag = false }
        """)
    scope = {"D": 2, "C": 2, "Call": 2}
    names = tuple(p.name for p in system.properties if p.kind is not Kind.ALWAYS_POSSIBLE)
    result = Bmc().check(CheckTask(system, scope, names, Limits(depth=6)))
    verdict = result.verdicts["no_deadlock"]
    assert isinstance(verdict, Violated)
    assert len(verdict.trace.steps) == 4
    recheck(system, scope, next(p for p in system.properties if p.name == "no_deadlock"), verdict)
