"""Dxgkrnl's side of contexts."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call, Steps, drive
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started, unfinished
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGKARG_CREATECONTEXT,
    DXGKARG_SETROOTPAGETABLE,
    INTERFACE_VERSION,
    PrivateData,
)


@ddi
def DxgkDdiCreateContext(m: Machine, call: Call, hDevice: OsDevice, node: int = 0) -> Steps:
    """CTX-01, GEN-10; failing "version": the user-mode driver is of another version. On success
    Dxgkrnl sets the root page table at once, before the first packet can run."""
    started(m)
    m.require(hDevice.open, f"{hDevice!r} is gone")
    m.admit(call, hDevice.process)
    context = m.handles.add(OsContext(handle=m.handles.new(), device=hDevice, node=node,
                                      made_by=call))
    version = INTERFACE_VERSION + call.failures.take("version")
    arg = DXGKARG_CREATECONTEXT(context.handle, node, pPrivateDriverData=PrivateData(version))
    yield from m.driver(call, hDevice.kmd, arg)
    if call.succeeded:
        context.kmd, context.open = arg.hContext, True
        if arg.ContextInfo is None or arg.ContextInfo.DmaBufferSize == 0:
            m.report(Finding(Kind.CONTRACT, "DxgkDdiCreateContext succeeds and does not say in "
                             "ContextInfo how large a DMA buffer is"))
        call.made.append(context)
        yield from drive(m.miniport, "DxgkDdiSetRootPageTable", (
            m.adapter.kmd, DXGKARG_SETROOTPAGETABLE(context.kmd, hDevice.process.root)))
    else:
        audit.after_failed_create(m, call)
        m.handles.remove(context)
    return call.status


@ddi
def DxgkDdiDestroyContext(m: Machine, call: Call, hContext: OsContext) -> Steps:
    """CTX-05, CTX-06: no packet of the context is queued or runs; by policy G04 its last packet may
    still have to be reported and retired."""
    m.require(m.adapter.state == "started", "the adapter is not started")
    m.require(hContext.open, f"{hContext!r} is gone")
    m.require(not hContext.preempted, f"{hContext!r} has a packet to submit again")
    m.require(not unfinished(m, hContext), f"{hContext!r} has work on the GPU")
    m.require(m.policies.G04 != "retired" or hContext.fence == 0,
              f"{hContext!r} has work to retire")
    m.admit(call, hContext.device.process)
    hContext.open = False
    yield from m.driver(call, hContext.kmd)
    audit.left_context_allocations(m, hContext)
    audit.after_destroy(m, call.name, hContext)
    if call.succeeded:
        m.handles.remove(hContext)
    return call.status
