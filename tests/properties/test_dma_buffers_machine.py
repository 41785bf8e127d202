"""models/dma_buffers.wddm and the machine agree: after every step of a run the state is the same,
and what the model forbids Dxgkrnl does not do.
"""

from __future__ import annotations

import pytest

from tests.support.agreement import Agreement, gets_about, settled, whole_scope
from tests.support.twins import May

MODEL = "models/dma_buffers.wddm"
SCOPES = ("small", "buffers", "fences", "processes")
MAY: dict[str, May] = {
    "DxgkDdiCreateProcess": lambda now, args: now.full("Process"),
    "DxgkDdiCreateDevice": lambda now, args: now.full("Device"),
    "DxgkDdiCreateContext": lambda now, args: any(
        c.get("device") == args["hDevice"] for c in now.all("Context")),
    "Preempt": lambda now, args: now.all("Adapter")[0].get("refused"),
    "DxgkDdiStopDevice": lambda now, args: now.machine.gpu.raised or now.machine.adapter.dpc_queued,
    **dict.fromkeys(("DxgkDdiSubmitCommand", "DxgkDdiSubmitCommandVirtual",
                     "DxgkDdiSubmitCommandToHwQueue"),
                    lambda now, args: now.all("Adapter")[0].get("submitted") == "2"),
}
"""What the model says by @assumed, or by the size of a scope: one context a device, two fences. It
leaves out a preemption beside a refused buffer, and an interrupt that StopDevice finds pending,
which the machine lets the driver drain."""


class DmaBuffersAgreement(Agreement):
    model = MODEL
    scopes = SCOPES
    may = MAY


DmaBuffersAgreement.TestCase.settings = settled(25)
TestDmaBuffersAgreement = DmaBuffersAgreement.TestCase


TOURS = [
    pytest.param({"MonitoredFence": 0, "ContextAllocation": 0}, MAY, 7_000, id="and no others"),
    pytest.param({"MonitoredFence": 0}, None, 25_000, id="areas"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "may", "at_least"), TOURS)
def test_every_transition(sizes: dict[str, int], may: dict[str, May] | None,
                          at_least: int) -> None:
    assert whole_scope(MODEL, "small", may=may, **sizes).transitions > at_least


def test_random_runs_get_about() -> None:
    gets_about(MODEL, ("buffers", "fences"), MAY, runs=5, every=10)
