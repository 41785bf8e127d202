"""From the machine's state to the state of models/threading.wddm."""

from __future__ import annotations

from wddmcheck.machine.machine import Machine
from wddmcheck.machine.power_structs import DEVICE_POWER_STATE
from wddmcheck.machine.reference.objects import (
    Context,
    Device,
    Overlay,
    Process,
    WatchdogState,
    WatchedAdapter,
)
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import NO_OBJECT, Seen, flag, key_of, structures, the

KNOWN: dict[str, frozenset[str]] = {
    "": frozenset({"ContextLock held", "PowerLock held", "head", "osPower", "ringInUse"}),
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued", "power", "work",
                          "stopping", "timerSet", "workQueued"}),
    "WatchdogState": frozenset({"hangs"}),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "process"}),
    "Context": frozenset({"handle", "device", "next"}),
    "Overlay": frozenset({"handle", "programmed"}),
}
"""The classes and fields of models/threading.wddm that the machine has too. Those of "" belong to
no object."""

POWER = {"settling": "Changing", "asleep": "Sleeping"}
"""What the model calls Dxgkrnl's states of an adapter; Working otherwise."""


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    return [_shared(machine), *structures(machine, _structure)]


def _shared(m: Machine) -> Seen:
    """The list, the ring, the locks, and the power as Dxgkrnl takes it."""
    adapter = the(m, WatchedAdapter)
    shared = Seen("", NO_OBJECT, {
        "osPower": POWER.get(m.adapter.state, "Working"),
        "ringInUse": flag(m.gpu.command_open)})
    if adapter is not None:
        shared.words |= {"ContextLock held": flag(adapter.list_lock.held),
                         "PowerLock held": flag(adapter.power_lock.held)}
        shared.refs["head"] = key_of(adapter.head)
    return shared


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    handle = abstraction.handle(record)
    match content:
        case WatchedAdapter():
            return _adapter(m, key, content)
        case WatchdogState():
            return Seen("WatchdogState", key, {"hangs": flag(content.hangs)})
        case Process():
            return Seen("Process", key, handle)
        case Device():
            return Seen("Device", key, handle, {"process": key_of(content.process)})
        case Context():
            return Seen("Context", key, handle, {
                "device": key_of(content.device), "next": key_of(content.next)})
        case Overlay():
            return Seen("Overlay", key, handle | {"programmed": flag(content.programmed)})
        case _:
            return None


def _adapter(m: Machine, key: int, content: WatchedAdapter) -> Seen:
    asleep = content.power is DEVICE_POWER_STATE.PowerDeviceD3
    return Seen("Adapter", key, abstraction.adapter(m) | {
        "power": "D3" if asleep else "D0",
        "stopping": flag(content.stopping),
        "timerSet": flag(content.timer is not None and content.timer.set),
        "workQueued": flag(content.suspicion.signaled),
    }, {"work": key_of(content.watchdog)})
