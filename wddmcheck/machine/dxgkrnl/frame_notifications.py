"""Dxgkrnl's side of periodic frame notifications."""

from __future__ import annotations

from wddmcheck.machine.display_structs import (
    DXGKARG_CREATEPERIODICFRAMENOTIFICATION,
    DXGKARG_DESTROYPERIODICFRAMENOTIFICATION,
)
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.display_records import OsNotification
from wddmcheck.machine.dxgkrnl.records import created, destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi, event
from wddmcheck.machine.dxgkrnl.state import present, up
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine


@ddi
def DxgkDdiCreatePeriodicFrameNotification(m: Machine, call: Call) -> Steps:
    """PFN-01."""
    present(m)
    m.admit(call)
    item = m.handles.add(OsNotification(handle=m.handles.new(), made_by=call))
    arg = DXGKARG_CREATEPERIODICFRAMENOTIFICATION(m.adapter.kmd, item.handle)
    yield from m.driver(call, arg)
    created(m, call, item, arg.hNotification)
    return call.status


@ddi
def DxgkDdiDestroyPeriodicFrameNotification(m: Machine, call: Call,
                                            hNotification: OsNotification) -> Steps:
    """PFN-02: when it has returned, the interrupt record does not name the notification."""
    item = hNotification
    m.require(item.open, f"{item!r} is gone")
    m.admit(call)
    item.open = False
    yield from m.driver(call, DXGKARG_DESTROYPERIODICFRAMENOTIFICATION(item.kmd, m.adapter.kmd))
    destroyed(m, call, item)
    if m.gpu.display.fired == item.handle:
        m.report(Finding(Kind.CONTRACT, f"{call.name} returns and the interrupt record still names "
                         f"{item!r}"))
    return call.status


@event
def frame_time(m: Machine, item: OsNotification) -> None:
    """It is the time before the vertical sync that a notification asked for."""
    up(m)
    m.gpu.frame_time(item.handle)
