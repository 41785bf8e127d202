"""The reference miniport with a display: overlays that scan an allocation out, periodic frame
notifications, protected sessions; and with the tracking of writes.
"""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.allocation_structs import (
    DXGK_ALLOCATIONINFOFLAGS_WDDM2_0,
    DXGKARG_CREATEALLOCATION,
)
from wddmcheck.machine.display_structs import (
    DXGK_PROTECTED_SESSION_STATUS,
    DXGKARG_CREATEMEMORYBASIS,
    DXGKARG_CREATEPERIODICFRAMENOTIFICATION,
    DXGKARG_CREATEPROTECTEDSESSION,
    DXGKARG_DESTROYPERIODICFRAMENOTIFICATION,
    DXGKARGCB_PROTECTEDSESSIONSTATUS,
)
from wddmcheck.machine.gpu.display import NO_FRAME
from wddmcheck.machine.gpu.memory import PAGE
from wddmcheck.machine.miniport import PREEMPT, Pauses, Wait
from wddmcheck.machine.power_structs import DXGKARG_CREATEOVERLAY, DXGKARG_FLIPOVERLAY
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.display_objects import (
    DisplayAdapter,
    Flip,
    MemoryBasis,
    Notification,
    Session,
)
from wddmcheck.machine.reference.miniport import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, Overlay, Resource
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_INTERRUPT_TYPE,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    NULL,
    Handle,
)
from wddmcheck.machine.waits import Blocking


