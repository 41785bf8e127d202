"""What an engine may say, given what is true."""

from __future__ import annotations

from typing import assert_never

from tests.support.tiny import Broken, Tiny
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import (
    CheckResult,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Skipped,
    Trace,
    Unreached,
    Verdict,
    Violated,
)

GOALS = (Kind.REACHABLE, Kind.FIRES)


def check(engine: str, tiny: Tiny, *, symmetry: bool, limits: Limits | None = None) -> CheckResult:
    """All properties of a tiny system; the verdicts are those asked for, in their order."""
    names = tuple(p.name for p in tiny.system.properties)
    result = get(engine).check(CheckTask(
        tiny.system, tiny.scope, names, limits or Limits(), symmetry))
    assert tuple(result.verdicts) == names
    assert result.exploration.engine == engine
    return result


def objection(prop: Property, verdict: Verdict, truth: Broken | None) -> str:
    """Why `verdict` contradicts the truth; empty if it does not. Not to decide is no contradiction,
    but a bound that reaches the shortest run is."""
    goal = prop.kind in GOALS
    match verdict:
        case Violated(trace):
            return _run(trace, truth) if not goal else "a goal is violated"
        case Reached(trace):
            return _run(trace, truth) if goal else "a claim is reached"
        case Proved():
            return "a violation is missed" if goal or truth else ""
        case Unreached():
            return "a witness is missed" if truth or not goal else ""
        case Holds(depth, _):
            missed = truth is not None and (truth.steps is None or truth.steps <= depth)
            return f"the run of {truth} is missed" if missed else ""
        case Inconclusive() | Skipped():
            return ""
        case _:
            assert_never(verdict)


def _run(trace: Trace | None, truth: Broken | None) -> str:
    if truth is None:
        return "there is no such run"
    if trace is None or truth.steps is None:
        return ""
    if len(trace.steps) < truth.steps or (trace.shortest and len(trace.steps) > truth.steps):
        return f"{len(trace.steps)} steps where {truth.steps} are shortest"
    return ""
