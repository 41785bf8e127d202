"""What the machine's Dxgkrnl does by policy, where the documentation leaves it open."""

from __future__ import annotations

import pytest

from wddmcheck.machine.defects import DEFECTS
from wddmcheck.machine.dxgkrnl.objects import OsContext
from wddmcheck.machine.findings import BugCheck, Kind, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.scenario import Scenario

HELD = DEFECTS["save_area_freed_while_current"]


def with_a_packet(factory: Factory, policies: Policies) -> tuple[Machine, Scenario, OsContext]:
    machine = Machine(factory, policies)
    run = Scenario(machine)
    run.DxgkDdiAddDevice()
    run.DxgkDdiStartDevice()
    process = run.DxgkDdiCreateProcess().process
    device = run.DxgkDdiCreateDevice(hKmdProcess=process).device
    context = run.DxgkDdiCreateContext(hDevice=device).context
    run.DxgkDdiSubmitCommand(hContext=context)
    return machine, run, context


def retired(run: Scenario, context: OsContext) -> None:
    run.run_packet(context)
    run.complete_packet(context)
    run.DxgkDdiInterruptRoutine()
    run.DxgkDdiDpcRoutine()


def test_a_save_area_that_is_held_is_the_drivers_affair() -> None:
    machine, run, context = with_a_packet(HELD, Policies())
    retired(run, context)
    run.DxgkDdiDestroyContext(hContext=context, whole=True)
    with pytest.raises(BugCheck) as stopped:
        machine.save_idle_context()
    assert stopped.value.finding.kind is Kind.GPU_ACCESS


def test_or_is_kept_until_the_node_has_switched_away() -> None:
    machine, run, context = with_a_packet(HELD, Policies(G08="deferred"))
    retired(run, context)
    used = len(machine.gpu.memory.segment.free)
    run.DxgkDdiDestroyContext(hContext=context, whole=True)
    assert len(machine.paging.kept) == 1
    machine.save_idle_context()
    machine.vsync()
    assert machine.paging.kept == []
    assert len(machine.gpu.memory.segment.free) == used + 1
    assert machine.findings == []


def test_a_deferred_end_is_no_longer_than_it_has_to_be() -> None:
    machine, run, context = with_a_packet(ReferenceMiniport, Policies(G08="deferred"))
    retired(run, context)
    run.DxgkDdiDestroyContext(hContext=context, whole=True)
    assert machine.paging.kept == []


@pytest.mark.parametrize("answer", ["destroyed", "after_failure"])
def test_a_driver_does_not_expect_to_destroy_what_it_has_not_created(answer: str) -> None:
    machine, _, context = with_a_packet(ReferenceMiniport, Policies(G01=answer))
    with pytest.raises(OutOfReachError):
        machine.end_failed_create()
    failed = machine.call("DxgkDdiCreateContext", hDevice=context.device, failing="pool:Context")
    assert not failed.succeeded
    if answer == "destroyed":
        with pytest.raises(OutOfReachError):
            machine.call("DxgkDdiDestroyContext")
        machine.end_failed_create()
        with pytest.raises(OutOfReachError):
            machine.end_failed_create()
        return
    with pytest.raises(BugCheck) as stopped:
        machine.end_failed_create()
    assert stopped.value.finding.kind is Kind.BAD_HANDLE


@pytest.mark.parametrize("answer", ["completed", "retired"])
def test_a_context_with_queued_work_stays(answer: str) -> None:
    machine, _, context = with_a_packet(ReferenceMiniport, Policies(G04=answer))
    with pytest.raises(OutOfReachError):
        machine.call("DxgkDdiDestroyContext", hContext=context)


def test_or_goes_while_its_packet_is_about_to_run() -> None:
    """The node loads the context after the driver has looked."""
    machine, _, context = with_a_packet(ReferenceMiniport, Policies(G04="adversarial"))
    call = machine.call("DxgkDdiDestroyContext", hContext=context)
    machine.run_packet(context)
    machine.resume(call)
    with pytest.raises(BugCheck) as stopped:
        machine.save_idle_context()
    assert stopped.value.finding.kind is Kind.GPU_ACCESS
