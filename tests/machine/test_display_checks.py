"""What the machine notices when a driver goes wrong about the objects of a display, and about the
tracking of writes."""

from __future__ import annotations

import pytest

from tests.machine.test_display import run, started
from wddmcheck.machine.defects import display as defects
from wddmcheck.machine.display_structs import (
    DXGK_PROTECTED_SESSION_STATUS,
    DXGKARGCB_PROTECTEDSESSIONSTATUS,
)
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsOverlay
from wddmcheck.machine.findings import BugCheck, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.processor import Irql
from wddmcheck.machine.reference.display import DisplayingMiniport
from wddmcheck.machine.reference.display_objects import MemoryBasis, Notification
from wddmcheck.machine.reference.objects import Adapter
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.waits import Blocking

OK = DXGK_PROTECTED_SESSION_STATUS.DXGK_PROTECTED_SESSION_STATUS_OK


def running(factory: Factory, policies: Policies | None = None) -> Machine:
    machine = Machine(factory, policies or Policies())
    started(machine)
    return machine


def messages(machine: Machine) -> list[tuple[Kind, str]]:
    return [(f.kind, f.message) for f in machine.findings]


# --- overlays ------------------------------------------------------------------------------------

def shown(machine: Machine) -> tuple[OsOverlay, OsAllocation]:
    allocation = run(machine, "DxgkDdiCreateAllocation", overlay=True)
    overlay = run(machine, "DxgkDdiCreateOverlay")
    run(machine, "DxgkDdiFlipOverlay", hOverlay=overlay, hAllocation=allocation)
    return overlay, allocation


def test_an_overlay_that_is_left_on_reads_what_was_freed() -> None:
    machine = running(defects.LeavesScanoutOn)
    overlay, allocation = shown(machine)
    run(machine, "DxgkDdiDestroyOverlay", hOverlay=overlay)
    run(machine, "DxgkDdiDestroyAllocation", hAllocation=allocation)
    with pytest.raises(BugCheck, match=r"scans out page 0, which was given back, and shows dedede"):
        machine.scan_out()
    assert machine.findings[-1].kind is Kind.GPU_ACCESS


def test_or_what_was_evicted() -> None:
    machine = running(defects.LeavesScanoutOn)
    overlay, allocation = shown(machine)
    run(machine, "DxgkDdiDestroyOverlay", hOverlay=overlay)
    machine.evict_pinned(allocation)
    with pytest.raises(BugCheck, match="given back"):
        machine.scan_out()


def test_the_page_may_be_somebody_elses_by_then() -> None:
    machine = running(defects.LeavesScanoutOn)
    overlay, allocation = shown(machine)
    run(machine, "DxgkDdiDestroyOverlay", hOverlay=overlay)
    run(machine, "DxgkDdiDestroyAllocation", hAllocation=allocation)
    run(machine, "DxgkDdiCreateAllocation")
    with pytest.raises(BugCheck, match="given back"):
        machine.scan_out()


def test_a_queued_flip_is_shown_from_the_next_frame_on() -> None:
    machine = running(defects.QueuesFlips)
    overlay, first = shown(machine)
    machine.scan_out()
    machine.DxgkDdiInterruptRoutine()
    second = run(machine, "DxgkDdiCreateAllocation", overlay=True)
    run(machine, "DxgkDdiFlipOverlay", hOverlay=overlay, hAllocation=second)
    assert machine.gpu.display.shown == (first.page, 0)
    machine.scan_out()
    assert machine.gpu.display.shown == (second.page, 0)
    assert machine.findings == []


# --- frame notifications -------------------------------------------------------------------------

def test_an_interrupt_that_names_what_is_gone() -> None:
    machine = running(defects.LeavesRaisedNotification)
    item = run(machine, "DxgkDdiCreatePeriodicFrameNotification")
    machine.frame_time(item)
    machine.DxgkDdiDestroyPeriodicFrameNotification(hNotification=item)
    assert messages(machine) == [(
        Kind.CONTRACT, "DxgkDdiDestroyPeriodicFrameNotification returns and the interrupt record "
        f"still names {item!r}")]
    with pytest.raises(BugCheck, match="NotificationID: .* handle of an object that is gone"):
        machine.DxgkDdiInterruptRoutine()
    assert machine.findings[-1].kind is Kind.BAD_HANDLE


