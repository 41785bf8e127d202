"""Dxgkrnl's side of power components."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import up
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.runtime_structs import FState

F_STATES = FState.__members__
COMPONENT = 0
"""The only power component of the adapter."""


@ddi
def DxgkDdiSetPowerComponentFState(m: Machine, call: Call, FState: str) -> Steps:
    """PWR-05, PWR-06: one transition of a component at a time, to or from F0, and out of F0 only
    while nobody has activated it. On the way to F0 Dxgkrnl waits for the driver; on the way out the
    component counts as off from the start."""
    m.require(FState in F_STATES, f"there is no F-state {FState}")
    wanted = F_STATES[FState]
    up(m)
    m.require(wanted is not m.component.state, f"the component is in {wanted.name}")
    m.require(not any(c.name == call.name for c in m.calls), "a transition is under way")
    m.require(not wanted or not m.component.references, "the component is active", driver=True)
    m.admit(call)
    if wanted:
        m.component.state = wanted
    yield from m.driver(call, m.adapter.kmd, COMPONENT, wanted)
    m.component.state = wanted
    return call.status
