"""How the steps of models/sharing.wddm and its variants are taken: user mode asks for allocations,
which leads to several calls of the driver, locks them, and names them in escapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsDevice, OsObject, OsOpening, OsProcess
from wddmcheck.replay.families.sharing_state import KNOWN, look
from wddmcheck.replay.families.terms import Terms
from wddmcheck.replay.requests import with_memory
from wddmcheck.replay.vocabulary import Act, Given, Vocabulary
from wddmcheck.report.story import Argument, CallMade, StoryStep

CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Allocation": OsAllocation,
    "OpenAllocation": OsOpening,
}
"""What the classes of the model are to Dxgkrnl."""

GETS_DATA, OPENS = "DxgkCbGetHandleData", "DxgkDdiOpenAllocation"

INSIDE = frozenset({"DxgkDdiCreateAllocation", OPENS, "DxgkDdiDestroyAllocation"})
"""Calls that pfnAllocateCb leads to, which are none of the driver's."""

EVENTS = {"LoseDevice": "device_error", "pfnLockCb": "lock_allocation",
          "pfnUnlockCb": "unlock_allocation"}
"""What user mode and the operating system do without a call of the driver."""

TERMS = Terms(frozenset(KNOWN), frozenset({GETS_DATA}), {}, with_memory("transfers"), EVENTS,
              INSIDE)


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    own = replace(step, calls=tuple(TERMS.told(step)))
    (act,) = TERMS.acts(own, pools)
    match step.block:
        case "DxgkDdiStopDevice":     # it pauses for the DPC, of which the model has none
            return (replace(act, whole=True),)
        case "DxgkDdiBuildPagingBuffer":
            return (replace(act, args=(("operation", "TransferOut"), *act.args)),)
        case "DxgkDdiEscape" if not act.resumes:
            return (replace(act, args=_looks_up(act)),)
    return (act,)


def _looks_up(act: Act) -> tuple[tuple[str, Given], ...]:
    """What user mode wants of an escape, by a handle of something or of nothing."""
    device, named = act.args
    return (device, ("command", "look up"), ("hAllocation", named[1]))


def _told(step: StoryStep) -> list[CallMade]:
    """The callbacks of a step. The model does not tell that OpenAllocation, which gets Dxgkrnl's
    handle, asks for the driver's data of the allocation as well."""
    openings = [c.args for c in step.calls if c.name == OPENS]
    if step.block == OPENS:
        openings.append(step.args)
    return [*TERMS.told(step), *(CallMade(GETS_DATA, (Argument("hObject", a.value),))
                                 for args in openings for a in args if a.name == "hAllocation")]


SHARING = Vocabulary(_acts, CLASSES, KNOWN, look, told=_told)
