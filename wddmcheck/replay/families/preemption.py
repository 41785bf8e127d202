"""How the steps of models/preemption.wddm and its variants are taken."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import CallbackMade
from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.lexicon import SETTLES, Lexicon, settle
from wddmcheck.replay.families.preemption_state import KNOWN, look
from wddmcheck.replay.vocabulary import Vocabulary

LEXICON = Lexicon(
    gpu={**miniport.GPU_STEPS, "Preempt": "preempt"},
    thunks={"DeviceError": "device_error"},
    callbacks=frozenset({"DxgkCbNotifyPreempted"}))


def callback(made: CallbackMade) -> CallbackMade:
    """A callback in the model's words: it has a name of its own for the report of a preemption,
    which names no context."""
    if any(name == "PreemptionFenceId" for name, _ in made.args):
        return CallbackMade("DxgkCbNotifyPreempted", (), made.status)
    return made


PREEMPTION = Vocabulary(LEXICON.acts, LEXICON.records, KNOWN, look, settle, SETTLES, callback,
                        first=frozenset({"NotAsked"}), only={"G08": "driver"})
