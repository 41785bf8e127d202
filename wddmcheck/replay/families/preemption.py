"""How the steps of models/preemption.wddm and its variants are taken."""

from __future__ import annotations

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.preemption_state import KNOWN, look
from wddmcheck.replay.families.terms import SETTLES, Terms, settle
from wddmcheck.replay.vocabulary import Vocabulary

TERMS = Terms(
    frozenset(KNOWN), miniport.CALLBACKS, {**miniport.GPU_STEPS, "Preempt": "preempt"},
    events={"DeviceError": "device_error"},
    renamed={"DxgkCbNotifyPreempted": "DxgkCbNotifyInterrupt"})
"""The model has a name of its own for the report of a preemption, which names no context."""

PREEMPTION = Vocabulary(
    TERMS.acts, miniport.CLASSES, KNOWN, look, settle, SETTLES, TERMS.told,
    first=frozenset({"NotAsked"}), only={"G08": "driver"},
    untold=miniport.UNTOLD)