def test_an_interrupt_that_names_the_drivers_own_handle() -> None:
    class OwnHandle(DisplayingMiniport):
        def arm(self, notification: Notification) -> None:
            display = self.registers(notification.adapter).display
            notification.timer = display.arm(self.pool.address(notification), 0)

    machine = running(OwnHandle)
    item = run(machine, "DxgkDdiCreatePeriodicFrameNotification")
    machine.gpu.frame_time(item.kmd)
    with pytest.raises(BugCheck, match="NotificationID: .* is the driver's own handle"):
        machine.DxgkDdiInterruptRoutine()


def test_a_timer_that_is_left_when_the_adapter_goes() -> None:
    class StaysArmed(DisplayingMiniport):
        def disarm(self, notification: Notification) -> None:
            notification.timer = None

    machine = running(StaysArmed)
    item = run(machine, "DxgkDdiCreatePeriodicFrameNotification")
    run(machine, "DxgkDdiDestroyPeriodicFrameNotification", hNotification=item)
    run(machine, "DxgkDdiStopDevice")
    machine.DxgkDdiRemoveDevice()
    assert messages(machine) == [(Kind.LEAK, "the GPU still knows 1 timers of frames")]


# --- protected sessions --------------------------------------------------------------------------

def test_a_report_after_the_end_of_the_session() -> None:
    machine = running(defects.IgnoresReportInProgress)
    session = run(machine, "DxgkDdiCreateProtectedSession")
    thread = machine.call("ReportSessionStatus", item=session)
    machine.DxgkDdiDestroyProtectedSession(hProtectedSession=session)
    with pytest.raises(BugCheck, match="reads Session.os_handle after it was freed"):
        machine.resume(thread)


def report(machine: Machine, handle: Handle) -> BugCheck:
    with pytest.raises(BugCheck) as error:
        machine.interface.DxgkCbSetProtectedSessionStatus(
            DXGKARGCB_PROTECTEDSESSIONSTATUS(handle, OK))
    return error.value


def test_a_report_by_a_handle_that_is_none() -> None:
    machine = running(DisplayingMiniport)
    session = run(machine, "DxgkDdiCreateProtectedSession")
    assert "is the driver's own handle" in str(report(machine, session.kmd))
    run(machine, "DxgkDdiDestroyProtectedSession", hProtectedSession=session)
    wrong = report(machine, session.handle).finding
    assert (wrong.kind, wrong.stop) == (Kind.BAD_HANDLE, "0xC4")


def test_a_report_at_the_wrong_level() -> None:
    machine = running(DisplayingMiniport)
    session = run(machine, "DxgkDdiCreateProtectedSession")
    with machine.processor.at(Irql.DISPATCH_LEVEL):
        assert report(machine, session.handle).finding.kind is Kind.BAD_IRQL


def test_a_report_after_the_adapter_has_stopped() -> None:
    class StopsUnderThread(DisplayingMiniport):
        def drain(self, adapter: Adapter) -> Blocking[None]:
            yield self.kernel.KeFlushQueuedDpcs()

    machine = running(StopsUnderThread, Policies(G30="any_time"))
    session = run(machine, "DxgkDdiCreateProtectedSession")
    thread = machine.call("ReportSessionStatus", item=session)
    machine.resume(machine.DxgkDdiStopDevice())
    with pytest.raises(BugCheck, match=r"the adapter of Session\(.*\) is stopped"):
        machine.resume(thread)
    assert machine.findings[-1].kind is Kind.CONTRACT


# --- memory bases --------------------------------------------------------------------------------

