"""Dxgkrnl's side of protected sessions."""

from __future__ import annotations

from wddmcheck.machine.display_structs import DXGKARG_CREATEPROTECTEDSESSION
from wddmcheck.machine.dxgkrnl.calls import Call, Steps, drive
from wddmcheck.machine.dxgkrnl.display_records import OsSession
from wddmcheck.machine.dxgkrnl.records import created, destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import present
from wddmcheck.machine.machine import Machine


@ddi
def DxgkDdiCreateProtectedSession(m: Machine, call: Call) -> Steps:
    """PRS-01."""
    present(m)
    m.admit(call)
    item = m.handles.add(OsSession(handle=m.handles.new(), made_by=call))
    arg = DXGKARG_CREATEPROTECTEDSESSION(item.handle)
    yield from m.driver(call, m.adapter.kmd, arg)
    created(m, call, item, arg.hProtectedSession)
    return call.status


@ddi
def DxgkDdiDestroyProtectedSession(m: Machine, call: Call,
                                   hProtectedSession: OsSession) -> Steps:
    """PRS-01, PRS-02: the handle is dead when it has returned."""
    item = hProtectedSession
    m.require(item.open, f"{item!r} is gone")
    m.admit(call)
    item.open = False
    yield from m.driver(call, m.adapter.kmd, item.kmd)
    destroyed(m, call, item)
    return call.status


@ddi
def ReportSessionStatus(m: Machine, call: Call, item: OsSession) -> Steps:
    """The content protection hardware has lost a session, and the thread of the driver that looks
    after the session runs: no call of Dxgkrnl's, and held back by no level."""
    present(m)
    m.require(not item.gone and item.kmd, f"{item!r} is gone")
    m.require(not any(c.name == call.name and item in c.args.values() for c in m.calls),
              "it runs already", driver=True)
    call.thread = True
    yield from drive(m.miniport, call.name, (m.adapter.kmd, item.kmd))
    return None
