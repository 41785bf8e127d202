"""Hand-made reports over the driver model."""

from __future__ import annotations

from dataclasses import replace

from tests.report.driver_model import PATH, QUICK, SYSTEM, leak, prop, run, twice
from wddmcheck.report.words import exit_code
from wddmcheck.result.report import Hollow, PropertyResult, Report, ScopeRun, SliceRun, Way
from wddmcheck.result.verdict import (
    Enumeration,
    Exploration,
    Holds,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Violated,
)

SIZES = tuple(QUICK.items())
WIDE_SIZES = (("Process", 1), ("Device", 1), ("Context", 2), ("ContextAllocation", 2), ("Call", 2))
COMMAND = f"wddmcheck verify {PATH} --policy G06=leak"
SEEN = Proved(Enumeration(48_213, True))


def witness() -> Reached:
    return Reached(run(QUICK, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
                       ("DxgkDdiCreateContext/1", 0, 0, 0), ("DxgkDdiSubmitCommand/1", 0)))


def report(runs: tuple[ScopeRun, ...], merged: tuple[PropertyResult, ...],
           hollow: tuple[Hollow, ...] = ()) -> Report:
    return Report(PATH, "ab" * 32, COMMAND, SYSTEM, runs, merged, hollow,
                  int(exit_code(merged, hollow)), 1.62, 210_000_000)


def exploration(**changes: object) -> Exploration:
    base = Exploration("explicit", True, 48_213, 190_004, 21, True, None, 0.94, 180_000_000)
    return replace(base, **changes)  # type: ignore[arg-type]


GOALS = (
    PropertyResult("fires:Complete", Reached(None), "explicit"),
    PropertyResult("fires:DxgkDdiDestroyContext", Reached(None), "explicit"),
    PropertyResult("returns:DxgkDdiCreateContext:STATUS_NO_MEMORY", Reached(None), "explicit"),
    PropertyResult("premise:current_is_live", Reached(None), "explicit"),
)


def good() -> Report:
    """Everything holds, in several strengths of evidence."""
    results = (
        PropertyResult("ctx_allocs_freed_first", Proved(Inductive((
            prop("current_is_live").formula, prop("can_tear_down").formula), 1)), "pdr", 0.4),
        PropertyResult("no_double_destroy", Proved(
            Enumeration(48_213, True, ("no_orphan",))), "explicit", 0.9),
        PropertyResult("a_context_runs", witness(), "explicit", 0.1),
    )
    return report((ScopeRun("quick", SIZES, (exploration(),), results, GOALS),), results)


def bad() -> Report:
    """Violations at two scopes."""
    quick = (
        PropertyResult("ctx_allocs_freed_first", Violated(leak()), "explicit", 0.1),
        PropertyResult("no_double_destroy", SEEN, "explicit", 0.9),
        PropertyResult("a_context_runs", witness(), "explicit", 0.1),
    )
    wide = (
        PropertyResult("ctx_allocs_freed_first", Violated(leak()), "explicit", 0.3),
        PropertyResult("no_double_destroy", Violated(twice()), "explicit", 2.9),
        PropertyResult("a_context_runs", Reached(None), "explicit", 0.1),
    )
    return report(
        (ScopeRun("quick", SIZES, (exploration(),), quick, GOALS),
         ScopeRun("", WIDE_SIZES, (exploration(complete=False, stopped_by=Stop.STATES),), wide,
                  GOALS)),
        (quick[0], wide[1], quick[2]))


def open_ended() -> Report:
    """Limits, skips and hollowness."""
    results = (
        PropertyResult("ctx_allocs_freed_first", Holds(19, Stop.TIME), "bmc", 300.0),
        PropertyResult("no_double_destroy", Inconclusive(
            Stop.MEMORY, 13, "complete to depth 13; nothing violated so far"), "explicit", 61.2),
        PropertyResult("current_is_live", SEEN, "explicit", 0.9),
        PropertyResult("running_ends", Skipped("bmc decides no leads-to"), "bmc"),
        PropertyResult("a_context_runs", Unreached(Enumeration(48_213, True)), "explicit", 0.2),
        PropertyResult("no_deadlock", Holds(20), "bmc", 3.0),
    )
    hollow = (
        Hollow("premise:current_is_live", "current_is_live",
               "the premise of current_is_live can be true", True),
        Hollow("fires:DxgkDdiDestroyContext", "DxgkDdiDestroyContext",
               "DxgkDdiDestroyContext can be called", False),
    )
    goals = (GOALS[0], PropertyResult(GOALS[1].name, Inconclusive(Stop.TIME, 19), "bmc"), GOALS[2],
             PropertyResult(GOALS[3].name, Unreached(Enumeration(48_213, True)), "explicit"))
    seen = (exploration(engine="bmc", symmetry=False, states=0, transitions=0, depth=19,
                        complete=False, stopped_by=Stop.TIME), exploration())
    return report((ScopeRun("quick", SIZES, seen, results, goals,
                            ("the goal of no_orphan was left out",)),), results, hollow)


def way(stage: Way, states: int) -> SliceRun:
    return SliceRun(("can_tear_down",), (("Context.life", "can_tear_down speaks of it"),),
                    ("open", "ghost"), (), ("ContextAllocation",), ("Complete/1",),
                    exploration(states=states, depth=3), stage)


def sliced() -> Report:
    """Decided on slices: one property on two of them, a violation on one, the rest on the whole."""
    results = (
        PropertyResult("ctx_allocs_freed_first", Violated(leak()), "interpret", 0.1),
        PropertyResult("no_double_destroy", Proved(
            Enumeration(1_812, True, ("no_orphan",), slices=2)), "interpret", 0.9),
        PropertyResult("current_is_live", SEEN, "interpret", 0.9),
        PropertyResult("can_tear_down", Proved(Enumeration(70, True, slices=3)), "interpret", 0.9),
    )
    created = ("DxgkDdiCreateProcess/1", "DxgkDdiCreateDevice/1")
    small = SliceRun(
        ("no_double_destroy",), (("Context.life", "Complete/1 depends on it"),),
        ("Device.process", "open", "ghost"), (*created, "DxgkDdiSubmitCommand/1"),
        ("Process", "Device", "ContextAllocation"), ("Complete/1", "DxgkDdiDestroyContext/1"),
        exploration(states=12, depth=4))
    large = SliceRun(
        ("no_double_destroy", "ctx_allocs_freed_first"),
        (("Context.life", "DxgkDdiDestroyContext/2 sets ContextAllocation.context by it"),
         ("ContextAllocation.context", "ctx_allocs_freed_first speaks of it")),
        ("open", "ghost"), created, ("Process",), (), exploration(states=1_800, depth=14))
    ways = (way(Way(("Context", "Device"), ""), 12), way(Way((), "Context"), 48),
            way(Way(("Context",), "Device"), 10))
    run = ScopeRun("quick", SIZES, (exploration(),), results, GOALS,
                   ("engine auto: slices decided something",), (small, large, *ways))
    return report((run,), results)
