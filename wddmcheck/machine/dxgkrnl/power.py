"""Dxgkrnl's side of device power."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import DoorbellStatus, OsContext, OsDoorbell, Suspension
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.queue_structs import (
    DEVICE_POWER_STATE,
    DISPLAY_ADAPTER_HW_ID,
    POWER_ACTION,
)


@ddi
def DxgkDdiSetPowerState(m: Machine, call: Call, DevicePowerState: str = "D3") -> Steps:
    """PWR-01, PWR-03: to D3 ("D3") when the GPU is idle, contexts that it schedules are suspended
    and doorbells disconnected; back to D0 ("D0"). Whatever it returns is a success."""
    m.require(m.gpu.present, "the device is gone")
    if DevicePowerState == "D0":
        m.require(m.adapter.state == "asleep", "the adapter is not in D3")
    else:
        m.require(m.adapter.state == "started", "the adapter is not started")
        m.require(not m.adapter.awaits_resume, "the engine was reset and not resumed")
        m.require(not any(c.fence or c.preempted or (
            c.queues and c.suspension is not Suspension.SUSPENDED)
            for c in m.handles.all(OsContext)), "a context has work, or is not suspended",
            driver=True)
        m.require(not any(d.status is DoorbellStatus.CONNECTED
                          for d in m.handles.all(OsDoorbell)), "a doorbell is connected")
    m.admit(call)
    state = DEVICE_POWER_STATE[f"PowerDevice{DevicePowerState}"]
    yield from m.driver(call, m.adapter.kmd, DISPLAY_ADAPTER_HW_ID, state,
                        POWER_ACTION.PowerActionSleep)
    m.adapter.state = "started" if DevicePowerState == "D0" else "asleep"
    return call.status
