"""What Driver Verifier and Dxgkrnl's own books would notice after a call, or at a free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsObject,
    OsOpening,
    OsProcess,
)
from wddmcheck.machine.findings import Finding, Kind, call_site
from wddmcheck.machine.status import NtStatus

if TYPE_CHECKING:
    from wddmcheck.machine.dxgkrnl.calls import Call
    from wddmcheck.machine.machine import Machine
    from wddmcheck.machine.pool import Block


INTERRUPTS = ("DxgkDdiInterruptRoutine", "DxgkDdiDpcRoutine")


def status(machine: Machine, call: Call, result: object) -> NtStatus:
    """What the driver returned, as a status. Reports one that the page of the DDI does not name,
    where its list is closed, and what is none (which counts as a failure)."""
    try:
        found = NtStatus(result)  # type: ignore[arg-type]
    except ValueError:
        machine.report(Finding(Kind.BAD_STATUS, f"{call.name} returns {result!r}, which is no "
                               "status that display miniports return"))
        return NtStatus.STATUS_UNSUCCESSFUL
    if not call.facts.open and found.name not in call.facts.statuses:
        machine.report(Finding(Kind.BAD_STATUS, f"{call.name} returns {found.name}; its page "
                               f"names {', '.join(sorted(call.facts.statuses))}"))
    return found


def on_free(machine: Machine, block: Block) -> None:
    """A structure goes while Dxgkrnl still holds its handle, or while others live within it."""
    item = machine.handles.of_driver(block.address)
    if item is None:
        return
    if item.open:
        machine.report(Finding(
            Kind.CONTRACT, f"the driver frees {block.kind.__name__} {block.address:#x} although "
            "Dxgkrnl still holds its handle", (block.address,), where=call_site(),
            details=block.history()))
    machine.handles.forget(machine.pool.is_live)
    for child in (*machine.handles.all(OsObject), *machine.handles.departed):
        if _within(child, item) and machine.pool.is_live(child.kmd):
            machine.report(Finding(
                Kind.ORPHAN, f"{block.kind.__name__} {block.address:#x} is freed before "
                f"{machine.pool.blocks[child.kmd].kind.__name__} {child.kmd:#x}, which lives "
                "within it", (block.address, child.kmd), where=call_site(),
                details=machine.pool.blocks[child.kmd].history()))


def _within(child: OsObject, parent: OsObject) -> bool:
    match child:
        case OsDevice():
            return child.process is parent
        case OsContext():
            return child.device is parent
        case OsOpening():
            return child.device is parent or child.allocation is parent
        case _:
            return False


def touched(machine: Machine) -> None:
    """The driver touches the hardware: not after it was told that it is gone (ADP-13), and not
    while Dxgkrnl cleans up after a reset, but to answer interrupts (TDR-04)."""
    if machine.adapter.removed:
        machine.report(Finding(Kind.CONTRACT, "the driver touches the hardware after "
                               "DxgkDdiNotifySurpriseRemoval", where=call_site()))
    interrupt = machine.running is not None and machine.running.name in INTERRUPTS
    if machine.adapter.cleaning_up and not interrupt:
        machine.report(Finding(Kind.CONTRACT, "the driver touches the hardware between "
                               "DxgkDdiResetFromTimeout and DxgkDdiRestartFromTimeout",
                               where=call_site()))


def after_failed_create(machine: Machine, call: Call) -> None:
    """No destroy follows a failed create: what it leaves behind is lost (GEN-08, ALC-02)."""
    blocks = [b for b in machine.pool.live() if b.made_by is call]
    areas = [a for a in machine.handles.all(OsContextAllocation) if a.made_by is call]
    if blocks or areas:
        names = [b.kind.__name__ for b in blocks] + ["a context allocation"] * len(areas)
        machine.report(Finding(
            Kind.LEAK, f"{call.name} fails and leaves behind: {', '.join(names)}",
            tuple(b.address for b in blocks) + tuple(a.handle for a in areas),
            details=tuple(line for b in blocks for line in b.history())))


def left_context_allocations(machine: Machine, owner: OsContext | OsDevice | OsProcess) -> None:
    """Context allocations that outlive what they belong to (CTX-07, CAL-08, PRC-04)."""
    left = [a for a in machine.handles.all(OsContextAllocation) if owner in (
        a.context, a.device, a.device.process)]
    if left:
        many = f"{len(left)} context allocation" + ("s of it are" if len(left) > 1 else " of it is")
        machine.report(Finding(Kind.LEAK, f"{owner!r} is destroyed and {many} left",
                               tuple(a.handle for a in left)))


def after_destroy(machine: Machine, what: str, item: OsObject) -> None:
    """The driver was told to free an object, and has not."""
    block = machine.pool.blocks.get(item.kmd)
    if block is not None and not block.freed:
        machine.report(Finding(Kind.LEAK, f"{what} leaves {block.kind.__name__} "
                               f"{block.address:#x}", (block.address,), details=block.history()))


def at_remove(machine: Machine) -> None:
    """What is left when the adapter is removed."""
    leak = machine.pool.leaks()
    if leak is not None:
        machine.report(leak)
    packets = [p.fence for n in machine.gpu.nodes for p in n.packets.values()]
    if packets and machine.gpu.present:
        machine.report(Finding(Kind.LEAK, f"ring entries of packets {packets} are left"))
    areas = tuple(machine.handles.all(OsContextAllocation))
    if areas:
        machine.report(Finding(Kind.LEAK, f"{len(areas)} context allocations are left",
                               tuple(a.handle for a in areas)))
