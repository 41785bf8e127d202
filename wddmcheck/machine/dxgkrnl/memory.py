"""The video memory manager: pages behind allocations and context allocations, and where processes
see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsOpening,
    OsResource,
)

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine


def context_allocation(machine: Machine, device: OsDevice, context: OsContext | None,
                       kmd: int) -> OsContextAllocation | None:
    """A context allocation with memory behind it, None if there is none."""
    page = machine.gpu.memory.segment.take()
    if page is None:
        return None
    item = OsContextAllocation(handle=machine.handles.new(), kmd=kmd, open=True, device=device,
                               context=context, page=page, made_by=machine.running)
    return machine.handles.add(item)


def free_context_allocation(machine: Machine, item: OsContextAllocation) -> None:
    """Unmap it and give its memory back."""
    item.device.process.table.unmap(item.va)
    machine.gpu.memory.segment.give_back(item.page)
    machine.handles.remove(item)


def allocation(machine: Machine, resource: OsResource | None,
               resident: bool) -> OsAllocation | None:
    """An allocation whose memory, once it is `resident`, holds something to recognise it by; None
    if there is no memory."""
    page = machine.gpu.memory.segment.take() if resident else None
    if resident and page is None:
        return None
    handle = machine.handles.new()
    content = b"A%07X" % (handle & 0xFFF_FFFF)
    if page is not None:
        machine.gpu.memory.segment.write(page, content)
    return OsAllocation(handle=handle, resource=resource, page=page, content=content)


def free_allocation(machine: Machine, item: OsAllocation) -> None:
    """Give the memory back; whoever still maps it sees what comes there next."""
    if item.page is not None:
        machine.gpu.memory.segment.give_back(item.page)
    machine.handles.remove(item)


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
    item.page = page
    for opening in (*machine.handles.all(OsOpening), *machine.paging.closing):
        if opening.allocation is item:
            opening.device.process.table.move(opening.va, page)


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
        again = any(c.preempted and c.work[0] is item for c in machine.handles.all(OsContext))
        if not again and not any(node.reads(table, item.va) for node in machine.gpu.nodes):
            item.device.process.table.unmap(item.va)
            machine.paging.closing.remove(item)
