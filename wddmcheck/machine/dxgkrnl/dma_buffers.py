"""Dxgkrnl's side of DMA buffers, of which a context may have several at once: they are built,
patched, submitted in one of three ways, run, and perhaps preempted."""

from __future__ import annotations

from wddmcheck.machine.dma_structs import DXGKARG_PATCH, DXGKARG_SUBMITCOMMANDVIRTUAL
from wddmcheck.machine.dxgkrnl.calls import Call, Steps, drive
from wddmcheck.machine.dxgkrnl.dma_memory import end_buffer, end_private_data, new_buffer
from wddmcheck.machine.dxgkrnl.dma_objects import (
    OsDmaBuffer,
    OsMonitoredFence,
    Way,
    queue_of,
    work_of,
)
from wddmcheck.machine.dxgkrnl.monitored_fences import is_written
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsHwQueue
from wddmcheck.machine.dxgkrnl.registry import ddi, event
from wddmcheck.machine.dxgkrnl.state import UNFINISHED, needed, started, usable
from wddmcheck.machine.findings import Kind, stop
from wddmcheck.machine.gpu.dma import physical_address
from wddmcheck.machine.gpu.engine import ProgressFence
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.packet_structs import DXGKARG_RENDER
from wddmcheck.machine.queue_structs import (
    DXGKARG_CREATEHWQUEUE,
    DXGKARG_SUBMITCOMMANDTOHWQUEUE,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKARG_SUBMITCOMMAND, PrivateData

SCHEDULER_ERROR = "0x119"
SEGMENT = 1

# --- their contexts ------------------------------------------------------------------------------


def create_queue(m: Machine, context: OsContext) -> Steps:
    """HWQ-02: the queue of a context, if the driver has queues at all."""
    if not m.has("DxgkDdiCreateHwQueue"):
        return None
    queue = OsHwQueue(handle=m.handles.new(), context=context, user_mode=False)
    arg = DXGKARG_CREATEHWQUEUE(queue.handle, context.kmd, ProgressFence())
    status = yield from drive(m.miniport, "DxgkDdiCreateHwQueue", (arg,))
    if NtStatus(status or 0).succeeds:
        queue.kmd, queue.open = arg.hHwQueue, True
        m.handles.add(queue)
    return None


def destroy_queue(m: Machine, context: OsContext) -> Steps:
    """HWQ-03: before its context."""
    queue = queue_of(m, context)
    if queue is not None:
        queue.open = False
        yield from drive(m.miniport, "DxgkDdiDestroyHwQueue", (queue.kmd,))
        m.handles.remove(queue)
    return None


def done_with(m: Machine, context: OsContext) -> None:
    """CTX-06, CTX-09: a context can be destroyed. Raises `OutOfReachError`."""
    m.require(not context.owns, f"{context!r} owns a synchronisation object")
    m.require(not any(b.context is context for b in m.handles.all(OsDmaBuffer)),
              f"{context!r} has DMA buffers", driver=True)


@event
def own_synchronization_object(m: Machine, context: OsContext) -> None:
    """CTX-09: the application acquires a synchronisation object for a context, or gives it back."""
    m.require(context.open, f"{context!r} is gone")
    context.owns = not context.owns

# --- what is built -------------------------------------------------------------------------------


def _can_build(m: Machine, context: OsContext, waits: OsMonitoredFence | None) -> None:
    started(m)
    m.require(context.open and context.buffers and not context.device.lost,
              f"{context!r} is gone, in error, or has no DMA buffers")
    m.require(waits is None or (waits.open and waits.device is context.device),
              f"{waits!r} is gone, or of another device")


def render(m: Machine, call: Call, context: OsContext, waits: OsMonitoredFence | None,
           resident: bool) -> Steps:
    """SUB-01, SUB-04: the driver translates the commands of user mode, and puts in what addresses
    there are."""
    _can_build(m, context, waits)
    m.admit(call, context.device.thread)
    buffer = needed(m, new_buffer(m, context, Way.PHYSICAL, waits), "there is no memory")
    yield from m.driver(call, context.kmd, DXGKARG_RENDER(
        PrivateData(valid=not call.failures.take("commands")),
        pDmaBuffer=buffer.memory, pDmaBufferPrivateData=buffer.private,
        DmaBufferSegmentId=SEGMENT if resident else 0,
        DmaBufferPhysicalAddress=physical_address(buffer.page) if resident else 0))
    if call.succeeded:
        buffer.addressed = resident
        call.made.append(buffer)
    else:
        end_buffer(m, buffer)
    if call.status is NtStatus.STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE:
        context.device.lose()
    return None


@event
def build_buffer(m: Machine, context: OsContext, way: str, waits: OsMonitoredFence | None,
                 fails: bool = False) -> OsDmaBuffer | None:
    """User mode gives commands that need no translation, or Dxgkrnl finds no memory for any
    (`fails`)."""
    _can_build(m, context, waits)
    if fails:
        return None
    m.require(way != Way.PHYSICAL.value, "Render translates what has physical addresses")
    return new_buffer(m, context, Way(way), waits)


@event
def discard_buffer(m: Machine, buffer: OsDmaBuffer) -> None:
    """A buffer that was never submitted, or was preempted, will not be submitted."""
    _built(m, buffer)
    end_buffer(m, buffer)


def _built(m: Machine, buffer: OsDmaBuffer) -> None:
    m.require(buffer.open and buffer.fence == 0, f"{buffer!r} is gone, or submitted")
    m.require(not m.busy(buffer), f"{buffer!r} is in another call")


@ddi
def DxgkDdiPatch(m: Machine, call: Call, buffer: OsDmaBuffer) -> Steps:
    """SUB-04: before the first submission, if Render did not know the address, and after every
    preemption."""
    started(m)
    _built(m, buffer)
    m.require(buffer.way is Way.PHYSICAL and not buffer.addressed,
              f"{buffer!r} needs no addresses")
    m.admit(call)
    assert buffer.private is not None, "it is not of a hardware queue"
    yield from m.driver(call, m.adapter.kmd, DXGKARG_PATCH(
        buffer.context.kmd, buffer.memory, physical_address(buffer.page), buffer.private))
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails", f"{SCHEDULER_ERROR}/0x3")
    buffer.addressed = True
    return call.status

# --- three ways of submission --------------------------------------------------------------------


def _begin(m: Machine, call: Call, buffer: OsDmaBuffer, way: Way) -> None:
    """SUB-07, SUB-08, FEN-04: a buffer can be submitted, and gets the next fence."""
    usable(m)
    _built(m, buffer)
    m.require(buffer.way is way and not buffer.context.device.lost,
              f"{buffer!r} is submitted in another way, or in error")
    m.require(buffer.waits is None or is_written(m, buffer.waits),
              f"{buffer!r} waits for {buffer.waits!r}")
    m.admit(call)
    m.last_fence += 1
    m.fences[buffer.context.node].last_submitted = buffer.fence = m.last_fence
    work_of(m).given.append(m.last_fence)


def submit_physical(m: Machine, call: Call, buffer: OsDmaBuffer) -> Steps:
    """SUB-05: DxgkDdiSubmitCommand. An error is stop 0x119/0x2."""
    m.require(buffer.addressed, f"{buffer!r} is not patched")
    _begin(m, call, buffer, Way.PHYSICAL)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_SUBMITCOMMAND(
        buffer.context.kmd, buffer.fence, NodeOrdinal=buffer.context.node, data=buffer.private,
        DmaBufferPhysicalAddress=physical_address(buffer.page)))
    if not call.succeeded:
        stop(Kind.BAD_STATUS, f"{call.name} fails", f"{SCHEDULER_ERROR}/0x2")
    buffer.last_fence = buffer.fence
    return None


