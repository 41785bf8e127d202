"""What user mode asks for about allocations: to make one, which leads to several calls of the
driver, and to lock one, of which the driver is not told."""

from __future__ import annotations

from collections.abc import Generator

from wddmcheck.machine.dxgkrnl import memory
from wddmcheck.machine.dxgkrnl.calls import Call, Steps, new_call
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsDevice, OsOpening
from wddmcheck.machine.dxgkrnl.registry import event, load, thunk
from wddmcheck.machine.dxgkrnl.state import started
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.waits import Preempt, Wait


@thunk("DxgkDdiCreateAllocation", "DxgkDdiOpenAllocation", "DxgkDdiDestroyAllocation")
def pfnAllocateCb(m: Machine, call: Call, hDevice: OsDevice) -> Steps:
    """ALC-09, ALC-18: the driver creates an allocation and opens it on the device; if it cannot be
    opened, it is destroyed again, and was never open. The driver is not told of a lost device."""
    started(m)
    m.require(hDevice.open, f"{hDevice!r} is gone")
    m.admit(call, hDevice.process)
    if hDevice.lost:
        call.status = NtStatus.STATUS_DEVICE_REMOVED
        return call.status
    made = yield from _lead_to(m, call, "DxgkDdiCreateAllocation")
    call.status = made.status
    for item in made.made:
        assert isinstance(item, OsAllocation)
        item.creator = hDevice
        opened = yield from _lead_to(m, call, "DxgkDdiOpenAllocation", hDevice=hDevice,
                                     hAllocation=item)
        call.status = opened.status
        if opened.succeeded:
            call.made += [item, *opened.made]
        else:
            yield from _lead_to(m, call, "DxgkDdiDestroyAllocation", hAllocation=item)
    return call.status


def _lead_to(m: Machine, call: Call, name: str,
             **args: object) -> Generator[Preempt | Wait, None, Call]:
    """A DDI in the thread of a call of user mode's; what is to fail in that may fail in it."""
    inner = new_call(name, dict(args), ())
    inner.failures = call.failures
    call.inner = m.pool.caller = inner
    yield from load()[name](m, inner, **args)
    inner.returned = True
    m.kernel.at_return(inner, name)
    call.inner, m.pool.caller = None, call
    return inner


@event
def lock_allocation(m: Machine, device: OsDevice, allocation: OsAllocation) -> None:
    """ALC-22: pfnLockCb gives the process that created an allocation the address of its memory,
    which is filled in if it has none."""
    m.require(device.open and allocation.open and allocation.locker is None,
              f"{device!r} or {allocation!r} is gone, or it is locked")
    m.require(any(o.open and o.device is device and o.allocation is allocation
                  for o in m.handles.all(OsOpening)), f"{allocation!r} is not open on {device!r}")
    m.require(allocation.creator is device, f"{device!r} has not created {allocation!r}")
    m.require(m.paging.allocation is not allocation, f"{allocation!r} is being moved")
    if allocation.page is None:
        memory.move(m, allocation, "segment")
    allocation.locker = device


@event
def unlock_allocation(m: Machine, device: OsDevice, allocation: OsAllocation) -> None:
    """ALC-22: pfnUnlockCb."""
    m.require(allocation.locker is device, f"{device!r} has not locked {allocation!r}")
    allocation.locker = None
