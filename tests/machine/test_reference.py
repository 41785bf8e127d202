"""What the reference miniport does where no counterexample looks. Each test takes a machine, so
that the mutation test can run it on drivers that do less."""

from __future__ import annotations

import pytest

from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice, OsProcess
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.scenario import Scenario


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


def started(run: Scenario) -> None:
    run.DxgkDdiAddDevice()
    run.DxgkDdiStartDevice()


def context_on_a_device(run: Scenario) -> tuple[OsProcess, OsDevice, OsContext]:
    started(run)
    process = run.DxgkDdiCreateProcess().process
    device = run.DxgkDdiCreateDevice(hKmdProcess=process).device
    return process, device, run.DxgkDdiCreateContext(hDevice=device).context


def taken_down(run: Scenario, process: OsProcess, device: OsDevice, context: OsContext) -> None:
    run.DxgkDdiDestroyContext(hContext=context, whole=True)
    run.DxgkDdiDestroyDevice(hDevice=device)
    run.DxgkDdiDestroyProcess(hKmdProcess=process)
    run.DxgkDdiStopDevice(whole=True)
    run.DxgkDdiRemoveDevice()


def finished(run: Scenario, context: OsContext) -> None:
    run.run_packet(context)
    run.complete_packet(context)
    run.DxgkDdiInterruptRoutine()
    run.DxgkDdiDpcRoutine()


def test_a_stop_waits_for_the_dpc(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        started(run)
        run.vsync()
        run.DxgkDdiInterruptRoutine()
        stop = run.DxgkDdiStopDevice(outcome="preempted")
        run.resume(stop, outcome="waits")
        run.DxgkDdiDpcRoutine()
        run.resume(stop)
        run.DxgkDdiRemoveDevice()


def test_a_refused_hand_over_leaves_the_device_running(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        started(run)
        run.DxgkDdiStopDeviceAndReleasePostDisplayOwnership(
            failing="post display", outcome="STATUS_NOT_SUPPORTED")
        run.vsync()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        run.DxgkDdiStopDevice(whole=True)
        run.DxgkDdiRemoveDevice()


def test_a_context_goes_with_its_packet_unreported(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(context)
        run.complete_packet(context)
        run.DxgkDdiDestroyContext(hContext=context, whole=True)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        run.DxgkDdiDestroyDevice(hDevice=device)
        run.DxgkDdiDestroyProcess(hKmdProcess=process)
        run.DxgkDdiStopDevice(whole=True)
        run.DxgkDdiRemoveDevice()


def test_the_interrupt_of_another_device_is_not_claimed(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        started(run)
        run.DxgkDdiInterruptRoutine(shared=True)
        run.vsync()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiInterruptRoutine(shared=True)
        run.DxgkDdiDpcRoutine()


def test_a_reset_tells_the_last_aborted_fence(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        for _ in range(2):
            run.DxgkDdiSubmitCommand(hContext=context)
            run.run_packet(context)
            run.DxgkDdiResetEngine()
            run.DxgkDdiDpcRoutine()
        taken_down(run, process, device, context)


def test_a_further_area_can_be_read_and_destroyed(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        area = run.DxgkDdiEscape(hDevice=device, command="create area", hContext=context).area
        for _ in range(2):
            run.DxgkDdiSubmitCommand(hContext=context, area=area)
            run.DxgkDdiEscape(hDevice=device, command="destroy area", hContext=context, area=area,
                              outcome="STATUS_GRAPHICS_ALLOCATION_BUSY")
            finished(run, context)
        run.DxgkDdiEscape(hDevice=device, command="destroy area", hContext=context, area=area)
        assert area.gone
        taken_down(run, process, device, context)


def test_a_packet_reads_the_area_that_it_names(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, device, context = context_on_a_device(run)
        area = run.DxgkDdiEscape(hDevice=device, command="create area", hContext=context).area
        run.DxgkDdiSubmitCommand(hContext=context, area=area)
        (packet,) = machine.gpu.nodes[0].packets.values()
        assert [va for va, _ in packet.inputs] == [area.va]


@pytest.mark.parametrize("failing", ["DxgkCbCreateContextAllocation", "DxgkCbMapContextAllocation"])
def test_a_further_area_that_cannot_be_made_leaves_nothing(machine: Machine, failing: str) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiEscape(hDevice=device, command="create area", hContext=context,
                          failing=failing, outcome="STATUS_NO_MEMORY")
        taken_down(run, process, device, context)


def test_an_unknown_escape_is_refused(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, device, _ = context_on_a_device(run)
        run.DxgkDdiEscape(hDevice=device, command="dance", outcome="STATUS_NOT_SUPPORTED")


def test_two_contexts_take_turns_on_the_node(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, one = context_on_a_device(run)
        two = run.DxgkDdiCreateContext(hDevice=device).context
        for context in (one, two, one):
            run.DxgkDdiSubmitCommand(hContext=context)
            finished(run, context)
        run.save_idle_context()
        run.DxgkDdiDestroyContext(hContext=one, whole=True)
        taken_down(run, process, device, two)
