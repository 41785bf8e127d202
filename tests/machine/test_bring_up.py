"""Bring-up on the machine: what is noticed of drivers that do otherwise than the reference
miniport, and what Dxgkrnl never does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.machine.test_reference_bring_up import system
from wddmcheck.machine.findings import Kind, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, Context
from wddmcheck.machine.scenario import DriverMistake, Scenario
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.system_structs import DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


# --- drivers that do otherwise -------------------------------------------------------------------


class AreaForAll(ReferenceMiniport):
    """Makes a save area for every context."""

    def load_paging_context(self, context: Context) -> None:
        self.create_area(context)


class ReservesLate(ReferenceMiniport):
    """Reserves addresses with the device."""

    def DxgkDdiCreateDevice(self, hAdapter: int, pCreateDevice: Any) -> NtStatus:
        dxgk = self.dxgk(self.pool.at(hAdapter, Adapter))
        return dxgk.DxgkCbReserveGpuVirtualAddressRange(
            dxgk.DeviceHandle, DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE(self.process, 4096))

    def DxgkDdiCreateProcess(self, hAdapter: int, pArgs: Any) -> NtStatus:
        self.process = pArgs.hDxgkProcess
        return super().DxgkDdiCreateProcess(hAdapter, pArgs)


@pytest.mark.parametrize(("driver", "text"), [
    (AreaForAll, "the system device has no context allocations"),
    (ReservesLate, "are reserved when it has been created")])
def test_a_broken_contract_stops_the_machine(driver: type[ReferenceMiniport], text: str) -> None:
    with pytest.raises(DriverMistake, match=text):
        system(Scenario(Machine(driver)))


class Tells(ReferenceMiniport):
    """Knows nothing of itself, and writes no page table."""

    def DxgkDdiQueryAdapterInfo(self, hAdapter: int, pQueryAdapterInfo: Any) -> NtStatus:
        return NtStatus.STATUS_SUCCESS

    def DxgkDdiBuildPagingBuffer(self, hAdapter: int, pBuildPagingBuffer: Any) -> NtStatus:
        return NtStatus.STATUS_SUCCESS


def test_what_is_not_filled_in_is_noticed() -> None:
    machine = Machine(Tells)
    machine.call("DxgkDdiAddDevice")
    machine.call("DxgkDdiStartDevice")
    machine.call("DxgkDdiQueryAdapterInfo", system=True)
    assert [f.kind for f in machine.findings] == [Kind.CONTRACT, Kind.CONTRACT]
    process = machine.call("DxgkDdiCreateProcess", kind="System").created()
    device = machine.call("DxgkDdiCreateDevice", hKmdProcess=process, isSystem=True).created()
    machine.call("DxgkDdiCreateContext", hDevice=device, isSystem=True)
    machine.call("DxgkDdiBuildPagingBuffer", operation="UpdatePageTable")
    assert "page tables of the paging process are not written" in machine.findings[-1].message


# --- what Dxgkrnl never does ---------------------------------------------------------------------


def test_the_system_and_worker_processes_have_their_own_rules(machine: Machine) -> None:
    run = Scenario(machine)
    _, device, context = system(run)
    user = run.DxgkDdiCreateProcess().process
    worker = run.DxgkDdiCreateProcess(kind="Worker").process
    never: list[tuple[str, dict[str, object]]] = [
        ("DxgkDdiCreateProcess", {"kind": "System"}),
        ("DxgkDdiCreateDevice", {"hKmdProcess": user, "isSystem": True}),
        ("DxgkDdiCreateDevice", {"hKmdProcess": worker}),
        ("DxgkDdiCreateContext", {"hDevice": device}),
        ("DxgkDdiSubmitCommand", {"hContext": context}),
    ]
    for name, args in never:
        with pytest.raises(OutOfReachError):
            machine.call(name, **args)


def test_page_tables_need_a_paging_context(machine: Machine) -> None:
    run = Scenario(machine)
    run.DxgkDdiAddDevice()
    run.DxgkDdiStartDevice()
    with pytest.raises(OutOfReachError):
        machine.call("DxgkDdiBuildPagingBuffer", operation="UpdatePageTable")
