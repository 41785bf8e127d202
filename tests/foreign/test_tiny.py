"""Small systems whose numbers were counted by hand: every tool counts the same states and steps,
and finds the same shortest violations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign.tools import EACH_TOOL, counted
from tests.foreign.verdicts import checked, first
from tests.support.tiny import Tiny
from tests.support.tiny_systems import tiny_systems
from wddmcheck.ir.system import Kind

pytestmark = pytest.mark.usefixtures("asleep")

SYSTEMS = {t.name: t for t in tiny_systems()}
QUICK = ("obligations_in_order", "calls", "swap")
"""Of the tools, TLC takes longest to start."""
LINEAR = (Kind.INVARIANT, Kind.OBLIGATION, Kind.NO_DEADLOCK)
GOALS = (Kind.REACHABLE, Kind.FIRES)


@pytest.mark.parametrize("target", EACH_TOOL)
@pytest.mark.parametrize("name", QUICK)
def test_counts(tmp_path: Path, target: str, name: str) -> None:
    count(tmp_path, target, SYSTEMS[name])


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL)
@pytest.mark.parametrize("name", [n for n in SYSTEMS if n not in QUICK])
def test_more_counts(tmp_path: Path, target: str, name: str) -> None:
    count(tmp_path, target, SYSTEMS[name])


def count(folder: Path, target: str, tiny: Tiny) -> None:
    run = counted(folder, target, tiny.system, tiny.scope)
    assert (run.states, run.transitions, run.found) == (tiny.states, tiny.transitions, None)


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL)
@pytest.mark.parametrize("name", SYSTEMS)
def test_shortest_violations(tmp_path: Path, target: str, name: str) -> None:
    tiny = SYSTEMS[name]
    for number, prop in enumerate(tiny.system.properties):
        if prop.kind not in LINEAR and not (prop.kind in GOALS and target != "murphi"):
            continue
        truth = tiny.claims.get(prop.name)
        found = first(tmp_path / str(number), target, tiny.system, tiny.scope, prop)
        assert found == (truth.steps if truth else None), prop.name


@pytest.mark.slow
@pytest.mark.parametrize("target", [EACH_TOOL[1]])
@pytest.mark.parametrize("name", SYSTEMS)
def test_what_rumur_knows_of_graphs(tmp_path: Path, target: str, name: str) -> None:
    """`cover` complains where nothing is reached, `liveness` where a goal is out of reach."""
    tiny = SYSTEMS[name]
    for number, prop in enumerate(tiny.system.properties):
        if prop.kind not in GOALS and prop.kind is not Kind.ALWAYS_POSSIBLE:
            continue
        run = checked(tmp_path / str(number), target, tiny.system, tiny.scope, (prop.name,),
                      deadlock=False)
        if prop.kind in GOALS:
            assert (run.missed == ()) == (prop.name in tiny.claims), prop.name
        else:
            assert (run.found is not None) == (prop.name in tiny.claims), prop.name
