"""How the steps of models/display_objects.wddm and its variants are taken."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.machine.dxgkrnl.display_records import OsMemoryBasis, OsNotification, OsSession
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsObject, OsOverlay
from wddmcheck.machine.reference.display import DisplayingMiniport
from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.display_objects_state import KNOWN, look
from wddmcheck.replay.families.terms import Terms
from wddmcheck.replay.requests import Request, request
from wddmcheck.replay.vocabulary import Vocabulary
from wddmcheck.report.story import StoryStep

CLASSES: dict[str, type[OsObject]] = {
    "Allocation": OsAllocation, "Overlay": OsOverlay, "Notification": OsNotification,
    "Session": OsSession, "MemoryBasis": OsMemoryBasis,
}
"""What the classes of the model are to Dxgkrnl."""

GPU_STEPS = {"ScanOut": "scan_out", "FrameTime": "frame_time"}
"""What the hardware does by itself, and the machine's name for it."""

EVENTS = {"EvictPinned": "evict_pinned"}
"""What the operating system does by itself."""

THREADS = {"SessionLost": "ReportSessionStatus"}
"""What threads of the driver do: blocks of the model, and routines of the reference miniport."""

CALLBACKS = frozenset({"DxgkCbNotifyInterrupt", "DxgkCbNotifyDpc", "DxgkCbQueueDpc",
                       "DxgkCbSetProtectedSessionStatus"})
"""Callbacks that mean the same in the model and on the machine."""


def _asked(step: StoryStep, pools: Mapping[str, str]) -> Request:
    """What is not in the model's arguments: that allocations are for an overlay, and what a flip
    that fails has no memory for."""
    match step.block:
        case "DxgkDdiCreateAllocation":
            return Request(request(step, pools).failing, (("overlay", True),))
        case "DxgkDdiFlipOverlay" if step.status == "STATUS_NO_MEMORY":
            return Request(("pool:Flip",))
    return request(step, pools)


TERMS = Terms(frozenset(KNOWN), CALLBACKS, GPU_STEPS, _asked, EVENTS, threads=THREADS)

DISPLAY_OBJECTS = Vocabulary(TERMS.acts, CLASSES, KNOWN, look, untold=miniport.UNTOLD,
                             reference=DisplayingMiniport)
