"""From the machine's state to the state of models/hardware_queues.wddm."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsDevice,
    OsDoorbell,
    OsHwQueue,
    OsObject,
)
from wddmcheck.machine.gpu.engine import Entry, ring_filled
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import (
    Adapter,
    Allocation,
    Context,
    Device,
    Doorbell,
    HwQueue,
    Process,
)
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import GONE, NO_OBJECT, Seen, flag, key_of, key_where, structures

KNOWN: dict[str, frozenset[str]] = {
    "": frozenset({"running", "engine", "awaitsResume", "wired"}),
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued"}),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "state", "process"}),
    "Context": frozenset({"handle", "known", "fence", "scheduled", "request", "acked", "device"}),
    "HwQueue": frozenset({"handle", "userMode", "work", "ring", "context"}),
    "RingBuffer": frozenset({"handle", "filled"}),
    "Doorbell": frozenset({"handle", "status", "ring", "hwQueue"}),
}
"""The classes and fields of models/hardware_queues.wddm that the machine has too."""

INITIAL: dict[str, dict[str, str]] = {
    "": {"engine": "Runs"},
    "Device": {"state": "Good"},
    "Context": {"known": "Resumed", "scheduled": "true"},
    "Doorbell": {"status": "Retry"},
}
"""Fields that are not false, zero or nothing at first."""


def look(machine: Machine) -> list[Seen]:
    """The variables, and all objects in the order of their creation."""
    return [_globals(machine), *structures(machine, _structure)]


def _globals(m: Machine) -> Seen:
    wired = None
    for block in m.pool.live():
        if isinstance(block.content, Adapter):
            wired = key_of(block.content.wired)
    return Seen("", NO_OBJECT, {
        "engine": m.gpu.engine.state.value.capitalize(),
        "awaitsResume": flag(m.adapter.awaits_resume),
    }, {"running": _running(m, m.gpu.engine.running), "wired": wired})


def _running(m: Machine, entry: Entry | None) -> int | None:
    """The context that the engine runs."""
    return None if entry is None else key_where(m, Context, lambda c: c.entry is entry)


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    words = abstraction.handle(record)
    match content:
        case Adapter():
            asleep = {"life": "Asleep"} if m.adapter.state == "asleep" else {}
            return Seen("Adapter", key, abstraction.adapter(m) | asleep)
        case Process():
            return Seen("Process", key, words)
        case Device():
            if isinstance(record, OsDevice):
                words["state"] = record.state.value.capitalize()
            return Seen("Device", key, words, {"process": key_of(content.process)})
        case Context(entry=Entry() as entry):
            if isinstance(record, OsContext):
                words |= {"known": record.suspension.value.capitalize(),
                          "fence": str(record.suspend_fence)}
            return Seen("Context", key, words | {
                "scheduled": flag(entry.runnable), "request": str(entry.suspend),
                "acked": str(entry.acknowledged)}, {"device": key_of(content.device)})
        case HwQueue():
            return _queue(key, content, record, words)
        case Allocation():
            filled = record is not None and ring_filled(_memory(m, record))
            return Seen("RingBuffer", key, words | {"filled": flag(filled)})
        case Doorbell():
            return _doorbell(m, key, content, record, words)
        case _:
            return None


def _queue(key: int, content: HwQueue, record: OsObject | None, words: dict[str, str]) -> Seen:
    if isinstance(record, OsHwQueue):
        words |= {"userMode": flag(record.user_mode), "work": flag(record.progress.behind)}
    return Seen("HwQueue", key, words,
                {"context": key_of(content.context), "ring": key_of(content.ring)})


def _doorbell(m: Machine, key: int, content: Doorbell, record: OsObject | None,
              words: dict[str, str]) -> Seen:
    refs = {"hwQueue": key_of(content.queue)}
    if isinstance(record, OsDoorbell):
        words["status"] = record.status.value.capitalize()
        refs["ring"] = record.ring.kmd if m.pool.is_live(record.ring.kmd) else GONE
    return Seen("Doorbell", key, words, refs)


def _memory(m: Machine, record: OsObject) -> bytes:
    """What is in the memory of an allocation."""
    page = getattr(record, "page", None)
    return m.gpu.memory.segment.read(page) if page is not None else bytes(16)
