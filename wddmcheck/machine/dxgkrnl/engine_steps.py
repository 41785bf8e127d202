"""What an engine that schedules contexts does by itself, by Dxgkrnl's records of them."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsContext, OsContextAllocation, OsHwQueue
from wddmcheck.machine.dxgkrnl.registry import event
from wddmcheck.machine.dxgkrnl.state import needed
from wddmcheck.machine.gpu.engine import Entry
from wddmcheck.machine.machine import Machine


def entry_of(m: Machine, context: OsContext) -> Entry | None:
    """The entry of a context on the run list, found by where its state is saved."""
    root, engine = context.device.process.root, m.gpu.engine
    areas = {a.va for a in m.handles.all(OsContextAllocation) if a.context is context}
    entries = [*engine.run_list, *([engine.running] if engine.running is not None else [])]
    return next((e for e in entries
                 if e.context.root == root and e.context.save_va in areas), None)


def _entry(m: Machine, context: OsContext) -> Entry:
    return needed(m, entry_of(m, context), f"{context!r} is not on the run list")


@event
def switch_to(m: Machine, context: OsContext) -> None:
    """The engine switches to a context that may run."""
    m.gpu.engine.switch_to(_entry(m, context))


@event
def switch_away(m: Machine) -> None:
    """The engine leaves the context that it runs, and saves its state."""
    m.gpu.engine.switch_away()


@event
def hang_engine(m: Machine) -> None:
    """What the engine runs never ends."""
    m.gpu.engine.hang()


@event
def acknowledge_suspension(m: Machine, context: OsContext) -> None:
    """The GPU has left a context that is to be suspended, and says so (HWQ-06)."""
    m.gpu.engine.acknowledge(_entry(m, context))


@event
def run_queue(m: Machine, queue: OsHwQueue) -> None:
    """The engine does what is in a queue of the context that it runs."""
    known = next((q for q in m.gpu.engine.queues if q.progress is queue.progress), None)
    m.gpu.engine.run_queue(needed(m, known, f"the GPU has no {queue!r}"))
