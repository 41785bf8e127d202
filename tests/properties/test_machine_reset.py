"""The models of preemption, removal and timeouts agree with the machine, on random walks in both
directions.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product

import pytest

from tests.support.twins import Call, Twins
from tests.support.walks import Policies, program
from wddmcheck.machine.machine import Machine
from wddmcheck.replay.families import preemption, removal, tdr

LEXICONS = {"preemption": preemption.LEXICON, "removal": removal.LEXICON,
            "tdr": tdr.LEXICON}
WALKS = [(name, scope) for name, scopes in {
    "preemption": ("turns", "reading", "small"),
    "removal": ("teardown", "memory", "small"),
    "tdr": ("engine", "cleanup", "small"),
}.items() for scope in scopes]
POLICIES: tuple[Policies, ...] = ((), (("G04", "retired"), ("G09", "immediate")))
SEEDS, LENGTH = 2, 150

STOPS = "DxgkDdiStopDeviceAndReleasePostDisplayOwnership"

MAY: dict[tuple[str, str], Callable[[Machine], bool]] = {
    # A device can be pulled out at any time; in the model only while something could notice.
    ("removal", "Unplug"): lambda machine: machine.gpu.present,
    # In the model StopDevice has to follow; in models/miniport.wddm it may be tried again.
    ("removal", STOPS): lambda machine: machine.adapter.stopping or machine.paging.transferring,
    # A transfer of what was destroyed meanwhile is no obstacle in models/miniport.wddm.
    ("removal", "DxgkDdiStopDevice"): lambda machine: machine.paging.transferring,
    # Three fences are all that the model has.
    ("tdr", "DxgkDdiSubmitCommand"): lambda machine: machine.fences[0].last_submitted >= 3,
    # As in models/miniport.wddm, a scheduler may reset an engine without further ado.
    ("tdr", "DxgkDdiResetEngine"): lambda machine: not machine.fences[0].timed_out,
}
"""What a model forbids and the machine does, by family and step: where."""


@pytest.mark.parametrize(("name", "scope"), WALKS)
def test_model_and_machine_agree(name: str, scope: str) -> None:
    methods = {**LEXICONS[name].gpu, **LEXICONS[name].thunks}
    for seed, policies in product(range(SEEDS), POLICIES):
        rng = random.Random(seed)
        twins = Twins(program(scope, f"models/{name}.wddm", policies), methods)
        for number in range(LENGTH):
            twins.wander(rng)
            if number % 4 == 0:
                refused(name, twins, rng)


def refused(name: str, twins: Twins, rng: random.Random) -> None:
    """Ask for something that the model forbids."""
    blocks: dict[str, list[Call]] = {}
    for call in twins.forbidden():
        may = MAY.get((name, call[0]), lambda machine: False)
        if not may(twins.pair.machine):
            blocks.setdefault(call[0], []).append(call)
    if blocks:
        twins.refuse(rng.choice(blocks[rng.choice(list(blocks))]))
