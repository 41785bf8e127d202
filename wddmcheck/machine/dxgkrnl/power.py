"""Dxgkrnl's side of power, and of exclusive access."""

from __future__ import annotations

from typing import Final

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import (
    DoorbellStatus,
    Memory,
    OsAllocation,
    OsContext,
    OsDoorbell,
    Suspension,
)
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import up
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DISPLAY_ADAPTER_HW_ID,
    DXGKARG_BEGINEXCLUSIVEACCESS,
    DXGKARG_ENDEXCLUSIVEACCESS,
    POWER_ACTION,
)

BESIDE: Final = frozenset({
    "DxgkDdiQueryAdapterInfo", "DxgkDdiCloseAllocation", "DxgkDdiDestroyAllocation"})
"""What may overlap SetPowerState: by its page the first (GEN-02). The others touch nothing but the
driver's own data of an allocation, and are not kept out here."""

DEVICE_POWER_STATES: Final = {"D0": DEVICE_POWER_STATE.PowerDeviceD0,
                              "D3": DEVICE_POWER_STATE.PowerDeviceD3}


@ddi
def DxgkDdiSetPowerState(m: Machine, call: Call, DevicePowerState: str = "D3") -> Steps:
    """PWR-01, PWR-02, PWR-03: to D3 ("D3") when all work is done and no allocation has video memory
    (unless memory comes and goes by itself), contexts that the GPU schedules are suspended and
    doorbells disconnected; back to D0 ("D0"). Objects stay. The bus takes the power away after the
    call, and gives it back before. Whatever it returns is a success."""
    m.require(DevicePowerState in DEVICE_POWER_STATES, f"there is no state {DevicePowerState}")
    down = DevicePowerState == "D3"
    m.require(m.gpu.present, "the device is gone")
    m.require(m.adapter.state == ("started" if down else "asleep"),
              f"the adapter cannot go to {DevicePowerState} now")
    if down:
        _no_work(m)
        _suspended(m)
    if m.policies.G19 == "off" and m.policies.Pending == "before":
        m.require(not m.adapter.dpc_queued and not (m.gpu.pending and m.gpu.interrupts_enabled),
                  "an interrupt or a DPC is pending")
    call.beside = BESIDE
    m.admit(call)
    m.adapter.state = "settling"
    if not down:
        m.gpu.power_up()
    yield from m.driver(call, m.adapter.kmd, DISPLAY_ADAPTER_HW_ID,
                        DEVICE_POWER_STATES[DevicePowerState], POWER_ACTION.PowerActionSleep)
    if down:
        audit.before_power_goes(m, call)
        m.gpu.power_down()
        m.paging.mapped = False
        m.adapter.state = "asleep"
    else:
        audit.after_power_up(m, call)
        m.adapter.state = "started"
    return call.status


def _no_work(m: Machine) -> None:
    m.require(not any(c.fence or c.rendered or c.preempted for c in m.handles.all(OsContext)),
              "there is work on the GPU, or to be retired", driver=True)


def _suspended(m: Machine) -> None:
    """What Dxgkrnl does itself before D3."""
    m.require(m.paging.memory is Memory.AUTOMATIC or all(
        a.page is None for a in m.handles.all(OsAllocation)), "an allocation has video memory")
    m.require(not m.adapter.awaits_resume, "the engine was reset and not resumed")
    m.require(not any(c.queues and c.suspension is not Suspension.SUSPENDED
                      for c in m.handles.all(OsContext)), "a context is not suspended", driver=True)
    m.require(not any(d.status is DoorbellStatus.CONNECTED for d in m.handles.all(OsDoorbell)),
              "a doorbell is connected")


@ddi
def DxgkDdiBeginExclusiveAccess(m: Machine, call: Call) -> Steps:
    """PWR-07: the IOMMU domain is going to be switched; work is flushed, nothing else runs."""
    up(m)
    _no_work(m)
    call.level = 3
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_BEGINEXCLUSIVEACCESS())
    audit.in_exclusive_access(m, call)
    m.adapter.state = "exclusive"
    return call.status


@ddi
def DxgkDdiEndExclusiveAccess(m: Machine, call: Call) -> Steps:
    """PWR-07: the switch is over."""
    m.require(m.adapter.state == "exclusive", "there is no exclusive access")
    call.level = 3
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_ENDEXCLUSIVEACCESS())
    m.adapter.state = "started"
    return call.status
