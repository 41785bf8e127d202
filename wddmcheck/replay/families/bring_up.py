"""How the steps of models/bring_up.wddm and its variants are taken: from DriverEntry on, with what
Dxgkrnl makes for itself, to Unload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wddmcheck.machine.reference.bring_up import BringUpMiniport
from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.bring_up_state import KNOWN, look
from wddmcheck.replay.families.terms import SETTLES, Terms, settle
from wddmcheck.replay.requests import Request, request
from wddmcheck.replay.vocabulary import Act, Vocabulary
from wddmcheck.report.story import StoryStep

RESERVES = "DxgkCbReserveGpuVirtualAddressRange"


def asked(step: StoryStep, pools: Mapping[str, str]) -> Request:
    """What a DDI is asked for beside its arguments."""
    usual = request(step, pools)
    match step.block:
        case "DxgkDdiAddDevice" if step.turns == (2,):
            return replace(usual, failing=(*usual.failing, "unsupported"))
        case "DxgkDdiQueryAdapterInfo":
            return replace(usual, extra=(*usual.extra, ("system", True)))
    return usual


TERMS = Terms(frozenset(KNOWN), miniport.CALLBACKS | {RESERVES}, miniport.GPU_STEPS, asked,
              {"D3DKMTCloseAdapter": "close_adapter"})


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    (act,) = TERMS.acts(step, pools)
    # It pauses for the GPU, which here has no work.
    return (replace(act, whole=step.block == "DxgkDdiDestroyContext"),)


BRING_UP = Vocabulary(_acts, miniport.CLASSES, KNOWN, look, settle, SETTLES,
                      untold=miniport.UNTOLD, first=frozenset({"Ordinary"}),
                      reference=BringUpMiniport, from_entry=True)
