"""How the steps of models/tdr.wddm and its variants are taken.

Its packets run in the order of their fences, so the hardware is one that sees to that; and an
allocation has no memory until it is transferred there.
"""

from __future__ import annotations

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.tdr_state import KNOWN, look
from wddmcheck.replay.families.terms import REGISTERS, SETTLES, Terms, settle
from wddmcheck.replay.requests import with_memory
from wddmcheck.replay.vocabulary import Vocabulary
from wddmcheck.report.story import CallMade, StoryStep

TERMS = Terms(
    frozenset(KNOWN), miniport.CALLBACKS, miniport.GPU_STEPS, with_memory("transfers"),
    events={"DeviceError": "device_error"}, inside=REGISTERS)


def told(step: StoryStep) -> list[CallMade]:
    """The callbacks of a step. A report while nobody listens is one that the driver of the machine
    does not make."""
    heard = {c.subject for c in step.changes if c.label == "life" and c.after == "Reported"}
    return [c for c in TERMS.told(step) if (
        c.name != "DxgkCbNotifyInterrupt" or c.args[0].value.object in heard)]


TDR = Vocabulary(
    TERMS.acts, miniport.CLASSES, KNOWN, look, settle, SETTLES, told,
    first=frozenset({"On", "NoRecovery"}), hardware=frozenset({"in_order"}),
    untold=miniport.UNTOLD)
