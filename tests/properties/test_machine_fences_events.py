"""Model and machine agree on native fences, CPU events and events of processes: after every step of
a random run the state is the same, and what the model forbids Dxgkrnl does not do.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.agreement import gets_about
from tests.support.twins import May, Twins
from tests.support.walks import program, seldom

MODEL = "models/fences_events.wddm"
RUNS = [("small", {}), ("shared", {}), ("fences", {"Signals": "until_closed"}), ("events", {}),
        ("events", {"G17": "events_first"})]

BEYOND: dict[str, May] = {
    "DxgkDdiCreateProcess": lambda now, args: now.full("Process"),
    "DxgkDdiCreateDevice": lambda now, args: now.full("Device") or any(
        d.get("process") == args["hKmdProcess"] for d in now.all("Device")),
    "DxgkDdiOpenNativeFence": lambda now, args: any(
        x.get("device") == args["hDevice"] and x.get("global") == args["hGlobalNativeFence"]
        for x in now.all("LocalFence")),
    "DxgkDdiEscape": lambda now, args: any(
        e.get("process") == now.field(args["hDevice"], "process")
        for e in now.all("ProcessEvent")),
    "SignalProcess": lambda now, args: True,
}
"""What the model says by @assumed, or by the size of a scope: one device a process and one event,
one opening of a fence on a device. A thread of the driver is nobody's to forbid."""


@pytest.mark.parametrize(("scope", "policies"), RUNS)
@settings(max_examples=5, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(seed=st.integers(0, 2**32))
def test_a_random_run_is_the_same_on_both(scope: str, policies: dict[str, str], seed: int) -> None:
    run = Twins(program(scope, MODEL, tuple(policies.items())), BEYOND)
    run.roam(random.Random(seed), seldom, 120, 6)


def test_random_runs_get_about() -> None:
    gets_about(MODEL, ("shared", "fences", "events"), BEYOND, runs=6, every=20)
