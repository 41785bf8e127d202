"""From the machine's state to the state of models/fences_events.wddm."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import (
    OsCpuEvent,
    OsGlobalFence,
    OsObject,
    OsProcessEvent,
)
from wddmcheck.machine.gpu.notices import NEVER
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import (
    Adapter,
    CpuEvent,
    Device,
    GlobalFence,
    LocalFence,
    Process,
    ProcessEvent,
)
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import GONE, NO_OBJECT, Seen, flag, key_of, key_where, structures

KNOWN: dict[str, frozenset[str]] = {
    "": frozenset({"signalled", "collapsed", "heldEvents"}),
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued"}),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "process"}),
    "GlobalFence": frozenset({"handle", "waiting", "told", "registered", "monitored", "sampled",
                              "signalling", "current"}),
    "LocalFence": frozenset({"handle", "global", "device"}),
    "CpuEvent": frozenset({"handle", "linked", "device", "listed", "owed", "raised", "due",
                           "signals"}),
    "ProcessEvent": frozenset({"held", "closing", "signals", "process"}),
}
"""The classes and fields of models/fences_events.wddm that the machine has too."""

INITIAL: dict[str, dict[str, str]] = {
    "GlobalFence": {"registered": "true"},
    "CpuEvent": {"listed": "true"},
}
"""Fields that are not false, zero or nothing at first."""


def look(machine: Machine) -> list[Seen]:
    """The variables, and all objects in the order of their creation."""
    return [_variables(machine), *structures(machine, _structure)]


def _variables(m: Machine) -> Seen:
    notices = m.gpu.notices
    named = None
    if notices.signalled is not None:
        named = key_where(m, GlobalFence, lambda f: f.gpu is notices.signalled)
    held = sum(e.held for e in m.handles.all(OsProcessEvent))
    return Seen("", NO_OBJECT, {"collapsed": flag(notices.collapsed), "heldEvents": str(held)},
                {"signalled": named})


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    handle = abstraction.handle(record)
    match content:
        case Adapter():
            return Seen("Adapter", key, abstraction.adapter(m))
        case Process():
            return Seen("Process", key, handle)
        case Device():
            return Seen("Device", key, handle, {"process": key_of(content.process)})
        case GlobalFence():
            return _fence(key, content, record, handle)
        case LocalFence():
            return Seen("LocalFence", key, handle, {
                "device": key_of(content.device), "global": key_of(content.fence)})
        case CpuEvent():
            return _cpu_event(m, key, content, record, handle)
        case ProcessEvent():
            kept = m.handles.objects.get(content.handle)
            return Seen("ProcessEvent", key, {
                "held": flag(isinstance(kept, OsProcessEvent) and kept.held),
                "closing": flag(content.closing), "signals": str(content.signals)},
                {"process": key_of(content.process)})
        case _:
            return None


def _fence(key: int, content: GlobalFence, record: OsObject | None,
           words: dict[str, str]) -> Seen:
    if isinstance(record, OsGlobalFence):
        words |= {"waiting": flag(record.waiting), "told": flag(record.told),
                  "current": flag(record.reached)}
    gpu = content.gpu
    return Seen("GlobalFence", key, words | {
        "registered": flag(gpu.registered), "signalling": flag(gpu.signalling),
        "monitored": flag(gpu.values.monitored != NEVER), "sampled": flag(gpu.sampled != NEVER)})


def _cpu_event(m: Machine, key: int, content: CpuEvent, record: OsObject | None,
               words: dict[str, str]) -> Seen:
    refs = {"device": key_of(content.device)}
    if isinstance(record, OsCpuEvent):
        words["owed"] = flag(record.owed)
        refs["linked"] = record.device.kmd if m.pool.is_live(record.device.kmd) else GONE
    return Seen("CpuEvent", key, words | {
        "listed": flag(content.listed), "raised": flag(content.source.raised),
        "due": flag(content.due), "signals": str(content.signals)}, refs)
