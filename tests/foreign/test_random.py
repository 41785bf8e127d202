"""Random systems: every tool counts the states and steps of the oracle, and what it finds first is
a shortest violation of that property."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from tests.foreign.tools import EACH_TOOL, Run, counted
from tests.foreign.verdicts import checked, length_of
from tests.properties.random_systems import SCOPES, systems
from tests.support.naive import Naive
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.show import show
from wddmcheck.ir.system import Kind, System

# A smaller example is not worth the many runs of compilers that it takes to find it.
SETTINGS = settings(max_examples=4, deadline=None, derandomize=True, phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck))
MANY = settings(SETTINGS, max_examples=60)
MOST = 20_000
"""Transitions: the oracle is slow."""
CHECKED = (Kind.INVARIANT, Kind.OBLIGATION, Kind.NO_DEADLOCK)


@pytest.mark.parametrize("target", EACH_TOOL)
def test_on_random_systems(target: str) -> None:
    SETTINGS(given(systems(), st.sampled_from(SCOPES))(
        lambda system, scope: compare(target, system, scope)))()


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL)
def test_on_many_random_systems(target: str) -> None:
    MANY(given(systems(), st.sampled_from(SCOPES))(
        lambda system, scope: compare(target, system, scope)))()


def compare(target: str, system: System, scope: Mapping[str, int]) -> None:
    note(f"{scope}\n{show(system)}")
    explored = get("native").check(CheckTask(system, scope, (), symmetry=False)).exploration
    assume(1 < explored.states and explored.transitions <= MOST)
    naive = Naive(system, scope)
    with tempfile.TemporaryDirectory() as folder:
        run = counted(Path(folder) / "counted", target, system, scope)
        assert (run.states, run.transitions) == (len(naive.depths), naive.transitions)
        run = checked(Path(folder) / "checked", target, system, scope, None, deadlock=True)
    if run.found is not None:
        found(target, run, naive)
        return
    assert run.states == len(naive.depths)
    missed = {p.name for p in system.properties if naive_first(naive, p.name) is not None
              and (p.kind in CHECKED or (target == "murphi" and p.kind is Kind.ALWAYS_POSSIBLE))}
    assert not missed
    if target == "murphi":
        assert set(run.missed) == {p.name for p in system.properties if not p.goal
                                   and p.kind is Kind.REACHABLE and naive.first(p) is None}


def found(target: str, run: Run, naive: Naive) -> None:
    """What was found is a violation, and its run is shortest."""
    assert run.found is not None
    name, _ = run.found
    prop = next(p for p in naive.system.properties if name in (
        p.name, p.name.replace(" ", "_")) or (name in ("deadlock", "no_deadlock") and
                                              p.kind is Kind.NO_DEADLOCK))
    if prop.kind is Kind.ALWAYS_POSSIBLE:
        assert target == "murphi"
        assert naive.first(prop) is not None
    else:
        assert length_of(target, prop, run) == naive.first(prop)


def naive_first(naive: Naive, name: str) -> int | None:
    prop = next(p for p in naive.system.properties if p.name == name)
    return None if prop.kind is Kind.LEADS_TO else naive.first(prop)
