"""Dxgkrnl's side of CPU events and of events of processes."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps, drive
from wddmcheck.machine.dxgkrnl.objects import OsCpuEvent, OsDevice, OsProcessEvent
from wddmcheck.machine.dxgkrnl.records import created, destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi, event
from wddmcheck.machine.event_structs import DXGKARG_CREATECPUEVENT
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.gpu.notices import Source
from wddmcheck.machine.machine import Machine


@ddi
def DxgkDdiCreateCpuEvent(m: Machine, call: Call, hKmdDevice: OsDevice) -> Steps:
    """EVT-01: linked with a device, which it may outlive (EVT-03)."""
    m.require(hKmdDevice.open and m.gpu.present, f"{hKmdDevice!r} or the hardware is gone")
    m.admit(call, hKmdDevice.process)
    item = m.handles.add(OsCpuEvent(handle=m.handles.new(), device=hKmdDevice, made_by=call))
    arg = DXGKARG_CREATECPUEVENT(hKmdDevice.kmd, item.handle)
    before = len(m.gpu.notices.sources)
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded:
        item.source = next(iter(m.gpu.notices.sources[before:]), None)
    created(m, call, item, arg.hKmdCpuEvent)
    return call.status


@ddi
def DxgkDdiDestroyCpuEvent(m: Machine, call: Call, hKmdCpuEvent: OsCpuEvent) -> Steps:
    """EVT-02: it comes for certain, and after it the event cannot be signalled."""
    m.require(hKmdCpuEvent.open, f"{hKmdCpuEvent!r} is gone")
    m.admit(call)
    hKmdCpuEvent.open = False
    yield from m.driver(call, m.adapter.kmd, hKmdCpuEvent.kmd)
    destroyed(m, call, hKmdCpuEvent)
    return call.status


@event
def event_happens(m: Machine, item: OsCpuEvent) -> None:
    """What a CPU event is about happens on the GPU."""
    source = item.source
    m.require(source is not None and source in m.gpu.notices.sources,
              f"the driver asked the GPU for nothing for {item!r}", driver=True)
    assert isinstance(source, Source)
    m.gpu.notices.happens(source)
    item.owed = True


@event
def user_mode_waits(m: Machine) -> None:
    """User mode waits for its CPU events: one that has happened has to be signalled, now or by an
    interrupt or a DPC on its way (INT-04)."""
    coming = m.gpu.notices.raised or not m.dpcs_done()
    for item in m.handles.all(OsCpuEvent):
        if item.open and item.owed and not coming:
            m.report(Finding(Kind.STUCK, f"{item!r} has happened, user mode was not told, and no "
                             "interrupt or DPC is on its way", (item.kmd,)))


@ddi
def SignalProcessEvent(m: Machine, call: Call, item: OsProcessEvent) -> Steps:
    """A thread of the driver signals an event of a process: no call of Dxgkrnl's, and held back by
    no level."""
    call.thread = True
    yield from drive(m.miniport, call.name, (m.adapter.kmd, item.handle))
    return None
