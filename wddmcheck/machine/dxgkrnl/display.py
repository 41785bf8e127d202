"""Dxgkrnl's side of the display: overlays, and a call at threading level two."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsOverlay
from wddmcheck.machine.dxgkrnl.records import destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import up
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.power_structs import (
    DXGKARG_CREATEOVERLAY,
    DXGKARG_FLIPOVERLAY,
    DXGKARG_SETVIDPNSOURCEVISIBILITY,
)


@ddi
def DxgkDdiCreateOverlay(m: Machine, call: Call) -> Steps:
    """OVL-01, GEN-04."""
    up(m)
    m.admit(call)
    arg = DXGKARG_CREATEOVERLAY()
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded:
        call.made.append(m.handles.add(OsOverlay(handle=m.handles.new(), kmd=arg.hOverlay,
                                                 open=True, made_by=call)))
    else:
        audit.after_failed_create(m, call)
    return call.status


@ddi
def DxgkDdiFlipOverlay(m: Machine, call: Call, hOverlay: OsOverlay) -> Steps:
    """OVL-01, GEN-04."""
    up(m)
    m.require(hOverlay.open, f"{hOverlay!r} is gone")
    m.admit(call)
    yield from m.driver(call, hOverlay.kmd, DXGKARG_FLIPOVERLAY())
    return call.status


@ddi
def DxgkDdiDestroyOverlay(m: Machine, call: Call, hOverlay: OsOverlay) -> Steps:
    """OVL-01, GEN-04."""
    up(m)
    m.require(hOverlay.open, f"{hOverlay!r} is gone")
    m.admit(call)
    hOverlay.open = False
    yield from m.driver(call, hOverlay.kmd)
    destroyed(m, call, hOverlay)
    return call.status


@ddi
def DxgkDdiSetVidPnSourceVisibility(m: Machine, call: Call, visible: bool = True) -> Steps:
    """GEN-03: no other thread is in the driver."""
    up(m)
    call.level = 2
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_SETVIDPNSOURCEVISIBILITY(Visible=visible))
    return call.status
