"""Dxgkrnl's side of processes and devices."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice, OsOpening, OsProcess
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
def DxgkDdiCreateProcess(m: Machine, call: Call) -> Steps:
    """PRC-01."""
    started(m)
    m.admit(call)
    handle, table = m.handles.new(), PageTable()
    process = OsProcess(handle=handle, root=ROOTS + handle, table=table, made_by=call)
    m.gpu.memory.tables[process.root] = table
    m.handles.add(process)
    arg = DXGKARG_CREATEPROCESS(process.handle)
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded:
        process.kmd, process.open = arg.hKmdProcess, True
        call.made.append(process)
    else:
        _forget(m, process)
        audit.after_failed_create(m, call)
    return call.status


def _forget(m: Machine, process: OsProcess) -> None:
    m.handles.remove(process)
    m.gpu.memory.tables.pop(process.root, None)


@ddi
def DxgkDdiDestroyProcess(m: Machine, call: Call, hKmdProcess: OsProcess) -> Steps:
    """PRC-04: its devices are gone."""
    process = hKmdProcess
    m.require(m.adapter.state == "started", "the adapter is not started")
    m.require(process.open, f"{process!r} is gone")
    m.require(not any(d.process is process and d.open for d in m.handles.all(OsDevice)),
              f"{process!r} still has devices")
    m.admit(call, process)
    audit.left_context_allocations(m, process)
    process.open = False
    yield from m.driver(call, m.adapter.kmd, process.kmd)
    audit.after_destroy(m, call.name, process)
    if call.succeeded:
        _forget(m, process)
    return call.status


@ddi
def DxgkDdiCreateDevice(m: Machine, call: Call, hKmdProcess: OsProcess,
                        gdi: bool = False) -> Steps:
    """DEV-01, DEV-02. `gdi`: a device for GDI, for which the reference miniport makes a save area
    that all its contexts share."""
    started(m)
    m.require(hKmdProcess.open, f"{hKmdProcess!r} is gone")
    m.admit(call, hKmdProcess)
    device = m.handles.add(OsDevice(handle=m.handles.new(), process=hKmdProcess, made_by=call))
    flags = DXGK_CREATEDEVICEFLAGS.GdiDevice if gdi else DXGK_CREATEDEVICEFLAGS.NONE
    arg = DXGKARG_CREATEDEVICE(device.handle, hKmdProcess.kmd, flags)
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded:
        device.kmd, device.open = arg.hDevice, True
        call.made.append(device)
    else:
        audit.after_failed_create(m, call)
        m.handles.remove(device)
    return call.status


@ddi
def DxgkDdiDestroyDevice(m: Machine, call: Call, hDevice: OsDevice) -> Steps:
    """DEV-04, DEV-05, CTX-08: its contexts and openings are gone."""
    m.require(m.adapter.state == "started", "the adapter is not started")
    m.require(hDevice.open, f"{hDevice!r} is gone")
    m.require(not any(c.device is hDevice and c.open for c in m.handles.all(OsContext)),
              f"{hDevice!r} still has contexts")
    m.require(not any(o.device is hDevice and o.open for o in m.handles.all(OsOpening)),
              f"{hDevice!r} still has open allocations")
    m.admit(call, hDevice.process)
    hDevice.open = False
    yield from m.driver(call, hDevice.kmd)
    audit.left_context_allocations(m, hDevice)
    audit.after_destroy(m, call.name, hDevice)
    if call.succeeded:
        m.handles.remove(hDevice)
    return call.status
