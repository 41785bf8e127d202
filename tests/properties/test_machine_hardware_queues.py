"""Model and machine agree on hardware queues, doorbells, suspension, engine resets and sleep: after
every step of a random run the state is the same, and what the model forbids Dxgkrnl does not do.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.agreement import gets_about
from tests.support.twins import May, Twins, asleep
from tests.support.walks import program, seldom

MODEL = "models/hardware_queues.wddm"
RUNS = [("small", "overlaps"), ("doorbells", "overlaps"), ("contexts", "overlaps"),
        ("doorbells", "serialised"), ("review", "overlaps")]


BEYOND: dict[str, May] = {
    "DxgkDdiDestroyProcess": asleep,
    "DxgkDdiDestroyDevice": asleep,
    "DxgkDdiDestroyContext": asleep,
    "DxgkDdiDestroyAllocation": asleep,
    "DxgkDdiCreateProcess": lambda now, args: now.full("Process"),
    "DxgkDdiCreateAllocation": lambda now, args: now.full("RingBuffer"),
    "DxgkDdiCreateDevice": lambda now, args: now.full("Device") or any(
        d.get("process") == args["hKmdProcess"] for d in now.all("Device")),
    "DxgkDdiCreateDoorbell": lambda now, args: any(
        d.get("hwQueue") == args["hHwQueue"] or d.get("ring") == args["hRingBuffer"]
        for d in now.all("Doorbell")),
    "DxgkDdiSuspendContext": lambda now, args: int(args["contextSuspendFence"]) != 1 + int(
        str(now.field(args["hContext"], "fence")) or 0),
    "DxgkDdiResumeContext": lambda now, args: now.field(args["hContext"], "fence") == "2",
}
"""What the model says by @assumed, or by the size of a scope: one device a process, one doorbell a
queue and a ring buffer, two suspensions of a context. (The fence of a suspension is one that the
machine's Dxgkrnl counts by itself.)"""


@pytest.mark.parametrize(("scope", "rotation"), RUNS)
@settings(max_examples=5, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(seed=st.integers(0, 2**32))
def test_a_random_run_is_the_same_on_both(scope: str, rotation: str, seed: int) -> None:
    run = Twins(program(scope, MODEL, (("Rotation", rotation),)), BEYOND)
    run.roam(random.Random(seed), seldom, 120, 6)


def test_random_runs_get_about() -> None:
    gets_about(MODEL, ("doorbells", "contexts"), BEYOND, runs=12, every=20)
