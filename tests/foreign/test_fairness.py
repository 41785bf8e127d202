"""Claims about all runs: SPIN and TLC say what the interpreter says, fairness and faults too."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import Maker, random_system
from tests.foreign.tools import exported, needs_spin, needs_tlc, spin_runs, tlc_runs
from tests.properties.random_systems import SCOPES, graph_claims
from tests.support.tiny import Tiny
from tests.support.tiny_systems import tiny_systems
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.result.verdict import Violated

TINY = {t.name: t for t in tiny_systems()
        if any(p.kind is Kind.LEADS_TO for p in t.system.properties)}
QUICK = ("faulty_server",)
TOOLS = [pytest.param("promela", marks=needs_spin), pytest.param("tla", marks=needs_tlc)]
MANY = settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck))


def violated(folder: Path, target: str, system: System, scope: Mapping[str, int],
             prop: Property) -> bool:
    """What the tool says of one claim."""
    exported(folder, target, system, scope, (prop.name,))
    if target == "tla":
        return tlc_runs(folder)
    name = prop.name.replace(" ", "_")
    return spin_runs(folder, f"n{name}" if name[0].isdigit() else name)


def check(folder: Path, target: str, tiny: Tiny) -> None:
    for number, prop in enumerate(tiny.system.properties):
        if prop.kind is Kind.LEADS_TO:
            said = violated(folder / str(number), target, tiny.system, tiny.scope, prop)
            assert said == (prop.name in tiny.claims), prop.name


@pytest.mark.parametrize("target", TOOLS)
@pytest.mark.parametrize("name", QUICK)
def test_fairness(tmp_path: Path, target: str, name: str) -> None:
    check(tmp_path, target, TINY[name])


@pytest.mark.slow
@pytest.mark.parametrize("target", TOOLS)
@pytest.mark.parametrize("name", [n for n in TINY if n not in QUICK])
def test_more_fairness(tmp_path: Path, target: str, name: str) -> None:
    check(tmp_path, target, TINY[name])


@pytest.mark.slow
@pytest.mark.parametrize("target", TOOLS)
def test_on_random_systems(target: str) -> None:
    MANY(given(st.integers(0, 10**6), st.sampled_from(SCOPES))(
        lambda seed, scope: compare(target, seed, scope)))()


def compare(target: str, seed: int, scope: Mapping[str, int]) -> None:
    """One claim, picked by the seed, of a random system."""
    system = random_system(seed)
    claims = [p for p in graph_claims(Maker(seed), system) if p.kind is Kind.LEADS_TO]
    prop = claims[seed % len(claims)]
    system = System(system.name, system.pools, system.variables, system.actions,
                    (*system.properties, prop))
    result = get("interpret").check(CheckTask(system, scope, (prop.name,), symmetry=False))
    assume(1 < result.exploration.states < 400 and result.exploration.transitions < 10_000)
    with tempfile.TemporaryDirectory() as folder:
        said = violated(Path(folder), target, system, scope, prop)
    assert said == isinstance(result.verdicts[prop.name], Violated)
