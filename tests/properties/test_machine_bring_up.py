"""models/bring_up.wddm and the machine agree, from DriverEntry to Unload."""

from __future__ import annotations

import pytest

from tests.support.agreement import Agreement, settled, whole_scope

MODEL = "models/bring_up.wddm"


class BringUpAgreement(Agreement):
    model = MODEL
    scopes = ("small", "system", "devices")


BringUpAgreement.TestCase.settings = settled(15)
TestBringUpAgreement = BringUpAgreement.TestCase


def test_all_of_an_adapter() -> None:
    """The small scope without devices."""
    found = whole_scope(MODEL, "small", Device=0, Context=0, ContextAllocation=0)
    assert found.states > 40


@pytest.mark.parametrize(("scope", "at_least"), [
    ("small", 100), pytest.param("devices", 600, marks=pytest.mark.slow)])
def test_all_of_a_scope(scope: str, at_least: int) -> None:
    assert whole_scope(MODEL, scope).states > at_least
