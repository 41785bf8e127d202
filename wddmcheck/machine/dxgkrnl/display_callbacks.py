"""The callbacks of frame notifications and protected sessions, with the checks that their pages
promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl.display_records import OsNotification, OsSession
from wddmcheck.machine.dxgkrnl.entry import enter
from wddmcheck.machine.findings import Kind, stop
from wddmcheck.machine.status import NtStatus

if TYPE_CHECKING:
    from wddmcheck.machine.display_structs import DXGKARGCB_PROTECTEDSESSIONSTATUS
    from wddmcheck.machine.machine import Machine
    from wddmcheck.machine.structs import DXGKARGCB_NOTIFY_INTERRUPT_DATA


def frame_notified(machine: Machine, arg: DXGKARGCB_NOTIFY_INTERRUPT_DATA) -> None:
    """DXGK_INTERRUPT_PERIODIC_MONITORED_FENCE_SIGNALED (PFN-01, PFN-02): by Dxgkrnl's identifier of
    a notification that is there."""
    name = "DxgkCbNotifyInterrupt"
    item = machine.handles.find(arg.NotificationID, OsNotification, f"{name}: NotificationID")
    machine.callback(name, (("notification", item),))


def set_protected_session_status(machine: Machine,
                                 arg: DXGKARGCB_PROTECTEDSESSIONSTATUS) -> NtStatus:
    """DxgkCbSetProtectedSessionStatus (PRS-02): of a session that is there, by Dxgkrnl's handle,
    on an adapter that is started (ADP-04)."""
    name = "DxgkCbSetProtectedSessionStatus"
    enter(machine, name)
    item = machine.handles.find(arg.hProtectedSession, OsSession, f"{name}: hProtectedSession")
    if not machine.adapter.up:
        stop(Kind.CONTRACT, f"{name}: the adapter of {item!r} is stopped", "0xC4",
             objects=(item.handle,))
    machine.callback(name, (("hProtectedSession", item),))
    return NtStatus.STATUS_SUCCESS
