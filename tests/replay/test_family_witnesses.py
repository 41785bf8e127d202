"""The scenarios that a family of models claims to reach happen on the reference miniport, step for
step and with the same state."""

from __future__ import annotations

import pytest

from tests.support.models import shipped
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind
from wddmcheck.replay.agree import Pair
from wddmcheck.result.verdict import Reached

MODELS = ("fences_events", "hardware_queues", "kill", "paging", "power")
SCENARIOS = [(model, p.name) for model in MODELS
             for p in shipped(f"models/{model}.wddm").properties
             if p.kind is Kind.REACHABLE and not p.goal]


@pytest.mark.parametrize(("model", "name"), SCENARIOS)
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
