"""What Driver Verifier and Dxgkrnl's own books would notice after a call, or at a free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl import memory
from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsDoorbell,
    OsHwQueue,
    OsLocalFence,
    OsObject,
    OsOpening,
    OsProcess,
    OsProcessEvent,
)
from wddmcheck.machine.findings import Finding, Kind, call_site
from wddmcheck.machine.status import NtStatus

if TYPE_CHECKING:
    from wddmcheck.machine.dxgkrnl.calls import Call
    from wddmcheck.machine.machine import Machine
    from wddmcheck.machine.paging_structs import DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE
    from wddmcheck.machine.pool import Block


INTERRUPTS = ("DxgkDdiInterruptRoutine", "DxgkDdiDpcRoutine")


def status(machine: Machine, call: Call, result: object) -> NtStatus:
    """What the driver returned, as a status. Reports one that the page of the DDI does not name,
    where its list is closed, and what is none (which counts as a failure). Where a handle named
    nothing, the page of DxgkCbGetHandleData names the status (ALC-20)."""
    try:
        found = NtStatus(result)  # type: ignore[arg-type]
    except ValueError:
        machine.report(Finding(Kind.BAD_STATUS, f"{call.name} returns {result!r}, which is no "
                               "status that display miniports return"))
        return NtStatus.STATUS_UNSUCCESSFUL
    if call.bad_handle and found is NtStatus.STATUS_INVALID_HANDLE:
        return found
    if not call.facts.open and found.name not in call.facts.statuses:
        machine.report(Finding(Kind.BAD_STATUS, f"{call.name} returns {found.name}; its page "
                               f"names {', '.join(sorted(call.facts.statuses))}"))
    return found


def on_free(machine: Machine, block: Block) -> None:
    """A structure goes while Dxgkrnl still holds its handle, or while others live within it."""
    for other in machine.pool.live():
        if other.lives_within(block):
            _orphaned(machine, block, other)
    item = machine.handles.of_driver(block.address)
    if item is None:
        return
    if item.open and not forgotten(machine, item):
        machine.report(Finding(
            Kind.CONTRACT, f"the driver frees {block.kind.__name__} {block.address:#x} although "
            "Dxgkrnl still holds its handle", (block.address,), where=call_site(),
            details=block.history()))
    machine.handles.forget(machine.pool.is_live)
    for child in (*machine.handles.all(OsObject), *machine.handles.departed):
        if _within(child, item) and machine.pool.is_live(child.kmd):
            _orphaned(machine, block, machine.pool.blocks[child.kmd])


def _orphaned(machine: Machine, block: Block, child: Block) -> None:
    machine.report(Finding(
        Kind.ORPHAN, f"{block.kind.__name__} {block.address:#x} is freed before "
        f"{child.kind.__name__} {child.address:#x}, which lives within it",
        (block.address, child.address), where=call_site(), details=child.history()))


def forgotten(machine: Machine, item: OsObject) -> bool:
    """Whether no destroy follows for a context that Dxgkrnl could not use (CTX-03, policy G01)."""
    return (isinstance(item, OsContext) and item.rejected
            and machine.policies.G01 == "forgotten")


def _within(child: OsObject, parent: OsObject) -> bool:
    match child:
        case OsDevice():
            return child.process is parent
        case OsContext():
            return child.device is parent
        case OsLocalFence():
            return child.device is parent or child.fence is parent
        case OsHwQueue():
            return child.context is parent
        case OsDoorbell():
            return child.queue is parent
        case OsOpening():
            return child.device is parent or child.allocation is parent
        case _:
            return False


def touched(machine: Machine) -> None:
    """The driver touches the hardware: not after it was told that it is gone (ADP-13), not in D3
    (PWR-01), and not while Dxgkrnl cleans up after a reset, but to answer interrupts (TDR-04)."""
    if machine.adapter.removed:
        machine.report(Finding(Kind.CONTRACT, "the driver touches the hardware after "
                               "DxgkDdiNotifySurpriseRemoval", where=call_site()))
    if machine.gpu.low_power:
        machine.report(Finding(Kind.BAD_ACCESS, "the driver touches a device that it has put to "
                               "sleep", where=call_site()))
    if not machine.gpu.powered:
        machine.report(Finding(Kind.CONTRACT, "the driver touches the registers in D3, where the "
                               "device does not answer", where=call_site()))
    interrupt = machine.running is not None and machine.running.name in INTERRUPTS
    if machine.adapter.cleaning_up and not interrupt:
        machine.report(Finding(Kind.CONTRACT, "the driver touches the hardware between "
                               "DxgkDdiResetFromTimeout and DxgkDdiRestartFromTimeout",
                               where=call_site()))


def torn(machine: Machine) -> None:
    """Two threads write the ring at once (GEN-04)."""
    machine.report(Finding(Kind.BAD_ACCESS, "a command is written to the ring over one that is not "
                           "complete: two threads write it at once", where=call_site()))


def unpowered(machine: Machine) -> None:
    """The driver changes what has no power: not after DxgkCbSetPowerComponentIdle (PWR-06)."""
    machine.report(Finding(Kind.BAD_ACCESS, "the driver changes a power component that is in a "
                           "lower F-state", where=call_site()))


def read(machine: Machine) -> None:
    """The driver reads registers that have to be set up first (PWR-01)."""
    if machine.gpu.powered and machine.gpu.present and not machine.gpu.programmed:
        machine.report(Finding(Kind.CONTRACT, "the driver reads registers that are not set up yet",
                               where=call_site()))


def before_power_goes(machine: Machine, call: Call) -> None:
    """SetPowerState to D3 returns: nothing may be left that needs the device (INT-06, CTX-13)."""
    if machine.gpu.interrupts_enabled or machine.adapter.dpc_queued:
        machine.report(Finding(Kind.CONTRACT, f"{call.name} returns in D3 while an interrupt or a "
                               "DPC can still come"))
    for node in machine.gpu.nodes:
        if node.current is not None:
            machine.report(Finding(
                Kind.CONTRACT, f"{call.name} returns in D3 while node {node.ordinal} still holds "
                f"hardware context {node.current.ident}, whose state is lost"))


def after_power_up(machine: Machine, call: Call) -> None:
    """SetPowerState to D0 returns: the device is as it was (PWR-01)."""
    gpu = machine.gpu
    if gpu.present and not (gpu.programmed and gpu.interrupts_enabled and gpu.writes_status):
        machine.report(Finding(Kind.CONTRACT, f"{call.name} returns in D0 and the device is not "
                               "set up: its registers, its interrupts or its status"))


def in_exclusive_access(machine: Machine, call: Call) -> None:
    """BeginExclusiveAccess returns: the device is silent (PWR-07)."""
    gpu = machine.gpu
    if gpu.writes_status or any(n.current is not None for n in gpu.nodes):
        machine.report(Finding(Kind.CONTRACT, f"{call.name} returns and the device still reaches "
                               "system memory"))


def after_update_page_table(machine: Machine, call: Call,
                            update: DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE) -> None:
    """The page tables of the paging process are there at once (PWR-04)."""
    wanted = {(update.PageTableAddress, update.StartIndex + i): entry
              for i, entry in enumerate(update.pPageTableEntries)}
    if not wanted.items() <= machine.gpu.memory.written.items():
        machine.report(Finding(Kind.CONTRACT, f"{call.name} returns and page tables of the paging "
                               "process are not written"))


def after_cancel(machine: Machine, call: Call, render: object) -> None:
    """What the driver made for a packet goes with it, also if it never reached the hardware
    (SUB-11). `render` is the call that built it."""
    left = [b for b in machine.pool.live() if b.made_by is render]
    if left:
        names = ", ".join(b.kind.__name__ for b in left)
        machine.report(Finding(
            Kind.LEAK, f"{call.name} leaves what DxgkDdiRender made for the packet: {names}",
            tuple(b.address for b in left), details=tuple(x for b in left for x in b.history())))


def after_failed_create(machine: Machine, call: Call, how: str = "fails") -> None:
    """No destroy follows a failed create: what it leaves behind is lost (GEN-08, ALC-02)."""
    blocks = [b for b in machine.pool.live() if b.made_by is call]
    areas = [a for a in machine.handles.all(OsContextAllocation) if a.made_by is call]
    if blocks or areas:
        names = [b.kind.__name__ for b in blocks] + ["a context allocation"] * len(areas)
        machine.report(Finding(
            Kind.LEAK, f"{call.name} {how} and leaves behind: {', '.join(names)}",
            tuple(b.address for b in blocks) + tuple(a.handle for a in areas),
            details=tuple(line for b in blocks for line in b.history())))


def left_context_allocations(machine: Machine, owner: OsContext | OsDevice | OsProcess) -> None:
    """Context allocations that outlive what they belong to (CTX-07, CAL-08, PRC-04). By policy
    G06, Dxgkrnl takes them back."""
    left = [a for a in machine.handles.all(OsContextAllocation) if owner in (
        a.context, a.device, a.device.process)]
    if machine.policies.G06 == "reclaimed" and not isinstance(owner, OsProcess):
        for area in left:
            memory.reclaim_context_allocation(machine, area)
    elif left:
        many = f"{len(left)} context allocation" + ("s of it are" if len(left) > 1 else " of it is")
        machine.report(Finding(Kind.LEAK, f"{owner!r} is destroyed and {many} left",
                               tuple(a.handle for a in left)))


def left_events(machine: Machine, process: OsProcess) -> None:
    """A process is gone; an event of it that Dxgkrnl keeps was never signalled for the last time
    (PRC-05). Of the others nothing is left."""
    for item in tuple(machine.handles.all(OsProcessEvent)):
        if item.process is process and item.held:
            machine.report(Finding(Kind.LEAK, f"{process!r} is destroyed, and {item!r} was never "
                                   "signalled with LastUse: Dxgkrnl keeps it", (item.handle,)))
        elif item.process is process:
            machine.handles.remove(item)


def after_destroy(machine: Machine, what: str, item: OsObject) -> None:
    """The driver was told to free an object, and has not."""
    block = machine.pool.blocks.get(item.kmd)
    if block is not None and not block.freed:
        machine.report(Finding(Kind.LEAK, f"{what} leaves {block.kind.__name__} "
                               f"{block.address:#x}", (block.address,), details=block.history()))


def after_stop(machine: Machine, call: Call) -> None:
    """What StartDevice made is gone (ADP-06, ADP-17)."""
    started = [b for b in machine.pool.live()
               if getattr(b.made_by, "name", "") == "DxgkDdiStartDevice"]
    if started:
        names = ", ".join(b.kind.__name__ for b in started)
        machine.report(Finding(
            Kind.LEAK, f"{call.name} leaves what DxgkDdiStartDevice has made: {names}",
            tuple(b.address for b in started),
            details=tuple(line for b in started for line in b.history())))


def at_unload(machine: Machine) -> None:
    """What is left when the driver is unloaded (DRV-02)."""
    leak = machine.pool.leaks()
    if leak is not None:
        machine.report(leak)


def at_remove(machine: Machine) -> None:
    """What is left when the adapter is removed. What DriverEntry has made is for all adapters."""
    leak = machine.pool.leaks(machine.image.entry)
    if leak is not None:
        machine.report(leak)
    packets = [p.fence for n in machine.gpu.nodes for p in n.packets.values()]
    if packets and machine.gpu.present:
        machine.report(Finding(Kind.LEAK, f"ring entries of packets {packets} are left"))
    engine, notices = machine.gpu.engine, machine.gpu.notices
    for what, left in (("contexts on the run list", engine.run_list),
                       ("hardware queues", engine.queues), ("native fences", notices.fences),
                       ("sources of events", notices.sources),
                       ("timers of frames", machine.gpu.display.timers),
                       ("trackings of writes", machine.gpu.memory.segment.dirty_bits.trackings)):
        if left:
            machine.report(Finding(Kind.LEAK, f"the GPU still knows {len(left)} {what}"))
    areas = tuple(machine.handles.all(OsContextAllocation))
    if areas:
        machine.report(Finding(Kind.LEAK, f"{len(areas)} context allocations are left",
                               tuple(a.handle for a in areas)))
