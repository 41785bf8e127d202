"""From the machine's state to the state of models/dma_buffers.wddm. A DMA buffer and its private
data are Dxgkrnl's, so they live as long as its record and its memory."""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer, OsDmaWork, OsMonitoredFence, Way
from wddmcheck.machine.dxgkrnl.monitored_fences import SCHEDULER_CLASS, is_written
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsContextAllocation
from wddmcheck.machine.gpu.dma import physical_address
from wddmcheck.machine.gpu.node import PacketState
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import Context, Device, DmaAdapter, Process, Submission
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import GONE, NO_OBJECT, Seen, flag, key_of, structures, the

KNOWN: dict[str, frozenset[str]] = {
    "": frozenset({"scratch", "inSchedulerClass", "owed"}),
    "Adapter": frozenset({"life", "pending", "dpcQueued", "vga", "newest", "refused", "completed",
                          "submitted"}),
    "Process": frozenset({"handle"}),
    "Device": frozenset({"handle", "process", "lost"}),
    "Context": frozenset({"handle", "device", "owns", "save", "user"}),
    "ContextAllocation": frozenset({"context", "mapped"}),
    "DmaBuffer": frozenset({"life", "context", "way", "addressed", "patched", "fence", "data",
                            "signals", "waits"}),
    "PrivateData": frozenset({"buffer", "marked"}),
    "MonitoredFence": frozenset({"handle", "device", "written"}),
}
"""The classes and fields of models/dma_buffers.wddm that the machine has too."""

FIRST = frozenset({"Physical", "Built"})
"""The way of a buffer, and its life, at first."""

LIVES = {PacketState.QUEUED: "Queued", PacketState.RUNNING: "Running", PacketState.DONE: "Done"}


def look(machine: Machine) -> list[Seen]:
    """The variables, and all objects in the order of their creation."""
    seen = [_variables(machine), *structures(machine, _structure)]
    seen += (_area(machine, a) for a in machine.handles.all(OsContextAllocation))
    seen += (_fence(machine, f) for f in machine.handles.all(OsMonitoredFence))
    for buffer in machine.handles.all(OsDmaBuffer):
        seen += _buffer(machine, buffer)
    return seen


def _ordinal(m: Machine, fence: int) -> str:
    """The model counts the fences of submissions since the start of the adapter."""
    work = next(m.handles.all(OsDmaWork), None)
    given = work.given if work is not None and work.adapter == m.adapter.handle else []
    return str(sum(f <= fence for f in given))


def _variables(m: Machine) -> Seen:
    work, adapter = next(m.handles.all(OsDmaWork), None), the(m, DmaAdapter)
    return Seen("", NO_OBJECT, {
        "scratch": flag(adapter is not None and adapter.scratch is not None),
        "inSchedulerClass": flag(any(c.level == 1 and c.facts.klass == SCHEDULER_CLASS
                                     for c in m.calls)),
        "owed": _ordinal(m, work.refused if work is not None else 0)})


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    record = m.handles.of_driver(key)
    words = abstraction.handle(record)
    match content:
        case DmaAdapter():
            return _adapter(m, key, content)
        case Process():
            return Seen("Process", key, words)
        case Device():
            return Seen("Device", key, words | abstraction.lost(record),
                        {"process": key_of(content.process)})
        case Context():
            owns = {"owns": flag(isinstance(record, OsContext) and record.owns)}
            return Seen("Context", key, words | owns, {
                "device": key_of(content.device), **_areas(m, content)})
        case _:
            return None


def _adapter(m: Machine, key: int, content: DmaAdapter) -> Seen:
    words = abstraction.adapter(m) | {
        "vga": flag(m.gpu.text_mode), "submitted": _ordinal(m, m.last_fence),
        "refused": _ordinal(m, content.refused), "completed": _ordinal(m, content.completed)}
    del words["interrupts"]                   # the model has them always enabled
    newest = None
    if content.newest is not None:
        newest = next((b.handle for b in m.handles.all(OsDmaBuffer)
                       if b.fence == content.newest.fence), GONE)
    return Seen("Adapter", key, words, {"newest": newest})


def _areas(m: Machine, context: Context) -> dict[str, int | None]:
    """The save area, and that of the application."""
    found = (a if a in m.handles.objects else GONE for a in context.areas)
    return dict(zip(("save", "user"), found, strict=False))


def _area(m: Machine, area: OsContextAllocation) -> Seen:
    context = area.context
    live = context is not None and m.pool.is_live(context.kmd)
    return Seen("ContextAllocation", area.handle, {"mapped": flag(area.va != 0)},
                {"context": context.kmd if context is not None and live else GONE})


def _fence(m: Machine, fence: OsMonitoredFence) -> Seen:
    return Seen("MonitoredFence", fence.handle,
                {"handle": flag(fence.open), "written": flag(is_written(m, fence))},
                {"device": fence.device.kmd})


def _buffer(m: Machine, buffer: OsDmaBuffer) -> Iterator[Seen]:
    """A buffer, by what is in its memory, and its private data."""
    commands = buffer.memory.read()
    right = buffer.va if buffer.way is not Way.PHYSICAL else physical_address(buffer.page)
    private = buffer.private
    yield Seen("DmaBuffer", buffer.handle, {
        "life": _life(m, buffer), "way": buffer.way.value, "addressed": flag(buffer.addressed),
        "patched": flag(commands.reads == right), "fence": _ordinal(m, buffer.last_fence),
    }, {
        "context": buffer.context.kmd,
        "data": _data(m, buffer),
        "signals": _written_by(m, buffer, commands.fence_va),
        "waits": buffer.waits.handle if buffer.waits is not None else None})
    if private is not None:
        yield Seen("PrivateData", key_of(private) or GONE, {"marked": flag(private.marked)},
                   {"buffer": buffer.handle})


def _life(m: Machine, buffer: OsDmaBuffer) -> str:
    """How far a buffer has got."""
    if buffer.reported:
        return "Reported"
    packet = m.gpu.nodes[buffer.context.node].packets.get(buffer.fence)
    return LIVES.get(packet.state, "Built") if packet is not None else "Built"


def _data(m: Machine, buffer: OsDmaBuffer) -> int | None:
    """What the driver has of the private data: once it has submitted the buffer, what it kept."""
    given: Submission | None = None
    adapter = the(m, DmaAdapter)
    if adapter is not None and buffer.fence:
        given = next((s for s in adapter.submissions if s.fence == buffer.fence), None)
    return key_of(given.data if given is not None else buffer.private)


def _written_by(m: Machine, buffer: OsDmaBuffer, va: int) -> int | None:
    """The fence of its process that a buffer writes."""
    process = buffer.context.device.process
    return None if va == 0 else next(
        (f.handle for f in m.handles.all(OsMonitoredFence)
         if f.va == va and f.device.process is process), GONE)
