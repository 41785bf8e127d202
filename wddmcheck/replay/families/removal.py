"""How the steps of models/removal.wddm and its variants are taken.

Its driver waits until the node has let go of a context, so the hardware is one that makes it wait.
"""

from __future__ import annotations

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.removal_state import KNOWN, look
from wddmcheck.replay.families.terms import REGISTERS, SETTLES, Terms, settle
from wddmcheck.replay.vocabulary import Vocabulary

TERMS = Terms(
    frozenset(KNOWN), miniport.CALLBACKS, {**miniport.GPU_STEPS, "Unplug": "unplug"},
    inside=REGISTERS)

REMOVAL = Vocabulary(
    TERMS.acts, miniport.CLASSES, KNOWN, look, settle, SETTLES, TERMS.told,
    hardware=frozenset({"lazy_switch"}), untold=miniport.UNTOLD,
    only={"G03": "destroyed", "G10": "dxgkrnl", "G19": "on"})
