"""The callbacks that Dxgkrnl gives to the driver, with the checks that their pages promise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wddmcheck.machine.allocation_structs import (
    DXGKARGCB_GETHANDLEDATA,
    DXGKARGCB_RELEASEHANDLEDATA,
)
from wddmcheck.machine.dxgkrnl import (
    audit,
    blocking,
    display_callbacks,
    dma_memory,
    event_callbacks,
    memory,
    queue_callbacks,
    residency,
)
from wddmcheck.machine.dxgkrnl.calls import CallbackMade
from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer
from wddmcheck.machine.dxgkrnl.entry import enter
from wddmcheck.machine.dxgkrnl.objects import (
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsPagingBuffer,
    OsProcess,
)
from wddmcheck.machine.findings import Finding, Kind, OutOfReachError, call_site, stop
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.gpu.registers import Registers
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CREATECONTEXTALLOCATIONFLAGS,
    DXGK_INTERRUPT_TYPE,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    DXGKARGCB_MAPCONTEXTALLOCATION,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    DXGKRNL_INTERFACE,
    NULL,
    Handle,
    Out,
)

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine
    from wddmcheck.machine.system_structs import DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE


def interface(machine: Machine) -> DXGKRNL_INTERFACE:
    """The table of callbacks; `DeviceHandle` is filled in at StartDevice."""
    return DXGKRNL_INTERFACE(
        NULL, partial(map_memory, machine), partial(create_context_allocation, machine),
        partial(destroy_context_allocation, machine), partial(map_context_allocation, machine),
        partial(get_handle_data, machine), partial(acquire_handle_data, machine),
        partial(release_handle_data, machine), partial(notify_interrupt, machine),
        partial(notify_dpc, machine), partial(queue_dpc, machine),
        partial(blocking.synchronize_execution, machine),
        partial(queue_callbacks.disconnect_doorbell, machine),
        partial(queue_callbacks.invalidate_hw_context, machine),
        partial(event_callbacks.signal_event, machine),
        partial(blocking.update_context_allocation, machine),
        partial(blocking.set_power_component_active, machine),
        partial(blocking.set_power_component_idle, machine),
        partial(reserve_addresses, machine),
        partial(display_callbacks.set_protected_session_status, machine))


def _fails(machine: Machine, name: str) -> bool:
    return machine.running is not None and machine.running.failures.take(name)


def map_memory(machine: Machine) -> Registers:
    """DxgkCbMapMemory: the register file."""
    return Registers(machine.gpu, partial(audit.touched, machine), partial(audit.read, machine),
                     partial(audit.unpowered, machine), partial(audit.torn, machine))


def create_context_allocation(machine: Machine, arg: DXGKARGCB_CREATECONTEXTALLOCATION) -> NtStatus:
    """DxgkCbCreateContextAllocation (CAL-01, CAL-03): Dxgkrnl's own handles of device and context;
    hContext is NULL exactly if the allocation is shared."""
    name = "DxgkCbCreateContextAllocation"
    enter(machine, name, arg.hAdapter)
    device = machine.handles.find(arg.hDevice, OsDevice, f"{name}: hDevice")
    shared = DXGK_CREATECONTEXTALLOCATIONFLAGS.SharedAcrossContexts in arg.ContextAllocationFlags
    context = None
    if arg.hContext != NULL:
        context = machine.handles.find(arg.hContext, OsContext, f"{name}: hContext")
    if shared != (context is None) or (context is not None and context.device is not device):
        stop(Kind.CONTRACT, f"{name}: hContext must be NULL for a shared allocation, and a context "
             "of hDevice otherwise", "0xC4")
    if device.process.kind == "System":
        stop(Kind.CONTRACT, f"{name}: the system device has no context allocations, and neither "
             "have its contexts", "0xC4", objects=(arg.hDevice,))
    args = (("hDevice", device), ("hContext", context))
    if _fails(machine, name):
        machine.callback(name, args, CallbackMade(name, args, NtStatus.STATUS_NO_MEMORY))
        return NtStatus.STATUS_NO_MEMORY
    item = memory.context_allocation(machine, device, context, arg.hDriverAllocation)
    if item is None:
        return NtStatus.STATUS_NO_MEMORY
    arg.hAllocation = item.handle
    machine.callback(name, args, CallbackMade(name, args, result=item))
    return NtStatus.STATUS_SUCCESS


def destroy_context_allocation(machine: Machine, hAdapter: Handle, hAllocation: Handle) -> NtStatus:
    """DxgkCbDestroyContextAllocation (CAL-06): memory and mapping go at once."""
    name = "DxgkCbDestroyContextAllocation"
    enter(machine, name, hAdapter)
    if hAllocation in machine.handles.gone - machine.handles.reclaimed:
        stop(Kind.DOUBLE_FREE, f"{name}: {hAllocation:#x} is destroyed twice", "0xC4",
             objects=(hAllocation,))
    item = machine.handles.find(hAllocation, OsContextAllocation, f"{name}: hAllocation")
    if residency.being_filled(machine, item):
        raise OutOfReachError(f"{name} blocks, where this machine cannot pause the driver (see "
                              "Kernel.may_block)", driver=True)
    memory.free_context_allocation(machine, item)
    machine.callback(name, (("hAllocation", item),))
    return NtStatus.STATUS_SUCCESS


def map_context_allocation(machine: Machine, hAdapter: Handle,
                           arg: DXGKARGCB_MAPCONTEXTALLOCATION) -> int:
    """DxgkCbMapContextAllocation: the GPU virtual address, 0 if there is none."""
    name = "DxgkCbMapContextAllocation"
    enter(machine, name, hAdapter)
    item = machine.handles.find(arg.hAllocation, OsContextAllocation, f"{name}: hAllocation")
    if _fails(machine, name):
        return 0
    if item.va == 0:
        item.va = item.device.process.table.map(item.page)
    return item.va


def get_handle_data(machine: Machine, arg: DXGKARGCB_GETHANDLEDATA) -> Handle:
    """DxgkCbGetHandleData: the driver's handle; nothing holds the object (ALC-21). NULL for what
    names no allocation, or none any more: user mode may say anything (ALC-20)."""
    name = "DxgkCbGetHandleData"
    enter(machine, name)
    found = machine.handles.objects.get(arg.hObject)
    item = found if isinstance(found, OsAllocation) else None
    machine.callback(name, (("hObject", item),))
    if item is None and machine.running is not None:
        machine.running.innermost.bad_handle = True
    return item.kmd if item is not None else NULL


def acquire_handle_data(machine: Machine, arg: DXGKARGCB_GETHANDLEDATA,
                        ReleaseHandle: Out[Handle]) -> Handle:
    """DxgkCbAcquireHandleData: as GetHandleData, and the object stays until it is released."""
    name = "DxgkCbAcquireHandleData"
    enter(machine, name)
    item = machine.handles.find(arg.hObject, OsAllocation, f"{name}: hObject")
    item.references += 1
    ReleaseHandle.value = item.handle
    machine.callback(name, (("hObject", item),))
    return item.kmd


def release_handle_data(machine: Machine, arg: DXGKARGCB_RELEASEHANDLEDATA) -> None:
    """DxgkCbReleaseHandleData, once for each acquire."""
    name = "DxgkCbReleaseHandleData"
    enter(machine, name)
    item = machine.handles.find(arg.ReleaseHandle, OsAllocation, f"{name}: ReleaseHandle")
    if item.references == 0:
        stop(Kind.CONTRACT, f"{name}: {item!r} is released more often than acquired", "0xC4",
             objects=(item.handle,))
    item.references -= 1
    machine.callback(name, (("hObject", item),))


def notify_interrupt(machine: Machine, hAdapter: Handle,
                     arg: DXGKARGCB_NOTIFY_INTERRUPT_DATA) -> None:
    """DxgkCbNotifyInterrupt: a fence that was submitted, is complete, and was not reported before
    (FEN-01, FEN-03; stop 0x119/0x1)."""
    name = "DxgkCbNotifyInterrupt"
    enter(machine, name, hAdapter)
    if machine.adapter.to_reset or machine.fences[arg.NodeOrdinal].timed_out:
        return                   # nobody listens to this node any more (TDR-01)
    if arg.InterruptType is DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_PREEMPTED:
        _preempted(machine, arg)
        return
    if arg.InterruptType is DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED:
        queue_callbacks.suspend_completed(machine, arg)
        return
    if arg.InterruptType is DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED:
        event_callbacks.fences_signalled(machine, arg)
        return
    if arg.InterruptType is DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_PERIODIC_MONITORED_FENCE_SIGNALED:
        display_callbacks.frame_notified(machine, arg)
        return
    if arg.InterruptType is not DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED:
        return
    fence = arg.SubmissionFenceId
    whose = _outstanding(machine, fence)
    packet = machine.gpu.nodes[arg.NodeOrdinal].packets.get(fence)
    if whose is None or packet is None:
        stop(Kind.BAD_FENCE, f"the driver reports fence {fence}, which is not outstanding",
             "0x119/0x1")
    if whose.reported:
        stop(Kind.BAD_FENCE, f"the driver reports fence {fence} again", "0x119/0x1",
             objects=(whose.kmd,))
    if packet.state not in (PacketState.DONE, PacketState.ABORTED):
        stop(Kind.BAD_FENCE, f"the driver reports fence {fence}, whose packet is "
             f"{packet.state.value}", "0x119/0x1", objects=(whose.kmd,))
    whose.reported = True
    fences = machine.fences[arg.NodeOrdinal]
    fences.last_completed = max(fences.last_completed, fence)
    machine.callback(name, (("buffer" if isinstance(whose, OsDmaBuffer) else "hContext", whose),))


def _outstanding(machine: Machine, fence: int) -> OsContext | OsPagingBuffer | OsDmaBuffer | None:
    """Whose packet has a fence: a context's, one of paging, or one of several of a context."""
    work: list[OsContext | OsPagingBuffer | OsDmaBuffer] = [*machine.handles.all(OsContext)]
    work += machine.handles.all(OsPagingBuffer)
    work += machine.handles.all(OsDmaBuffer)
    return next((w for w in work if fence and w.fence == fence), None)


