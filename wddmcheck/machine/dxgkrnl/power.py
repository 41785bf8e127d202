"""Dxgkrnl's side of power, and of what may run beside it."""

from __future__ import annotations

from typing import Final

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsProcess
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DISPLAY_ADAPTER_HW_ID,
    DXGKARG_QUERYADAPTERINFO,
    POWER_ACTION,
)
from wddmcheck.machine.structs import NULL

BESIDE: Final = frozenset({"DxgkDdiQueryAdapterInfo"})
"""What may overlap SetPowerState, by its page (GEN-02)."""


@ddi
def DxgkDdiSetPowerState(m: Machine, call: Call, state: str) -> Steps:
    """PWR-01, PWR-02: to D3 and back to D0; objects stay."""
    down = state == "D3"
    m.require(m.adapter.state == ("started" if down else "asleep"),
              f"the adapter cannot go to {state} now")
    call.beside = BESIDE
    m.admit(call)
    m.adapter.state = "settling"
    wanted = DEVICE_POWER_STATE.PowerDeviceD3 if down else DEVICE_POWER_STATE.PowerDeviceD0
    yield from m.driver(call, m.adapter.kmd, DISPLAY_ADAPTER_HW_ID, wanted,
                        POWER_ACTION.PowerActionSleep)
    m.adapter.state = "asleep" if down else "started"
    return call.status


@ddi
def DxgkDdiQueryAdapterInfo(m: Machine, call: Call,
                            hKmdProcessHandle: OsProcess | None = None) -> Steps:
    """ADP-15, GEN-02: a private query, for a process or for none, also while SetPowerState runs and
    in D3."""
    m.require(m.adapter.up, "the adapter is not started")
    m.require(hKmdProcessHandle is None or hKmdProcessHandle.open, f"{hKmdProcessHandle!r} is gone")
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_QUERYADAPTERINFO(
        hKmdProcessHandle.kmd if hKmdProcessHandle is not None else NULL))
    return call.status
