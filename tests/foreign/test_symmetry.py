"""Symmetry reduction of Rumur and TLC counts the orbits that the interpreter counts, and scalarsets
without reduction all states."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import random_system
from tests.foreign.tools import exported, needs_rumur, needs_tlc, rumur, tlc
from tests.properties.random_systems import SCOPES
from tests.support.models import shipped
from tests.support.tiny_systems import tiny_systems
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import System
from wddmcheck.pipeline.scopes import resolve
from wddmcheck.result.verdict import Exploration

TINY = {t.name: t for t in tiny_systems() if t.orbits < t.states}
QUICK = ("calls",)
TOOLS = [pytest.param("murphi", marks=needs_rumur), pytest.param("tla", marks=needs_tlc)]
SCOPE = "Process=1,Device=1,Context=2,ContextAllocation=2,OpenAllocation=1,Resource=0,calls=1"
MANY = settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck))


def explored(system: System, scope: Mapping[str, int], *, symmetry: bool) -> Exploration:
    return get("interpret").check(CheckTask(system, scope, (), symmetry=symmetry)).exploration


def check(folder: Path, target: str, system: System, scope: Mapping[str, int], states: int,
          orbits: int) -> None:
    exported(folder, target, system, scope, (), symmetry=True)
    if target == "tla":
        assert tlc(folder).states == orbits
        return
    assert rumur(folder, "--symmetry-reduction", "exhaustive").states == orbits
    assert rumur(folder, "--symmetry-reduction", "off").states == states
    assert orbits <= rumur(folder, "--symmetry-reduction", "heuristic").states <= states


@pytest.mark.parametrize("target", TOOLS)
@pytest.mark.parametrize("name", QUICK)
def test_orbits(tmp_path: Path, target: str, name: str) -> None:
    tiny = TINY[name]
    check(tmp_path, target, tiny.system, tiny.scope, tiny.states, tiny.orbits)


@pytest.mark.slow
@pytest.mark.parametrize("target", TOOLS)
@pytest.mark.parametrize("name", [n for n in TINY if n not in QUICK])
def test_more_orbits(tmp_path: Path, target: str, name: str) -> None:
    tiny = TINY[name]
    check(tmp_path, target, tiny.system, tiny.scope, tiny.states, tiny.orbits)


@pytest.mark.slow
@pytest.mark.parametrize("target", TOOLS)
@pytest.mark.parametrize(("path", "scope"), [
    ("models/yardstick.wddm", "small"), ("models/miniport.wddm", SCOPE),
    ("tests/golden/export/queue.wddm", "Job=3")])
def test_orbits_of_models(tmp_path: Path, target: str, path: str, scope: str) -> None:
    system = shipped(path)
    sizes = dict(resolve(system, (scope,))[0].sizes)
    check(tmp_path, target, system, sizes, explored(system, sizes, symmetry=False).states,
          explored(system, sizes, symmetry=True).states)


@pytest.mark.slow
@pytest.mark.parametrize("target", TOOLS)
def test_orbits_of_random_systems(target: str) -> None:
    MANY(given(st.integers(0, 10**6), st.sampled_from(SCOPES))(
        lambda seed, scope: compare(target, random_system(seed), scope)))()


def compare(target: str, system: System, scope: Mapping[str, int]) -> None:
    full = get("native").check(CheckTask(system, scope, (), symmetry=False)).exploration
    assume(1 < full.states < 2000 and full.transitions < 40_000)
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder), target, system, scope, full.states,
              explored(system, scope, symmetry=True).states)
