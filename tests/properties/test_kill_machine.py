"""models/kill.wddm and the machine agree, with every answer to its open questions."""

from __future__ import annotations

import pytest

from tests.support.agreement import Agreement, settled, whole_scope

POLICIES: tuple[dict[str, str], ...] = (
    {}, {"G01": "forgotten", "G06": "reclaimed", "G26": "any_thread"},
    {"G04": "retired", "G09": "immediate", "G26": "any_thread"})


class KillAgreement(Agreement):
    model = "models/kill.wddm"
    scopes = ("small", "two_processes", "memory")
    policies = POLICIES


KillAgreement.TestCase.settings = settled(40)
TestKillAgreement = KillAgreement.TestCase


@pytest.mark.slow
@pytest.mark.parametrize("policies", POLICIES, ids=lambda p: "-".join(p.values()) or "default")
def test_all_of_the_small_scope(policies: dict[str, str]) -> None:
    assert whole_scope("models/kill.wddm", "small", policies).states > 1000
