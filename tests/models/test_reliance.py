"""What the drivers of shipped models rely on: the guarantees without which something falls."""

from __future__ import annotations

import pytest

from wddmcheck import pipeline
from wddmcheck.pipeline.matrix import over_guarantees
from wddmcheck.report.guarantees_text import relies


@pytest.mark.slow
def test_what_the_driver_of_threading_relies_on() -> None:
    """As docs/scheduling_models.md tells it."""
    typed = pipeline.read_model("models/threading.wddm")
    found = relies(over_guarantees(typed, {}, pipeline.VerifyOptions()))
    assert all(r.sure for r in found)
    by_name: dict[str, dict[str, int]] = {}
    for r in found:
        by_name.setdefault(r.guarantee, {})[r.claim] = r.steps
    assert by_name == {
        "L1": {"assertions_hold": 4, "no_use_after_destroy": 7},
        "L2": {"assertions_hold": 4},
        "L3": {"no_leak": 8, "no_use_after_destroy": 9, "no_null_dereference": 13,
               "legal_life_transitions": 10, "no_stuck_call": 6, "teardown_always_possible": 6,
               "no_deadlock": 7},
        "ADP-09": {"no_use_after_destroy": 1, "no_double_destroy": 1, "no_leak": 4,
                   "legal_life_transitions": 3},
        "ADP-10": {"no_leak": 8}, "CTX-08": {"no_orphan": 7}, "PRC-04": {"no_orphan": 5}}
