"""How the steps of models/tdr.wddm and its variants are taken.

Its packets run in the order of their fences, so the hardware is one that sees to that; and an
allocation has no memory until it is transferred there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.lexicon import SETTLES, Lexicon, settle
from wddmcheck.replay.families.tdr_state import KNOWN, look
from wddmcheck.replay.vocabulary import Act, Vocabulary
from wddmcheck.report.story import CallMade, StoryStep

LEXICON = Lexicon(
    gpu=miniport.GPU_STEPS,
    thunks={"DeviceError": "device_error"},
    callbacks=frozenset({"WriteRegister"}))


def acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    """What a step asks for. Raises `UnknownStepError`."""
    found = LEXICON.acts(step, pools)
    if step.block != "DxgkDdiCreateAllocation":
        return found
    return tuple(replace(act, args=(*act.args, ("resident", False))) for act in found)


def told(step: StoryStep) -> list[CallMade]:
    """Registers are memory: writing them is no callback, but it is watched. A report while nobody
    listens is one that the driver of the machine does not make."""
    heard = {c.subject for c in step.changes if c.label == "life" and c.after == "Reported"}
    return [c for c in step.calls if c.name != "WriteRegister" and (
        c.name != "DxgkCbNotifyInterrupt" or c.args[0].value.object in heard)]


TDR = Vocabulary(
    acts, LEXICON.records, KNOWN, look, settle, SETTLES, told=told,
    first=frozenset({"On", "NoRecovery"}), hardware=frozenset({"in_order"}))