class DisplayingMiniport(ReferenceMiniport):
    """A miniport with a display."""

    BLOCK = DisplayAdapter

    def displaying(self, adapter: Handle) -> DisplayAdapter:
        """The adapter with what its display has."""
        return self.pool.at(adapter, DisplayAdapter)

    # --- start and stop ---------------------------------------------------------------------------

    def start_up(self, adapter: Adapter) -> None:
        """PFN-01: what was there before goes on."""
        super().start_up(adapter)
        assert isinstance(adapter, DisplayAdapter)
        for notification in adapter.notifications:
            self.arm(notification)

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """INT-07: no timer fires any more, whatever Dxgkrnl leaves there."""
        assert isinstance(adapter, DisplayAdapter)
        for notification in adapter.notifications:
            self.disarm(notification)
        yield from super().quiesce(adapter)

    def drain(self, adapter: Adapter) -> Blocking[None]:
        """PRS-02: nor is a report on its way when the adapter has stopped."""
        assert isinstance(adapter, DisplayAdapter)
        yield from super().drain(adapter)
        yield Wait("the reports of sessions", lambda: not any(s.reports for s in adapter.sessions))

    def drop_messages(self, adapter: Adapter) -> None:
        """INT-06: of the display too."""
        super().drop_messages(adapter)
        registers = self.registers(adapter)
        registers.display.clear_record()
        registers.acknowledge_interrupt()

    # --- overlays ---------------------------------------------------------------------------------

    def create_allocations(self, arg: DXGKARG_CREATEALLOCATION,
                           resource: Resource | None) -> bool:
        """ALC-23: what an overlay shows has to stay where it is."""
        done = super().create_allocations(arg, resource)
        if arg.pPrivateDriverData is not None and arg.pPrivateDriverData.overlay:
            for info in arg.pAllocationInfo:
                info.FlagsWddm2 = DXGK_ALLOCATIONINFOFLAGS_WDDM2_0.Overlay
        return done

    def DxgkDdiCreateOverlay(self, hAdapter: Handle,
                             pCreateOverlay: DXGKARG_CREATEOVERLAY) -> NtStatus:
        """OVL-01: there is hardware for one."""
        adapter = self.displaying(hAdapter)
        if adapter.overlay is not None:
            return NtStatus.STATUS_INSUFFICIENT_RESOURCES
        adapter.overlay = self.pool.allocate(Overlay, adapter=adapter)
        if adapter.overlay is None:
            return NO_MEMORY
        pCreateOverlay.hOverlay = self.pool.address(adapter.overlay)
        return SUCCESS

    def DxgkDdiFlipOverlay(self, hOverlay: Handle, pFlipOverlay: DXGKARG_FLIPOVERLAY) -> Pauses:
        """OVL-02: what was shown before may go when this returns."""
        overlay = self.pool.at(hOverlay, Overlay)
        flip = self.pool.allocate(Flip, page=pFlipOverlay.SrcPhysicalAddress)
        if flip is None:
            return NO_MEMORY
        yield PREEMPT
        self.registers(overlay.adapter).display.show(flip.page)
        self.pool.free(flip, Flip.TAG)
        return SUCCESS

    def DxgkDdiDestroyOverlay(self, hOverlay: Handle) -> Pauses:
        """OVL-01, OVL-02: the hardware reads nothing any more, and then the overlay goes."""
        overlay = self.pool.at(hOverlay, Overlay)
        self.registers(overlay.adapter).display.turn_off()
        yield PREEMPT
        self.free_overlay(overlay)
        return SUCCESS

    def free_overlay(self, overlay: Overlay) -> None:
        """What the driver keeps of an overlay."""
        assert isinstance(overlay.adapter, DisplayAdapter)
        overlay.adapter.overlay = None
        self.pool.free(overlay, Overlay.TAG)

    # --- periodic frame notifications -------------------------------------------------------------

    def DxgkDdiCreatePeriodicFrameNotification(
            self, pCreatePeriodicFrameNotification: DXGKARG_CREATEPERIODICFRAMENOTIFICATION,
            ) -> NtStatus:
        """PFN-01."""
        arg = pCreatePeriodicFrameNotification
        adapter = self.displaying(arg.hAdapter)
        notification = self.pool.allocate(Notification, adapter=adapter, ident=arg.NotificationID,
                                          offset=arg.Time)
        if notification is None:
            return NO_MEMORY
        adapter.notifications.append(notification)
        self.arm(notification)
        arg.hNotification = self.pool.address(notification)
        return SUCCESS

    def arm(self, notification: Notification) -> None:
        """PFN-01: from now on the hardware interrupts before each vertical sync."""
        display = self.registers(notification.adapter).display
        notification.timer = display.arm(notification.ident, notification.offset)

    def disarm(self, notification: Notification) -> None:
        """PFN-02: the hardware raises no more. Between stop and start it does not anyway."""
        if notification.timer is not None:
            self.registers(notification.adapter).display.disarm(notification.timer)
            notification.timer = None

    def DxgkDdiDestroyPeriodicFrameNotification(
            self, pDestroyPeriodicFrameNotification: DXGKARG_DESTROYPERIODICFRAMENOTIFICATION,
            ) -> Pauses:
        """PFN-02: the hardware is told first; then what it has raised before is dropped."""
        notification = self.pool.at(pDestroyPeriodicFrameNotification.hNotification, Notification)
        self.disarm(notification)
        yield PREEMPT
        self.leave_frame_record(notification)
        self.free_notification(notification)
        return SUCCESS

    def leave_frame_record(self, notification: Notification) -> None:
        """PFN-02: with the ISR held off. Between stop and start the record is empty."""
        if notification.adapter.interrupts:
            dxgk = self.dxgk(notification.adapter)
            dxgk.DxgkCbSynchronizeExecution(
                dxgk.DeviceHandle, partial(self.drop_frame, notification))

    def drop_frame(self, notification: Notification) -> None:
        """At DIRQL."""
        display = self.registers(notification.adapter).display
        if display.fired == notification.ident:
            display.clear_record()

    def free_notification(self, notification: Notification) -> None:
        """What the driver keeps of a notification."""
        notification.adapter.notifications.remove(notification)
        self.pool.free(notification, Notification.TAG)

    def collect_events(self, adapter: Adapter) -> None:
        """PFN-01, INT-01: which timer has fired, by Dxgkrnl's identifier; at DIRQL."""
        super().collect_events(adapter)
        display = self.registers(adapter).display
        if display.fired != NO_FRAME:
            dxgk = self.dxgk(adapter)
            dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
                DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_PERIODIC_MONITORED_FENCE_SIGNALED,
                NotificationID=display.fired))
            display.clear_record()

    # --- protected sessions -----------------------------------------------------------------------

    def DxgkDdiCreateProtectedSession(
            self, hAdapter: Handle,
            pCreateProtectedSession: DXGKARG_CREATEPROTECTEDSESSION) -> NtStatus:
        """PRS-01."""
        session = self.pool.allocate(
            Session, os_handle=pCreateProtectedSession.hProtectedSession)
        if session is None:
            return NO_MEMORY
        self.displaying(hAdapter).sessions.append(session)
        pCreateProtectedSession.hProtectedSession = self.pool.address(session)
        return SUCCESS

    def DxgkDdiDestroyProtectedSession(self, hAdapter: Handle,
                                       hProtectedSession: Handle) -> Pauses:
        """PRS-02: no new reports, none in progress."""
        session = self.pool.at(hProtectedSession, Session)
        session.closing = True
        yield Wait("the report in progress", lambda: session.reports == 0, parks=True)
        self.free_session(self.displaying(hAdapter), session)
        return SUCCESS

    def free_session(self, adapter: DisplayAdapter, session: Session) -> None:
        """What the driver keeps of a session."""
        adapter.sessions.remove(session)
        self.pool.free(session, Session.TAG)

    def ReportSessionStatus(self, hAdapter: Handle, hProtectedSession: Handle) -> Blocking[None]:
        """PRS-02: the thread that looks after a session reports that it is lost, unless the session
        is on its way out."""
        session = self.pool.at(hProtectedSession, Session)
        if session.closing:
            return
        session.reports += 1
        yield PREEMPT
        self.dxgk(self.displaying(hAdapter)).DxgkCbSetProtectedSessionStatus(
            DXGKARGCB_PROTECTEDSESSIONSTATUS(
                session.os_handle,
                DXGK_PROTECTED_SESSION_STATUS.DXGK_PROTECTED_SESSION_STATUS_INVALID))
        session.reports -= 1

    # --- memory bases -----------------------------------------------------------------------------

    def DxgkDdiCreateMemoryBasis(self, hAdapter: Handle,
                                 pArgs: DXGKARG_CREATEMEMORYBASIS) -> Handle:
        """MBS-01: returns a handle, and no status."""
        basis = self.pool.allocate(MemoryBasis, ranges=tuple(
            range(r.SegmentOffset // PAGE, (r.SegmentOffset + r.SizeInBytes) // PAGE)
            for r in pArgs.Ranges))
        return NULL if basis is None else self.pool.address(basis)

    def DxgkDdiStartDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
        """MBS-01."""
        basis = self.pool.at(hMemoryBasis, MemoryBasis)
        bits = self.registers(self.displaying(hAdapter)).dirty_bits
        basis.tracking = bits.start(basis.ranges)
        return SUCCESS

    def DxgkDdiStopDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
        """MBS-02: at once."""
        basis = self.pool.at(hMemoryBasis, MemoryBasis)
        assert basis.tracking is not None
        self.registers(self.displaying(hAdapter)).dirty_bits.stop(basis.tracking)
        basis.tracking = None
        return SUCCESS

    def DxgkDdiDestroyMemoryBasis(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
        """MBS-02: succeeds; the hardware writes to the bitplane no more."""
        basis = self.pool.at(hMemoryBasis, MemoryBasis)
        assert basis.tracking is None
        self.pool.free(basis, MemoryBasis.TAG)
        return SUCCESS
