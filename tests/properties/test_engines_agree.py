"""All engines agree: on random models in the language, and on random systems of the IR.

The naive search on the oracle is the reference; `interpret` and `native`, with and without
symmetry, must have its verdicts and shortest lengths, and as many orbits as each other; `bmc` must
have its shortest lengths up to a depth, and `kinduction` must never contradict. Every trace
re-executes.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import random_system
from tests.support.models import system_of
from tests.support.naive import Naive
from tests.support.random_models import models
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.system import Kind, System
from wddmcheck.ir.validate import problems
from wddmcheck.result.verdict import (
    Holds,
    Proved,
    Reached,
    Unreached,
    Verdict,
    Violated,
)

pytestmark = pytest.mark.usefixtures("asleep")

DEPTH = 6
SETTINGS = settings(max_examples=10, deadline=None, derandomize=True,
                    suppress_health_check=list(HealthCheck))
MANY = settings(SETTINGS, max_examples=1000)


def check(system: System, scope: Mapping[str, int]) -> None:
    """Everything that engines must agree on."""
    assert problems(system) == []
    naive = Naive(system, scope)
    by_name = {p.name: p for p in system.properties}
    names = tuple(p.name for p in system.properties if p.kind is not Kind.LEADS_TO)
    orbits: set[tuple[int, int]] = set()
    for engine, symmetry in product(("interpret", "native"), (False, True)):
        result = get(engine).check(CheckTask(system, scope, names, symmetry=symmetry))
        assert result.exploration.complete
        assert result.exploration.depth == naive.depth
        if not symmetry:
            assert result.exploration.states == len(naive.depths)
            assert result.exploration.transitions == naive.transitions
        elif result.exploration.symmetry:
            orbits.add((result.exploration.states, result.exploration.transitions))
        for name in names:
            note(f"{engine}, symmetry {symmetry}: {name}: {result.verdicts[name]}")
            agree(result.verdicts[name], naive.first(by_name[name]), by_name[name].kind)
            recheck(system, scope, by_name[name], result.verdicts[name])
    assert len(orbits) <= 1
    bounded = tuple(n for n in names if by_name[n].kind is not Kind.ALWAYS_POSSIBLE)
    found = get("bmc").check(CheckTask(system, scope, bounded, Limits(depth=DEPTH)))
    for name in bounded:
        note(f"bmc: {name}: {found.verdicts[name]}")
        agree_to_depth(found.verdicts[name], naive.first(by_name[name]))
        recheck(system, scope, by_name[name], found.verdicts[name])
    inductive = tuple(n for n in names if by_name[n].kind in (Kind.INVARIANT, Kind.OBLIGATION))
    proved = get("kinduction").check(CheckTask(system, scope, inductive, Limits(depth=3)))
    for name in inductive:
        note(f"kinduction: {name}: {proved.verdicts[name]}")
        first = naive.first(by_name[name])
        match proved.verdicts[name]:
            case Proved():
                assert first is None
            case Violated(trace):
                assert first == len(trace.steps)
            case _:
                pass


def agree(verdict: Verdict, first: int | None, kind: Kind) -> None:
    """A complete answer against the reference."""
    match verdict:
        case Violated(trace):
            assert first == len(trace.steps)
        case Reached(trace):
            assert first is not None
            assert trace is None or first == len(trace.steps)
        case Proved() | Unreached():
            assert first is None
        case _:
            raise AssertionError(f"{kind} was not answered: {verdict}")


def agree_to_depth(verdict: Verdict, first: int | None) -> None:
    """A bounded answer against the reference."""
    match verdict:
        case Violated(trace):
            assert first == len(trace.steps)
        case Reached(trace):
            assert first is not None
            assert trace is None or first == len(trace.steps)
        case Holds(depth, _):
            assert depth == DEPTH
            assert first is None or first > DEPTH
        case Proved() | Unreached():
            assert first is None
        case _:
            pass


@SETTINGS
@given(models(), st.sampled_from([{"C": 1, "D": 1}, {"C": 2, "D": 1}, {"C": 2, "D": 2}]),
       st.integers(1, 2))
def test_on_random_models(text: str, sizes: dict[str, int], calls: int) -> None:
    note(text)
    system = system_of(text)
    check(system, {p.name: sizes.get(p.name, calls) for p in system.pools if not p.single})


@SETTINGS
@given(st.integers(0, 10**6), st.sampled_from([(1, 1), (2, 1), (2, 2), (1, 3)]))
def test_on_random_systems(seed: int, sizes: tuple[int, int]) -> None:
    system = random_system(seed)
    check(system, {"P": sizes[0], "Q": sizes[1]})


@pytest.mark.slow
@MANY
@given(models(), st.integers(1, 2))
def test_on_many_random_models(text: str, calls: int) -> None:
    note(text)
    system = system_of(text)
    sizes = {"C": 2, "D": 2}
    check(system, {p.name: sizes.get(p.name, calls) for p in system.pools if not p.single})
