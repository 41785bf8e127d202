"""The reference miniport with threads, where models/threading.wddm says nothing about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.calls import run
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.reference.objects import WatchedAdapter
from wddmcheck.machine.reference.threaded import ThreadedMiniport


@pytest.fixture
def machine() -> Machine:
    return Machine(ThreadedMiniport)


def started(machine: Machine) -> WatchedAdapter:
    run(machine, "DxgkDdiAddDevice")
    run(machine, "DxgkDdiStartDevice")
    return machine.pool.at(machine.adapter.kmd, WatchedAdapter)


def test_no_memory_for_the_adapter(machine: Machine) -> None:
    status = run(machine, "DxgkDdiAddDevice", failing="pool:WatchedAdapter")
    assert status.name == "STATUS_UNSUCCESSFUL"
    assert list(machine.pool.live()) == []


def test_a_device_that_does_not_come_up(machine: Machine) -> None:
    run(machine, "DxgkDdiAddDevice")
    status = run(machine, "DxgkDdiStartDevice", failing="hardware")
    assert status.name == "STATUS_UNSUCCESSFUL"
    assert not machine.gpu.interrupts_enabled


def test_interrupts_of_others_are_not_claimed(machine: Machine) -> None:
    adapter = started(machine)
    call = machine.call("DxgkDdiInterruptRoutine", shared=True)
    assert call.result is False
    assert not adapter.dpc_due
    assert machine.findings == []


def test_a_query_says_what_it_last_knew(machine: Machine) -> None:
    adapter = started(machine)
    process = run(machine, "DxgkDdiCreateProcess")
    seen = []
    ask = machine.miniport.DxgkDdiQueryAdapterInfo     # type: ignore[attr-defined]

    def asked(handle: int, arg: Any) -> Any:
        status = yield from ask(handle, arg)
        seen.append(arg.pOutputData.value)
        return status

    machine.miniport.DxgkDdiQueryAdapterInfo = asked   # type: ignore[attr-defined]
    run(machine, "DxgkDdiQueryAdapterInfo", hKmdProcessHandle=process)
    assert adapter.asked == process.handle
    run(machine, "DxgkDdiSetPowerState", DevicePowerState="D3")
    run(machine, "DxgkDdiQueryAdapterInfo")
    assert seen == [1000, 1000]
    run(machine, "DxgkDdiSetPowerState", DevicePowerState="D0")
    run(machine, "DxgkDdiSetVidPnSourceVisibility")


def test_capabilities_are_asked_for_as_well(machine: Machine) -> None:
    started(machine).clock = 1
    run(machine, "DxgkDdiQueryAdapterInfo")
    assert machine.findings == []


def test_the_thread_finds_what_the_timer_suspects(machine: Machine) -> None:
    adapter = started(machine)
    machine.resume(machine.call("timer_expires"))
    machine.resume(machine.call("thread_runs"))
    assert adapter.found_hung
    machine.vsync()
    machine.call("DxgkDdiInterruptRoutine")
    machine.resume(machine.call("DxgkDdiDpcRoutine"))
    machine.resume(machine.call("timer_expires"))
    assert adapter.watchdog is not None
    adapter.watchdog.hangs = False
    machine.resume(machine.call("thread_runs"))
    assert not adapter.found_hung
    run(machine, "DxgkDdiStopDevice")
    run(machine, "DxgkDdiRemoveDevice")
    assert machine.findings == []


def test_stop_waits_for_the_dpc_and_for_the_thread(machine: Machine) -> None:
    started(machine)
    machine.vsync()
    machine.call("DxgkDdiInterruptRoutine")
    timer = machine.call("timer_expires")
    machine.resume(timer)
    stop = machine.resume(machine.resume(machine.call("DxgkDdiStopDevice")))
    assert stop.at == "waits for KeFlushQueuedDpcs"
    dpc = machine.call("DxgkDdiDpcRoutine")
    with pytest.raises(OutOfReachError, match="KeFlushQueuedDpcs"):
        machine.resume(stop)
    machine.resume(dpc)
    assert machine.resume(stop).at == "waits for the watchdog's thread"
    thread = machine.call("thread_runs")
    with pytest.raises(OutOfReachError, match="thread"):
        machine.resume(stop)
    machine.resume(thread)
    assert machine.resume(stop).returned
    assert machine.findings == []


def test_the_dpc_is_done_before_the_device_sleeps(machine: Machine) -> None:
    started(machine)
    machine.vsync()
    machine.call("DxgkDdiInterruptRoutine")
    down = machine.resume(machine.call("DxgkDdiSetPowerState", DevicePowerState="D3"))
    assert down.at == "waits for the DPC"
    dpc = machine.call("DxgkDdiDpcRoutine")
    with pytest.raises(OutOfReachError, match="the DPC"):
        machine.resume(down)
    machine.resume(dpc)
    while not machine.gpu.low_power:
        assert not machine.resume(down).returned      # asleep before its power is cut
    machine.run_until_idle()
    assert (down.returned, machine.gpu.powered, machine.findings) == (True, False, [])
    run(machine, "DxgkDdiSetPowerState", DevicePowerState="D0")
    assert not machine.gpu.low_power


def test_by_policy_no_isr_runs_beside_level_three() -> None:
    machine = Machine(ThreadedMiniport, Policies(G19="off"))
    started(machine)
    machine.vsync()
    machine.call("DxgkDdiSetPowerState", DevicePowerState="D3")
    machine.gpu.interrupts_enabled = True     # as a driver has it that forgets them
    with pytest.raises(OutOfReachError, match="held back"):
        machine.call("DxgkDdiInterruptRoutine")


def test_the_watchdog_is_not_left_behind(machine: Machine) -> None:
    started(machine)
    run(machine, "DxgkDdiStopDevice")
    with pytest.raises(OutOfReachError, match="no timer is set"):
        machine.call("timer_expires")


def test_contexts_leave_the_list_in_any_order(machine: Machine) -> None:
    adapter = started(machine)
    device = run(machine, "DxgkDdiCreateDevice", hKmdProcess=run(machine, "DxgkDdiCreateProcess"))
    first, second, third = (run(machine, "DxgkDdiCreateContext", hDevice=device)
                            for _ in range(3))
    for context in (second, first, third):
        run(machine, "DxgkDdiDestroyContext", hContext=context)
    assert adapter.head is None
