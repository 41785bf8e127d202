"""The native engine against the interpreter, limits, memory, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.models import shipped, system_of
from tests.support.orbits import orbits
from tests.support.samples import one_in
from wddmcheck.engines.base import CheckTask, Limits, Tick
from wddmcheck.engines.native import engine as native
from wddmcheck.engines.native import explore, threads
from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.registry import get
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.evaluate import Layout, initial_state
from wddmcheck.ir.system import Kind, System
from wddmcheck.result.verdict import (
    CheckResult,
    Enumeration,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Stop,
    Violated,
)

YARDSTICK = {"Process": 2, "Device": 2, "Context": 3, "Allocation": 2}
SEEDED = sorted(Path("models/seeded").glob("*.wddm"))


def check(name: str, system: System, scope: dict[str, int], **more: Any) -> CheckResult:
    props = tuple(p.name for p in system.properties if p.kind is not Kind.LEADS_TO)
    return get(name).check(CheckTask(system, scope, props, **{"symmetry": False, **more}))


def same(one: CheckResult, two: CheckResult, *, runs: bool = True) -> None:
    """Equal verdicts, counts and lengths, and equal runs."""
    a, b = one.exploration, two.exploration
    assert (a.states, a.transitions, a.depth, a.complete, a.stopped_by) == (
        b.states, b.transitions, b.depth, b.complete, b.stopped_by)
    for name, verdict in one.verdicts.items():
        other = two.verdicts[name]
        assert type(verdict) is type(other), name
        match verdict, other:
            case (Violated(x), Violated(y)):
                assert x == y if runs else len(x.steps) == len(y.steps), name
            case (Reached(x), Reached(y)):
                assert runs is False or x == y, name
                assert (x and len(x.steps)) == (y and len(y.steps)), name
            case (Proved(x), Proved(y)):
                assert x == y, name
            case (Holds(), Holds()) | (Inconclusive(), Inconclusive()):
                assert verdict == other, name


@pytest.mark.parametrize("path", one_in(3, SEEDED), ids=lambda p: p.stem)
def test_seeded_models_as_the_interpreter_has_them(path: Path) -> None:
    """The same runs too: states are numbered alike."""
    system = shipped(str(path))
    scope = dict(dict(system.scopes)[system.default_scopes[0]])
    found = check("native", system, scope)
    same(found, check("interpret", system, scope))
    for prop in system.properties:
        if prop.name in found.verdicts:
            recheck(system, scope, prop, found.verdicts[prop.name])


@pytest.mark.parametrize("path", one_in(3, SEEDED), ids=lambda p: p.stem)
def test_seeded_models_by_orbits(path: Path) -> None:
    """As many orbits as the interpreter finds, and runs as short as without symmetry."""
    system = shipped(str(path))
    scope = dict(dict(system.scopes)[system.default_scopes[0]])
    found = check("native", system, scope, symmetry=True)
    same(found, check("interpret", system, scope, symmetry=True), runs=False)
    for prop in system.properties:
        if prop.name in found.verdicts:
            recheck(system, scope, prop, found.verdicts[prop.name])


@pytest.mark.parametrize("symmetry", [False, True])
def test_the_miniport_at_its_small_scope(symmetry: bool) -> None:
    system = shipped("models/miniport.wddm")
    scope = dict(dict(system.scopes)["small"])
    same(check("native", system, scope, symmetry=symmetry),
         check("interpret", system, scope, symmetry=symmetry), runs=not symmetry)


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("threads_", [1, 2])
@pytest.mark.parametrize("path", ["models/seeded/yardstick_b1.wddm",
                                  "models/seeded/stop_frees_isr_state_first.wddm",
                                  "models/seeded/save_area_freed_while_current.wddm"])
def test_hashes_find_what_whole_states_find(path: str, threads_: int, symmetry: bool,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """A collision of 64 bits among a hundred thousand states would be news."""
    monkeypatch.setattr(threads, "SMALL", 1)
    monkeypatch.setattr(threads, "CHUNK", 1)
    monkeypatch.setattr(explore, "FIRST", 1 << 8)
    monkeypatch.setattr(explore, "FIRST_OF_MANY", 1 << 10)
    system = shipped(path)
    scope = dict(dict(system.scopes)[system.default_scopes[0]])
    whole = check("native", system, scope, symmetry=symmetry)
    found = check("native", system, scope, symmetry=symmetry, compact=True, threads=threads_)
    assert found.exploration == whole.exploration
    odds = {v.evidence.odds for v in found.verdicts.values() if isinstance(v, Proved)
            if isinstance(v.evidence, Enumeration)}
    (odd,) = odds
    several = Plan(Layout.of(system, scope)).words > 1
    assert (0 < odd < 1e-6) if several else odd == 0
    for name, verdict in found.verdicts.items():
        other = whole.verdicts[name]
        assert type(verdict) is type(other), name
        if isinstance(verdict, Violated) and isinstance(other, Violated):
            assert len(verdict.trace.steps) == len(other.trace.steps)
            recheck(system, scope, next(p for p in system.properties if p.name == name), verdict)


@pytest.mark.parametrize(("sizes", "count"), [
    ((1, 1, 2, 2), None), ((2, 2, 3, 2), 383), ((2, 2, 3, 3), 942), ((2, 2, 4, 3), 2_797),
    ((2, 2, 4, 4), 7_230), ((3, 4, 4, 4), None), ((2, 3, 5, 4), None)])
def test_orbits(sizes: tuple[int, int, int, int], count: int | None) -> None:
    """As many as there are, counted by hand; some were counted by other tools as well."""
    system = shipped("models/yardstick.wddm")
    scope = dict(zip(("Process", "Device", "Context", "Allocation"), sizes, strict=True))
    found = check("native", system, scope, symmetry=True).exploration.states
    assert found == orbits(*sizes)
    assert count is None or found == count


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "count"), [
    ((3, 4, 5, 5), 549_461), ((3, 4, 6, 6), 4_952_109)])
def test_many_orbits(sizes: tuple[int, int, int, int], count: int) -> None:
    test_orbits(sizes, count)


@pytest.mark.parametrize(("sizes", "states"), [
    ((1, 1, 1, 1), 8), ((1, 1, 2, 2), 74), ((2, 2, 2, 2), 1_676), ((2, 2, 3, 3), 94_948),
    ((2, 2, 3, 4), 615_652)])
def test_reference_counts(sizes: tuple[int, ...], states: int) -> None:
    system = shipped("models/yardstick.wddm")
    scope = dict(zip(("Process", "Device", "Context", "Allocation"), sizes, strict=True))
    result = get("native").check(CheckTask(system, scope, ("I1", "I2", "I3", "I4", "I5"),
                                           symmetry=False))
    assert result.exploration.states == states
    assert all(isinstance(v, Proved) for v in result.verdicts.values())


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "states"), [
    ((2, 2, 4, 3), 1_058_700), ((2, 3, 3, 4), 3_204_904), ((2, 2, 4, 4), 10_028_316),
    ((2, 3, 4, 4), 58_936_024)])
def test_larger_reference_counts(sizes: tuple[int, ...], states: int) -> None:
    test_reference_counts(sizes, states)


@pytest.mark.parametrize("limits", [
    Limits(depth=0), Limits(depth=1), Limits(depth=7), Limits(states=1), Limits(states=5000),
    Limits(timeout_s=0.0), Limits(memory=1)])
def test_limits(limits: Limits) -> None:
    system = shipped("models/yardstick.wddm")
    result = check("native", system, YARDSTICK, limits=limits)
    assert not result.exploration.complete
    assert result.exploration.stopped_by is not None
    if limits.depth is not None:
        same(result, check("interpret", system, YARDSTICK, limits=limits))
    for prop in system.properties:
        recheck(system, YARDSTICK, prop, result.verdicts[prop.name])
        assert isinstance(result.verdicts[prop.name], Holds | Inconclusive | Reached)


def test_memory_stops_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    system = shipped("models/yardstick.wddm")
    scope = {**YARDSTICK, "Context": 4, "Allocation": 3}
    monkeypatch.setattr(explore, "rss", lambda: 1 << 20)
    result = check("native", system, scope, limits=Limits(memory=(1 << 20) + 300_000))
    assert result.exploration.stopped_by is Stop.MEMORY
    assert 10_000 < result.exploration.states < 200_000


def test_a_failed_allocation_is_a_memory_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Block, count: int) -> None:
        raise MemoryError

    monkeypatch.setattr(Block, "grow", refuse)
    system = shipped("models/yardstick.wddm")
    result = check("native", system, {**YARDSTICK, "Context": 4, "Allocation": 3})
    assert result.exploration.stopped_by is Stop.MEMORY


@pytest.mark.parametrize("after", [1, 3, 10])
def test_ctrl_c_ends_it_in_order(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [after]

    def interrupt(self: Any, *args: Any) -> bool:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(explore._Search, "limited", interrupt)
    result = check("native", shipped("models/yardstick.wddm"), YARDSTICK)
    assert result.exploration.stopped_by is Stop.INTERRUPTED


def test_progress() -> None:
    ticks: list[Tick] = []
    system = shipped("models/yardstick.wddm")
    get("native").check(CheckTask(system, YARDSTICK, ("I1",)), ticks.append)
    assert ticks
    assert ticks[0].engine == "native"


def test_a_graph_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "GRAPH_STATES", 3)
    system = system_of(LIVE)
    result = get("native").check(CheckTask(system, {"Thing": 2}, ("ends",)))
    verdict = result.verdicts["ends"]
    assert isinstance(verdict, Inconclusive)
    assert "interpret has no such limit" in verdict.reason


LIVE = """
model live
default scope one { Thing 2 }
object Thing { on: bool }
ddi Make() -> Thing {
  let t = create Thing()
  return STATUS_SUCCESS, t
}
gpu Run(t: Thing) when not t.on { t.on = true }
property ends: (some t: Thing where not t.on) leads to (all t: Thing: t.on)
  under fairness of Run
"""


WIDE = """
model wide
default scope one { Thing 20 }
var first: 0..200 = 0
var second: -90..90 = -7
object Thing { next: Thing?, count: 0..30 }
ddi Make() -> Thing {
  let t = create Thing()
  return STATUS_SUCCESS, t
}
ddi Step(t: Thing) requires t.count < 1 and first < 3 {
  t.count = t.count + 1
  first = first + 1
  second = second - 1
  return STATUS_SUCCESS
}
property below: invariant second < -5
property small: invariant first < 2
"""


def test_states_of_several_words() -> None:
    system = system_of(WIDE)
    scope = {"Thing": 20}
    plan = Plan(Layout.of(system, scope))
    assert plan.words > 3
    assert plan.bits <= 64 * plan.words
    start = initial_state(plan.layout)
    assert plan.unpack(plan.pack(start)) == start
    limits = Limits(depth=4)
    found = check("native", system, scope, limits=limits)
    same(found, check("interpret", system, scope, limits=limits))
    assert isinstance(found.verdicts["small"], Violated)


def test_help_does_not_load_it() -> None:
    code = ("import sys; from wddmcheck.cli.main import run; run(['--help']); "
            "sys.exit('llvmlite' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True,
                          check=False).returncode == 0
