"""Model and machine agree on overlays, frame notifications, protected sessions and memory bases:
after every step the state is the same, and what the model forbids Dxgkrnl and the hardware do not
do, with both answers to the question when they end (G-30).
"""

from __future__ import annotations

import pytest

from tests.support.agreement import Agreement, settled, whole_scope
from tests.support.twins import May

MODEL = "models/display_objects.wddm"
POLICIES: tuple[dict[str, str], ...] = ({}, {"G30": "any_time"})
SCOPES = ("small", "scanout", "sessions", "together")

BEYOND: dict[str, May] = {
    "DxgkDdiCreateOverlay": lambda now, args: now.all("Overlay"),
    "DxgkDdiCreateMemoryBasis": lambda now, args: now.full("MemoryBasis"),
    "SessionLost": lambda now, args: now.field(args["s"], "closing"),
}
"""What the model says by the size of a scope, or of a driver with hardware for one overlay. A
thread of the driver is nobody's to forbid: it returns where the session is on its way out."""


class DisplayAgreement(Agreement):
    model = MODEL
    scopes = SCOPES
    policies = POLICIES
    may = BEYOND


DisplayAgreement.TestCase.settings = settled(15)
TestDisplayAgreement = DisplayAgreement.TestCase


@pytest.mark.slow
@pytest.mark.parametrize("policies", POLICIES, ids=lambda p: "-".join(p.values()) or "default")
@pytest.mark.parametrize("scope", SCOPES)
def test_all_of_a_scope(scope: str, policies: dict[str, str]) -> None:
    assert whole_scope(MODEL, scope, policies, BEYOND).states > 400
