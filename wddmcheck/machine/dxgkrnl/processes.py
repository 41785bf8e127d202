"""Dxgkrnl's side of processes and devices."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.dma_objects import OsMonitoredFence
from wddmcheck.machine.dxgkrnl.objects import (
    Memory,
    OsContext,
    OsCpuEvent,
    OsDevice,
    OsLocalFence,
    OsOpening,
    OsPageTable,
    OsProcess,
)
from wddmcheck.machine.dxgkrnl.records import created, destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started
from wddmcheck.machine.gpu.memory import PageTable
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGK_CREATEDEVICEFLAGS,
    DXGKARG_CREATEDEVICE,
    DXGKARG_CREATEPROCESS,
)

ROOTS = 0x1000_0000


@ddi
def DxgkDdiCreateProcess(m: Machine, call: Call, kind: str = "Ordinary") -> Steps:
    """PRC-01, PRC-06. `kind`: see `OsProcess`; there is one system process. ADP-15: the adapter's
    capabilities are known, which goes without saying where the bring-up is not told."""
    started(m)
    m.require(m.adapter.queried or not m.image.told, "the adapter's capabilities are not known")
    m.require(kind != "System" or all(p.kind != kind for p in m.handles.all(OsProcess)),
              "there is a system process")
    m.admit(call)
    handle, table = m.handles.new(), PageTable()
    process = OsProcess(handle=handle, root=0, table=table, kind=kind, made_by=call)
    if m.paging.memory is not Memory.PACKETS:
        process.root = ROOTS + handle
        m.gpu.memory.tables[process.root] = table
    m.handles.add(process)
    arg = DXGKARG_CREATEPROCESS(process.handle, kind == "System", kind == "Virtual",
                                kind == "Worker")
    yield from m.driver(call, m.adapter.kmd, arg)
    created(m, call, process, arg.hKmdProcess)
    if not call.succeeded:
        m.gpu.memory.tables.pop(process.root, None)
    return call.status


@ddi
def DxgkDdiDestroyProcess(m: Machine, call: Call, hKmdProcess: OsProcess) -> Steps:
    """PRC-03, PRC-04: its devices are gone, and its handles to the adapter, which goes without
    saying where the bring-up is not told."""
    process = hKmdProcess
    m.require(m.adapter.settled, "the adapter is not started, or its power changes")
    m.require(process.open, f"{process!r} is gone")
    m.require(process.closed or not m.image.told, f"{process!r} has the adapter open")
    m.require(not any(d.process is process and d.open for d in m.handles.all(OsDevice)),
              f"{process!r} still has devices")
    m.admit(call, process)
    audit.left_context_allocations(m, process)
    process.open = False
    for root in [t for t in m.handles.all(OsPageTable) if t.process is process]:
        m.gpu.memory.tables.pop(root.address, None)
        m.handles.remove(root)
    yield from m.driver(call, m.adapter.kmd, process.kmd)
    destroyed(m, call, process)
    audit.left_events(m, process)
    if call.succeeded:
        m.gpu.memory.tables.pop(process.root, None)
    return call.status


@ddi
def DxgkDdiCreateDevice(m: Machine, call: Call, hKmdProcess: OsProcess,
                        gdi: bool = False, isSystem: bool = False) -> Steps:
    """DEV-01, DEV-02. `gdi`: a device for GDI, for which the reference miniport makes a save area
    that all its contexts share. `isSystem`: the device of the system process (DEV-08)."""
    started(m)
    m.require(hKmdProcess.open and not hKmdProcess.killed, f"{hKmdProcess!r} is gone, or ends")
    m.require(not hKmdProcess.closed, f"{hKmdProcess!r} has closed the adapter")
    m.require(hKmdProcess.kind != "Worker", f"{hKmdProcess!r} renders nothing")
    m.require(isSystem == (hKmdProcess.kind == "System") and not (isSystem and gdi),
              "the system process has the system device, and no other")
    m.require(not isSystem or not any(d.process is hKmdProcess for d in m.handles.all(OsDevice)),
              "there is a system device")
    m.admit(call, hKmdProcess)
    device = m.handles.add(OsDevice(
        handle=m.handles.new(), process=hKmdProcess, made_by=call,
        thread=hKmdProcess if m.policies.G26 != "any_thread" else None))
    flags = (DXGK_CREATEDEVICEFLAGS.GdiDevice if gdi else DXGK_CREATEDEVICEFLAGS.SystemDevice
             if isSystem else DXGK_CREATEDEVICEFLAGS.NONE)
    arg = DXGKARG_CREATEDEVICE(device.handle, hKmdProcess.kmd, flags)
    yield from m.driver(call, m.adapter.kmd, arg)
    created(m, call, device, arg.hDevice)
    return call.status


@ddi
def DxgkDdiDestroyDevice(m: Machine, call: Call, hDevice: OsDevice) -> Steps:
    """DEV-04, DEV-05, CTX-08: its contexts, but for forgotten ones, and openings are gone."""
    m.require(m.adapter.settled, "the adapter is not started, or its power changes")
    m.require(hDevice.open, f"{hDevice!r} is gone")
    left = [c for c in m.handles.all(OsContext)
            if c.device is hDevice and not audit.forgotten(m, c)]
    m.require(not any(c.open for c in left), f"{hDevice!r} still has contexts")
    m.require(not left, f"a call is about {left!r} of {hDevice!r}", driver=True)
    m.require(not any(o.device is hDevice and o.open for o in m.handles.all(OsOpening)),
              f"{hDevice!r} still has open allocations")
    m.require(not any(x.device is hDevice for x in m.handles.all(OsLocalFence)),
              f"{hDevice!r} still has native fences open")
    m.require(not any(f.device is hDevice for f in m.handles.all(OsMonitoredFence)),
              f"{hDevice!r} still has monitored fences")
    m.require(m.policies.G17 != "events_first"
              or not any(e.device is hDevice for e in m.handles.all(OsCpuEvent)),
              f"{hDevice!r} still has CPU events")
    m.admit(call, hDevice.thread)
    hDevice.open = False
    yield from m.driver(call, hDevice.kmd)
    audit.left_context_allocations(m, hDevice)
    if hDevice.process.kind == "System":
        m.paging.mapped = False      # the page tables of the paging process go with it
    if call.succeeded:
        for context in [c for c in m.handles.all(OsContext) if c.device is hDevice]:
            m.handles.remove(context)
    destroyed(m, call, hDevice)
    return call.status
