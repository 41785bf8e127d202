"""models/power.wddm and the machine agree, with every answer to its open questions."""

from __future__ import annotations

import pytest

from tests.support.agreement import Agreement, settled, whole_scope

POLICIES: tuple[dict[str, str], ...] = ({}, {"G19": "off", "G04": "retired", "G09": "immediate"})


class PowerAgreement(Agreement):
    model = "models/power.wddm"
    scopes = ("small", "contexts", "memory")
    policies = POLICIES


PowerAgreement.TestCase.settings = settled(40)
TestPowerAgreement = PowerAgreement.TestCase


@pytest.mark.slow
@pytest.mark.parametrize("policies", POLICIES, ids=lambda p: "-".join(p.values()) or "default")
def test_all_of_the_small_scope(policies: dict[str, str]) -> None:
    assert whole_scope("models/power.wddm", "small", policies).states > 1000
