"""How the steps of models/paging.wddm and its variants are taken: memory is asked for, and brought
by packets that are built, submitted and run."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.machine.dxgkrnl.objects import OsObject, OsPages, OsPageTable, OsPagingBuffer
from wddmcheck.replay.families import miniport
from wddmcheck.replay.families.paging_state import FIRST, KNOWN, look
from wddmcheck.replay.families.terms import Terms
from wddmcheck.replay.requests import with_memory
from wddmcheck.replay.vocabulary import Act, Vocabulary
from wddmcheck.report.story import StoryStep

EVENTS = {"pfnMakeResidentCb": "make_resident", "pfnEvictCb": "evict",
          "pfnReserveGpuVirtualAddressCb": "reserve_gpu_virtual_address"}
"""What user mode asks for, and the machine's name for it."""

GPU_STEPS = miniport.GPU_STEPS | {
    "RunPagingPacket": "run_paging_packet", "ReadAperture": "read_aperture"}
"""What the hardware does by itself."""

CLASSES: dict[str, type[OsObject]] = miniport.CLASSES | {
    "PageTable": OsPageTable, "Pages": OsPages, "PagingPacket": OsPagingBuffer}
"""What the classes of the model are to Dxgkrnl."""

RENAMED = {"DxgkCbNotifyPagingInterrupt": "DxgkCbNotifyInterrupt"}
"""Callbacks of the model that are cases of another one on the machine."""

INSIDE = frozenset({"ReclaimPages"})
"""What the model calls a callback, and Dxgkrnl does by itself."""


TERMS = Terms(frozenset(KNOWN), miniport.CALLBACKS, GPU_STEPS, with_memory("packets"), EVENTS,
              INSIDE, RENAMED)


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    (act,) = TERMS.acts(step, pools)
    if step.block == "DxgkDdiSetRootPageTable":
        # It is always the one that the process has.
        return (Act(act.name, tuple(a for a in act.args if a[0] != "address"), act.failing,
                    resumes=act.resumes),)
    return (act,)


PAGING = Vocabulary(_acts, CLASSES, KNOWN, look, told=TERMS.told, first=FIRST,
                    untold=miniport.UNTOLD)
