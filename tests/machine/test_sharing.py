"""What the reference miniport does with allocations that user mode asks for, shares and names. Each
test takes a machine, so that the mutation test can run it on drivers that do less."""

from __future__ import annotations

import pytest

from wddmcheck.machine.dxgkrnl.objects import OsDevice
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.scenario import Scenario


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


def device(run: Scenario) -> OsDevice:
    """A device of a process, on an adapter that is started if it was not."""
    if run.machine.adapter.state == "absent":
        run.DxgkDdiAddDevice()
        run.DxgkDdiStartDevice(memory="transfers")
    return run.DxgkDdiCreateDevice(hKmdProcess=run.DxgkDdiCreateProcess().process).device


def take_down(run: Scenario, *devices: OsDevice) -> None:
    for item in devices:
        run.DxgkDdiDestroyDevice(hDevice=item)
        run.DxgkDdiDestroyProcess(hKmdProcess=item.process)
    run.DxgkDdiStopDevice(whole=True)
    run.DxgkDdiRemoveDevice()


def test_a_shared_allocation_outlives_the_device_that_asked_for_it(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        first, second = device(run), device(run)
        made = run.pfnAllocateCb(hDevice=first)
        other = run.DxgkDdiOpenAllocation(hDevice=second, hAllocation=made.allocation).opening
        run.DxgkDdiCloseAllocation(hDevice=first, hOpen=made.opening)
        run.DxgkDdiDestroyDevice(hDevice=first)
        run.DxgkDdiDestroyProcess(hKmdProcess=first.process)
        run.DxgkDdiDescribeAllocation(hAllocation=made.allocation)
        run.DxgkDdiEscape(hDevice=second, command="look up", hAllocation=made.allocation)
        run.DxgkDdiCloseAllocation(hDevice=second, hOpen=other)
        run.DxgkDdiDestroyAllocation(hAllocation=made.allocation)
        take_down(run, second)


@pytest.mark.parametrize("failing", ["pool:Allocation", "pool:OpenAllocation"])
def test_an_allocation_that_cannot_be_opened_leaves_nothing(machine: Machine,
                                                            failing: str) -> None:
    with Scenario(machine, strict=True) as run:
        owner = device(run)
        took = run.pfnAllocateCb(hDevice=owner, failing=failing, outcome="STATUS_NO_MEMORY")
        assert took.made == []
        take_down(run, owner)


def test_a_handle_that_names_nothing_is_refused(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        owner = device(run)
        run.DxgkDdiEscape(hDevice=owner, command="look up", outcome="STATUS_INVALID_HANDLE")
        item = run.DxgkDdiCreateAllocation().allocation
        run.DxgkDdiEscape(hDevice=owner, command="look up", hAllocation=item)
        run.DxgkDdiDestroyAllocation(hAllocation=item)
        run.DxgkDdiEscape(hDevice=owner, command="look up", outcome="STATUS_INVALID_HANDLE")
        take_down(run, owner)


def test_the_device_that_asked_may_come_back(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        owner = device(run)
        made = run.pfnAllocateCb(hDevice=owner)
        run.lock_allocation(owner, made.allocation)
        run.DxgkDdiCloseAllocation(hDevice=owner, hOpen=made.opening)
        again = run.DxgkDdiOpenAllocation(hDevice=owner, hAllocation=made.allocation).opening
        run.lock_allocation(owner, made.allocation)
        run.DxgkDdiCloseAllocation(hDevice=owner, hOpen=again)
        run.DxgkDdiDestroyAllocation(hAllocation=made.allocation)
        take_down(run, owner)
