"""Dxgkrnl's side of contexts."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit, dma_buffers
from wddmcheck.machine.dxgkrnl.calls import Call, Steps, drive
from wddmcheck.machine.dxgkrnl.engine_steps import entry_of
from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsContext,
    OsDevice,
    OsHwQueue,
    Suspension,
)
from wddmcheck.machine.dxgkrnl.records import destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started, unfinished
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGK_CREATECONTEXTFLAGS,
    DXGKARG_CREATECONTEXT,
    DXGKARG_SETROOTPAGETABLE,
    INTERFACE_VERSION,
    NULL,
    PrivateData,
)


@ddi
def DxgkDdiCreateContext(m: Machine, call: Call, hDevice: OsDevice, node: int = 0,
                         areas: int = 1, renders: bool = False, queues: bool = False,
                         isSystem: bool = False, buffers: bool = False) -> Steps:
    """CTX-01, GEN-10; failing "version": the user-mode driver is of another version. On success
    Dxgkrnl sets the root page table at once, before the first packet can run (unless there may be
    several, see `page_tables`). `areas`: how many context allocations the user-mode driver asks
    for; `renders`: packets come by DxgkDdiRender; `queues`: a context with hardware queues, which
    the GPU schedules (HWQ-01), created resumed (HWQ-08); `isSystem`: a context of the system
    device, for paging (CTX-12); `buffers`: one that has several DMA buffers at once, and a queue
    for those that go to one."""
    started(m)
    m.require(hDevice.open, f"{hDevice!r} is gone")
    m.require(not queues or not hDevice.lost, f"{hDevice!r} is in error")
    m.require(not queues or m.gpu.present, "the device is gone")
    m.require(isSystem == (hDevice.process.kind == "System"),
              "the system device has system contexts, and no other has")
    m.require(not isSystem or not any(c.device is hDevice for c in m.handles.all(OsContext)),
              "there is a system context")
    m.admit(call, hDevice.thread)
    context = m.handles.add(OsContext(handle=m.handles.new(), device=hDevice, node=node,
                                      renders=renders, queues=queues, buffers=buffers,
                                      made_by=call))
    call.making.append(context)
    version = INTERFACE_VERSION + call.failures.take("version")
    flags = DXGK_CREATECONTEXTFLAGS.VirtualAddressing
    if queues:
        flags |= DXGK_CREATECONTEXTFLAGS.HwQueueSupported
    if isSystem:
        flags |= DXGK_CREATECONTEXTFLAGS.SystemContext
    arg = DXGKARG_CREATECONTEXT(context.handle, node, Flags=flags,
                                pPrivateDriverData=PrivateData(version, areas=areas))
    yield from m.driver(call, hDevice.kmd, arg)
    if call.succeeded:
        context.kmd, context.open = arg.hContext, True
        if arg.ContextInfo is None or arg.ContextInfo.DmaBufferSize == 0:
            m.report(Finding(Kind.CONTRACT, "DxgkDdiCreateContext succeeds and does not say in "
                             "ContextInfo how large a DMA buffer is"))
        call.made.append(context)
        if m.paging.memory is Memory.PACKETS:
            return call.status
        yield from drive(m.miniport, "DxgkDdiSetRootPageTable", (
            m.adapter.kmd, DXGKARG_SETROOTPAGETABLE(context.kmd, hDevice.process.root)))
        if buffers:
            yield from dma_buffers.create_queue(m, context)
    else:
        audit.after_failed_create(m, call)
        m.handles.remove(context)
        m.adapter.unborn = arg.hContext
    return call.status


def _suspended(m: Machine, context: OsContext) -> None:
    """HWQ-04, HWQ-07: a context that the GPU schedules is suspended, and has no queues."""
    m.require(context.suspension is Suspension.SUSPENDED, f"{context!r} is not suspended",
              driver=True)
    m.require(not any(q.context is context for q in m.handles.all(OsHwQueue)),
              f"{context!r} still has queues")
    m.require(not m.busy(context), f"{context!r} is in another call")


def _off_the_engine(m: Machine, context: OsContext) -> None:
    """HWQ-07: the GPU holds no reference to a suspended context, or the driver has said so too
    early."""
    engine, entry = m.gpu.engine, entry_of(m, context)
    if entry is not None and (entry.runnable or engine.running is entry):
        m.report(Finding(Kind.CONTRACT, f"{context!r} is destroyed while the engine "
                         f"{'runs it' if engine.running is entry else 'may switch to it'}: the "
                         "driver has let it pass for suspended", (context.kmd,)))


@ddi
def DxgkDdiDestroyContext(m: Machine, call: Call, hContext: OsContext | None = None) -> Steps:
    """CTX-05, CTX-06: no packet of the context waits, is queued or runs; by policy G04 its last
    packet may still have to be reported and retired, or the GPU may still have it. One that Dxgkrnl
    has forgotten goes with its device (policy G01). Without a context: of one whose creation failed
    (G01 as well), by the handle that is there. Of one with DMA buffers at once, CTX-09 as well."""
    m.require(m.adapter.settled, "the adapter is not started, or its power changes")
    if hContext is None:
        m.require(m.policies.G01 == "after_failure" and m.adapter.unborn != NULL,
                  "no creation has failed, or nothing follows one that has")
        m.admit(call)
        handle, m.adapter.unborn = m.adapter.unborn, NULL
        yield from m.driver(call, handle)
        return call.status
    m.require(hContext.open, f"{hContext!r} is gone")
    m.require(not audit.forgotten(m, hContext), f"{hContext!r} is forgotten")
    m.require(not m.busy(hContext), f"a call is under way that names {hContext!r}", driver=True)
    if m.policies.G04 != "adversarial":
        m.require(not hContext.preempted, f"{hContext!r} has a packet to submit again")
        m.require(not hContext.rendered, f"{hContext!r} has a packet to submit")
        m.require(not unfinished(m, hContext), f"{hContext!r} has work on the GPU")
    m.require(m.policies.G04 != "retired" or hContext.fence == 0,
              f"{hContext!r} has work to retire")
    if hContext.queues:
        _suspended(m, hContext)
    dma_buffers.done_with(m, hContext)
    m.admit(call, hContext.device.thread)
    if hContext.queues:
        _off_the_engine(m, hContext)
    hContext.open = False
    if hContext.buffers:
        yield from dma_buffers.destroy_queue(m, hContext)
    yield from m.driver(call, hContext.kmd)
    audit.left_context_allocations(m, hContext)
    destroyed(m, call, hContext)
    return call.status
