"""How the steps of models/kill.wddm and its variants are taken: packets are built by DxgkDdiRender
before they are submitted, and contexts may have two context allocations."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.kill_state import KNOWN, look
from wddmcheck.replay.families.terms import Terms
from wddmcheck.replay.requests import CREATE_AREA, Extra, Request, allocations_wanted, failures
from wddmcheck.replay.vocabulary import Vocabulary
from wddmcheck.report.story import StoryStep

EVENTS = {"TerminateProcess": "terminate_process", "RejectContext": "reject_context"}
"""What the operating system does by itself, and the machine's name for it."""


def asked(step: StoryStep, pools: Mapping[str, str]) -> Request:
    """What a DDI is asked for beside its arguments."""
    return Request(tuple(failures(step, pools)), _extra(step, pools))


def _extra(step: StoryStep, pools: Mapping[str, str]) -> tuple[tuple[str, Extra], ...]:
    match step.block:
        case "DxgkDdiCreateContext":
            areas = sum(made.name == CREATE_AREA for made in step.calls)
            return (("areas", max(1, areas)), ("renders", True))
        case "DxgkDdiCreateAllocation":
            return (("count", allocations_wanted(step, pools)),)
    return ()


TERMS = Terms(frozenset(KNOWN), miniport.CALLBACKS, miniport.GPU_STEPS, asked, EVENTS)

KILL = Vocabulary(TERMS.acts, miniport.CLASSES, KNOWN, look, untold=miniport.UNTOLD)
