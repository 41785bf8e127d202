"""What the reference miniport does that is loaded and unloaded. Each test takes a machine, so that
the mutation test can run it on drivers that do less."""

from __future__ import annotations

import pytest

from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.bring_up import BringUpMiniport
from wddmcheck.machine.reference.objects import DmaQueue
from wddmcheck.machine.scenario import Scenario


@pytest.fixture
def machine() -> Machine:
    return Machine(BringUpMiniport)


def started(run: Scenario) -> None:
    run.DriverEntry()
    run.DxgkDdiAddDevice()
    run.DxgkDdiStartDevice()
    run.DxgkDdiQueryAdapterInfo(system=True)


def unloaded(run: Scenario) -> None:
    run.DxgkDdiStopDevice(whole=True)
    run.DxgkDdiRemoveDevice()
    run.DxgkDdiUnload()


def test_nothing_is_left_from_load_to_unload(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        for _ in range(2):
            started(run)
            process = run.DxgkDdiCreateProcess(kind="System").process
            run.close_adapter(process)
            run.DxgkDdiDestroyProcess(hKmdProcess=process)
            unloaded(run)
            assert list(machine.pool.live()) == []


def test_no_memory_for_the_driver(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        run.DriverEntry(failing="pool:Globals", outcome="STATUS_NO_MEMORY")
        started(run)
        unloaded(run)


@pytest.mark.parametrize("failing", ["pool:Config", "pool:Adapter"])
def test_no_memory_for_the_adapter(machine: Machine, failing: str) -> None:
    with Scenario(machine, strict=True) as run:
        run.DriverEntry()
        run.DxgkDdiAddDevice(failing=failing, outcome="STATUS_UNSUCCESSFUL")
        run.DxgkDdiUnload()


def test_an_adapter_that_is_not_supported_leaves_nothing(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        run.DriverEntry()
        run.DxgkDdiAddDevice(failing="unsupported")
        assert machine.adapter.state == "absent"
        run.DxgkDdiUnload()


@pytest.mark.parametrize("failing", ["pool:IsrState", "pool:DmaQueue", "hardware"])
def test_a_start_that_fails_leaves_nothing(machine: Machine, failing: str) -> None:
    with Scenario(machine, strict=True) as run:
        run.DriverEntry()
        run.DxgkDdiAddDevice()
        run.DxgkDdiStartDevice(failing=failing, outcome="STATUS_UNSUCCESSFUL")
        run.DxgkDdiStartDevice()
        unloaded(run)


def test_there_is_room_for_what_is_to_come(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        started(run)
        (queue,) = [b.content for b in machine.pool.live() if isinstance(b.content, DmaQueue)]
        assert queue.entries == 8
        unloaded(run)


@pytest.mark.parametrize("failing", [
    "pool:Process", "pool:AddressRange", "DxgkCbReserveGpuVirtualAddressRange"])
def test_a_system_process_that_gets_no_addresses_leaves_nothing(machine: Machine,
                                                                failing: str) -> None:
    with Scenario(machine, strict=True) as run:
        started(run)
        run.DxgkDdiCreateProcess(kind="System", failing=failing, outcome="STATUS_NO_MEMORY")
        unloaded(run)
