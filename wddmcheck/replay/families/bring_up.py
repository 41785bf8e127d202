"""How the steps of models/bring_up.wddm and its variants are taken: those of models/miniport.wddm,
and what Dxgkrnl makes for itself.

The machine's miniport is made before the first step, as DriverEntry would (`Machine.factory`). It
keeps no settings, no room for DMA buffers and no structure of its reserved addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wddmcheck.machine.machine import Machine
from wddmcheck.replay.abstraction import Seen
from wddmcheck.replay.families.miniport import MINIPORT
from wddmcheck.replay.vocabulary import Act, Vocabulary
from wddmcheck.report.story import StoryStep

DRIVER_ONLY = frozenset({"Config", "DmaQueue", "AddressRange"})
"""What only the model's driver keeps."""

RESERVES = "DxgkCbReserveGpuVirtualAddressRange"

KNOWN: dict[str, frozenset[str]] = {
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued", "isr"}),
    "IsrState": frozenset(),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "process"}),
    "Context": frozenset({"handle", "device", "save"}),
    "ContextAllocation": frozenset({"device", "context"}),
}
"""The classes and fields of models/bring_up.wddm that the machine has too."""


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    if step.block == "DriverEntry":
        return ()
    if step.block == "DxgkDdiQueryAdapterInfo":     # it asks for no process
        step = replace(step, args=())
    shared = {identity: pool for identity, pool in pools.items() if pool not in DRIVER_ONLY}
    (act,) = MINIPORT.acts(
        replace(step, calls=tuple(c for c in step.calls if c.name != RESERVES)), shared)
    if step.block == "DxgkDdiQueryAdapterInfo" and not act.resumes:
        return (replace(act, args=(*act.args, ("system", True))),)
    return (act,)


def _look(machine: Machine) -> list[Seen]:
    """All objects, as models/miniport.wddm has them, without what is not known here."""
    return [_without(item, KNOWN[item.pool]) for item in MINIPORT.look(machine)
            if item.pool in KNOWN]


def _without(item: Seen, known: frozenset[str]) -> Seen:
    return Seen(item.pool, item.key, {k: v for k, v in item.words.items() if k in known},
                {k: v for k, v in item.refs.items() if k in known})


BRING_UP = Vocabulary(_acts, MINIPORT.records, KNOWN, _look)
