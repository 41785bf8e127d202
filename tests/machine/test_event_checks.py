"""What the machine notices when a driver signals events in a way that the pages exclude."""

from __future__ import annotations

import pytest

from tests.machine.test_fences_events import device, event
from wddmcheck.machine.event_structs import DXGKARGCB_SIGNALEVENT
from wddmcheck.machine.findings import BugCheck, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import CpuEvent
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKARG_CREATEPROCESS, NULL, Handle


class Signals(ReferenceMiniport):
    """Signals CPU events in a way of the test's own."""

    def how(self, item: CpuEvent) -> DXGKARGCB_SIGNALEVENT:
        raise NotImplementedError

    def signal_cpu_event(self, item: CpuEvent) -> None:
        self.dxgk(item.adapter).DxgkCbSignalEvent(self.how(item))


def stopped(machine: Machine) -> tuple[Kind, str]:
    """What stops the machine when a CPU event is signalled."""
    machine.event_happens(event(machine, device(machine)))
    machine.DxgkDdiInterruptRoutine()
    call = machine.DxgkDdiDpcRoutine()
    with pytest.raises(BugCheck) as error:
        machine.resume(call)
    return error.value.finding.kind, error.value.finding.message


def test_both_kinds_of_event_at_once() -> None:
    class Both(Signals):
        def how(self, item: CpuEvent) -> DXGKARGCB_SIGNALEVENT:
            return DXGKARGCB_SIGNALEVENT(item.device.process.os_handle, item.os_handle,
                                         CpuEventObject=True)

    kind, text = stopped(Machine(Both))
    assert kind is Kind.BAD_IRQL               # the process is paged, and this is the DPC
    assert "paged memory" in text

    class Kept(Signals):
        seen: Handle = NULL

        def DxgkDdiCreateProcess(self, hAdapter: Handle,
                                 pArgs: DXGKARG_CREATEPROCESS) -> NtStatus:
            self.seen = pArgs.hDxgkProcess
            return super().DxgkDdiCreateProcess(hAdapter, pArgs)

        def how(self, item: CpuEvent) -> DXGKARGCB_SIGNALEVENT:
            return DXGKARGCB_SIGNALEVENT(self.seen, item.os_handle, CpuEventObject=True)

    assert stopped(Machine(Kept)) == (
        Kind.CONTRACT, "DxgkCbSignalEvent: a process is named for a CPU event")


def test_the_drivers_own_handle_of_an_event() -> None:
    class Own(Signals):
        def how(self, item: CpuEvent) -> DXGKARGCB_SIGNALEVENT:
            return DXGKARGCB_SIGNALEVENT(NULL, self.pool.address(item), CpuEventObject=True)

    kind, text = stopped(Machine(Own))
    assert kind is Kind.BAD_HANDLE
    assert "is the driver's own handle" in text


def test_an_event_of_a_process_that_is_no_virtual_machine() -> None:
    machine = Machine(ReferenceMiniport)
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice()
    process = machine.DxgkDdiCreateProcess().created()
    owner = machine.DxgkDdiCreateDevice(hKmdProcess=process).created()
    item = machine.DxgkDdiEscape(hDevice=owner, command="add event").created()
    thread = machine.call("SignalProcessEvent", item=item)
    with pytest.raises(BugCheck, match="virtual machine"):
        machine.resume(thread)
