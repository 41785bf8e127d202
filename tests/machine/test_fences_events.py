"""Native fences, CPU events, events of processes: what the reference miniport does."""

from __future__ import annotations

import pytest

from wddmcheck.machine.dxgkrnl.objects import (
    OsCpuEvent,
    OsDevice,
    OsGlobalFence,
    OsProcessEvent,
)
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


def device(machine: Machine) -> OsDevice:
    """A device of a process of a virtual machine, on a fresh adapter."""
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice()
    process = machine.DxgkDdiCreateProcess(kind="Virtual").created()
    made: OsDevice = machine.DxgkDdiCreateDevice(hKmdProcess=process).created()
    return made


def fence(machine: Machine, owner: OsDevice) -> OsGlobalFence:
    """A native fence that is open on a device."""
    made: OsGlobalFence = machine.DxgkDdiCreateNativeFence().created()
    machine.DxgkDdiOpenNativeFence(hDevice=owner, hGlobalNativeFence=made)
    return made


def signal(machine: Machine, item: OsGlobalFence) -> None:
    machine.begin_signal(item)
    machine.finish_signal(item)


def finish(machine: Machine, name: str, **args: object) -> None:
    call = machine.call(name, **args)
    while not call.returned:
        machine.resume(call)


def test_a_thread_that_waits_is_woken(machine: Machine) -> None:
    item = fence(machine, device(machine))
    signal(machine, item)
    assert not machine.gpu.raised              # nobody waits
    machine.DxgkDdiUpdateMonitoredValues(hGlobalNativeFence=item)
    signal(machine, item)
    assert item.waiting
    machine.DxgkDdiInterruptRoutine()
    assert not item.waiting
    assert machine.findings == []


def test_two_fences_in_one_interrupt_are_found_by_a_scan(machine: Machine) -> None:
    owner = device(machine)
    items = [fence(machine, owner) for _ in range(2)]
    for item in items:
        machine.DxgkDdiUpdateMonitoredValues(hGlobalNativeFence=item)
        signal(machine, item)
    call = machine.DxgkDdiInterruptRoutine()
    assert [dict(c.args) for c in call.callbacks[:1]] == [{"hGlobalNativeFence": None}]
    assert not any(item.waiting for item in items)
    assert not machine.gpu.notices.collapsed
    assert machine.findings == []


def test_sleep_forgets_what_was_signalled(machine: Machine) -> None:
    item = fence(machine, device(machine))
    machine.DxgkDdiUpdateMonitoredValues(hGlobalNativeFence=item)
    signal(machine, item)
    machine.gpu.interrupts_enabled = False     # the interrupt does not come any more
    finish(machine, "DxgkDdiSetPowerState", DevicePowerState="D3")
    finish(machine, "DxgkDdiSetPowerState", DevicePowerState="D0")
    assert machine.gpu.notices.signalled is None
    assert not machine.gpu.raised


def test_a_fence_that_is_created_in_vain_is_unknown_to_the_gpu(machine: Machine) -> None:
    device(machine)
    machine.DxgkDdiCreateNativeFence(failing="pool:GlobalFence")
    assert machine.gpu.notices.fences == []


def test_a_fence_that_is_destroyed_is_named_nowhere(machine: Machine) -> None:
    owner = device(machine)
    item = fence(machine, owner)
    machine.DxgkDdiUpdateMonitoredValues(hGlobalNativeFence=item)
    signal(machine, item)
    machine.DxgkDdiUpdateMonitoredValues(hGlobalNativeFence=item, monitored=False)
    with pytest.raises(OutOfReachError, match="still open"):
        machine.DxgkDdiDestroyNativeFence(hGlobalNativeFence=item)
    local = next(iter(machine.handles.objects[h] for h in reversed(machine.handles.objects)))
    machine.DxgkDdiCloseNativeFence(hLocalNativeFence=local)
    call = machine.DxgkDdiDestroyNativeFence(hGlobalNativeFence=item)
    assert machine.gpu.notices.signalled is None
    machine.DxgkDdiInterruptRoutine()          # a scan, which finds nothing
    machine.resume(call)
    assert machine.gpu.notices.fences == []
    assert machine.findings == []


