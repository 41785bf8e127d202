"""Dxgkrnl's side of device power."""

from __future__ import annotations

from typing import Final

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import (
    DoorbellStatus,
    OsContext,
    OsDoorbell,
    Suspension,
)
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DISPLAY_ADAPTER_HW_ID,
    POWER_ACTION,
)

BESIDE: Final = frozenset({"DxgkDdiQueryAdapterInfo"})
"""What may overlap SetPowerState, by its page (GEN-02)."""

DEVICE_POWER_STATES: Final = {"D0": DEVICE_POWER_STATE.PowerDeviceD0,
                              "D3": DEVICE_POWER_STATE.PowerDeviceD3}


@ddi
def DxgkDdiSetPowerState(m: Machine, call: Call, DevicePowerState: str = "D3") -> Steps:
    """PWR-01, PWR-02, PWR-03: to D3 ("D3") when the GPU is idle, contexts that it schedules are
    suspended and doorbells disconnected; back to D0 ("D0"). Objects stay. Whatever it returns is a
    success."""
    m.require(DevicePowerState in DEVICE_POWER_STATES, f"there is no state {DevicePowerState}")
    down = DevicePowerState == "D3"
    m.require(m.gpu.present, "the device is gone")
    m.require(m.adapter.state == ("started" if down else "asleep"),
              f"the adapter cannot go to {DevicePowerState} now")
    if down:
        _may_sleep(m)
    call.beside = BESIDE
    m.admit(call)
    m.adapter.state = "settling"
    yield from m.driver(call, m.adapter.kmd, DISPLAY_ADAPTER_HW_ID,
                        DEVICE_POWER_STATES[DevicePowerState], POWER_ACTION.PowerActionSleep)
    m.adapter.state = "asleep" if down else "started"
    return call.status


def _may_sleep(m: Machine) -> None:
    """What Dxgkrnl waits for, or does itself, before D3."""
    m.require(not m.adapter.awaits_resume, "the engine was reset and not resumed")
    m.require(not any(c.fence or c.preempted or (
        c.queues and c.suspension is not Suspension.SUSPENDED)
        for c in m.handles.all(OsContext)), "a context has work, or is not suspended", driver=True)
    m.require(not any(d.status is DoorbellStatus.CONNECTED for d in m.handles.all(OsDoorbell)),
              "a doorbell is connected")
