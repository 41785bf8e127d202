"""Random systems: every tool counts the states and steps of the oracle, and what it finds first is
a shortest violation of that property."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import Maker, random_system
from tests.foreign.tools import EACH_TOOL, Run, counted
from tests.foreign.verdicts import checked, length_of
from tests.properties.random_systems import SCOPES, graph_claims
from tests.support.naive import Naive
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.expr import TRUE
from wddmcheck.ir.system import Kind, System

pytestmark = pytest.mark.usefixtures("asleep")

# A smaller example is not worth the many runs of compilers that it takes to find it.
SETTINGS = settings(max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck))
MANY = settings(SETTINGS, max_examples=60)
MOST = 20_000
"""Transitions: the oracle is slow."""
CHECKED = (Kind.INVARIANT, Kind.OBLIGATION, Kind.NO_DEADLOCK)


@pytest.mark.parametrize("target", EACH_TOOL)
def test_on_random_systems(target: str) -> None:
    SETTINGS(given(st.integers(0, 10**6), st.sampled_from(SCOPES))(
        lambda seed, scope: compare(target, system_of(seed), scope)))()


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL)
def test_on_many_random_systems(target: str) -> None:
    MANY(given(st.integers(0, 10**6), st.sampled_from(SCOPES))(
        lambda seed, scope: compare(target, system_of(seed), scope)))()


def system_of(seed: int) -> System:
    """A random system with claims of all kinds."""
    system = random_system(seed)
    claims = graph_claims(Maker(seed), system)
    return replace(system, properties=(*system.properties, *claims))


def compare(target: str, system: System, scope: Mapping[str, int]) -> None:
    note(f"{system.name} {scope}")
    explored = get("native").check(CheckTask(system, scope, (), symmetry=False)).exploration
    assume(explored.states > 1 and explored.transitions <= MOST)
    naive = Naive(system, scope)
    with tempfile.TemporaryDirectory() as folder:
        run = counted(Path(folder) / "counted", target, system, scope)
        assert (run.states, run.transitions) == (len(naive.depths), naive.transitions)
        # A goal that Rumur does not reach keeps it from looking at what is always possible.
        names = tuple(p.name for p in system.properties if p.kind in CHECKED
                      or p.kind is Kind.ALWAYS_POSSIBLE)
        run = checked(Path(folder) / "checked", target, system, scope, names, deadlock=True)
    if run.found is not None:
        found(target, run, naive)
        return
    assert run.states == len(naive.depths)
    stated = (*CHECKED, *((Kind.ALWAYS_POSSIBLE,) if target == "murphi" else ()))
    assert {p.name for p in system.properties if p.kind in stated and p.premise == TRUE
            and naive.first(p) is not None} == set()


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
