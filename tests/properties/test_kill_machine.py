"""models/kill.wddm and the machine agree, with every answer to its open questions."""

from __future__ import annotations

from tests.support.agreement import Agreement, settled
from wddmcheck.replay.families.kill import EVENTS
from wddmcheck.replay.families.miniport import GPU_STEPS


class KillAgreement(Agreement):
    model = "models/kill.wddm"
    scopes = ("small", "two_processes", "memory")
    policies = ({}, {"G01": "forgotten", "G06": "reclaimed", "G26": "any_thread"},
                {"G04": "retired", "G09": "immediate", "G26": "any_thread"})
    names = GPU_STEPS | EVENTS


KillAgreement.TestCase.settings = settled(40)
TestKillAgreement = KillAgreement.TestCase
