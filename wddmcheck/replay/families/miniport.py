"""How the steps of models/miniport.wddm and its variants are taken: they have the machine's own
names."""

from __future__ import annotations

from wddmcheck.replay.families.lexicon import Lexicon
from wddmcheck.replay.families.miniport_state import KNOWN, look
from wddmcheck.replay.vocabulary import Vocabulary

GPU_STEPS = {
    "RunPacket": "run_packet", "CompletePacket": "complete_packet",
    "SaveIdleContext": "save_idle_context", "Vsync": "vsync",
}
"""What the hardware of models/miniport.wddm does by itself, and the machine's name for it."""

LEXICON = Lexicon(GPU_STEPS)

MINIPORT = Vocabulary(LEXICON.acts, LEXICON.records, KNOWN, look)
