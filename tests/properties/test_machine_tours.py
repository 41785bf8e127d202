"""Every transition of small scopes, on the model and on the machine: no state, status or callback
differs anywhere."""

from __future__ import annotations

import pytest

from tests.support.agreement import whole_scope

FENCES, QUEUES = "models/fences_events.wddm", "models/hardware_queues.wddm"
LOCKS, THREADING = "models/locks.wddm", "models/threading.wddm"
NO_FENCES = {"GlobalFence": 0, "LocalFence": 0}
TOURS = [
    pytest.param(FENCES, {}, 2_000, id="fences"),
    pytest.param(FENCES, {"Call": 2}, 3_000, marks=pytest.mark.slow, id="fences in two calls"),
    pytest.param(FENCES, {**NO_FENCES, "CpuEvent": 1, "ProcessEvent": 1, "Call": 2}, 6_000,
                 marks=pytest.mark.slow, id="an event of each kind"),
    pytest.param(FENCES, {**NO_FENCES, "CpuEvent": 2}, 8_000, marks=pytest.mark.slow,
                 id="two CPU events"),
    pytest.param(QUEUES, {}, 20_000, marks=pytest.mark.slow, id="one queue"),
    pytest.param(QUEUES, {"Context": 2, "HwQueue": 0, "Doorbell": 0, "RingBuffer": 0}, 19_000,
                 marks=pytest.mark.slow, id="two contexts"),
    pytest.param(LOCKS, {}, 8_000, marks=pytest.mark.slow, id="locks"),
    pytest.param(THREADING, {}, 43_000, marks=pytest.mark.slow, id="threading"),
]


@pytest.mark.parametrize(("model", "sizes", "at_least"), TOURS)
def test_every_transition(model: str, sizes: dict[str, int], at_least: int) -> None:
    assert whole_scope(model, "small", may=None, **sizes).transitions > at_least
