"""How the steps of models/power.wddm and its variants are taken: Dxgkrnl has the page tables of the
paging process written, and transfers what is to be resident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.power_state import FIRST, KNOWN, look
from wddmcheck.replay.families.terms import REGISTERS, Terms
from wddmcheck.replay.requests import with_memory
from wddmcheck.replay.vocabulary import Act, Vocabulary
from wddmcheck.report.story import Argument, StoryStep

TERMS = Terms(frozenset(KNOWN), miniport.CALLBACKS, miniport.GPU_STEPS, with_memory("page tables"),
              inside=REGISTERS)

PARAMETERS = {"state": "DevicePowerState"}
"""Parameters that the model calls otherwise than the documentation."""


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    named = tuple(Argument(PARAMETERS.get(a.name, a.name), a.value) for a in step.args)
    return TERMS.acts(replace(step, args=named), pools)


POWER = Vocabulary(_acts, miniport.CLASSES, KNOWN, look, told=TERMS.told, first=FIRST,
                   untold=miniport.UNTOLD, policies={"Pending": "before"})
