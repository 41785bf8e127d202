"""Everything that can go on does, until nothing can: what is still inside the driver then is stuck.

Dxgkrnl does its part: it makes the calls that a callback waits for, and lets ISR and DPC run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wddmcheck.machine.dxgkrnl.calls import Call
from wddmcheck.machine.dxgkrnl.objects import OsContextAllocation
from wddmcheck.machine.findings import Finding, Kind, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.runtime_structs import FState


def run_until_idle(machine: Machine) -> None:
    """Let the calls in flight go on, and happen what they wait for. Reports those that never
    return. Raises `BugCheck`."""
    while _go_on(machine) or any(_happens(act) for act in _answers(machine)):
        pass
    if machine.calls:
        machine.report(_stuck(machine))


def _go_on(machine: Machine) -> bool:
    """Let each call go on that can; whether one could."""
    ready = [c for c in machine.calls if c.waiting is None or c.waiting.ready()]
    for call in ready:
        if call.waiting is None or call.waiting.ready():
            machine.resume(call)
    return bool(ready)


def _answers(machine: Machine) -> Iterator[Callable[[], object]]:
    """What Dxgkrnl and the hardware may do now for those that wait."""
    for area in machine.handles.all(OsContextAllocation):
        if area.updating:
            yield lambda area=area: machine.call(  # type: ignore[misc]
                "DxgkDdiBuildPagingBuffer", operation="UpdateContextAllocation",
                hContextResource=area)
    if machine.component.references and machine.component.state is not FState.F0:
        yield lambda: machine.call("DxgkDdiSetPowerComponentFState", FState="F0")
    if machine.gpu.pending:
        yield lambda: machine.call("DxgkDdiInterruptRoutine")
    if machine.adapter.dpc_queued:
        yield lambda: machine.call("DxgkDdiDpcRoutine")


def _happens(act: Callable[[], object]) -> bool:
    """Do it, if it is possible; whether it was."""
    try:
        act()
    except OutOfReachError:
        return False
    return True


def _stuck(machine: Machine) -> Finding:
    """Who waits for what, and for whom."""
    names = ", ".join(c.name for c in machine.calls)
    never = "none of these calls can ever return" if len(machine.calls) > 1 else (
        "the call can never return")
    return Finding(Kind.STUCK, f"{never}: {names}",
                   details=tuple(line for call in machine.calls for line in _why(machine, call)))


def _why(machine: Machine, call: Call) -> Iterator[str]:
    yield f"{call.name} {call.at}"
    for lock in machine.kernel.taken:
        if lock.owner is call:
            yield f"  and holds {lock!r}" + (f", taken at {lock.where}" if lock.where else "")
