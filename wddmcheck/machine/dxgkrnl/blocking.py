"""Callbacks that return when something else has happened: a paging operation, a power transition,
the ISR. What Dxgkrnl does for them meanwhile comes back into the driver.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isgeneratorfunction
from typing import TYPE_CHECKING, Any

from wddmcheck.machine.dxgkrnl.entry import enter
from wddmcheck.machine.dxgkrnl.objects import OsContextAllocation
from wddmcheck.machine.findings import Kind, OutOfReachError, call_site, stop
from wddmcheck.machine.processor import Irql
from wddmcheck.machine.runtime_structs import DXGKARGCB_UPDATECONTEXTALLOCATION, FState
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.waits import Blocking, Wait

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine


def update_context_allocation(machine: Machine, hAdapter: Handle,
                              arg: DXGKARGCB_UPDATECONTEXTALLOCATION) -> Blocking[NtStatus]:
    """DxgkCbUpdateContextAllocation (CAL-10): asks for a paging operation, for which Dxgkrnl calls
    DxgkDdiBuildPagingBuffer, and returns when that is done."""
    name = "DxgkCbUpdateContextAllocation"
    enter(machine, name, hAdapter)
    item = machine.handles.find(arg.hAllocation, OsContextAllocation, f"{name}: hAllocation")
    item.updating, item.update_data = True, arg.pPrivateDriverData
    yield Wait(name, lambda: not item.updating)
    machine.callback(name, (("hAllocation", item),))
    return NtStatus.STATUS_SUCCESS


def set_power_component_active(machine: Machine, hAdapter: Handle,
                               ComponentIndex: int) -> Blocking[None]:
    """DxgkCbSetPowerComponentActive (PWR-06): returns when the component is in F0; for that Dxgkrnl
    may call DxgkDdiSetPowerComponentFState on another thread."""
    name = "DxgkCbSetPowerComponentActive"
    enter(machine, name, hAdapter)
    machine.component.references += 1
    yield Wait(name, lambda: machine.component.state is FState.F0, parks=True)
    machine.callback(name, (("ComponentIndex", ComponentIndex),))


def set_power_component_idle(machine: Machine, hAdapter: Handle, ComponentIndex: int) -> None:
    """DxgkCbSetPowerComponentIdle (PWR-06): once for each activation."""
    name = "DxgkCbSetPowerComponentIdle"
    enter(machine, name, hAdapter)
    if machine.component.references == 0:
        stop(Kind.CONTRACT, f"{name}: the component is not active", "0xC4")
    machine.component.references -= 1
    machine.callback(name, (("ComponentIndex", ComponentIndex),))


def synchronize_execution(machine: Machine, hAdapter: Handle, routine: Callable[[], Any]) -> Any:
    """DxgkCbSynchronizeExecution (INT-08): runs `routine` at the level of the ISR, with the
    interrupt's lock. Returns its status; for a routine that is a generator, a generator. Raises
    `OutOfReachError` for a plain routine while the ISR runs: it cannot wait."""
    name = "DxgkCbSynchronizeExecution"
    enter(machine, name, hAdapter)
    if isgeneratorfunction(routine):
        return _synchronized(machine, name, routine)
    wait = interrupt_lock(machine)
    if not wait.ready():
        raise OutOfReachError(f"{name} waits for the ISR: its routine has to be a generator",
                              driver=True)
    wait.then()
    machine.callback(name, ())
    with machine.processor.at(Irql.DIRQL):
        routine()
    release_interrupt_lock(machine)
    return NtStatus.STATUS_SUCCESS


def _synchronized(machine: Machine, name: str,
                  routine: Callable[[], Blocking[None]]) -> Blocking[NtStatus]:
    yield interrupt_lock(machine)
    machine.callback(name, ())
    with machine.processor.at(Irql.DIRQL):
        yield from routine()
    release_interrupt_lock(machine)
    return NtStatus.STATUS_SUCCESS


def interrupt_lock(machine: Machine) -> Wait:
    """Wait for the interrupt's lock, on behalf of the running call. Raises `BugCheck` if it has
    it."""
    lock, caller, where = machine.interrupt_lock, machine.running, call_site()
    machine.kernel.asked(lock)
    return Wait(repr(lock), lambda: not lock.held,
                lambda: machine.kernel.take(lock, caller, where))


def release_interrupt_lock(machine: Machine) -> None:
    """Give the interrupt's lock back."""
    machine.kernel.free(machine.interrupt_lock, machine.running)
