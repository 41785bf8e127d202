"""Overlays, frame notifications, protected sessions, memory bases: what the reference miniport with
a display does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.calls import run
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.reference.display import DisplayingMiniport


@pytest.fixture
def machine() -> Machine:
    return Machine(DisplayingMiniport)


def fails(machine: Machine, name: str, status: str, **args: Any) -> None:
    """A call that returns a status, and makes nothing."""
    assert repr(run(machine, name, **args)).startswith(f"<NtStatus.{status}")


def started(machine: Machine) -> None:
    run(machine, "DxgkDdiAddDevice")
    run(machine, "DxgkDdiStartDevice")


def taken_down(machine: Machine) -> None:
    run(machine, "DxgkDdiStopDevice")
    run(machine, "DxgkDdiRemoveDevice")


def test_an_adapter_that_cannot_be_added_or_started(machine: Machine) -> None:
    fails(machine, "DxgkDdiAddDevice", "STATUS_UNSUCCESSFUL", failing="pool:DisplayAdapter")
    run(machine, "DxgkDdiAddDevice")
    fails(machine, "DxgkDdiStartDevice", "STATUS_UNSUCCESSFUL", failing="hardware")
    run(machine, "DxgkDdiStartDevice")
    taken_down(machine)


def test_a_stop_waits_for_the_dpc_and_leaves_no_interrupt(machine: Machine) -> None:
    started(machine)
    machine.vsync()
    machine.DxgkDdiInterruptRoutine()
    machine.vsync()
    machine.gpu.notices.raised = machine.gpu.notices.collapsed = True
    call = machine.DxgkDdiStopDevice()
    machine.resume(call)
    with pytest.raises(OutOfReachError, match="KeFlushQueuedDpcs"):
        machine.resume(call)
    machine.DxgkDdiDpcRoutine()
    machine.resume(call)
    assert not machine.gpu.raised
    assert not machine.gpu.notices.collapsed
    assert machine.findings == []


def test_events_are_signalled_as_ever(machine: Machine) -> None:
    started(machine)
    device = run(machine, "DxgkDdiCreateDevice", hKmdProcess=run(machine, "DxgkDdiCreateProcess"))
    event = run(machine, "DxgkDdiCreateCpuEvent", hKmdDevice=device)
    machine.event_happens(event)
    machine.DxgkDdiInterruptRoutine()
    run(machine, "DxgkDdiDpcRoutine")
    assert not event.owed


# --- overlays ------------------------------------------------------------------------------------

def test_an_overlay_reads_frame_by_frame_what_it_shows(machine: Machine) -> None:
    started(machine)
    first, second = (run(machine, "DxgkDdiCreateAllocation", overlay=True) for _ in range(2))
    overlay = run(machine, "DxgkDdiCreateOverlay")
    with pytest.raises(OutOfReachError, match="shows nothing"):
        machine.scan_out()
    run(machine, "DxgkDdiFlipOverlay", hOverlay=overlay, hAllocation=first)
    machine.scan_out()
    with pytest.raises(OutOfReachError, match="an interrupt is pending"):
        machine.scan_out()
    call = machine.DxgkDdiFlipOverlay(hOverlay=overlay, hAllocation=second)
    assert machine.gpu.display.shown == (first.page, 0)
    for allocation in (first, second):
        with pytest.raises(OutOfReachError, match="shown by an overlay"):
            machine.DxgkDdiDestroyAllocation(hAllocation=allocation)
    machine.resume(call)
    assert machine.gpu.display.shown == (second.page, 0)
    run(machine, "DxgkDdiDestroyAllocation", hAllocation=first)
    machine.scan_out()
    call = machine.DxgkDdiDestroyOverlay(hOverlay=overlay)
    assert not machine.gpu.display.on
    with pytest.raises(OutOfReachError, match="there are overlays"):
        machine.evict_pinned(second)
    machine.resume(call)
    assert machine.findings == []


def test_what_is_pinned_is_evicted_before_the_stop(machine: Machine) -> None:
    started(machine)
    pinned = run(machine, "DxgkDdiCreateAllocation", overlay=True)
    other = run(machine, "DxgkDdiCreateAllocation")
    with pytest.raises(OutOfReachError, match="there are allocations"):
        machine.DxgkDdiStopDevice()
    with pytest.raises(OutOfReachError, match="not pinned"):
        machine.evict_pinned(other)
    run(machine, "DxgkDdiDestroyAllocation", hAllocation=other)
    machine.evict_pinned(pinned)
    assert pinned.page is None
    overlay = run(machine, "DxgkDdiCreateOverlay")
    with pytest.raises(OutOfReachError, match="is gone"):
        machine.DxgkDdiFlipOverlay(hOverlay=overlay, hAllocation=pinned)
    run(machine, "DxgkDdiDestroyOverlay", hOverlay=overlay)
    run(machine, "DxgkDdiStopDevice")
    with pytest.raises(OutOfReachError, match="allocations"):
        machine.DxgkDdiRemoveDevice()
    run(machine, "DxgkDdiDestroyAllocation", hAllocation=pinned)
    run(machine, "DxgkDdiRemoveDevice")


def test_a_device_that_is_gone_shows_nothing_and_raises_nothing(machine: Machine) -> None:
    started(machine)
    allocation = run(machine, "DxgkDdiCreateAllocation", overlay=True)
    overlay = run(machine, "DxgkDdiCreateOverlay")
    run(machine, "DxgkDdiFlipOverlay", hOverlay=overlay, hAllocation=allocation)
    item = run(machine, "DxgkDdiCreatePeriodicFrameNotification")
    machine.unplug()
    assert not machine.gpu.display.on
    with pytest.raises(OutOfReachError, match="shows nothing"):
        machine.scan_out()
    with pytest.raises(OutOfReachError, match="raises no interrupts"):
        machine.frame_time(item)
    for kind in ("PeriodicFrameNotification", "ProtectedSession", "MemoryBasis"):
        with pytest.raises(OutOfReachError, match="or gone"):
            machine.call(f"DxgkDdiCreate{kind}")


def test_there_is_hardware_for_one_overlay(machine: Machine) -> None:
    started(machine)
    fails(machine, "DxgkDdiCreateOverlay", "STATUS_NO_MEMORY", failing="pool:Overlay")
    overlay = run(machine, "DxgkDdiCreateOverlay")
    fails(machine, "DxgkDdiCreateOverlay", "STATUS_INSUFFICIENT_RESOURCES")
    run(machine, "DxgkDdiDestroyOverlay", hOverlay=overlay)
    run(machine, "DxgkDdiDestroyOverlay", hOverlay=run(machine, "DxgkDdiCreateOverlay"))
    taken_down(machine)


def test_a_flip_without_memory_shows_what_was_shown(machine: Machine) -> None:
    started(machine)
    allocation = run(machine, "DxgkDdiCreateAllocation", overlay=True)
    overlay = run(machine, "DxgkDdiCreateOverlay")
    fails(machine, "DxgkDdiFlipOverlay", "STATUS_NO_MEMORY", hOverlay=overlay,
          hAllocation=allocation, failing="pool:Flip")
    assert overlay.shows is None
    run(machine, "DxgkDdiDestroyAllocation", hAllocation=allocation)


def test_allocations_that_are_not_made_are_not_pinned(machine: Machine) -> None:
    started(machine)
    fails(machine, "DxgkDdiCreateAllocation", "STATUS_NO_MEMORY", overlay=True,
          failing="pool:Allocation")
    taken_down(machine)


# --- frame notifications -------------------------------------------------------------------------

def test_an_interrupt_names_the_notification_whose_time_it_is(machine: Machine) -> None:
    started(machine)
    items = [run(machine, "DxgkDdiCreatePeriodicFrameNotification") for _ in range(2)]
    machine.frame_time(items[1])
    with pytest.raises(OutOfReachError, match="record was not read"):
        machine.frame_time(items[0])
    call = machine.DxgkDdiInterruptRoutine()
    assert [dict(c.args) for c in call.callbacks[:1]] == [{"notification": items[1]}]
    assert not machine.gpu.raised
    run(machine, "DxgkDdiDpcRoutine")
    machine.frame_time(items[0])
    machine.DxgkDdiInterruptRoutine()
    for item in items:
        run(machine, "DxgkDdiDestroyPeriodicFrameNotification", hNotification=item)
    taken_down(machine)


def test_what_fires_while_it_is_destroyed_is_reported_or_dropped(machine: Machine) -> None:
    started(machine)
    items = [run(machine, "DxgkDdiCreatePeriodicFrameNotification") for _ in range(3)]
    machine.frame_time(items[0])
    call = machine.DxgkDdiDestroyPeriodicFrameNotification(hNotification=items[0])
    with pytest.raises(OutOfReachError, match="not armed"):
        machine.frame_time(items[0])
    interrupt = machine.DxgkDdiInterruptRoutine()
    assert dict(interrupt.callbacks[0].args) == {"notification": items[0]}
    machine.resume(call)
    machine.frame_time(items[1])
    call = machine.DxgkDdiDestroyPeriodicFrameNotification(hNotification=items[1])
    assert machine.gpu.display.fired == items[1].handle
    machine.resume(call)
    assert machine.gpu.display.fired == 0
    machine.frame_time(items[2])
    assert machine.findings == []


def test_another_notification_stays_in_the_record(machine: Machine) -> None:
    started(machine)
    items = [run(machine, "DxgkDdiCreatePeriodicFrameNotification") for _ in range(2)]
    machine.frame_time(items[1])
    call = machine.DxgkDdiDestroyPeriodicFrameNotification(hNotification=items[0])
    machine.resume(call)
    assert machine.gpu.display.fired == items[1].handle


def test_a_notification_that_is_created_in_vain_never_fires(machine: Machine) -> None:
    started(machine)
    fails(machine, "DxgkDdiCreatePeriodicFrameNotification", "STATUS_NO_MEMORY",
          failing="pool:Notification")
    assert machine.gpu.display.timers == []
    taken_down(machine)


def test_notifications_may_outlive_a_stop_by_policy(machine: Machine) -> None:
    started(machine)
    item = run(machine, "DxgkDdiCreatePeriodicFrameNotification")
    with pytest.raises(OutOfReachError, match="frame notifications"):
        machine.DxgkDdiStopDevice()
    machine.policies = Policies(G30="any_time")
    machine.frame_time(item)
    call = machine.DxgkDdiStopDevice()
    with pytest.raises(OutOfReachError, match="raises no interrupts"):
        machine.frame_time(item)
    machine.run_until_idle()
    assert call.returned
    assert (machine.gpu.display.timers, machine.gpu.display.fired) == ([], 0)
    assert not machine.gpu.raised
    with pytest.raises(OutOfReachError, match="frame notifications"):
        machine.DxgkDdiRemoveDevice()
    run(machine, "DxgkDdiStartDevice")
    machine.frame_time(item)
    machine.DxgkDdiInterruptRoutine()
    run(machine, "DxgkDdiDpcRoutine")
    run(machine, "DxgkDdiStopDevice")
    run(machine, "DxgkDdiDestroyPeriodicFrameNotification", hNotification=item)
    run(machine, "DxgkDdiRemoveDevice")


# --- protected sessions --------------------------------------------------------------------------

def test_a_session_does_not_end_while_its_status_is_reported(machine: Machine) -> None:
    started(machine)
    session = run(machine, "DxgkDdiCreateProtectedSession")
    thread = machine.call("ReportSessionStatus", item=session)
    with pytest.raises(OutOfReachError, match="it runs already"):
        machine.call("ReportSessionStatus", item=session)
    call = machine.DxgkDdiDestroyProtectedSession(hProtectedSession=session)
    with pytest.raises(OutOfReachError, match="the report in progress"):
        machine.resume(call)
    machine.resume(thread)
    assert dict(thread.callbacks[0].args) == {"hProtectedSession": session}
    assert machine.call("ReportSessionStatus", item=session).callbacks == []     # not any more
    machine.resume(call)
    assert (session.gone, machine.findings) == (True, [])
    taken_down(machine)


def test_a_session_that_is_created_in_vain(machine: Machine) -> None:
    started(machine)
    fails(machine, "DxgkDdiCreateProtectedSession", "STATUS_NO_MEMORY", failing="pool:Session")
    taken_down(machine)


def test_a_stop_waits_for_reports(machine: Machine) -> None:
    machine.policies = Policies(G30="any_time")
    started(machine)
    session = run(machine, "DxgkDdiCreateProtectedSession")
    call = machine.DxgkDdiStopDevice()
    thread = machine.call("ReportSessionStatus", item=session)
    machine.resume(call)
    with pytest.raises(OutOfReachError, match="the reports of sessions"):
        machine.resume(call)
    machine.resume(thread)
    machine.resume(call)
    with pytest.raises(OutOfReachError, match="not started"):
        machine.call("ReportSessionStatus", item=session)
    run(machine, "DxgkDdiDestroyProtectedSession", hProtectedSession=session)
    run(machine, "DxgkDdiRemoveDevice")


# --- memory bases --------------------------------------------------------------------------------

def test_writes_are_noted_while_they_are_tracked(machine: Machine) -> None:
    started(machine)
    basis, other = (run(machine, "DxgkDdiCreateMemoryBasis") for _ in range(2))
    segment = machine.gpu.memory.segment
    pages = [r.start for r in basis.ranges]
    for _ in range(16):
        segment.take()
    run(machine, "DxgkDdiStartDirtyTracking", hMemoryBasis=basis)
    run(machine, "DxgkDdiStartDirtyTracking", hMemoryBasis=other)
    segment.write(pages[1], b"dirty")
    segment.write(basis.ranges[0].stop, b"between the two")
    assert [t.dirty for t in segment.dirty_bits.trackings] == [{pages[1]}, set()]
    for item in (basis, other):
        with pytest.raises(OutOfReachError, match="or tracked"):
            machine.DxgkDdiDestroyMemoryBasis(hMemoryBasis=item)
        run(machine, "DxgkDdiStopDirtyTracking", hMemoryBasis=item)
    assert segment.dirty_bits.trackings == []
    run(machine, "DxgkDdiStartDirtyTracking", hMemoryBasis=basis)      # anew
    run(machine, "DxgkDdiStopDirtyTracking", hMemoryBasis=basis)
    with pytest.raises(OutOfReachError, match="memory bases"):
        machine.DxgkDdiStopDevice()
    for item in (basis, other):
        run(machine, "DxgkDdiDestroyMemoryBasis", hMemoryBasis=item)
    taken_down(machine)


def test_a_basis_that_is_not_made_has_no_handle(machine: Machine) -> None:
    started(machine)
    call = machine.DxgkDdiCreateMemoryBasis(failing="pool:MemoryBasis")
    assert (call.result, call.made, machine.findings) == (0, [], [])
    taken_down(machine)
