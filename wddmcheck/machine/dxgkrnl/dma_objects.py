"""Dxgkrnl's records of DMA buffers, of monitored fences, and of the scheduler's work with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from wddmcheck.machine.dma_structs import DmaMemory, DmaPrivateData
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice, OsHwQueue, OsObject
from wddmcheck.machine.pool import Pool

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine

POOL = 0xFFFF_B000_0000_1000
"""Where Dxgkrnl's own pool begins."""


class Way(Enum):
    """How a DMA buffer is submitted: with physical addresses, which Patch puts in, with virtual
    ones, or to a hardware queue."""

    PHYSICAL = "Physical"
    VIRTUAL = "Virtual"
    HARDWARE_QUEUE = "HardwareQueue"


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsMonitoredFence(OsObject):
    """A monitored fence: a value in a page, which the GPU sees at `va`. `asked` is the last value
    that a command was to write."""

    device: OsDevice
    page: int
    va: int
    asked: int = 0


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsDmaBuffer(OsObject):
    """A DMA buffer of a context, in a page, at `va` of the address space of its process where it is
    submitted with virtual addresses. `memory` is how the driver sees it, `private` its private
    data, None once that has ended. `addressed`: Dxgkrnl takes the addresses in it for right.
    `fence` is that of its submission while the driver has it, 0 otherwise; `last_fence` that of the
    last one. `signals` is the fence that a command of it writes, `waits` the one that is to be
    written before it is submitted."""

    context: OsContext
    way: Way
    page: int
    memory: DmaMemory
    private: DmaPrivateData | None
    va: int = 0
    addressed: bool = False
    fence: int = 0
    last_fence: int = 0
    reported: bool = False
    signals: OsMonitoredFence | None = None
    waits: OsMonitoredFence | None = None


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsDmaWork(OsObject):
    """What Dxgkrnl has beside the buffers: the pool that it takes them from, and since the start of
    the adapter with handle `adapter` the fences that it has `given` out, and that of the last
    buffer that was refused, 0 if none was."""

    pool: Pool
    adapter: int = 0
    given: list[int] = field(default_factory=list)
    refused: int = 0


def work_of(m: Machine) -> OsDmaWork:
    """Dxgkrnl's work with DMA buffers; it begins anew with each start."""
    found = next(m.handles.all(OsDmaWork), None)
    if found is None:
        pool = Pool(m.processor, _next=POOL)
        found = m.handles.add(OsDmaWork(handle=m.handles.new(), open=True, pool=pool))
    if found.adapter != m.adapter.handle:
        found.adapter, found.given, found.refused = m.adapter.handle, [], 0
    return found


def queue_of(m: Machine, context: OsContext) -> OsHwQueue | None:
    """The hardware queue of a context that takes DMA buffers in every way."""
    return next((q for q in m.handles.all(OsHwQueue) if q.context is context), None)