def _preempted(machine: Machine, arg: DXGKARGCB_NOTIFY_INTERRUPT_DATA) -> None:
    """SUB-09, SUB-10: the preemption that was asked for, and the last completed fence; what comes
    after that one is to be submitted again."""
    fences = machine.fences[arg.NodeOrdinal]
    if arg.PreemptionFenceId == 0 or arg.PreemptionFenceId != fences.preempting:
        stop(Kind.BAD_FENCE, f"the driver reports the preemption {arg.PreemptionFenceId}; "
             f"{fences.preempting or 'none'} is outstanding", "0x119/0x1")
    if arg.LastCompletedFenceId != fences.last_completed:
        stop(Kind.BAD_FENCE, f"the driver reports {arg.LastCompletedFenceId} as the last completed "
             f"fence, which is {fences.last_completed}", "0x119/0x1")
    fences.preempting = 0
    for context in machine.handles.all(OsContext):
        if context.node == arg.NodeOrdinal and context.fence and not context.reported:
            _comes_back(machine, context)
    for buffer in machine.handles.all(OsDmaBuffer):
        if buffer.context.node == arg.NodeOrdinal and buffer.fence and not buffer.reported:
            _once(machine, arg.NodeOrdinal, buffer.fence, buffer.context.kmd)
            dma_memory.come_back(machine, buffer)
    machine.callback("DxgkCbNotifyInterrupt", ())


