"""What runs of a driver without Dxgkrnl: the DPC of a timer, and system threads."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps, drive
from wddmcheck.machine.dxgkrnl.registry import by_itself
from wddmcheck.machine.dxgkrnl.state import needed
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.processor import Irql


@by_itself
def timer_expires(m: Machine, call: Call) -> Steps:
    """A timer that is set expires, and its DPC runs; not twice at once."""
    timer = needed(m, next((t for t in m.kernel.timers if t.set), None), "no timer is set")
    m.require(not any(c.name == call.name for c in m.calls), "its DPC runs already", driver=True)
    call.interrupt = True
    timer.set = False
    with m.processor.at(Irql.DISPATCH_LEVEL):
        yield from drive(timer, "routine", ())
    return None


@by_itself
def thread_runs(m: Machine, call: Call) -> Steps:
    """A system thread whose event is signaled runs, unless it does. No level holds it back."""
    thread = needed(m, next((t for t in m.kernel.threads if t.event.signaled), None),
                    "no thread has anything to do")
    m.require(not any(c.name == call.name for c in m.calls), "it runs already", driver=True)
    call.thread = True
    yield from drive(thread, "routine", ())
    return None