def test_a_basis_that_goes_while_it_is_tracked() -> None:
    machine = running(defects.DefersStopOfTracking)
    basis = run(machine, "DxgkDdiCreateMemoryBasis")
    run(machine, "DxgkDdiStartDirtyTracking", hMemoryBasis=basis)
    machine.DxgkDdiStopDirtyTracking(hMemoryBasis=basis)
    with pytest.raises(BugCheck, match="DxgkDdiDestroyMemoryBasis raised AssertionError"):
        machine.DxgkDdiDestroyMemoryBasis(hMemoryBasis=basis)


def test_tracking_that_goes_on_after_it_was_stopped() -> None:
    class Forgets(DisplayingMiniport):
        def DxgkDdiStopDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
            self.pool.at(hMemoryBasis, MemoryBasis).tracking = None
            return NtStatus.STATUS_SUCCESS

    machine = running(Forgets)
    basis = run(machine, "DxgkDdiCreateMemoryBasis")
    run(machine, "DxgkDdiStartDirtyTracking", hMemoryBasis=basis)
    machine.DxgkDdiStopDirtyTracking(hMemoryBasis=basis)
    machine.DxgkDdiDestroyMemoryBasis(hMemoryBasis=basis)
    machine.run_until_idle()
    machine.resume(machine.DxgkDdiStopDevice())
    machine.DxgkDdiRemoveDevice()
    assert messages(machine) == [
        (Kind.CONTRACT, f"DxgkDdiStopDirtyTracking returns and the hardware still notes writes to "
         f"{basis!r}"),
        (Kind.CONTRACT, f"DxgkDdiDestroyMemoryBasis returns and the hardware still notes writes to "
         f"{basis!r}"),
        (Kind.LEAK, "the GPU still knows 1 trackings of writes")]


def test_more_may_be_tracked_than_is_asked_for() -> None:
    class TracksAll(DisplayingMiniport):
        asked = 0

        def DxgkDdiStartDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
            self.asked += 1
            if self.asked == 1:
                self.registers(self.displaying(hAdapter)).dirty_bits.start((range(4096),))
            return NtStatus.STATUS_SUCCESS

        def DxgkDdiStopDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
            self.asked -= 1
            if self.asked == 0:
                bits = self.registers(self.displaying(hAdapter)).dirty_bits
                bits.stop(bits.trackings[0])
            return NtStatus.STATUS_SUCCESS

    machine = running(TracksAll)
    bases = [run(machine, "DxgkDdiCreateMemoryBasis") for _ in range(2)]
    for step in ("Start", "Stop"):
        for basis in bases:
            run(machine, f"DxgkDdi{step}DirtyTracking", hMemoryBasis=basis)
    assert machine.findings == []


@pytest.mark.parametrize("wrong", ["too little", "not anew"])
def test_tracking_that_does_not_begin_as_it_should(wrong: str) -> None:
    class Begins(DisplayingMiniport):
        def DxgkDdiStartDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
            ranges = self.pool.at(hMemoryBasis, MemoryBasis).ranges
            bits = self.registers(self.displaying(hAdapter)).dirty_bits
            if wrong == "too little":
                bits.start(ranges[:1])
            else:
                bits.start(ranges).dirty.add(ranges[0].start)
            return NtStatus.STATUS_SUCCESS

    machine = running(Begins)
    basis = run(machine, "DxgkDdiCreateMemoryBasis")
    machine.DxgkDdiStartDirtyTracking(hMemoryBasis=basis)
    ((kind, text),) = messages(machine)
    assert kind is Kind.CONTRACT
    assert "not all pages" in text


def test_a_basis_whose_destruction_fails_is_a_disaster() -> None:
    class Fails(DisplayingMiniport):
        def DxgkDdiDestroyMemoryBasis(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
            super().DxgkDdiDestroyMemoryBasis(hAdapter, hMemoryBasis)
            return NtStatus.STATUS_UNSUCCESSFUL

    machine = running(Fails)
    basis = run(machine, "DxgkDdiCreateMemoryBasis")
    machine.DxgkDdiDestroyMemoryBasis(hMemoryBasis=basis)
    assert messages(machine) == [(Kind.BAD_STATUS, "DxgkDdiDestroyMemoryBasis fails")]
