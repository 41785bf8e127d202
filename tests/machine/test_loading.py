"""Loading and unloading on the machine: what is noticed of drivers that do otherwise than the
reference miniport, and what Dxgkrnl never does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.machine.test_bring_up_miniport import started
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.machine.dxgkrnl.loading import load_before
from wddmcheck.machine.findings import BugCheck, Kind, OutOfReachError
from wddmcheck.machine.image import OTHER_FUNCTION, PHYSICAL_DEVICE
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.bring_up import BringUpMiniport
from wddmcheck.machine.reference.objects import DmaQueue, Globals
from wddmcheck.machine.scenario import Scenario
from wddmcheck.machine.status import NtStatus
from wddmcheck.replay.families import machine_for


@pytest.fixture
def machine() -> Machine:
    return Machine(BringUpMiniport)


# --- drivers that do otherwise -------------------------------------------------------------------


def test_what_unload_leaves_is_a_leak() -> None:
    machine = Machine(DEFECTS["unload_leaves_globals"])
    machine.call("DriverEntry")
    machine.call("DxgkDdiUnload")
    (found,) = machine.findings
    assert (found.kind, found.stop) == (Kind.LEAK, "0xC4/0x62")


def test_what_an_unsupported_adapter_leaves_is_a_leak() -> None:
    machine = Machine(DEFECTS["adddevice_null_leaves_config"])
    machine.call("DriverEntry")
    machine.call("DxgkDdiAddDevice", failing="unsupported")
    (found,) = machine.findings
    assert found.message == (
        "DxgkDdiAddDevice does not support the adapter and leaves behind: Config")


class FailsAfterAll(BringUpMiniport):
    """DriverEntry fails, and keeps what it has made; AddDevice relies on that."""

    def DriverEntry(self, DriverObject: int, RegistryPath: int) -> NtStatus:
        super().DriverEntry(DriverObject, RegistryPath)
        return NtStatus.STATUS_NO_MEMORY


def test_what_a_failed_driver_entry_leaves_is_a_leak() -> None:
    machine = Machine(FailsAfterAll)
    machine.call("DriverEntry")
    (found,) = machine.findings
    assert found.message == "DriverEntry fails and leaves behind: Globals"
    with pytest.raises(OutOfReachError, match="is not loaded"):
        machine.call("DxgkDdiAddDevice")


def test_a_queue_that_is_left_is_noticed_at_the_stop_and_only_then() -> None:
    machine = Machine(DEFECTS["stop_keeps_dma_queue"])
    started(Scenario(machine))
    machine.resume(machine.call("DxgkDdiStopDevice"))
    (found,) = machine.findings
    assert found.message == "DxgkDdiStopDevice leaves what DxgkDdiStartDevice has made: DmaQueue"
    machine.call("DxgkDdiRemoveDevice")
    machine.call("DxgkDdiUnload")
    assert machine.findings == [found]


class FreesTheBlockFirst(BringUpMiniport):
    """StopDevice keeps the queue, and RemoveDevice frees the adapter before it."""

    def release_queue(self, adapter: Any) -> None:
        self.kept = adapter.queue

    def DxgkDdiRemoveDevice(self, MiniportDeviceContext: int) -> NtStatus:
        status = super().DxgkDdiRemoveDevice(MiniportDeviceContext)
        self.pool.free(self.kept, DmaQueue.TAG)
        return status


def test_a_queue_is_within_its_adapter() -> None:
    machine = Machine(FreesTheBlockFirst)
    started(Scenario(machine))
    machine.resume(machine.call("DxgkDdiStopDevice"))
    machine.call("DxgkDdiRemoveDevice")
    assert Kind.ORPHAN in [f.kind for f in machine.findings]


class FreesGlobalsEarly(BringUpMiniport):
    """What DriverEntry has made goes with the first adapter."""

    def DxgkDdiRemoveDevice(self, MiniportDeviceContext: int) -> NtStatus:
        self.pool.free(self.globals, Globals.TAG)
        return super().DxgkDdiRemoveDevice(MiniportDeviceContext)


def test_globals_outlive_adapters() -> None:
    machine = Machine(FreesGlobalsEarly)
    run = Scenario(machine)
    started(run)
    run.DxgkDdiStopDevice(whole=True)
    run.DxgkDdiRemoveDevice()
    with pytest.raises(BugCheck, match=r"reads Globals\.supported after it was freed"):
        machine.call("DxgkDdiAddDevice")


# --- what Dxgkrnl never does ---------------------------------------------------------------------


def test_a_driver_is_loaded_before_it_has_adapters(machine: Machine) -> None:
    with pytest.raises(OutOfReachError, match="is not loaded"):
        machine.call("DxgkDdiAddDevice")
    with pytest.raises(OutOfReachError, match="is not loaded"):
        machine.call("DxgkDdiUnload")
    machine.call("DriverEntry")
    with pytest.raises(OutOfReachError, match="is loaded"):
        machine.call("DriverEntry")
    machine.call("DxgkDdiAddDevice")
    with pytest.raises(OutOfReachError, match="has an adapter"):
        machine.call("DxgkDdiUnload")


def test_a_bring_up_that_is_told_is_told_in_full(machine: Machine) -> None:
    run = Scenario(machine)
    run.DriverEntry()
    run.DxgkDdiAddDevice()
    run.DxgkDdiStartDevice()
    with pytest.raises(OutOfReachError, match="capabilities are not known"):
        machine.call("DxgkDdiCreateProcess")
    run.DxgkDdiQueryAdapterInfo(system=True)
    with pytest.raises(OutOfReachError, match="capabilities are known"):
        machine.call("DxgkDdiQueryAdapterInfo", system=True)
    process = run.DxgkDdiCreateProcess().process
    with pytest.raises(OutOfReachError, match="has the adapter open"):
        machine.call("DxgkDdiDestroyProcess", hKmdProcess=process)
    machine.close_adapter(process)
    with pytest.raises(OutOfReachError, match="or has none"):
        machine.close_adapter(process)
    with pytest.raises(OutOfReachError, match="has closed the adapter"):
        machine.call("DxgkDdiCreateDevice", hKmdProcess=process)


def test_there_is_one_system_device_and_one_paging_context(machine: Machine) -> None:
    run = Scenario(machine)
    started(run)
    system = run.DxgkDdiCreateProcess(kind="System").process
    device = run.DxgkDdiCreateDevice(hKmdProcess=system, isSystem=True).device
    with pytest.raises(OutOfReachError, match="there is a system device"):
        machine.call("DxgkDdiCreateDevice", hKmdProcess=system, isSystem=True)
    context = run.DxgkDdiCreateContext(hDevice=device, isSystem=True).context
    with pytest.raises(OutOfReachError, match="there is a system context"):
        machine.call("DxgkDdiCreateContext", hDevice=device, isSystem=True)
    run.DxgkDdiBuildPagingBuffer(operation="UpdatePageTable")
    with pytest.raises(OutOfReachError, match="the page tables are there"):
        machine.call("DxgkDdiBuildPagingBuffer", operation="UpdatePageTable")
    run.DxgkDdiDestroyContext(hContext=context, whole=True)
    assert machine.paging.mapped
    run.DxgkDdiDestroyDevice(hDevice=device)
    assert not machine.paging.mapped


# --- drivers without a DriverEntry, and runs that begin later ------------------------------------


def test_a_driver_without_a_driver_entry_is_loaded_as_it_is_made() -> None:
    machine = Machine(ReferenceMiniport)
    for told in (False, True):
        with Scenario(machine, strict=True) as run:
            if told:
                run.DriverEntry()
            run.DxgkDdiAddDevice()
            run.DxgkDdiRemoveDevice()
            run.DxgkDdiUnload()
    with pytest.raises(OutOfReachError, match="is not loaded"):
        machine.call("DxgkDdiAddDevice")


def test_where_a_run_begins_later_the_driver_is_loaded() -> None:
    machine = machine_for(BringUpMiniport, "miniport", {})
    assert (machine.image.loaded, machine.image.told, machine.steps) == (True, False, 0)
    with Scenario(machine, strict=True) as run:
        run.DxgkDdiAddDevice()
        run.DxgkDdiStartDevice()
        process = run.DxgkDdiCreateProcess().process
        run.DxgkDdiDestroyProcess(hKmdProcess=process)
        run.DxgkDdiStopDevice(whole=True)
        run.DxgkDdiRemoveDevice()
        run.DxgkDdiUnload()
    load_before(machine)
    load_before(machine)
    assert machine.image.loaded


def test_what_plug_and_play_knows(machine: Machine) -> None:
    ask = machine.kernel.IoGetDeviceProperty
    assert ask(PHYSICAL_DEVICE) != ask(OTHER_FUNCTION)
