"""Dxgkrnl's side of the display: overlays, and a call at threading level two."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit, memory
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsOverlay
from wddmcheck.machine.dxgkrnl.records import destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi, event
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
def DxgkDdiFlipOverlay(m: Machine, call: Call, hOverlay: OsOverlay,
                       hAllocation: OsAllocation | None = None) -> Steps:
    """OVL-01, GEN-04: to an allocation that is pinned, or what is shown is left out."""
    up(m)
    m.require(hOverlay.open, f"{hOverlay!r} is gone")
    arg = DXGKARG_FLIPOVERLAY()
    if hAllocation is not None:
        m.require(hAllocation.open and not hAllocation.evicted, f"{hAllocation!r} is gone")
        _pinned(m, hAllocation)
        assert hAllocation.page is not None, "what is pinned is there"
        arg = DXGKARG_FLIPOVERLAY(hAllocation.kmd, hAllocation.page)
    m.admit(call)
    yield from m.driver(call, hOverlay.kmd, arg)
    if call.succeeded:
        hOverlay.shows = hAllocation
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


def _pinned(m: Machine, allocation: OsAllocation) -> None:
    """The driver has asked for an allocation to stay where it is (ALC-23)."""
    m.require(allocation.pinned, f"{allocation!r} is not pinned", driver=True)


def is_shown(m: Machine, allocations: list[OsAllocation]) -> bool:
    """Whether an overlay shows one of some allocations, or is being flipped to it (OVL-02)."""
    shown: list[object] = [o.shows for o in m.handles.all(OsOverlay)]
    shown += [c.args.get("hAllocation") for c in m.calls if c.name == "DxgkDdiFlipOverlay"]
    return any(a in shown for a in allocations)


@event
def evict_pinned(m: Machine, allocation: OsAllocation) -> None:
    """The adapter is about to stop, and the memory of a pinned allocation is moved out of the
    segment (ALC-23). Overlays have been destroyed by then."""
    m.require(allocation.open and not allocation.evicted, f"{allocation!r} is gone")
    _pinned(m, allocation)
    m.require(not any(m.handles.all(OsOverlay)), "there are overlays")
    allocation.pinned, allocation.evicted = False, True
    memory.move(m, allocation, "system")


@event
def scan_out(m: Machine) -> None:
    """The overlay hardware shows a frame (OVL-02)."""
    m.gpu.scan_out()
