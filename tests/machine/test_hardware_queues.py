"""Hardware queues, doorbells, suspension, sleep: what the reference miniport does."""

from __future__ import annotations

import pytest

from wddmcheck.machine.dxgkrnl.objects import (
    DoorbellStatus,
    OsContext,
    OsDoorbell,
    Suspension,
)
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.gpu.engine import ring_filled
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


def context(machine: Machine) -> OsContext:
    """A context with queues, on a fresh adapter."""
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice()
    process = machine.DxgkDdiCreateProcess().created()
    device = machine.DxgkDdiCreateDevice(hKmdProcess=process).created()
    made: OsContext = machine.DxgkDdiCreateContext(hDevice=device, queues=True).created()
    return made


def doorbell(machine: Machine, owner: OsContext) -> OsDoorbell:
    """A doorbell of a new queue, with a new ring buffer."""
    queue = machine.DxgkDdiCreateHwQueue(hHwContext=owner, userModeSubmission=True).created()
    ring = machine.DxgkDdiCreateAllocation().created()
    made: OsDoorbell = machine.DxgkDdiCreateDoorbell(hHwQueue=queue, hRingBuffer=ring).created()
    return made


def connect(machine: Machine, item: OsDoorbell) -> None:
    call = machine.DxgkDdiConnectDoorbell(hDoorbell=item)
    while not call.returned:
        machine.resume(call)


def suspend(machine: Machine, item: OsContext) -> None:
    """To the end, with the interrupt."""
    machine.DxgkDdiSuspendContext(hContext=item)
    if machine.gpu.engine.running is not None:
        machine.switch_away()
    machine.acknowledge_suspension(item)
    machine.DxgkDdiInterruptRoutine()
    machine.DxgkDdiDpcRoutine()
    assert item.suspension is Suspension.SUSPENDED


def finish(machine: Machine, name: str, **args: object) -> None:
    """A call to its end, with its DPC."""
    call = machine.call(name, **args)
    while not call.returned:
        if call.waiting is not None and machine.adapter.dpc_queued:
            machine.DxgkDdiDpcRoutine()
        machine.resume(call)


def test_what_user_mode_rings_for_is_read_from_its_ring_buffer(machine: Machine) -> None:
    owner = context(machine)
    item = doorbell(machine, owner)
    with pytest.raises(OutOfReachError, match="has queues"):
        machine.DxgkDdiSubmitCommand(hContext=owner)
    connect(machine, item)
    machine.ring_doorbell(item)
    page = item.ring.page
    assert page is not None
    assert ring_filled(machine.gpu.memory.segment.read(page))
    machine.switch_to(owner)
    machine.run_queue(item.queue)
    assert not ring_filled(machine.gpu.memory.segment.read(page))
    assert not item.queue.progress.behind
    assert machine.findings == []


def test_a_second_doorbell_waits_until_the_location_is_free(machine: Machine) -> None:
    """Whoever wants the location while another takes it waits for the driver's lock."""
    owner = context(machine)
    first, second, third = (doorbell(machine, owner) for _ in range(3))
    connect(machine, first)
    taking = machine.DxgkDdiConnectDoorbell(hDoorbell=second)
    assert taking.at == "preempted"           # in DxgkCbDisconnectDoorbell
    waiting = machine.DxgkDdiConnectDoorbell(hDoorbell=third)
    leaving = machine.DxgkDdiDisconnectDoorbell(hDoorbell=first)
    assert waiting.at == leaving.at == "waits for the push lock of the physical doorbell"
    with pytest.raises(OutOfReachError, match="still waits for the push lock"):
        machine.resume(waiting)
    machine.resume(taking)
    for call in (leaving, waiting, taking):
        while not call.returned:
            machine.resume(call)
    connected = [d.status is DoorbellStatus.CONNECTED for d in (first, second, third)]
    assert connected == [False, False, True]
    machine.ring_doorbell(third)
    assert machine.findings == []


def test_a_destroyed_doorbell_waits_as_well(machine: Machine) -> None:
    owner = context(machine)
    first, second, third = (doorbell(machine, owner) for _ in range(3))
    connect(machine, first)
    taking = machine.DxgkDdiConnectDoorbell(hDoorbell=second)
    destroying = machine.DxgkDdiDestroyDoorbell(hDoorbell=third)
    assert destroying.at == "waits for the push lock of the physical doorbell"
    machine.resume(taking)
    assert machine.resume(destroying).returned
    assert machine.resume(taking).returned
    assert machine.findings == []


def test_a_doorbell_that_loses_its_location_can_have_it_back(machine: Machine) -> None:
    owner = context(machine)
    first, second = doorbell(machine, owner), doorbell(machine, owner)
    for item in (first, second, first):
        connect(machine, item)
        assert item.status is DoorbellStatus.CONNECTED
        machine.ring_doorbell(item)
    assert second.status is DoorbellStatus.RETRY
    with pytest.raises(OutOfReachError, match="is not connected"):
        machine.ring_doorbell(second)


def test_after_sleep_nothing_is_left_of_the_interrupt(machine: Machine) -> None:
    """The message that came when interrupts were off is dropped, as is the DPC waited for."""
    owner = context(machine)
    machine.DxgkDdiSuspendContext(hContext=owner)
    machine.acknowledge_suspension(owner)
    machine.DxgkDdiInterruptRoutine()
    assert owner.suspension is Suspension.SUSPENDED
    assert machine.adapter.dpc_queued
    call = machine.DxgkDdiSetPowerState(DevicePowerState="D3")
    machine.gpu.engine.messages = True        # whatever else the GPU says now
    machine.resume(call)
    assert call.at == "waits for KeFlushQueuedDpcs"
    machine.DxgkDdiDpcRoutine()
    machine.resume(call)
    assert machine.adapter.state == "asleep"
    assert not machine.gpu.raised
    with pytest.raises(OutOfReachError, match="not started"):
        machine.DxgkDdiResumeContext(hContext=owner)
    machine.resume(machine.DxgkDdiSetPowerState(DevicePowerState="D0"))
    assert machine.gpu.interrupts_enabled
    machine.DxgkDdiResumeContext(hContext=owner)
    machine.switch_to(owner)
    assert machine.findings == []


