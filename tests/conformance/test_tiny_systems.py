"""Every registered engine on every tiny system, written in the IR: no contradiction of what is
known, and evidence that the oracle accepts. (test_engines.py does the same for models.)"""

from __future__ import annotations

import pytest

from tests.conformance.expectations import GOALS, check, objection
from tests.engines.smt.yardstick import yardstick
from tests.support.tiny import Broken, Tiny
from tests.support.tiny_systems import tiny_systems
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get, names
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.validate import problems
from wddmcheck.result.verdict import (
    Enumeration,
    Proved,
    Reached,
    Unreached,
    Violated,
)

SYSTEMS = tiny_systems()
tiny_system = pytest.mark.parametrize("tiny", SYSTEMS, ids=lambda t: t.name)
symmetric = pytest.mark.parametrize("symmetry", [False, True], ids=["all", "orbits"])


@tiny_system
def test_systems_are_well_formed(tiny: Tiny) -> None:
    assert problems(tiny.system) == []


@pytest.mark.parametrize("engine", names())
@tiny_system
@symmetric
def test_no_engine_contradicts_the_truth(engine: str, tiny: Tiny, symmetry: bool) -> None:
    result = check(engine, tiny, symmetry=symmetry, limits=Limits(depth=10, timeout_s=20))
    for prop in tiny.system.properties:
        verdict = result.verdicts[prop.name]
        assert objection(prop, verdict, tiny.claims.get(prop.name)) == "", prop.name
        recheck(tiny.system, tiny.scope, prop, verdict)


@pytest.mark.parametrize("engine", ["interpret", "native"])
@tiny_system
@symmetric
def test_enumeration_decides_everything(engine: str, tiny: Tiny, symmetry: bool) -> None:
    result = check(engine, tiny, symmetry=symmetry)
    explored = result.exploration
    assert explored.complete
    assert explored.stopped_by is None
    assert explored.states == (tiny.orbits if explored.symmetry else tiny.states)
    assert explored.depth == tiny.depth
    if not explored.symmetry:
        assert explored.transitions == tiny.transitions
    for prop in tiny.system.properties:
        verdict = result.verdicts[prop.name]
        match tiny.claims.get(prop.name):
            case None:
                assert isinstance(verdict, Unreached if prop.kind in GOALS else Proved)
                assert isinstance(verdict.evidence, Enumeration)
                assert verdict.evidence.beyond == tiny.beyond
            case Broken(steps):
                assert isinstance(verdict, Reached if prop.kind in GOALS else Violated)
                assert verdict.trace is not None
                assert len(verdict.trace.steps) == steps


# --- the yardstick (reference counts) ------------------------------------------------------

@pytest.mark.slow
def test_yardstick_orbits_at_a_larger_size() -> None:
    scope = {"P": 2, "D": 2, "C": 4, "A": 4}
    result = get("interpret").check(CheckTask(yardstick(), scope, ("I1", "I2", "I3", "I4", "I5")))
    assert result.exploration.states == 7_230
    assert all(isinstance(v, Proved) for v in result.verdicts.values())


@pytest.mark.parametrize("engine", ["interpret", "bmc"])
@pytest.mark.parametrize(("bug", "broken", "steps"), [(1, "I3", 7), (2, "I4", 8)])
@symmetric
def test_yardstick_defects(engine: str, bug: int, broken: str, steps: int, symmetry: bool) -> None:
    system, scope = yardstick(bug), {"P": 1, "D": 1, "C": 2, "A": 2}
    result = get(engine).check(CheckTask(
        system, scope, (broken,), Limits(depth=steps), symmetry=symmetry))
    verdict = result.verdicts[broken]
    assert isinstance(verdict, Violated)
    assert len(verdict.trace.steps) == steps
    recheck(system, scope, next(p for p in system.properties if p.name == broken), verdict)


# --- limits ------------------------------------------------------------------------------------

@pytest.mark.parametrize("engine", names())
@symmetric
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_a_bound_claims_no_more_than_it_looked_at(engine: str, symmetry: bool, depth: int) -> None:
    for tiny in SYSTEMS:
        if tiny.states > 100:
            continue
        result = check(engine, tiny, symmetry=symmetry, limits=Limits(depth=depth))
        for prop in tiny.system.properties:
            verdict = result.verdicts[prop.name]
            assert objection(prop, verdict, tiny.claims.get(prop.name)) == "", (
                tiny.name, prop.name)