@ddi
def DxgkDdiSubmitCommandVirtual(m: Machine, call: Call, buffer: OsDmaBuffer) -> Steps:
    """SUB-06; failing "parameter": user mode has written commands that are malformed. The driver
    may refuse them, for which the device is put in error; at any other error Windows stops."""
    _begin(m, call, buffer, Way.VIRTUAL)
    assert buffer.private is not None, "it is not of a hardware queue"
    buffer.private.valid = not call.failures.take("parameter")
    yield from m.driver(call, m.adapter.kmd, DXGKARG_SUBMITCOMMANDVIRTUAL(
        buffer.context.kmd, buffer.va, buffer.private, buffer.fence, buffer.context.node))
    if call.succeeded:
        buffer.last_fence = buffer.fence
    elif call.status is NtStatus.STATUS_INVALID_PARAMETER:
        buffer.context.device.lose()
        work_of(m).refused, buffer.fence = buffer.fence, 0
    else:
        stop(Kind.BAD_STATUS, f"{call.name} fails", SCHEDULER_ERROR)
    return call.status


def submit_to_queue(m: Machine, call: Call, buffer: OsDmaBuffer) -> Steps:
    """HWQ-05, SUB-12: DxgkDdiSubmitCommandToHwQueue; the private data goes when it returns."""
    queue = needed(m, queue_of(m, buffer.context), f"{buffer.context!r} has no queue")
    _begin(m, call, buffer, Way.HARDWARE_QUEUE)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_SUBMITCOMMANDTOHWQUEUE(
        queue.kmd, buffer.fence, buffer.va, buffer.private))
    end_private_data(m, buffer)
    if call.succeeded:
        buffer.last_fence = buffer.fence
    else:
        buffer.fence = 0
    return None

# --- the hardware --------------------------------------------------------------------------------


@event
def run_buffer(m: Machine, buffer: OsDmaBuffer) -> None:
    """The node starts a buffer."""
    m.gpu.run_packet(buffer.context.node, buffer.fence)


@event
def complete_buffer(m: Machine, buffer: OsDmaBuffer) -> None:
    """The node is through with a buffer, whose last command has written a fence, and raises its
    interrupt."""
    m.gpu.complete_packet(buffer.context.node, buffer.fence)


def alone_on_node(m: Machine, buffer: OsDmaBuffer) -> None:
    """The node is to give up this buffer, and nothing else: all before it is reported, and it has
    to be patched before it comes again. Raises `OutOfReachError`."""
    node = m.gpu.nodes[buffer.context.node]
    packet = node.packets.get(buffer.fence)
    m.require(packet is not None and packet.state in UNFINISHED, f"no node has {buffer!r}",
              driver=True)
    m.require(buffer.way is Way.PHYSICAL, f"the addresses in {buffer!r} are right for good")
    m.require(not any(b.fence and not b.reported and b is not buffer
                      for b in m.handles.all(OsDmaBuffer)), "the node has others")


@event
def run_hostile_commands(m: Machine, context: OsContext) -> None:
    """CAL-09: an application writes wherever the addresses that it has lead; then the node saves
    the state of its context. That is of no use to the application unless privileged memory has such
    an address. Raises `BugCheck`."""
    _can_build(m, context, None)
    buffer = needed(m, new_buffer(m, context, Way.VIRTUAL, None, hostile=True), "no memory")
    m.call("DxgkDdiSubmitCommandVirtual", buffer=buffer)
    m.gpu.run_packet(context.node, buffer.fence)
    m.gpu.complete_packet(context.node, buffer.fence)
    m.gpu.working(context.node).save_idle_context()