def test_stop_drops_what_the_gpu_has_to_say(machine: Machine) -> None:
    owner = context(machine)
    suspend(machine, owner)
    finish(machine, "DxgkDdiDestroyContext", hContext=owner)
    finish(machine, "DxgkDdiDestroyDevice", hDevice=owner.device)
    finish(machine, "DxgkDdiDestroyProcess", hKmdProcess=owner.device.process)
    machine.gpu.engine.messages = machine.gpu.notices.raised = True
    finish(machine, "DxgkDdiStopDevice")
    assert not machine.gpu.raised
    machine.DxgkDdiRemoveDevice()
    assert machine.findings == []


def test_a_killed_process_goes_in_this_order(machine: Machine) -> None:
    owner = context(machine)
    item = doorbell(machine, owner)
    connect(machine, item)
    machine.switch_to(owner)
    machine.ring_doorbell(item)
    machine.terminate_process(owner.device.process)
    with pytest.raises(OutOfReachError, match="ring buffer of a doorbell"):
        machine.DxgkDdiDestroyAllocation(hAllocation=item.ring)
    suspend(machine, owner)
    finish(machine, "DxgkDdiDisconnectDoorbell", hDoorbell=item)
    machine.DxgkDdiDestroyAllocation(hAllocation=item.ring)
    with pytest.raises(OutOfReachError, match="still has a doorbell"):
        machine.DxgkDdiDestroyHwQueue(hHwQueue=item.queue)
    machine.DxgkDdiDestroyDoorbell(hDoorbell=item)
    with pytest.raises(OutOfReachError, match="still has queues"):
        machine.DxgkDdiDestroyContext(hContext=owner)
    machine.DxgkDdiDestroyHwQueue(hHwQueue=item.queue)
    finish(machine, "DxgkDdiDestroyContext", hContext=owner)
    finish(machine, "DxgkDdiDestroyDevice", hDevice=owner.device)
    finish(machine, "DxgkDdiDestroyProcess", hKmdProcess=owner.device.process)
    finish(machine, "DxgkDdiStopDevice")
    machine.DxgkDdiRemoveDevice()
    assert machine.findings == []


def test_a_reset_in_the_middle_of_a_suspension(machine: Machine) -> None:
    owner = context(machine)
    other: OsContext = machine.DxgkDdiCreateContext(hDevice=owner.device, queues=True).created()
    item = doorbell(machine, owner)
    machine.switch_to(owner)
    machine.DxgkDdiSuspendContext(hContext=other)
    machine.hang_engine()
    finish(machine, "DxgkDdiResetHwEngine")
    assert item.status is DoorbellStatus.ABORT
    assert other.suspension is Suspension.SUSPENDED
    with pytest.raises(OutOfReachError, match="no suspension to acknowledge|stopped"):
        machine.acknowledge_suspension(other)
    machine.DxgkDdiResumeHwEngine()
    with pytest.raises(OutOfReachError, match="may not run"):
        machine.switch_to(owner)
    assert machine.findings == []


def test_everything_can_be_taken_down_without_the_device(machine: Machine) -> None:
    """After a surprise removal: in software only (ADP-13)."""
    owner = context(machine)
    item = doorbell(machine, owner)
    connect(machine, item)
    fence = machine.DxgkDdiCreateNativeFence().created()
    event = machine.DxgkDdiCreateCpuEvent(hKmdDevice=owner.device).created()
    machine.event_happens(event)
    machine.DxgkDdiInterruptRoutine()
    machine.unplug()
    machine.DxgkDdiNotifySurpriseRemoval()
    for name, args in (("DxgkDdiCreateHwQueue", {"hHwContext": owner}),
                       ("DxgkDdiConnectDoorbell", {"hDoorbell": item}),
                       ("DxgkDdiCreateCpuEvent", {"hKmdDevice": owner.device}),
                       ("DxgkDdiUpdateMonitoredValues", {"hGlobalNativeFence": fence}),
                       ("DxgkDdiCreateNativeFence", {}), ("DxgkDdiSetPowerState", {})):
        with pytest.raises(OutOfReachError, match="gone"):
            machine.call(name, **args)
    machine.terminate_process(owner.device.process)
    finish(machine, "DxgkDdiDpcRoutine")
    machine.DxgkDdiSuspendContext(hContext=owner)
    assert owner.suspension is Suspension.SUSPENDED
    finish(machine, "DxgkDdiDisconnectDoorbell", hDoorbell=item)
    finish(machine, "DxgkDdiDestroyDoorbell", hDoorbell=item)
    finish(machine, "DxgkDdiDestroyAllocation", hAllocation=item.ring)
    finish(machine, "DxgkDdiDestroyHwQueue", hHwQueue=item.queue)
    finish(machine, "DxgkDdiDestroyContext", hContext=owner)
    finish(machine, "DxgkDdiDestroyNativeFence", hGlobalNativeFence=fence)
    finish(machine, "DxgkDdiDestroyCpuEvent", hKmdCpuEvent=event)
    finish(machine, "DxgkDdiDestroyDevice", hDevice=owner.device)
    finish(machine, "DxgkDdiDestroyProcess", hKmdProcess=owner.device.process)
    finish(machine, "DxgkDdiStopDevice")
    machine.DxgkDdiRemoveDevice()
    assert machine.findings == []
