"""The callbacks of native fences and events, with the checks that their pages promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl.entry import enter
from wddmcheck.machine.dxgkrnl.objects import (
    OsCpuEvent,
    OsGlobalFence,
    OsProcess,
    OsProcessEvent,
)
from wddmcheck.machine.findings import Kind, stop
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import NULL

if TYPE_CHECKING:
    from wddmcheck.machine.event_structs import DXGKARGCB_SIGNALEVENT
    from wddmcheck.machine.machine import Machine
    from wddmcheck.machine.structs import DXGKARGCB_NOTIFY_INTERRUPT_DATA


def fences_signalled(machine: Machine, arg: DXGKARGCB_NOTIFY_INTERRUPT_DATA) -> None:
    """DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED (NFN-04): by Dxgkrnl's handles, of live fences; without
    an array Dxgkrnl looks at all. Whoever waits for a value that is reached goes on."""
    name = "DxgkCbNotifyInterrupt"
    array = arg.pSignaledNativeFenceArray
    named = ([*machine.handles.all(OsGlobalFence)] if array is None else
             [machine.handles.find(h, OsGlobalFence, f"{name}: pSignaledNativeFenceArray")
              for h in array])
    for fence in named:
        if fence.reached:
            fence.waiting = False
    machine.callback(name, (("hGlobalNativeFence", None if array is None else named[0]),))


def signal_event(machine: Machine, arg: DXGKARGCB_SIGNALEVENT) -> NtStatus:
    """DxgkCbSignalEvent (EVT-01, EVT-02, PRC-05): of a CPU event, or of a process; a process's is
    kept from the first use to the last."""
    name = "DxgkCbSignalEvent"
    enter(machine, name)
    if arg.CpuEventObject:
        if arg.hDxgkProcess != NULL:
            stop(Kind.CONTRACT, f"{name}: a process is named for a CPU event", "0xC4",
                 objects=(arg.hDxgkProcess,))
        item = machine.handles.find(arg.hEvent, OsCpuEvent, f"{name}: hEvent")
        item.owed = False
        machine.callback(name, (("hCpuEvent", item), ("hDxgkProcess", None), ("hEvent", None),
                                ("lastUse", arg.LastUse)))
        return NtStatus.STATUS_SUCCESS
    process = machine.handles.find(arg.hDxgkProcess, OsProcess, f"{name}: hDxgkProcess")
    mine = machine.handles.find(arg.hEvent, OsProcessEvent, f"{name}: hEvent")
    if mine.process is not process or process.kind != "Virtual":
        stop(Kind.BAD_HANDLE, f"{name}: {mine!r} is no event of {process!r}, or that is no process "
             "of a virtual machine", "0xC4", objects=(arg.hEvent,))
    mine.held = not arg.LastUse
    machine.callback(name, (("hCpuEvent", None), ("hDxgkProcess", process), ("hEvent", mine),
                            ("lastUse", arg.LastUse)))
    return NtStatus.STATUS_SUCCESS
