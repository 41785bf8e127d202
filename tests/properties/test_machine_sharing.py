"""models/sharing.wddm and the machine agree."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.agreement import Agreement, settled, whole_scope
from tests.support.twins import May, Twins

MODEL = "models/sharing.wddm"


def lost(now: Twins, args: Mapping[str, str]) -> bool:
    """That nothing of a lost device reaches the driver is inferred (DEV-07), and the other models
    do not say it of openings and escapes."""
    return now.field(args["hDevice"], "lost") == "true"


MAY: dict[str, May] = {
    "DxgkDdiCreateProcess": lambda now, args: now.full("Process"),
    "DxgkDdiCreateDevice": lambda now, args: now.full("Device"),
    "DxgkDdiOpenAllocation": lost,
    "DxgkDdiEscape": lost,
}


class SharingAgreement(Agreement):
    model = MODEL
    scopes = ("small", "processes")
    may = MAY


SharingAgreement.TestCase.settings = settled(40)
TestSharingAgreement = SharingAgreement.TestCase


def test_all_of_the_small_scope() -> None:
    assert whole_scope(MODEL, "small", may=MAY).states > 30


@pytest.mark.parametrize("sizes", [
    pytest.param({"Process": 1, "Allocation": 1, "OpenAllocation": 2}, id="two devices"),
    pytest.param({"Process": 1, "Device": 1}, marks=pytest.mark.slow, id="two allocations")])
def test_all_of_a_scope(sizes: dict[str, int]) -> None:
    assert whole_scope(MODEL, "processes", may=MAY, **sizes).states > 150
