"""What the reference miniport does when Dxgkrnl makes what it needs for itself. Each test takes a
machine, so that the mutation test can run it on drivers that do less."""

from __future__ import annotations

import pytest

from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice, OsProcess
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Context
from wddmcheck.machine.scenario import Scenario


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


def system(run: Scenario) -> tuple[OsProcess, OsDevice, OsContext]:
    run.DxgkDdiAddDevice()
    run.DxgkDdiStartDevice()
    run.DxgkDdiQueryAdapterInfo(system=True)
    process = run.DxgkDdiCreateProcess(kind="System").process
    device = run.DxgkDdiCreateDevice(hKmdProcess=process, isSystem=True).device
    return process, device, run.DxgkDdiCreateContext(hDevice=device, isSystem=True).context


def test_the_paging_context_comes_and_goes(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = system(run)
        run.DxgkDdiBuildPagingBuffer(operation="UpdatePageTable")
        user = run.DxgkDdiCreateProcess().process
        other = run.DxgkDdiCreateDevice(hKmdProcess=user).device
        first = run.DxgkDdiCreateContext(hDevice=other).context
        run.DxgkDdiSubmitCommand(hContext=first)
        run.run_packet(first)
        run.complete_packet(first)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        run.DxgkDdiDestroyContext(hContext=first, whole=True)
        run.DxgkDdiDestroyContext(hContext=context, whole=True)
        for item in (other, device):
            run.DxgkDdiDestroyDevice(hDevice=item)
        for owner in (user, process):
            run.DxgkDdiDestroyProcess(hKmdProcess=owner)
        run.DxgkDdiStopDevice(whole=True)
        run.DxgkDdiRemoveDevice()
    kept = {c.ident for n in machine.gpu.nodes if (c := n.current) is not None}
    assert kept == set()


def test_contexts_of_the_system_and_others_are_told_apart(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, _, context = system(run)
        process = run.DxgkDdiCreateProcess().process
        device = run.DxgkDdiCreateDevice(hKmdProcess=process).device
        other = run.DxgkDdiCreateContext(hDevice=device).context
        hardware = [machine.pool.at(c.kmd, Context).hardware for c in (context, other)]
        assert len({h.ident for h in hardware if h is not None}) == 2


def test_a_create_that_gets_no_addresses_leaves_nothing(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        run.DxgkDdiAddDevice()
        run.DxgkDdiStartDevice()
        run.DxgkDdiCreateProcess(kind="System", failing="DxgkCbReserveGpuVirtualAddressRange",
                                 outcome="STATUS_NO_MEMORY")
        run.DxgkDdiStopDevice(whole=True)
        run.DxgkDdiRemoveDevice()


def test_the_system_process_has_addresses_of_the_driver(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, _, _ = system(run)
        user = run.DxgkDdiCreateProcess().process
        assert process.table.next_va > user.table.next_va
