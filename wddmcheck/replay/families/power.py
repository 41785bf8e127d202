"""How the steps of models/power.wddm and its variants are taken: Dxgkrnl has the page tables of the
paging process written, and transfers what is to be resident."""

from __future__ import annotations

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.power_state import FIRST, KNOWN, look
from wddmcheck.replay.families.terms import REGISTERS, Terms
from wddmcheck.replay.requests import with_memory
from wddmcheck.replay.vocabulary import Vocabulary

TERMS = Terms(frozenset(KNOWN), miniport.CALLBACKS, miniport.GPU_STEPS, with_memory("page tables"),
              inside=REGISTERS)

POWER = Vocabulary(TERMS.acts, miniport.CLASSES, KNOWN, look, told=TERMS.told, first=FIRST,
                   untold=miniport.UNTOLD, policies={"Pending": "before"})
