"""Model and machine agree: whatever the model does, with failures injected at every create and
interrupts and the GPU in between, the reference miniport on the machine does too, with the same
state after every step; and what the model forbids, Dxgkrnl does not do.
"""

from __future__ import annotations

from tests.support.agreement import Agreement, settled
from tests.support.walks import MINIPORT


class MiniportAgreement(Agreement):
    model = MINIPORT
    scopes = ("small", "teardown", "sharing", "review")
    policies = ({"G04": "completed", "G09": "waits"}, {"G04": "retired", "G09": "immediate"},
                {"G04": "adversarial", "G09": "waits"})


MiniportAgreement.TestCase.settings = settled(60)
TestAgreement = MiniportAgreement.TestCase
