"""What the reference miniport does where no counterexample looks. Each test takes a machine, so
that the mutation test can run it on drivers that do less."""

from __future__ import annotations

import pytest

from wddmcheck.machine import sequences
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice, OsProcess
from wddmcheck.machine.findings import BugCheck, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Context
from wddmcheck.machine.scenario import Scenario


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


def started(run: Scenario, memory: str = "automatic") -> None:
    run.DxgkDdiAddDevice()
    run.DxgkDdiStartDevice(memory=memory)


def context_on_a_device(run: Scenario, memory: str = "automatic") -> tuple[
        OsProcess, OsDevice, OsContext]:
    started(run, memory)
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
                              outcome="STATUS_INVALID_PARAMETER")
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
        run.DxgkDdiEscape(hDevice=device, command="dance", outcome="STATUS_INVALID_PARAMETER")


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


# --- preemption, recovery, removal ---------------------------------------------------------------


def test_a_preempted_packet_is_submitted_again(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, one = context_on_a_device(run)
        two = run.DxgkDdiCreateContext(hDevice=device).context
        run.DxgkDdiSubmitCommand(hContext=one)
        run.run_packet(one)
        run.complete_packet(one)
        run.DxgkDdiSubmitCommand(hContext=two)
        run.run_packet(two)
        run.DxgkDdiPreemptCommand()
        run.preempt()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        assert (one.fence, two.fence, two.preempted) == (0, 0, True)
        assert machine.gpu.nodes[0].packets == {}
        run.DxgkDdiSubmitCommand(hContext=two)
        finished(run, two)
        run.DxgkDdiDestroyContext(hContext=one, whole=True)
        taken_down(run, process, device, two)


def test_what_a_preempted_packet_reads_stays_mapped_although_it_is_closed(
        machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        item = run.DxgkDdiCreateAllocation().allocation
        opening = run.DxgkDdiOpenAllocation(hDevice=device, hAllocation=item).opening
        run.DxgkDdiSubmitCommand(hContext=context, hOpen=opening)
        run.run_packet(context)
        run.DxgkDdiPreemptCommand()
        run.preempt()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        run.DxgkDdiCloseAllocation(hDevice=device, hOpen=opening)
        run.DxgkDdiSubmitCommand(hContext=context)
        finished(run, context)
        run.vsync()
        assert process.table.translate(opening.va) is None
        run.DxgkDdiDestroyAllocation(hAllocation=item)
        taken_down(run, process, device, context)


def test_a_packet_of_a_device_in_error_is_cancelled(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.DxgkDdiPreemptCommand()
        run.preempt()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        with pytest.raises(OutOfReachError, match="is not in error"):
            machine.call("DxgkDdiCancelCommand", hContext=context)
        run.device_error(device)
        for refused in (lambda: machine.device_error(device),
                        lambda: machine.call("DxgkDdiSubmitCommand", hContext=context)):
            with pytest.raises(OutOfReachError, match="in error"):
                refused()
        run.DxgkDdiCancelCommand(hContext=context)
        assert not context.preempted
        taken_down(run, process, device, context)


def test_nothing_is_kept_of_a_cancelled_packet(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        item = run.DxgkDdiCreateAllocation().allocation
        opening = run.DxgkDdiOpenAllocation(hDevice=device, hAllocation=item).opening
        run.DxgkDdiSubmitCommand(hContext=context, hOpen=opening)
        run.DxgkDdiPreemptCommand()
        run.preempt()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        kept = machine.pool.at(context.kmd, Context)
        assert kept.uses is not None
        run.device_error(device)
        run.DxgkDdiCancelCommand(hContext=context)
        assert kept.uses is None
        run.DxgkDdiCloseAllocation(hDevice=device, hOpen=opening)
        run.DxgkDdiDestroyAllocation(hAllocation=item)
        taken_down(run, process, device, context)


def test_what_a_removed_device_had_is_not_the_drivers_to_retire(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(context)
        run.complete_packet(context)
        run.DxgkDdiInterruptRoutine()
        kept = machine.pool.at(context.kmd, Context)
        assert (kept.fence, kept.reported) == (context.fence, True)
        run.unplug()
        run.DxgkDdiNotifySurpriseRemoval()
        assert (kept.fence, kept.reported, context.fence) == (0, False, 0)
        run.DxgkDdiDpcRoutine()
        taken_down(run, process, device, context)


def test_a_preemption_with_nothing_left_is_reported_at_once(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(context)
        run.complete_packet(context)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiPreemptCommand()
        assert machine.fences[0].preempting == 0
        assert machine.adapter.dpc_queued
        run.DxgkDdiDpcRoutine()
        run.vsync()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        run.DxgkDdiPreemptCommand()
        assert machine.adapter.dpc_queued
        run.DxgkDdiDpcRoutine()
        taken_down(run, process, device, context)


def test_a_reset_ends_a_preemption(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(context)
        machine.hang()
        run.DxgkDdiPreemptCommand()
        run.DxgkDdiResetEngine()
        run.DxgkDdiDpcRoutine()
        run.vsync()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        taken_down(run, process, device, context)


@pytest.mark.parametrize("adapter", [False, True])
def test_work_goes_on_after_a_hang(machine: Machine, adapter: bool) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        for _ in range(2):
            run.DxgkDdiSubmitCommand(hContext=context)
            run.run_packet(context)
            machine.hang()
            sequences.recover(machine, adapter=adapter).run()
            assert machine.findings == []
            assert machine.gpu.nodes[0].packets == {}
            run.vsync()
            run.DxgkDdiInterruptRoutine()
            run.DxgkDdiDpcRoutine()
            assert device.lost is adapter
            if adapter:
                taken_down(run, process, device, context)
                process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        finished(run, context)
        taken_down(run, process, device, context)


def test_an_engine_that_does_not_come_back(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(context)
        run.DxgkDdiResetEngine(failing="reset", outcome="STATUS_UNSUCCESSFUL")
        assert machine.adapter.to_reset
        run.DxgkDdiResetFromTimeout(whole=True)
        run.DxgkDdiRestartFromTimeout()
        taken_down(run, process, device, context)


def test_after_a_reset_of_the_adapter_all_is_complete(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, _, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        sequences.recover(machine, adapter=True).run()
        run.DxgkDdiPreemptCommand()
        assert machine.fences[0].preempting == 0


def test_a_timeout_of_an_engine(machine: Machine) -> None:
    """One packet is aborted, one completes too late, one goes back; nobody listens meanwhile."""
    with Scenario(machine, strict=True) as run:
        process, device, one = context_on_a_device(run)
        other = run.DxgkDdiCreateDevice(hKmdProcess=process).device
        two = run.DxgkDdiCreateContext(hDevice=device).context
        three = run.DxgkDdiCreateContext(hDevice=other).context
        for context in (one, two, three):
            run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(one)
        run.DxgkDdiQueryDependentEngineGroup()
        run.complete_packet(one)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        assert not one.reported
        run.run_packet(two)
        run.DxgkDdiResetEngine()
        assert (device.lost, other.lost) == (True, False)
        assert (one.fence, two.fence, three.preempted) == (0, 0, True)
        run.DxgkDdiPreemptCommand()
        assert machine.fences[0].preempting == 0
        run.DxgkDdiDpcRoutine()
        run.DxgkDdiSubmitCommand(hContext=three)
        finished(run, three)
        assert three.fence == 0
        sequences.stop(machine, remove=True).run()
    assert machine.findings == []


def test_an_engine_that_is_lost_after_its_timeout(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run, memory="transfers")
        item = run.DxgkDdiCreateAllocation().allocation
        run.DxgkDdiBuildPagingBuffer(operation="TransferIn", hAllocation=item)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(context)
        run.DxgkDdiQueryDependentEngineGroup()
        run.DxgkDdiResetEngine(failing="reset", outcome="STATUS_UNSUCCESSFUL")
        call = run.DxgkDdiResetFromTimeout(outcome="preempted")
        with pytest.raises(OutOfReachError, match="halted"):
            machine.complete_packet(context)
        run.vsync()
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        run.resume(call)
        with pytest.raises(OutOfReachError, match="allocations in memory"):
            machine.call("DxgkDdiRestartFromTimeout")
        run.DxgkDdiBuildPagingBuffer(operation="TransferSizeZero", hAllocation=item)
        run.DxgkDdiRestartFromTimeout()
        run.DxgkDdiDestroyAllocation(hAllocation=item)
        run.DxgkDdiDestroyContext(hContext=context, whole=True)
        again = run.DxgkDdiCreateDevice(hKmdProcess=process).device
        context = run.DxgkDdiCreateContext(hDevice=again).context
        run.DxgkDdiSubmitCommand(hContext=context)
        finished(run, context)
        assert context.fence == 0
        run.DxgkDdiDestroyDevice(hDevice=device)
        taken_down(run, process, again, context)
    assert machine.findings == []


def test_an_adapter_that_does_not_come_back_is_admitted(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, _, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        run.run_packet(context)
    call = machine.call("DxgkDdiResetFromTimeout", failing="reset")
    with pytest.raises(BugCheck) as stopped:
        machine.resume(call)
    assert stopped.value.finding.stop == "0x116"


def test_a_debug_report_fits_its_buffer(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, _, context = context_on_a_device(run)
        for _ in range(100):
            run.DxgkDdiSubmitCommand(hContext=context)
            finished(run, context)
        assert run.DxgkDdiCollectDbgInfo(Reason=0x117).call.succeeded


def busy(run: Scenario) -> OsProcess:
    """A process with two devices, work on the GPU, an opening, a transfer under way."""
    process, device, context = context_on_a_device(run)
    other = run.DxgkDdiCreateDevice(hKmdProcess=process, gdi=True).device
    idle = run.DxgkDdiCreateContext(hDevice=other).context
    allocation = run.DxgkDdiCreateAllocation(makeResource=True).allocation
    opening = run.DxgkDdiOpenAllocation(hDevice=device, hAllocation=allocation).opening
    run.DxgkDdiOpenAllocation(hDevice=other, hAllocation=allocation)
    run.DxgkDdiSubmitCommand(hContext=idle)
    finished(run, idle)
    run.DxgkDdiSubmitCommand(hContext=context, hOpen=opening)
    run.run_packet(context)
    run.DxgkDdiBuildPagingBuffer(operation="TransferStart", hAllocation=allocation)
    return process


def test_a_process_is_killed_with_work_pending(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process = busy(run)
        sequences.kill(machine, process).run()
        assert process.gone
        sequences.stop(machine, remove=True).run()
    assert (machine.findings, machine.adapter.state) == ([], "absent")


def test_a_process_is_killed_while_interrupts_come(machine: Machine) -> None:
    def interrupted(machine: Machine) -> None:
        if machine.gpu.interrupts_enabled and not machine.gpu.pending:
            machine.vsync()
        elif machine.gpu.interrupts_enabled and machine.steps % 3:
            machine.call("DxgkDdiInterruptRoutine")
        elif machine.adapter.dpc_queued and machine.steps % 2:
            machine.call("DxgkDdiDpcRoutine")

    with Scenario(machine, strict=True) as run:
        sequences.kill(machine, busy(run)).run(interrupted)
        sequences.stop(machine).run(interrupted)
        run.DxgkDdiStartDevice()
        sequences.stop(machine, remove=True).run()
    assert machine.findings == []


def test_a_killed_process_takes_preempted_work_with_it(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process = busy(run)
        run.DxgkDdiPreemptCommand()
        run.preempt()
        run.DxgkDdiInterruptRoutine()
        sequences.kill(machine, process).run()
        sequences.stop(machine, remove=True).run()
    assert machine.findings == []


def test_a_query_is_answered_in_any_power_state(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        started(run)
        for state in ("D3", "D0"):
            power = run.DxgkDdiSetPowerState(DevicePowerState=state, outcome="preempted")
            query = run.DxgkDdiQueryAdapterInfo(outcome="waits")
            run.resume(power)
            if state == "D3":
                assert run.resume(query).call.result == 0      # nobody had asked before
            else:
                run.resume(query, outcome="preempted")
                assert run.resume(query).call.result == 1000
        run.DxgkDdiSetPowerState(DevicePowerState="D3", whole=True)
        assert run.DxgkDdiQueryAdapterInfo().call.result == 1000
    assert machine.findings == []


def test_the_device_is_silent_while_its_domain_is_switched(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        finished(run, context)
        run.DxgkDdiBeginExclusiveAccess()
        assert (machine.gpu.interrupts_enabled, machine.gpu.writes_status) == (False, False)
        assert machine.gpu.nodes[0].current is None
        run.DxgkDdiEndExclusiveAccess()
        run.vsync()
        taken_down(run, process, device, context)
    assert machine.findings == []


def test_a_paging_packet_that_there_is_no_memory_for(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        run.DxgkDdiAddDevice()
        run.DxgkDdiStartDevice(memory="packets")
        allocation = run.DxgkDdiCreateAllocation().allocation
        run.make_resident(allocation)
        run.DxgkDdiBuildPagingBuffer(operation="Fill", hAllocation=allocation,
                                     failing="pool:PagingPacket",
                                     outcome="STATUS_GRAPHICS_ALLOCATION_BUSY")
        paging = run.DxgkDdiBuildPagingBuffer(operation="Fill", hAllocation=allocation).paging
        run.DxgkDdiSubmitCommand(hContext=None, paging=paging)
        run.run_paging_packet(paging)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        run.DxgkDdiDestroyAllocation(hAllocation=allocation)
        run.DxgkDdiStopDevice(whole=True)
        run.DxgkDdiRemoveDevice()
    assert machine.findings == []


def test_what_was_paged_in_is_read(machine: Machine) -> None:
    """The packet of a context finds the bytes that paging packets brought."""
    with Scenario(machine, strict=True) as run:
        run.DxgkDdiAddDevice()
        run.DxgkDdiStartDevice(memory="packets")
        process = run.DxgkDdiCreateProcess().process
        run.reserve_gpu_virtual_address(process)
        device = run.DxgkDdiCreateDevice(hKmdProcess=process).device
        made = run.DxgkDdiCreateContext(hDevice=device)
        context, area = made.context, made.area
        run.DxgkDdiSetRootPageTable(hContext=context)
        allocation = run.DxgkDdiCreateAllocation().allocation
        run.make_resident(allocation)
        opening = run.DxgkDdiOpenAllocation(hDevice=device, hAllocation=allocation).opening
        for what in ({"operation": "InitContextResource", "hContextResource": area},
                     {"operation": "TransferStart", "hAllocation": allocation},
                     {"operation": "TransferEnd", "hAllocation": allocation}):
            paging = run.DxgkDdiBuildPagingBuffer(**what).paging
            run.DxgkDdiSubmitCommand(hContext=None, paging=paging)
            run.run_paging_packet(paging)
            run.DxgkDdiInterruptRoutine()
            run.DxgkDdiDpcRoutine()
        run.DxgkDdiSubmitCommand(hContext=context, hOpen=opening)
        finished(run, context)
        machine.gpu.memory.segment.write(allocation.page, b"something else")
        run.DxgkDdiSubmitCommand(hContext=context, hOpen=opening)
        run.run_packet(context)
        with pytest.raises(BugCheck, match="and finds b'somethin'"):
            machine.complete_packet(context)


@pytest.mark.parametrize("pending", [False, True])
def test_the_device_is_pulled_out(machine: Machine, pending: bool) -> None:
    with Scenario(machine, strict=True) as run:
        busy(run)
        if pending:
            run.vsync()
            run.DxgkDdiInterruptRoutine()
        sequences.surprise_removal(machine).run()
    assert (machine.findings, machine.adapter.state) == ([], "absent")


def test_the_isr_of_a_device_that_is_gone(machine: Machine) -> None:
    """The line is shared; all registers read ones, before the driver is told and after."""
    with Scenario(machine, strict=True) as run:
        started(run)
        machine.unplug()
        run.DxgkDdiInterruptRoutine(shared=True)
        run.DxgkDdiNotifySurpriseRemoval()
        run.DxgkDdiInterruptRoutine(shared=True)
        sequences.stop(machine, remove=True).run()
    assert machine.findings == []


def test_a_device_is_pulled_out_while_a_context_goes(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, context = context_on_a_device(run)
        run.DxgkDdiSubmitCommand(hContext=context)
        finished(run, context)
        call = run.DxgkDdiDestroyContext(hContext=context, outcome="preempted")
        machine.unplug()
        run.DxgkDdiNotifySurpriseRemoval()
        run.resume(call)
        run.DxgkDdiDestroyDevice(hDevice=device)
        run.DxgkDdiDestroyProcess(hKmdProcess=process)
        sequences.stop(machine, remove=True).run()
    assert machine.findings == []


def test_an_allocation_moves_and_comes_back(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, device, context = context_on_a_device(run)
        item = run.DxgkDdiCreateAllocation().allocation
        opening = run.DxgkDdiOpenAllocation(hDevice=device, hAllocation=item).opening
        pages = [item.page]
        for to in ("segment", "system", "segment"):
            run.DxgkDdiBuildPagingBuffer(operation="TransferStart", hAllocation=item)
            run.DxgkDdiBuildPagingBuffer(operation="TransferEnd", hAllocation=item, to=to)
            pages.append(item.page)
        assert pages[1] not in (None, pages[0])
        assert pages[2] is None
        assert pages[3] is not None
        run.DxgkDdiSubmitCommand(hContext=context, hOpen=opening)
        finished(run, context)


# --- two nodes -----------------------------------------------------------------------------------


def test_the_nodes_are_independent(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, render = context_on_a_device(run)
        copy = run.DxgkDdiCreateContext(hDevice=device, node=1).context
        for context in (render, copy):
            run.DxgkDdiSubmitCommand(hContext=context)
            run.run_packet(context)
        run.DxgkDdiResetEngine(node=1)
        run.DxgkDdiDpcRoutine()
        assert (render.fence, copy.fence) == (1, 0)
        run.complete_packet(render)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        for context in (render, copy):
            run.DxgkDdiSubmitCommand(hContext=context)
            run.run_packet(context)
        run.DxgkDdiPreemptCommand(node=1)
        run.preempt(1)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        assert (render.preempted, copy.preempted) == (False, True)
        run.DxgkDdiSubmitCommand(hContext=copy)
        finished(run, copy)
        run.save_idle_context(1)
        run.DxgkDdiDestroyContext(hContext=copy, whole=True)
        run.complete_packet(render)
        run.DxgkDdiInterruptRoutine()
        run.DxgkDdiDpcRoutine()
        taken_down(run, process, device, render)


def test_a_context_leaves_the_node_that_it_ran_on(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        process, device, render = context_on_a_device(run)
        copy = run.DxgkDdiCreateContext(hDevice=device, node=1).context
        run.DxgkDdiSubmitCommand(hContext=copy)
        finished(run, copy)
        run.DxgkDdiDestroyContext(hContext=copy, whole=True)
        assert machine.gpu.nodes[1].current is None
        taken_down(run, process, device, render)


def test_both_nodes_are_reset_with_the_adapter(machine: Machine) -> None:
    with Scenario(machine, strict=True) as run:
        _, device, render = context_on_a_device(run)
        copy = run.DxgkDdiCreateContext(hDevice=device, node=1).context
        for context in (render, copy):
            run.DxgkDdiSubmitCommand(hContext=context)
            run.run_packet(context)
        machine.hang(1)
        sequences.recover(machine, node=1, adapter=True).run()
        assert [n.packets for n in machine.gpu.nodes] == [{}, {}]
        again = run.DxgkDdiCreateDevice(hKmdProcess=device.process).device
        for node in (0, 1):
            context = run.DxgkDdiCreateContext(hDevice=again, node=node).context
            run.DxgkDdiSubmitCommand(hContext=context)
            finished(run, context)
        sequences.stop(machine, remove=True).run()
    assert machine.findings == []
