"""Defects of the display: what the hardware and threads of the driver still do for what is gone."""

from __future__ import annotations

from wddmcheck.machine.display_structs import DXGKARG_DESTROYPERIODICFRAMENOTIFICATION
from wddmcheck.machine.power_structs import DXGKARG_FLIPOVERLAY
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.display import DisplayingMiniport
from wddmcheck.machine.reference.display_objects import Flip, Notification, Session
from wddmcheck.machine.reference.objects import Overlay
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle


class LeavesScanoutOn(DisplayingMiniport):
    """DestroyOverlay forgets the overlay, and leaves the overlay hardware on."""

    def DxgkDdiDestroyOverlay(self, hOverlay: Handle) -> NtStatus:  # type: ignore[override]
        """Against OVL-01, OVL-02."""
        self.free_overlay(self.pool.at(hOverlay, Overlay))
        return SUCCESS


class QueuesFlips(DisplayingMiniport):
    """FlipOverlay returns when the flip is queued, and the hardware shows what it did before until
    the next frame."""

    def DxgkDdiFlipOverlay(  # type: ignore[override]
            self, hOverlay: Handle, pFlipOverlay: DXGKARG_FLIPOVERLAY) -> NtStatus:
        """Against OVL-02."""
        overlay = self.pool.at(hOverlay, Overlay)
        flip = self.pool.allocate(Flip, page=pFlipOverlay.SrcPhysicalAddress)
        if flip is None:
            return NO_MEMORY
        self.registers(overlay.adapter).display.queue(flip.page)
        self.pool.free(flip, Flip.TAG)
        return SUCCESS


class LeavesRaisedNotification(DisplayingMiniport):
    """The destruction of a notification disarms it, and leaves the interrupt that it has raised."""

    def DxgkDdiDestroyPeriodicFrameNotification(  # type: ignore[override]
            self, pDestroyPeriodicFrameNotification: DXGKARG_DESTROYPERIODICFRAMENOTIFICATION,
            ) -> NtStatus:
        """Against PFN-02."""
        notification = self.pool.at(pDestroyPeriodicFrameNotification.hNotification, Notification)
        self.disarm(notification)
        self.free_notification(notification)
        return SUCCESS


class IgnoresReportInProgress(DisplayingMiniport):
    """DestroyProtectedSession does not wait for the thread that is about to report the status."""

    def DxgkDdiDestroyProtectedSession(  # type: ignore[override]
            self, hAdapter: Handle, hProtectedSession: Handle) -> NtStatus:
        """Against PRS-02."""
        self.free_session(self.displaying(hAdapter), self.pool.at(hProtectedSession, Session))
        return SUCCESS


class DefersStopOfTracking(DisplayingMiniport):
    """StopDirtyTracking leaves the hardware tracking until the next query."""

    def DxgkDdiStopDirtyTracking(self, hAdapter: Handle, hMemoryBasis: Handle) -> NtStatus:
        """Against MBS-02."""
        return SUCCESS
