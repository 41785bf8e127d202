"""Loading the driver, and unloading it. A driver that has neither routine has nothing of its own
beside its adapters: to make it is to load it."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.registry import by_itself
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.status import NtStatus

DRIVER_OBJECT, REGISTRY_PATH = 0x1_0000, 0x1_0040


@by_itself
def DriverEntry(m: Machine, call: Call) -> Steps:
    """DRV-01: at PASSIVE_LEVEL, with nothing else in the driver."""
    m.require(m.image.entry is None and m.adapter.state == "absent", "the driver is loaded")
    call.level = 3
    m.admit(call)
    call.status = NtStatus.STATUS_SUCCESS
    if callable(getattr(m.miniport, call.name, None)):
        yield from m.driver(call, DRIVER_OBJECT, REGISTRY_PATH)
    if call.succeeded:
        m.image.loaded, m.image.entry, m.image.told = True, call, True
    else:
        audit.after_failed_create(m, call)
    return call.status


@by_itself
def DxgkDdiUnload(m: Machine, call: Call) -> Steps:
    """DRV-02, DRV-03: no adapter is left, and then nothing at all."""
    m.require(m.image.loaded, "the driver is not loaded")
    m.require(m.adapter.state == "absent", "the driver has an adapter")
    m.admit(call)
    if callable(getattr(m.miniport, call.name, None)):
        yield from m.driver(call)
    m.image.loaded, m.image.entry, m.image.told = False, None, False
    audit.at_unload(m)
    return None


def load_before(m: Machine) -> None:
    """The driver is loaded before the run that is told. Raises `BugCheck`."""
    if not m.image.loaded:
        m.call("DriverEntry")
        m.image.told, m.steps = False, 0
