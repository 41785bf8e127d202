"""How the steps of models/power.wddm and its variants are taken: Dxgkrnl has the page tables of the
paging process written, and transfers what is to be resident."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.power_state import FIRST, KNOWN, look
from wddmcheck.replay.families.terms import Terms
from wddmcheck.replay.requests import Request, request
from wddmcheck.replay.vocabulary import Vocabulary
from wddmcheck.report.story import StoryStep

REGISTERS = frozenset({"WriteRegister", "ReadRegister"})
"""The model's callbacks for accesses to registers, which on the machine are just that."""


def asked(step: StoryStep, pools: Mapping[str, str]) -> Request:
    """What a DDI is asked for beside its arguments."""
    usual = request(step, pools)
    if step.block == "DxgkDdiStartDevice":
        return Request(usual.failing, (*usual.extra, ("memory", "transfers")))
    return usual


TERMS = Terms(frozenset(KNOWN), miniport.CALLBACKS, miniport.GPU_STEPS, asked, inside=REGISTERS)

POWER = Vocabulary(TERMS.acts, miniport.CLASSES, KNOWN, look, first=FIRST, inside=REGISTERS)