def _comes_back(machine: Machine, context: OsContext) -> None:
    """The packet of a context counts as preempted; of one that is being destroyed, only what the
    node gave up."""
    node = machine.gpu.nodes[context.node]
    packet = node.packets.get(context.fence)
    if not context.open and (packet is None or packet.state is not PacketState.PREEMPTED):
        return
    _once(machine, context.node, context.fence, context.kmd)
    context.fence, context.preempted = 0, True


def _once(machine: Machine, ordinal: int, fence: int, kmd: Handle) -> None:
    """What is complete has to be reported before a preemption, and what the node still has is not
    preempted: the scheduler would not notice, and run it twice."""
    node = machine.gpu.nodes[ordinal]
    packet = node.packets.get(fence)
    kept = packet is not None and packet.state in (PacketState.QUEUED, PacketState.RUNNING)
    if kept or fence in node.signalled:
        machine.report(Finding(
            Kind.BAD_FENCE, f"the driver reports a preemption, and the packet with fence "
            f"{fence} is {'still on the node' if kept else 'complete and not reported'}; "
            "it will run twice", (kmd,), where=call_site()))


def notify_dpc(machine: Machine, hAdapter: Handle) -> None:
    """DxgkCbNotifyDpc: what is over is retired, and its memory can go."""
    enter(machine, "DxgkCbNotifyDpc", hAdapter)
    residency.retire(machine)
    residency.reclaim(machine)
    dma_memory.retire(machine)
    machine.callback("DxgkCbNotifyDpc", ())


def queue_dpc(machine: Machine, hAdapter: Handle) -> bool:
    """DxgkCbQueueDpc: at most one is queued (INT-04)."""
    enter(machine, "DxgkCbQueueDpc", hAdapter)
    machine.callback("DxgkCbQueueDpc", ())
    already, machine.adapter.dpc_queued = machine.adapter.dpc_queued, True
    return not already


def reserve_addresses(machine: Machine, hAdapter: Handle,
                      arg: DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE) -> NtStatus:
    """DxgkCbReserveGpuVirtualAddressRange (PRC-02): from inside CreateProcess, and at no other
    time."""
    name = "DxgkCbReserveGpuVirtualAddressRange"
    enter(machine, name, hAdapter)
    process = machine.handles.find(arg.hDxgkProcess, OsProcess, f"{name}: hDxgkProcess")
    args = (("hKmdProcess", process),)
    if process.made_by is not machine.running:
        stop(Kind.CONTRACT, f"{name}: addresses of {process!r} are reserved when it has been "
             "created", "0xC4", objects=(arg.hDxgkProcess,))
    if _fails(machine, name):
        machine.callback(name, args, CallbackMade(name, args, NtStatus.STATUS_NO_MEMORY))
        return NtStatus.STATUS_NO_MEMORY
    arg.StartVirtualAddress = process.table.map(None)
    machine.callback(name, args)
    return NtStatus.STATUS_SUCCESS
