"""The reference miniport with locks, where models/locks.wddm says nothing about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.calls import run
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.locking import LockingMiniport
from wddmcheck.machine.reference.objects import Context


@pytest.fixture
def machine() -> Machine:
    return Machine(LockingMiniport)


def started(machine: Machine) -> Any:
    """A device on a started adapter."""
    run(machine, "DxgkDdiAddDevice")
    run(machine, "DxgkDdiStartDevice")
    return run(machine, "DxgkDdiCreateDevice", hKmdProcess=run(machine, "DxgkDdiCreateProcess"))


def test_no_memory_for_the_adapter(machine: Machine) -> None:
    status = run(machine, "DxgkDdiAddDevice", failing="pool:SharedAdapter")
    assert status.name == "STATUS_UNSUCCESSFUL"
    assert list(machine.pool.live()) == []


def test_transfers_are_paged_as_ever(machine: Machine) -> None:
    started(machine)
    allocation = run(machine, "DxgkDdiCreateAllocation")
    for operation in ("TransferStart", "TransferEnd"):
        busy = run(machine, "DxgkDdiBuildPagingBuffer", operation=operation, failing="busy",
                   hAllocation=allocation)
        assert busy.name == "STATUS_GRAPHICS_ALLOCATION_BUSY"
        run(machine, "DxgkDdiBuildPagingBuffer", operation=operation, hAllocation=allocation)


def test_other_escapes_are_as_ever(machine: Machine) -> None:
    device = started(machine)
    context = run(machine, "DxgkDdiCreateContext", hDevice=device)
    run(machine, "DxgkDdiEscape", hDevice=device, hContext=context, command="create area")
    assert len(machine.pool.at(context.kmd, Context).areas) == 2
    assert machine.gpu.component_changes == 0


def test_a_setting_is_changed_once(machine: Machine) -> None:
    run(machine, "DxgkDdiEscape", hDevice=started(machine), command="tune")
    assert machine.gpu.component_changes == 1
    assert machine.component.references == 0


def test_what_is_outstanding_is_told(machine: Machine) -> None:
    context = run(machine, "DxgkDdiCreateContext", hDevice=started(machine))
    run(machine, "DxgkDdiSubmitCommand", hContext=context)
    seen = []
    ask = machine.miniport.DxgkDdiCollectDbgInfo

    def told(adapter: int, arg: Any) -> Any:
        arg.BufferSize = 100
        status = ask(adapter, arg)
        seen.append(bytes(arg.pBuffer))
        return status

    machine.miniport.DxgkDdiCollectDbgInfo = told  # type: ignore[method-assign]
    run(machine, "DxgkDdiCollectDbgInfo")
    assert seen == [b"completed 0 of 1"]


def test_stop_leaves_no_interrupt_pending(machine: Machine) -> None:
    run(machine, "DxgkDdiAddDevice")
    run(machine, "DxgkDdiStartDevice")
    machine.vsync()
    run(machine, "DxgkDdiStopDevice")
    assert not machine.gpu.raised
