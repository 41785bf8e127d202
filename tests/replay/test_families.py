"""What the families of models have on the machine: the scenarios that they claim to reach happen on
the reference miniport, step for step and with the same state, and their variants are its defects.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.models import shipped
from tests.support.samples import one_in
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.replay.agree import Pair
from wddmcheck.replay.families import FAMILIES
from wddmcheck.result.verdict import Reached

MODELS = ("bring_up", "display_objects", "dma_buffers", "fences_events", "hardware_queues", "kill",
          "locks", "paging", "power", "sharing", "threading")
SCENARIOS = [(model, p.name) for model in MODELS
             for p in shipped(f"models/{model}.wddm").properties
             if p.kind is Kind.REACHABLE and not p.goal]


@pytest.mark.parametrize(("model", "name"), one_in(2, SCENARIOS))
def test_a_scenario_happens_on_the_reference_miniport(model: str, name: str) -> None:
    system = shipped(f"models/{model}.wddm")
    for scope in system.default_scopes:
        sizes = dict(dict(system.scopes)[scope])
        found = get("native").check(CheckTask(system, sizes, (name,))).verdicts[name]
        if isinstance(found, Reached):
            pair = Pair(Layout.of(system, sizes))
            for step in found.trace.steps:
                done = pair.take(step)
                assert (done.impossible, done.deviations, done.findings) == ("", (), ())
            assert found.trace.steps
            return
    pytest.fail(f"{name} is reached at no default scope")


@pytest.mark.parametrize("family", MODELS)
def test_every_variant_has_a_miniport_made_from_that_of_its_family(family: str) -> None:
    variants = {p.stem for p in Path(f"models/seeded/{family}").glob("*.wddm")}
    assert variants
    for name in variants:
        assert issubclass(DEFECTS[name], FAMILIES[family].reference)
