"""Several threads find what one finds: the same states with the same numbers and parents."""

from __future__ import annotations

import pytest

from tests.engines.native.test_native import same
from tests.engines.smt.random_systems import random_system
from tests.support.models import shipped, system_of
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.native import explore, threads
from wddmcheck.engines.native.explore import Explored
from wddmcheck.engines.native.kernels import Task
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.program import Program
from wddmcheck.engines.native.records import Records
from wddmcheck.engines.native.table import Edges
from wddmcheck.engines.native.threads import Found, Team
from wddmcheck.engines.registry import get
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind, System
from wddmcheck.result.verdict import Stop

SEVERAL = (2, 3, 7)
BIGGER = {"Process": 2, "Device": 2, "Context": 3, "Allocation": 3}


@pytest.fixture(autouse=True)
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Chunks of one state, and a table that grows in between; how many states each round had."""
    monkeypatch.setattr(threads, "SMALL", 1)
    monkeypatch.setattr(threads, "CHUNK", 1)
    monkeypatch.setattr(explore, "FIRST_OF_MANY", 1 << 13)
    taken: list[int] = []
    expand = Team.expand

    def counted(self: Team, code: Program, run: int, first: int, end: int, now: Found,
                limit: Found) -> tuple[int, Found]:
        reached = expand(self, code, run, first, end, now, limit)
        taken.append(reached[0] - first)
        return reached

    monkeypatch.setattr(Team, "expand", counted)
    return taken


def explored(system: System, scope: dict[str, int], threads_: int, *, symmetry: bool = False,
             compact: bool = False, edges: Edges = Edges.NONE,
             limits: Limits | None = None) -> Explored:
    """A search of all states, with nothing asked, or where edges are kept, whether each invariant
    holds."""
    plan = Plan(Layout.of(system, scope))
    goals = [p.formula for p in system.properties if p.kind is Kind.INVARIANT]
    task = Task(plan, Records(system, ()), () if edges is Edges.NONE else tuple(goals[:8]),
                symmetry and bool(plan.pools), edges, deadlock=False, compact=compact)
    return explore.explore(task, limits or Limits(), lambda tick: None, threads_)


def numbered(found: Explored) -> tuple[object, ...]:
    """The states in order, their parents, the counts, and the edges."""
    try:
        kept = found.count * found.task.kept
        return (found.states.content(kept), found.parents.content(found.count),
                found.transitions, found.depth, found.complete, found.starts, found.targets,
                found.instances, found.faulty, found.marks, found.lost)
    finally:
        found.free()


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize(("path", "scope"), [
    ("models/yardstick.wddm", BIGGER), ("models/miniport.wddm", None)])
def test_numbers_do_not_depend_on_threads(path: str, scope: dict[str, int] | None, symmetry: bool,
                                          compact: bool, rounds: list[int]) -> None:
    system = shipped(path)
    sizes = scope or dict(dict(system.scopes)["small"])
    alone = numbered(explored(system, sizes, 1, symmetry=symmetry, compact=compact))
    for several in SEVERAL:
        rounds.clear()
        assert numbered(explored(system, sizes, several, symmetry=symmetry,
                                 compact=compact)) == alone
        assert sum(rounds) > 20


@pytest.mark.parametrize("edges", [Edges.TARGETS, Edges.INSTANCES])
@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize(("path", "scope"), [
    ("models/yardstick.wddm", BIGGER), ("models/miniport.wddm", None),
    ("models/seeded/yardstick_b1.wddm", None)])
def test_edges_do_not_depend_on_threads(path: str, scope: dict[str, int] | None, symmetry: bool,
                                        edges: Edges, rounds: list[int]) -> None:
    system = shipped(path)
    sizes = scope or dict(dict(system.scopes)["small"])
    alone = numbered(explored(system, sizes, 1, symmetry=symmetry, edges=edges))
    assert (len(alone[6]) > 500) is (edges is Edges.INSTANCES)    # type: ignore[arg-type]
    for several in SEVERAL:
        rounds.clear()
        assert numbered(explored(system, sizes, several, symmetry=symmetry, edges=edges)) == alone
        assert sum(rounds) > 20


@pytest.mark.parametrize("hold", [1, 4])
def test_every_state_is_everybodys(hold: int, rounds: list[int],
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """Many ways lead to each state, so that threads are after the same ones all the time; also
    where each waits for its turn with every chunk."""
    monkeypatch.setattr(threads, "HOLD", hold)
    system = system_of("""
model many
object Thing { }
var a: 0..9 = 0
var b: 0..9 = 0
var c: 0..9 = 0
var d: 0..9 = 0
thunk A(n: 0..9) { a = n }
thunk B(n: 0..9) { b = n }
thunk C(n: 0..9) { c = n }
thunk D(n: 0..9) { d = n }
""")
    alone = numbered(explored(system, {"Thing": 1}, 1))
    assert alone[2] == 10_000 * 40
    for several in SEVERAL * 3:
        rounds.clear()
        assert numbered(explored(system, {"Thing": 1}, several)) == alone
        assert sum(rounds) > 1_000


def test_random_systems(rounds: list[int]) -> None:
    compared = 0
    for seed in range(24):
        system, scope = random_system(seed), {"P": 3, "Q": 2}
        symmetry, edges = seed % 2 == 1, Edges.INSTANCES if seed % 4 > 1 else Edges.NONE
        alone = explored(system, scope, 1, symmetry=symmetry, edges=edges,
                         limits=Limits(states=30_000))
        complete, numbers = alone.complete, numbered(alone)
        if complete:
            compared += 1
            assert numbered(explored(system, scope, 3, symmetry=symmetry, edges=edges)) == numbers
    assert compared > 12
    assert sum(rounds) > 1_000


@pytest.mark.parametrize("limits", [Limits(states=3_000), Limits(depth=7)])
def test_limits(limits: Limits) -> None:
    found = explored(shipped("models/yardstick.wddm"), BIGGER, 3, limits=limits)
    try:
        assert found.stopped_by is (Stop.STATES if limits.states else Stop.DEPTH)
        assert not found.complete
        assert found.count >= (limits.states or 1)
    finally:
        found.free()


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("path", ["models/seeded/yardstick_b1.wddm",
                                  "models/seeded/dpc_walks_freed_context.wddm"])
def test_threads_change_nothing(path: str, symmetry: bool) -> None:
    """Not even the runs."""
    system = shipped(path)
    scope = dict(dict(system.scopes)[system.default_scopes[0]])
    asked = tuple(p.name for p in system.properties if p.kind not in (
        Kind.LEADS_TO, Kind.ALWAYS_POSSIBLE))
    alone = get("native").check(CheckTask(system, scope, asked, symmetry=symmetry))
    for several in SEVERAL:
        same(alone, get("native").check(
            CheckTask(system, scope, asked, symmetry=symmetry, threads=several)))