def event(machine: Machine, owner: OsDevice) -> OsCpuEvent:
    made: OsCpuEvent = machine.DxgkDdiCreateCpuEvent(hKmdDevice=owner).created()
    return made


def test_the_dpc_signals_one_event_after_the_other(machine: Machine) -> None:
    owner = device(machine)
    items = [event(machine, owner) for _ in range(2)]
    for item in items:
        machine.event_happens(item)
    machine.DxgkDdiInterruptRoutine()
    machine.user_mode_waits()
    call = machine.DxgkDdiDpcRoutine(first=items[1])
    with pytest.raises(OutOfReachError, match="DxgkDdiDpcRoutine runs already"):
        machine.adapter.dpc_queued = True
        machine.DxgkDdiDpcRoutine()
    machine.adapter.dpc_queued = False
    machine.resume(call)
    assert [item.owed for item in items] == [True, False]
    assert machine.adapter.dpc_queued
    finish(machine, "DxgkDdiDpcRoutine")
    assert not any(item.owed for item in items)
    assert not machine.adapter.dpc_queued
    machine.user_mode_waits()
    assert machine.findings == []


def test_an_event_outlives_its_device_and_goes_when_it_is_signalled(machine: Machine) -> None:
    owner = device(machine)
    item = event(machine, owner)
    machine.DxgkDdiDestroyDevice(hDevice=owner)
    machine.event_happens(item)
    machine.DxgkDdiInterruptRoutine()
    signalling = machine.DxgkDdiDpcRoutine()
    call = machine.DxgkDdiDestroyCpuEvent(hKmdCpuEvent=item)
    with pytest.raises(OutOfReachError, match="still waits for the signal in progress"):
        machine.resume(call)
    with pytest.raises(OutOfReachError, match="does not want to know"):
        machine.event_happens(item)
    machine.resume(signalling)
    assert machine.resume(call).returned
    assert machine.gpu.notices.sources == []
    assert machine.findings == []


def test_an_event_that_is_created_in_vain_is_unknown_to_the_gpu(machine: Machine) -> None:
    machine.DxgkDdiCreateCpuEvent(hKmdDevice=device(machine), failing="pool:CpuEvent")
    assert machine.gpu.notices.sources == []


def test_a_process_does_not_go_while_it_is_signalled(machine: Machine) -> None:
    owner = device(machine)
    call = machine.DxgkDdiEscape(hDevice=owner, command="add event")
    item = call.created()
    assert isinstance(item, OsProcessEvent)
    machine.DxgkDdiDestroyDevice(hDevice=owner)
    thread = machine.call("SignalProcessEvent", item=item)
    destroying = machine.DxgkDdiDestroyProcess(hKmdProcess=owner.process)
    with pytest.raises(OutOfReachError, match="still waits for the signals in progress"):
        machine.resume(destroying)
    assert machine.call("SignalProcessEvent", item=item).returned      # no new signals
    machine.resume(thread)
    assert item.held
    machine.resume(destroying)
    assert not item.held
    assert item.gone
    assert machine.findings == []


def test_stop_waits_for_a_dpc_that_runs(machine: Machine) -> None:
    owner = device(machine)
    item = event(machine, owner)
    machine.event_happens(item)
    machine.DxgkDdiInterruptRoutine()
    running = machine.DxgkDdiDpcRoutine()
    destroying = machine.DxgkDdiDestroyCpuEvent(hKmdCpuEvent=item)
    machine.DxgkDdiDestroyDevice(hDevice=owner)
    finish(machine, "DxgkDdiDestroyProcess", hKmdProcess=owner.process)
    with pytest.raises(OutOfReachError, match="CPU events"):
        machine.DxgkDdiStopDevice()
    machine.resume(running)
    machine.resume(destroying)
    finish(machine, "DxgkDdiStopDevice")
    assert machine.findings == []
