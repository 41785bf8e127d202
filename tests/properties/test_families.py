"""Model and machine agree on locks and threading levels: whatever a model does, its reference
miniport on the machine does too, with the same state after every step; and what the model forbids,
Dxgkrnl and the hardware do not do.
"""

from __future__ import annotations

from tests.support.agreement import Agreement, settled
from tests.support.twins import May, asleep

BOUNDED: dict[str, May] = dict.fromkeys(
    ("DxgkDdiCreateProcess", "DxgkDdiCreateDevice", "DxgkDdiCreateContext", "DxgkDdiCreateOverlay"),
    lambda now, args: True)
"""What a model forbids because of its scope, or as an assumption that keeps it small."""

ASKS: dict[str, May] = {"DxgkDdiQueryCurrentFence": lambda now, args: True}
"""The scheduler may ask at any time; in the model it does where there is something to report."""

GOES: dict[str, May] = dict.fromkeys(
    ("DxgkDdiDestroyProcess", "DxgkDdiDestroyDevice", "DxgkDdiDestroyContext"), asleep)


class LocksAgreement(Agreement):
    model = "models/locks.wddm"
    scopes = ("small", "paging")
    may = BOUNDED | ASKS


class ThreadingAgreement(Agreement):
    model = "models/threading.wddm"
    scopes = ("small", "watchdog", "contexts", "classes")
    may = BOUNDED | GOES


LocksAgreement.TestCase.settings = ThreadingAgreement.TestCase.settings = settled(40)
TestLocks, TestThreading = LocksAgreement.TestCase, ThreadingAgreement.TestCase
