"""Root page tables that processes get, exchange for larger ones, and lose; contexts are told."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsContext,
    OsObject,
    OsPageTable,
    OsProcess,
)
from wddmcheck.machine.dxgkrnl.registry import ddi, event
from wddmcheck.machine.dxgkrnl.state import started
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import DXGKARG_SETROOTPAGETABLE

TABLES = 0x3000_0000


@event
def reserve_gpu_virtual_address(m: Machine, process: OsProcess,
                                fails: bool = False) -> OsObject | None:
    """PAG-07: pfnReserveGpuVirtualAddressCb needs more addresses than the root page table of the
    process has, which gets another one, unless that `fails`. By policy G15 the old one goes now, or
    when all contexts have been told."""
    started(m)
    m.require(process.open, f"{process!r} is gone")
    m.require(m.paging.memory is Memory.PACKETS, "page tables come by themselves")
    m.require(not any(c.device.process is process and busy(m, c)
                      for c in m.handles.all(OsContext)), f"{process!r} has work on the GPU")
    tables = of_process(m, process)
    m.require(not any(t.replaced for t in tables), "a root page table is being replaced")
    if fails:
        return None
    handle = m.handles.new()
    made = m.handles.add(OsPageTable(handle=handle, open=True, process=process,
                                     address=TABLES + handle))
    m.gpu.memory.tables[made.address] = process.table
    process.root, process.root_table = made.address, made
    for table in tables:
        if m.policies.G15 == "before":
            destroy(m, table)
        else:
            table.replaced = True
    destroy_replaced(m)
    return made


@ddi
def DxgkDdiSetRootPageTable(m: Machine, call: Call, hContext: OsContext) -> Steps:
    """PAG-06: the root page table of an idle context is, from now on, the one that its process
    has."""
    process = hContext.device.process
    table = process.root_table
    started(m)
    m.require(hContext.open, f"{hContext!r} is gone")
    m.require(table is not None, f"{process!r} has none")
    assert table is not None
    m.require(hContext.told is not table, f"{hContext!r} has it already")
    m.require(not busy(m, hContext), f"{hContext!r} has work on the GPU")
    m.admit(call)
    hContext.told = table
    yield from m.driver(call, m.adapter.kmd,
                        DXGKARG_SETROOTPAGETABLE(hContext.kmd, table.address))
    destroy_replaced(m)
    return call.status


def busy(m: Machine, context: OsContext) -> bool:
    """Whether the GPU has a packet of the context, or still holds its state (CTX-13)."""
    node = m.gpu.nodes[context.node]
    packet = node.packets.get(context.fence)
    if packet is not None and packet.state in (PacketState.QUEUED, PacketState.RUNNING):
        return True
    return node.current is not None and m.ran.get(context.node) is context


def of_process(m: Machine, process: OsProcess) -> list[OsPageTable]:
    """The root page tables of a process."""
    return [t for t in m.handles.all(OsPageTable) if t.process is process]


def destroy(m: Machine, table: OsPageTable) -> None:
    """The GPU finds nothing at its address any more."""
    m.gpu.memory.tables.pop(table.address, None)
    m.handles.remove(table)


def destroy_replaced(m: Machine) -> None:
    """Those that were replaced, and that no context was told last."""
    told = [c.told for c in m.handles.all(OsContext)]
    for table in [t for t in m.handles.all(OsPageTable) if t.replaced and t not in told]:
        destroy(m, table)
