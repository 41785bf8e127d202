"""The video memory manager: pages behind allocations and context allocations, and where processes
see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsDoorbell,
    OsOpening,
    OsResource,
)
from wddmcheck.machine.dxgkrnl.state import unfinished

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine


def context_allocation(machine: Machine, device: OsDevice, context: OsContext | None,
                       kmd: int) -> OsContextAllocation | None:
    """A context allocation with memory behind it, None if there is none. Where paging packets fill
    it, it is empty."""
    page = machine.gpu.memory.segment.take()
    if page is None:
        return None
    if machine.paging.memory is Memory.PACKETS:
        machine.gpu.memory.segment.write(page, b"")
    item = OsContextAllocation(handle=machine.handles.new(), kmd=kmd, open=True, device=device,
                               context=context, page=page, made_by=machine.running)
    machine.gpu.memory.areas[item.handle] = page
    return machine.handles.add(item)


def free_context_allocation(machine: Machine, item: OsContextAllocation) -> None:
    """Its handle is dead from now on. Unmap it and give its memory back; by policy G08 when no node
    can save into it any more."""
    machine.handles.remove(item)
    machine.paging.kept.append(item)
    unmap_kept(machine)


def unmap_kept(machine: Machine) -> None:
    """Unmap what was destroyed and has not to be kept."""
    for item in tuple(machine.paging.kept):
        if machine.policies.G08 == "deferred" and any(
                node.holds(item.device.process.root, item.va) for node in machine.gpu.nodes):
            continue
        item.device.process.table.unmap(item.va)
        machine.gpu.memory.areas.pop(item.handle, None)
        machine.gpu.memory.segment.give_back(item.page)
        machine.paging.kept.remove(item)


def reclaim_context_allocation(machine: Machine, item: OsContextAllocation) -> None:
    """Dxgkrnl takes back what the driver has left; the driver's handle of it is dead."""
    free_context_allocation(machine, item)
    machine.handles.reclaimed.add(item.handle)


def allocation(machine: Machine, resource: OsResource | None) -> OsAllocation | None:
    """An allocation whose memory holds something to recognise it by, None if there is none. Where
    Dxgkrnl transfers all that is to be there, it is not resident at first."""
    handle = machine.handles.new()
    content = b"A%07X" % (handle & 0xFFF_FFFF)
    page = None
    if machine.paging.memory is Memory.AUTOMATIC:
        page = machine.gpu.memory.segment.take()
        if page is None:
            return None
        machine.gpu.memory.segment.write(page, content)
    return OsAllocation(handle=handle, resource=resource, page=page, content=content)


def free_allocation(machine: Machine, item: OsAllocation) -> None:
    """Give the memory back; whoever still maps it sees what comes there next. (A ring buffer is
    unmapped, whatever its doorbell does. What user mode asked for is `residency`'s.)"""
    for doorbell in machine.handles.all(OsDoorbell):
        if doorbell.ring is item:
            doorbell.queue.context.device.process.table.unmap(doorbell.ring_va)
    if item.page is not None and item.pages is None:
        machine.gpu.memory.segment.give_back(item.page)
    machine.handles.remove(item)


def is_read(machine: Machine, item: OsAllocation | None) -> bool:
    """Whether a packet that the GPU is not done with, or that is still to be submitted, reads an
    allocation."""
    return item is not None and any(
        _reads(machine, c, item) for c in machine.handles.all(OsContext))


def _reads(machine: Machine, context: OsContext, item: OsAllocation) -> bool:
    opened = context.work[0]
    return opened is not None and opened.allocation is item and (
        context.preempted or context.rendered or unfinished(machine, context))


def move(machine: Machine, item: OsAllocation, to: str) -> None:
    """The end of a transfer: the memory of an allocation is elsewhere, in the segment or ("system")
    out of the GPU's reach. Page tables follow; who kept a physical address has a stale one."""
    segment = machine.gpu.memory.segment
    page = segment.take() if to == "segment" else None
    content = segment.read(item.page) if item.page is not None else item.content
    if page is not None:
        segment.write(page, content)
    if item.page is not None:
        segment.give_back(item.page)
    appear(machine, item, page)


def appear(machine: Machine, item: OsAllocation, page: int | None) -> None:
    """Page tables show an allocation at a page, or (None) nowhere."""
    item.page = page
    for opening in (*machine.handles.all(OsOpening), *machine.paging.closing):
        if opening.allocation is item:
            opening.device.process.table.move(opening.va, page)


def has_content(machine: Machine, item: OsContextAllocation) -> bool:
    """Whether anything was written into a context allocation."""
    return any(machine.gpu.memory.segment.read(item.page))


def open_allocation(item: OsOpening) -> None:
    """Let the process of the device see the allocation."""
    item.va = item.device.process.table.map(item.allocation.page)


def close_allocation(machine: Machine, item: OsOpening) -> None:
    """Take it out of the address space, once no packet reads it there any more."""
    machine.handles.remove(item)
    machine.paging.closing.append(item)
    unmap_closed(machine)


def unmap_closed(machine: Machine) -> None:
    """Deferred destruction: unmap what was closed and is no longer read."""
    for item in tuple(machine.paging.closing):
        table = item.device.process.root
        again = any((c.preempted or c.rendered) and c.work[0] is item
                    for c in machine.handles.all(OsContext))
        if not again and not any(node.reads(table, item.va) for node in machine.gpu.nodes):
            item.device.process.table.unmap(item.va)
            machine.paging.closing.remove(item)
