"""The table of overlaps against what the shipped models really do: for each two DDIs, whether one
is entered in some reachable state while a call of the other is in flight."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.support.samples import one_in
from wddmcheck import pipeline
from wddmcheck.cli.overlap import NO, OTHER, YES, Overlaps, of_model
from wddmcheck.docpages import levels
from wddmcheck.engines.base import CheckTask
from wddmcheck.ir.build import and_, eq, exists, or_
from wddmcheck.ir.expr import Const, Expr, Read, Var
from wddmcheck.ir.sorts import EnumSort, RefSort
from wddmcheck.ir.system import CALL_AT, Kind, Phase, Property, System
from wddmcheck.pipeline import choose
from wddmcheck.result.verdict import Reached, Unreached
from wddmcheck.sema.check import CALL_POOL

MODELS = Path(__file__).parents[2] / "models"
SCOPES = {
    "threading": ("Process={0},Device={0},Context={0},Overlay=2,WatchdogState=0,calls=2",),
    "miniport": ("Process={0},Device={0},Context={0},ContextAllocation={0},Allocation=0,"
                 "OpenAllocation=0,Resource=0,calls=2",
                 "Process={0},Device={0},Context=0,ContextAllocation=0,Allocation=2,"
                 "OpenAllocation=2,Resource=1,calls=2",
                 "Process={0},Device={0},Context=1,ContextAllocation=1,Allocation=1,"
                 "OpenAllocation=1,Resource=0,calls=2"),
}

BY_CONTRACT = {
    "threading": {frozenset(("DxgkDdiSetPowerState", f"DxgkDdi{other}")) for other in (
        "CreateContext", "CreateDevice", "CreateProcess", "DestroyContext", "DestroyDevice",
        "DestroyProcess", "SetPowerState", "BuildPagingBuffer", "SubmitCommand", "CreateOverlay",
        "DestroyOverlay", "FlipOverlay")},
    "miniport": set(),
}
"""Pairs that levels let overlap, and contracts do not: SetPowerState is at level three, but for one
exception, so its threading is in `requires` (GEN-01, GEN-02)."""


@cache
def loaded(name: str, without: tuple[str, ...] = ()) -> pipeline.Loaded:
    return pipeline.load_model(str(MODELS / f"{name}.wddm"), {}, None, without)


@cache
def table(name: str) -> Overlaps:
    model = loaded(name)
    assert model.model is not None
    return of_model(model.model, model.sources, parking(model.system))


def parking(system: System) -> frozenset[str]:
    return frozenset(a.label.block for a in system.actions if a.label.phase is Phase.ENTRY
                     and a.label.kind == "ddi")


def in_flight(system: System, block: str) -> Expr:
    """A call of `block` is in flight."""
    at = next(v for v in system.variables if v.name == CALL_AT)
    assert isinstance(at.sort, EnumSort)
    call = Var("other'", RefSort(CALL_POOL))
    points = [i for i, member in enumerate(at.sort.members) if member.split("@")[0] == block]
    assert points, at.sort.members
    return exists(call.name, CALL_POOL, or_(*(
        eq(Read(CALL_AT, (call,), at.sort), Const(i, at.sort)) for i in points)))


@cache
def overlaps(name: str, processes: int, without: tuple[str, ...] = ()) -> frozenset[frozenset[str]]:
    """The pairs of DDIs that overlap at some scope with so many processes."""
    system = loaded(name, without).system
    found = set()
    for text in SCOPES[name]:
        for block in sorted(parking(system)):
            found |= {frozenset((block, other)) for other in beside(
                system, block, text.format(processes))}
    return frozenset(found)


def beside(system: System, block: str, scope: str) -> set[str]:
    """The DDIs that are entered while a call of `block` is in flight."""
    from wddmcheck.pipeline.scopes import resolve

    held = in_flight(system, block)
    entries = [replace(a, name=f"{a.name}/beside", guard=and_(a.guard, held))
               for a in system.actions if a.label.kind == "ddi"
               and a.label.phase in (Phase.ENTRY, Phase.WHOLE)]
    goals = [Property(f"beside {other}", Kind.FIRES, actions=tuple(
        e.name for e in entries if e.label.block == other))
        for other in sorted({e.label.block for e in entries})]
    asked = replace(system, actions=(*system.actions, *entries),
                    properties=(*system.properties, *goals))
    sizes = dict(resolve(asked, (scope,))[0].sizes)
    engine = choose.load(choose.explicit(asked, sizes, True).name)
    result = engine.check(CheckTask(asked, sizes, tuple(g.name for g in goals)))
    seen = set()
    for goal in goals:
        verdict = result.verdicts[goal.name]
        assert isinstance(verdict, (Reached, Unreached)), (goal.name, verdict)
        if isinstance(verdict, Reached):
            seen.add(goal.name.removeprefix("beside "))
    return seen


def pairs(name: str) -> list[tuple[str, str]]:
    names = list(table(name).calls)
    return [(a, b) for i, a in enumerate(names) for b in names[i:]]


@pytest.mark.parametrize("name", one_in(2, sorted(SCOPES)))
def test_what_the_table_says_is_what_happens(name: str) -> None:
    found = table(name)
    one, two = overlaps(name, 1), overlaps(name, 2)
    wrong = []
    for a, b in pairs(name):
        pair = frozenset((a, b))
        cell = found.cell(a, b)
        can = (found.calls[a].parks or found.calls[b].parks) and pair not in BY_CONTRACT[name]
        expected = {NO: (False, False), OTHER: (False, can), YES: (can, can)}[cell.answer]
        happens = (pair in one, pair in one | two)
        # (Two calls may need two processes for other reasons than their levels.)
        if happens[1] != expected[1] or (happens[0] and not expected[0]):
            wrong.append((a, b, cell.answer, happens))
    assert not wrong


@pytest.mark.parametrize(("name", "guarantee"), one_in(2, [
    ("threading", "L1"), ("threading", "L2"), ("threading", "L3"),
    ("miniport", "L0"), ("miniport", "L3")]))
def test_without_a_guarantee_what_it_alone_keeps_apart_overlaps(name: str, guarantee: str) -> None:
    """The pairs that a guarantee forbids alone happen without it, and no pair of another one."""
    found = table(name)
    kept = overlaps(name, 1)
    freed = overlaps(name, 1, (guarantee,)) - kept
    assert freed, "nothing happens that did not before"
    by_name = {p: found.cell(*(tuple(p) * 2)[:2]) for p in freed}
    assert {c.guarantee for c in by_name.values()} == {guarantee}


def test_l1_frees_nothing_in_the_miniport() -> None:
    """All its level-one calls run in one piece."""
    assert overlaps("miniport", 1, ("L1",)) == overlaps("miniport", 1)


BY_DEFAULT = {
    "display_objects": frozenset[str](), "dma_buffers": frozenset(
        ("DxgkDdiSignalMonitoredFence DxgkDdiSubmitCommand",
         "DxgkDdiSignalMonitoredFence DxgkDdiSubmitCommandVirtual")),
    "failed_creates": frozenset(),
    "fences_events": frozenset(), "kill": frozenset(), "miniport": frozenset(),
    "hardware_queues": frozenset(
        ("DxgkDdiResetHwEngine DxgkDdiResetHwEngine", "DxgkDdiResetHwEngine DxgkDdiResumeHwEngine",
         *(f"DxgkDdi{call} DxgkDdiDestroyDoorbell" for call in (
             "CreateDevice", "CreateProcess", "DestroyContext", "DestroyDevice")),
         "DxgkDdiDestroyDoorbell DxgkDdiDestroyProcess")),
    "locks": frozenset(("DxgkDdiSetPowerComponentFState DxgkDdiSetPowerComponentFState",)),
    "paging": frozenset(), "preemption": frozenset(), "removal": frozenset(),
    "scenarios": frozenset(),
    "tdr": frozenset(),
    "power": frozenset(" ".join(sorted((f"DxgkDdi{call}", "DxgkDdiSetPowerState"))) for call in (
        "CreateAllocation", "CreateContext", "CreateDevice", "CreateProcess", "DestroyContext",
        "DestroyDevice", "DestroyProcess", "OpenAllocation", "BuildPagingBuffer",
        "SubmitCommand")),
    "threading": frozenset(" ".join(sorted(tuple(pair) * 2)[::len(pair)][:2])
                           for pair in BY_CONTRACT["threading"]),
}
"""By model: pairs that levels let overlap and that overlap at no default scope, because of a
contract (one reset of an engine, one F-state transition, D3 and paging signals alone in their
class), or because one of them is left half way only where a third call has its lock
(DestroyDoorbell). What a model shares with models/miniport.wddm may overlap at the default scopes
of that."""

ALONE = ("display_objects", "dma_buffers", "fences_events", "hardware_queues", "locks")
"""Models that share nothing with models/miniport.wddm."""


@cache
def overlaps_by_default(name: str) -> frozenset[str]:
    """The pairs of DDIs that overlap at a default scope."""
    system = loaded(name).system
    found = set()
    for scope in system.default_scopes:
        sizes = dict(dict(system.scopes)[scope])
        text = ",".join(f"{'calls' if n == CALL_POOL else n}={k}" for n, k in sizes.items())
        for block in parking(system):
            found |= {" ".join(sorted((block, other))) for other in beside(system, block, text)}
    return frozenset(found)


@pytest.mark.parametrize("name", [
    name if name in ALONE[:2] else pytest.param(name, marks=pytest.mark.slow)
    for name in BY_DEFAULT])
def test_what_may_overlap_does_at_a_default_scope(name: str) -> None:
    found = table(name)
    may = {" ".join(sorted((a, b))) for a, b in pairs(name)
           if found.cell(a, b).answer != NO and (found.calls[a].parks or found.calls[b].parks)}
    shared = overlaps_by_default("miniport") if name not in ALONE else set()
    assert may - overlaps_by_default(name) - shared == BY_DEFAULT[name]


SHIPPED = sorted(p.name for p in MODELS.glob("*.wddm"))

OTHERWISE = {
    ("threading.wddm", "DxgkDdiSetPowerState"): "its one exception cannot be said in a header",
    ("power.wddm", "DxgkDdiSetPowerState"): "its one exception cannot be said in a header",
    ("power.wddm", "DxgkDdiBeginExclusiveAccess"): "no other DDI is called, its page says",
    ("power.wddm", "DxgkDdiEndExclusiveAccess"): "no other DDI is called, its page says",
    ("paging.wddm", "DxgkDdiSetRootPageTable"): "its class has no name; the model gives it one",
}
"""Calls that a model has at another level or in another class than the pages, and why."""


@pytest.mark.parametrize("name", SHIPPED)
def test_models_have_the_levels_of_the_pages(name: str) -> None:
    found = pipeline.read_model(str(MODELS / name))
    known = levels.load()
    differ = {}
    for block in found.model.blocks.values():
        call = known.calls.get(block.name)
        if block.kind != "ddi" or call is None:
            continue
        own = (block.level or 0, block.klass.replace("_", "-"))
        if own != (call.level, call.klass) and (name, block.name) not in OTHERWISE:
            differ[block.name] = (own, (call.level, call.klass))
    assert not differ


def test_what_differs_still_does() -> None:
    known = levels.load()
    for name, block in OTHERWISE:
        found = pipeline.read_model(str(MODELS / name)).model.blocks[block]
        assert ((found.level or 0, found.klass.replace("_", "-"))
                != (known.calls[block].level, known.calls[block].klass)), (name, block)
