"""How the steps of models/miniport.wddm and its variants are taken: they have the machine's own
names."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsObject,
    OsOpening,
    OsProcess,
    OsResource,
)
from wddmcheck.replay.families.miniport_state import KNOWN, look
from wddmcheck.replay.families.terms import Terms
from wddmcheck.replay.vocabulary import Vocabulary

GPU_STEPS = {
    "RunPacket": "run_packet", "CompletePacket": "complete_packet",
    "SaveIdleContext": "save_idle_context", "Vsync": "vsync",
}
"""What the hardware of models/miniport.wddm does by itself, and the machine's name for it."""

DXGKRNL_STEPS = {"EndFailedCreate": "end_failed_create"}
"""What Dxgkrnl does by itself in variants of models/miniport.wddm."""

CLASSES: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext,
    "ContextAllocation": OsContextAllocation, "Resource": OsResource,
    "Allocation": OsAllocation, "OpenAllocation": OsOpening,
}
"""What the classes of models/miniport.wddm are to Dxgkrnl."""

CALLBACKS = frozenset({
    "DxgkCbCreateContextAllocation", "DxgkCbDestroyContextAllocation", "DxgkCbAcquireHandleData",
    "DxgkCbReleaseHandleData", "DxgkCbNotifyInterrupt", "DxgkCbNotifyDpc", "DxgkCbQueueDpc"})
"""Callbacks that mean the same in the model and on the machine."""

UNTOLD = frozenset({"DxgkCbSynchronizeExecution", "DxgkCbGetHandleData"})
"""How the reference miniport gets at what its ISR works on, and at its data of an allocation, of
which the model does not tell."""

TERMS = Terms(frozenset(KNOWN), CALLBACKS, GPU_STEPS, events=DXGKRNL_STEPS)

MINIPORT = Vocabulary(TERMS.acts, CLASSES, KNOWN, look, untold=UNTOLD)
