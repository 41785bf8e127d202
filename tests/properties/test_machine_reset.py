"""The models of preemption, removal and timeouts agree with the machine, on random walks in both
directions.
"""

from __future__ import annotations

import random
from itertools import product

import pytest

from tests.support.twins import May, Twins
from tests.support.walks import Policies, pick, program

WALKS = [(name, scope) for name, scopes in {
    "preemption": ("turns", "reading", "small"),
    "removal": ("teardown", "memory", "small"),
    "tdr": ("engine", "cleanup", "small"),
}.items() for scope in scopes]
POLICIES: tuple[Policies, ...] = ((), (("G04", "retired"), ("G09", "immediate")))
SEEDS, LENGTH = 2, 150

STOPS = "DxgkDdiStopDeviceAndReleasePostDisplayOwnership"

MAY: dict[str, dict[str, May]] = {
    "preemption": {},
    "removal": {
        # A device can be pulled out at any time; in the model only while something could notice.
        "Unplug": lambda now, args: now.machine.gpu.present,
        # In the model StopDevice has to follow; in models/miniport.wddm it may be tried again.
        STOPS: lambda now, args: now.machine.adapter.stopping or now.machine.paging.transferring,
        # A transfer of what was destroyed meanwhile is no obstacle in models/miniport.wddm.
        "DxgkDdiStopDevice": lambda now, args: now.machine.paging.transferring,
    },
    "tdr": {
        # Three fences are all that the model has.
        "DxgkDdiSubmitCommand": lambda now, args: now.machine.fences[0].last_submitted >= 3,
        # As in models/miniport.wddm, a scheduler may reset an engine without further ado.
        "DxgkDdiResetEngine": lambda now, args: not now.machine.fences[0].timed_out,
    },
}
"""What a model forbids and the machine does, by family and step: where."""


@pytest.mark.parametrize(("name", "scope"), WALKS)
def test_model_and_machine_agree(name: str, scope: str) -> None:
    for seed, policies in product(range(SEEDS), POLICIES):
        rng = random.Random(seed)
        twins = Twins(program(scope, f"models/{name}.wddm", policies), MAY[name])
        twins.roam(rng, pick, LENGTH, 4)
