"""One suite that every engine runs, now and later: the parameters are the registry."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.models import shipped, system_of
from tests.support.naive import Naive
from wddmcheck.engines import registry
from wddmcheck.engines.base import CheckTask, Limits, Tick
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.system import Kind, System
from wddmcheck.result.verdict import (
    CheckResult,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Violated,
)

ENGINES = registry.names()


@dataclass(frozen=True)
class Case:
    """A small model, its scope, and what is true of it. `expected`: property -> length of the
    shortest violation or witness, or None if there is none. `states`: (all, orbits)."""

    text: str
    scope: dict[str, int]
    expected: dict[str, int | None]
    states: tuple[int, int]


CASES = {
    "clock": Case("""
        model m
        var hand: bool
        gpu Tick() when true { if hand { hand = false } else { hand = true } }
        property seen: reachable hand
        property wrong: never hand
        """, {}, {"seen": 1, "wrong": 1, "no_deadlock": None}, (2, 2)),
    "counter": Case("""
        model m
        var n: 0..3
        ddi Add() { n = n + 1 return STATUS_SUCCESS }
        ddi Clear() { n = 0 return STATUS_SUCCESS }
        property small: invariant n <= 2
        property beyond: reachable n == 3 and n == 0
        """, {}, {"small": 3, "integers_in_range": 4, "beyond": None}, (4, 4)),
    "ownership": Case("""
        model m
        object Device
        object Context within Device
        ddi CreateDevice() { create Device() return STATUS_SUCCESS }
        ddi CreateContext(d: Device) { create Context(d) return STATUS_SUCCESS }
        ddi DestroyDevice(d: Device) { destroy d return STATUS_SUCCESS }
        ddi DestroyContext(c: Context) { destroy c return STATUS_SUCCESS }
        property two: reachable count c: Context == 2
        """, {"Device": 2, "Context": 2}, {"no_orphan": 3, "two": 3}, (18, 8)),
    "dangling": Case("""
        model m
        object C { n: 0..1 }
        var last: C?
        ddi Create() { let c = create C() last = c return STATUS_SUCCESS }
        ddi Destroy(c: C) { destroy c return STATUS_SUCCESS }
        ddi Use() { if last is not none { last.n = 1 } return STATUS_SUCCESS }
        property clean: invariant last is not dangling
        """, {"C": 2}, {"no_use_after_destroy": 3, "clean": 2}, (18, 10)),
    "calls": Case("""
        model m
        object C { n: 0..1 }
        ddi Create() { create C() return STATUS_SUCCESS }
        ddi Destroy(c: C) { destroy c return STATUS_SUCCESS }
        ddi Use(c: C) { step c.n = 1 return STATUS_SUCCESS }
        """, {"C": 1, "Call": 2}, {"no_use_after_destroy": 4, "no_stuck_call": None}, (19, 12)),
    "stuck": Case("""
        model m
        var go: bool
        ddi Wait() { wait until go return STATUS_SUCCESS }
        ddi Go() { go = true return STATUS_SUCCESS }
        property can_go: always possible go
        """, {"Call": 1}, {"no_stuck_call": 1, "can_go": 1}, (4, 4)),
    "deadlock": Case("""
        model m
        var done: 0..2
        gpu Step() when done < 2 { done = done + 1 }
        """, {}, {"no_deadlock": 2, "integers_in_range": None}, (3, 3)),
}


def task(case: Case, limits: Limits | None = None, symmetry: bool = True) -> CheckTask:
    system = system_of(case.text)
    names = tuple(n for n in case.expected if n in {p.name for p in system.properties})
    return CheckTask(system, case.scope, names, limits or Limits(), symmetry)


def run(engine: str, asked: CheckTask) -> CheckResult:
    return registry.get(engine).check(asked)


@pytest.mark.parametrize("symmetry", [True, False], ids=["symmetry", "plain"])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_verdicts_and_shortest_lengths(engine: str, name: str, symmetry: bool) -> None:
    case = CASES[name]
    asked = task(case, Limits(depth=8) if engine == "bmc" else None, symmetry)
    result = run(engine, asked)
    assert list(result.verdicts) == list(asked.properties)
    by_name = {p.name: p for p in asked.system.properties}
    for prop, verdict in result.verdicts.items():
        first = case.expected[prop]
        match verdict:
            case Violated(trace):
                assert len(trace.steps) == first
            case Reached(trace):
                assert first is not None
                assert trace is None or len(trace.steps) == first
            case Proved() | Unreached():
                assert first is None
            case Holds(depth, _):
                assert first is None or first > depth
            case Skipped(reason):
                assert reason
                assert engine != "interpret", "the explicit engine decides everything"
            case Inconclusive():
                assert engine == "kinduction"
        recheck(asked.system, asked.scope, by_name[prop], verdict)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_counts_are_exact(engine: str, name: str) -> None:
    case = CASES[name]
    plain = run(engine, task(case, Limits(depth=3), symmetry=False)).exploration
    if not plain.states:
        pytest.skip("this engine visits no states")
    whole = run(engine, task(case, symmetry=False)).exploration
    orbits = run(engine, task(case, symmetry=True)).exploration
    assert (whole.complete, orbits.complete) == (True, True)
    states, reduced = case.states
    assert (whole.states, orbits.states) == (states, reduced if orbits.symmetry else states)
    assert whole.depth == orbits.depth
    asked = task(case)
    assert whole.states == len(Naive(asked.system, asked.scope).depths)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_answer_twice(engine: str) -> None:
    asked = task(CASES["dangling"], Limits(depth=6))
    assert run(engine, asked) == run(engine, asked)


def miniport(scope: str) -> tuple[System, dict[str, int]]:
    system = shipped("models/miniport.wddm")
    return system, dict(dict(system.scopes)[scope])


LIMITS = {"depth": Limits(depth=3), "states": Limits(states=50), "time": Limits(timeout_s=0.0),
          "memory": Limits(memory=1)}
VISIT = ("interpret", "native")
"""Engines that visit states, and know a limit of them."""


@pytest.mark.parametrize(("engine", "limit"), [
    (engine, limit) for engine in ENGINES for limit in LIMITS
    if limit != "states" or engine in VISIT])
def test_limits_end_a_run_in_order(engine: str, limit: str) -> None:
    limits = LIMITS[limit]
    system, scope = miniport("small")
    names = tuple(p.name for p in system.properties
                  if p.kind in (Kind.INVARIANT, Kind.OBLIGATION, Kind.ALWAYS_POSSIBLE))
    result = run(engine, CheckTask(system, scope, names, limits))
    assert not result.exploration.complete
    for verdict in result.verdicts.values():
        assert not isinstance(verdict, (Proved, Violated)) or engine == "kinduction"
        if isinstance(verdict, Holds):
            assert limits.depth is None or verdict.depth <= limits.depth


def test_an_interrupt_keeps_what_was_found() -> None:
    system, scope = miniport("teardown")
    names = tuple(p.name for p in system.properties)

    def interrupt(tick: Tick) -> None:
        if tick.states and tick.states > 2000:
            raise KeyboardInterrupt

    result = registry.get("interpret").check(CheckTask(system, scope, names), interrupt)
    assert result.exploration.stopped_by is Stop.INTERRUPTED
    assert set(result.verdicts) == set(names)
    assert any(isinstance(v, Reached) for v in result.verdicts.values())
    assert not any(isinstance(v, Proved) for v in result.verdicts.values())


@pytest.mark.parametrize(("sizes", "full", "orbits"), [
    ((1, 1, 1, 1), 8, 8), ((1, 1, 2, 2), 74, 26), ((2, 2, 2, 2), 1676, 139),
    ((2, 2, 2, 3), 7228, None), ((2, 2, 3, 2), 13660, 383), ((2, 2, 3, 3), 94948, 942),
    ((2, 2, 4, 3), None, 2797),
])
def test_reference_counts_of_the_yardstick(
        sizes: tuple[int, ...], full: int | None, orbits: int | None) -> None:
    """Agreed on by SPIN, Rumur and TLC."""
    system = shipped("models/yardstick.wddm")
    scope = dict(zip(("Process", "Device", "Context", "Allocation"), sizes, strict=True))
    names = tuple(p.name for p in system.properties)
    for symmetry, count in ((False, full), (True, orbits)):
        if count is not None:
            result = run("interpret", CheckTask(system, scope, names, symmetry=symmetry))
            assert result.exploration.states == count
            assert all(isinstance(v, (Proved, Reached)) or sizes == (1, 1, 1, 1)
                       for v in result.verdicts.values())
