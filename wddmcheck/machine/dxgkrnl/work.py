"""Dxgkrnl's side of work: submission, interrupts."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import dma_buffers, memory, residency
from wddmcheck.machine.dxgkrnl.blocking import interrupt_lock, release_interrupt_lock
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer
from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsCpuEvent,
    OsOpening,
    OsPagingBuffer,
)
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started, usable
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGK_ALLOCATIONLIST,
    DXGK_SUBMITCOMMANDFLAGS,
    DXGKARG_SUBMITCOMMAND,
    NULL,
)

QUIET = frozenset({"DxgkDdiStopDevice", "DxgkDdiSetPowerState"})
"""Calls during which, by policy G19, no ISR runs."""


@ddi
def DxgkDdiSubmitCommand(m: Machine, call: Call, hContext: OsContext | None = None,
                         hOpen: OsOpening | None = None,
                         area: OsContextAllocation | None = None,
                         paging: OsPagingBuffer | None = None, tracked: bool = True,
                         buffer: OsDmaBuffer | None = None) -> Steps:
    """SUB-02, SUB-05, SUB-08: one packet of a context at a time, which reads what is open on the
    context's device, and perhaps a context allocation of that device (which is the driver's own
    affair: it travels as private data). What DxgkDdiRender has built needs no list: it is all in
    the DMA buffer. A packet of `paging` belongs to no context (PAG-05). Not `tracked`: what becomes
    of the packet is left out. `buffer`: one of several DMA buffers of a context."""
    started(m)
    if buffer is not None:
        yield from dma_buffers.submit_physical(m, call, buffer)
        return call.status
    if hContext is None or paging is not None:
        m.require(hContext is None and hOpen is None, "paging belongs to no context")
        yield from _submit_paging(m, call, paging)
        return call.status
    m.require(hContext.open and not hContext.queues, f"{hContext!r} is gone, or has queues")
    m.require(hContext.device.process.kind != "System", "paging packets belong to no context")
    m.require(hContext.fence == 0, f"{hContext!r} has a packet that is not retired", driver=True)
    m.require(not hContext.device.lost, f"{hContext.device!r} is in error")
    m.require(not hContext.renders or hContext.rendered or hContext.preempted,
              f"no packet of {hContext!r} is built")
    usable(m)
    m.require(m.paging.ready, "the paging process has no page tables")
    if m.paging.memory is Memory.PACKETS:
        _set_up(m, hContext)
    fences = m.fences[hContext.node]
    m.require(fences.preempting == 0, "the node is being preempted")
    again = hContext.preempted
    if again or hContext.rendered:
        m.require(hOpen is None and area is None, f"{hContext!r} has a packet to submit again")
        hOpen, area = hContext.work
    reads: tuple[DXGK_ALLOCATIONLIST, ...] = ()
    if hOpen is not None and not hContext.renders:
        m.require(again or (hOpen.open and hOpen.device is hContext.device),
                  f"{hOpen!r} is not open on the device of {hContext!r}")
        m.require(hOpen.allocation.page is not None, f"{hOpen.allocation!r} is not resident")
        m.require(not _moving(m, hOpen.allocation), f"{hOpen.allocation!r} is on its way out")
        reads = (DXGK_ALLOCATIONLIST(hOpen.kmd, hOpen.va, hOpen.allocation.content),)
    if area is not None:
        m.require(area.open and area.device is hContext.device, f"{area!r} is gone")
    m.admit(call)
    m.last_fence += 1
    if not tracked:
        yield from m.driver(call, m.adapter.kmd, DXGKARG_SUBMITCOMMAND(
            hContext.kmd, m.last_fence, (), (NULL, 0), hContext.node))
        return call.status
    fences.last_submitted = m.last_fence
    hContext.fence = hContext.last_fence = m.last_fence
    hContext.reported = hContext.preempted = hContext.rendered = False
    hContext.used, hContext.work = True, (hOpen, area)
    hContext.reads = hOpen.allocation.pages if hOpen is not None else None
    yield from m.driver(call, m.adapter.kmd,
                        DXGKARG_SUBMITCOMMAND(
                            hContext.kmd, hContext.fence, reads,
                            (area.handle, area.va) if area is not None else (NULL, 0),
                            hContext.node, Flags=(
                                DXGK_SUBMITCOMMANDFLAGS.Resubmission if again
                                else DXGK_SUBMITCOMMANDFLAGS.NONE)))
    return call.status


def _moving(m: Machine, item: OsAllocation) -> bool:
    """Whether the memory of an allocation is to go, or paging work is about it."""
    pages = item.pages
    return pages is not None and (not pages.wanted or any(
        b.pages is pages for b in m.handles.all(OsPagingBuffer)))


def _set_up(m: Machine, context: OsContext) -> None:
    """PAG-06, CAL-05: the driver knows the root page table of the context, and its save area has
    its first content."""
    root = context.device.process.root_table
    m.require(root is not None and context.told is root,
              f"the root page table of {context!r} is not set")
    areas = [a for a in m.handles.all(OsContextAllocation) if a.context is context]
    m.require(all(memory.has_content(m, a) for a in areas), f"a save area of {context!r} is empty")


def _submit_paging(m: Machine, call: Call, paging: OsPagingBuffer | None) -> Steps:
    """PAG-05: a paging buffer goes to the hardware, once."""
    m.require(paging is not None and paging.fence == 0, f"{paging!r} is with the hardware")
    assert paging is not None
    usable(m)
    m.admit(call)
    m.last_fence += 1
    m.fences[0].last_submitted = paging.fence = m.last_fence
    yield from m.driver(call, m.adapter.kmd, DXGKARG_SUBMITCOMMAND(
        NULL, paging.fence, pDmaBufferPrivateData=(paging.kmd, 0)))
    return None


@ddi
def DxgkDdiInterruptRoutine(m: Machine, call: Call, shared: bool = False) -> Steps:
    """INT-01, INT-02, INT-08: the ISR, at DIRQL, between StartDevice and StopDevice, with the
    interrupt's lock. `shared`: another device on the same line raises the interrupt, which the
    driver must not claim."""
    call.interrupt = True
    m.require(m.adapter.state not in ("absent", "exclusive"), "no ISR can run")
    m.require(m.policies.G19 == "on" or not any(c.name in QUIET for c in m.calls),
              "interrupts are held back")
    if shared:
        m.require(m.adapter.awake, "no ISR is connected")
        m.require(not m.gpu.raised, "the device raises an interrupt of its own")
    else:
        m.require(m.gpu.interrupts_enabled, "the device's interrupts are disabled", driver=True)
        m.require(m.gpu.raised, "the device raises no interrupt", driver=True)
    _alone(m, call)
    yield interrupt_lock(m)
    claimed = yield from m.driver(call, m.adapter.kmd, 0)
    release_interrupt_lock(m)
    if bool(claimed) is shared:
        m.report(Finding(Kind.CONTRACT, "DxgkDdiInterruptRoutine claims the interrupt of another "
                         "device" if shared else "DxgkDdiInterruptRoutine does not claim the "
                         "interrupt of its device"))
    return claimed


@ddi
def DxgkDdiDpcRoutine(m: Machine, call: Call, first: OsCpuEvent | None = None) -> Steps:
    """INT-04, INT-05: the DPC, if one is queued and none runs; it is off the queue before it runs.
    `first`: of which event the GPU's list of what has happened tells first."""
    m.require(m.adapter.state != "absent", "no DPC can be queued")
    m.require(m.adapter.dpc_queued, "no DPC is queued", driver=True)
    _alone(m, call)
    call.interrupt = True
    m.adapter.dpc_queued = False
    if first is not None and first.source is not None:
        m.gpu.notices.sources.remove(first.source)
        m.gpu.notices.sources.insert(0, first.source)
    yield from m.driver(call, m.adapter.kmd)
    residency.retire(m)
    return None


def _alone(m: Machine, call: Call) -> None:
    """An ISR or a DPC does not run twice at once."""
    m.require(not any(c.name == call.name for c in m.calls), f"{call.name} runs already",
              driver=True)
