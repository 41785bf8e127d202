"""How the steps of models/removal.wddm and its variants are taken.

Its driver waits until the node has let go of a context, so the hardware is one that makes it wait.
"""

from __future__ import annotations

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.lexicon import SETTLES, Lexicon, settle
from wddmcheck.replay.families.removal_state import KNOWN, look
from wddmcheck.replay.vocabulary import Vocabulary
from wddmcheck.report.story import CallMade, StoryStep

LEXICON = Lexicon(
    gpu={**miniport.GPU_STEPS, "Unplug": "unplug"},
    others=frozenset({"Config"}),
    callbacks=frozenset({"WriteRegister"}))


def told(step: StoryStep) -> list[CallMade]:
    """Registers are memory: writing them is no callback, but it is watched."""
    return [c for c in step.calls if c.name != "WriteRegister"]


REMOVAL = Vocabulary(
    LEXICON.acts, LEXICON.records, KNOWN, look, settle, SETTLES,
    told=told,
    hardware=frozenset({"lazy_switch"}),
    only={"G03": "destroyed", "G10": "dxgkrnl", "G19": "on"})
