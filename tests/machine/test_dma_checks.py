"""What the machine notices when a driver does with DMA buffers what the pages exclude."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machine.test_dma_buffers import buffer, context, device, run
from wddmcheck.machine.dma_structs import (
    DXGKARG_PATCH,
    DXGKARG_SIGNALMONITOREDFENCE,
    DXGKARG_SUBMITCOMMANDVIRTUAL,
)
from wddmcheck.machine.findings import BugCheck, Finding, Kind
from wddmcheck.machine.gpu.dma import FIRST_PHYSICAL, DmaPacket
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.dma_buffers import DmaMiniport
from wddmcheck.machine.reference.objects import Adapter, Context, DmaAdapter, Submission
from wddmcheck.machine.runtime_structs import DXGKARG_QUERYCURRENTFENCE
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKARG_SUBMITCOMMAND, Handle

FAILS = NtStatus.STATUS_UNSUCCESSFUL


def the(findings: list[Finding]) -> tuple[Kind, str]:
    """The one finding."""
    (found,) = findings
    return found.kind, found.message


def test_a_reset_that_leaves_the_display_as_it_is() -> None:
    class Leaves(DmaMiniport):
        def DxgkDdiResetDevice(self, MiniportDeviceContext: Handle) -> None:
            pass

    machine = Machine(Leaves)
    device(machine)
    machine.DxgkDdiResetDevice()
    assert the(machine.findings) == (
        Kind.CONTRACT, "DxgkDdiResetDevice returns and the display is not in text mode")


class Answers(DmaMiniport):
    """Answers what the test wants, and reports nothing."""

    answer = 0

    def DxgkDdiQueryCurrentFence(self, hAdapter: Handle,
                                 pCurrentFence: DXGKARG_QUERYCURRENTFENCE) -> NtStatus:
        pCurrentFence.CurrentFence = self.answer
        return NtStatus.STATUS_SUCCESS


@pytest.mark.parametrize(("completes", "answer", "text"), [
    (True, 1, "fence 1 is complete and not reported"), (False, 1, "1, is not complete"),
    (False, 0, "")])
def test_answers_about_fences(completes: bool, answer: int, text: str) -> None:
    machine = Machine(Answers)
    item = buffer(machine, context(machine, device(machine)))
    machine.DxgkDdiSubmitCommandVirtual(buffer=item)
    if completes:
        run(machine, item)
    machine.miniport.answer = answer    # type: ignore[attr-defined]
    machine.DxgkDdiQueryCurrentFence()
    if not text:
        assert machine.findings == []
        return
    kind, message = the(machine.findings)
    assert kind is Kind.BAD_FENCE
    assert text in message


class Fails(DmaMiniport):
    """Fails what must not fail."""

    def DxgkDdiPatch(  # type: ignore[override]
            self, hAdapter: Handle, pPatch: DXGKARG_PATCH) -> NtStatus:
        return FAILS

    def DxgkDdiSubmitCommand(self, hAdapter: Handle,
                             pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> NtStatus:
        return FAILS

    def DxgkDdiSubmitCommandVirtual(
            self, hAdapter: Handle, pSubmitCommand: DXGKARG_SUBMITCOMMANDVIRTUAL) -> NtStatus:
        return FAILS

    def DxgkDdiSubmitCommandToHwQueue(self, hAdapter: Handle, arg: object) -> NtStatus:
        return FAILS


@pytest.mark.parametrize(("name", "resident", "code"), [
    ("DxgkDdiPatch", False, "0x119/0x3"), ("DxgkDdiSubmitCommand", True, "0x119/0x2")])
def test_what_must_not_fail(name: str, resident: bool, code: str) -> None:
    machine = Machine(Fails)
    owner = context(machine, device(machine))
    item = machine.DxgkDdiRender(hContext=owner, resident=resident).created()
    with pytest.raises(BugCheck) as error:
        machine.call(name, buffer=item)
    assert error.value.finding.stop == code


def test_other_errors_of_a_submission() -> None:
    machine = Machine(Fails)
    owner = context(machine, device(machine))
    queued = buffer(machine, owner, "HardwareQueue")
    machine.DxgkDdiSubmitCommandToHwQueue(buffer=queued)
    assert (queued.fence, queued.private) == (0, None)
    with pytest.raises(BugCheck, match="DxgkDdiSubmitCommandVirtual fails"):
        machine.DxgkDdiSubmitCommandVirtual(buffer=buffer(machine, owner))


def test_a_preemption_before_what_is_complete() -> None:
    class Hurries(DmaMiniport):
        def report_complete(self, adapter: Adapter, ordinal: int) -> None:
            pass

    machine = Machine(Hurries)
    item = machine.DxgkDdiRender(hContext=context(machine, device(machine)),
                                 resident=True).created()
    machine.DxgkDdiSubmitCommand(buffer=item)
    run(machine, item)
    machine.DxgkDdiPreemptCommand()
    kind, message = the(machine.findings)
    assert kind is Kind.BAD_FENCE
    assert "complete and not reported; it will run twice" in message


def test_a_fence_that_is_reported_twice() -> None:
    class Twice(DmaMiniport):
        def is_done(self, adapter: DmaAdapter, submission: Submission) -> bool:
            return True

    machine = Machine(Twice)
    item = buffer(machine, context(machine, device(machine)))
    machine.DxgkDdiSubmitCommandVirtual(buffer=item)
    run(machine, item)
    machine.DxgkDdiInterruptRoutine()
    with pytest.raises(BugCheck, match="reports fence 1 again"):
        machine.DxgkDdiQueryCurrentFence()


@pytest.mark.parametrize(("address", "physical"), [
    (FIRST_PHYSICAL - 1, True), (FIRST_PHYSICAL + (1 << 30), True), (64, False)])
def test_a_buffer_that_is_not_there(address: int, physical: bool) -> None:
    class Elsewhere(DmaMiniport):
        def give(self, context: Context, packet: DmaPacket, data: object) -> None:
            packet.address, packet.physical = address, physical
            super().give(context, packet, None)

    machine = Machine(Elsewhere)
    item = buffer(machine, context(machine, device(machine)))
    machine.DxgkDdiSubmitCommandVirtual(buffer=item)
    with pytest.raises(BugCheck, match="fetches commands at .* where nothing is"):
        run(machine, item)


def test_a_fence_that_is_written_where_nothing_is() -> None:
    class Elsewhere(DmaMiniport):
        def DxgkDdiSignalMonitoredFence(  # type: ignore[override]
                self, hContext: Handle, arg: DXGKARG_SIGNALMONITOREDFENCE) -> NtStatus:
            arg.pDmaBuffer.write(replace(arg.pDmaBuffer.read(), fence_va=64))
            return NtStatus.STATUS_SUCCESS

    machine = Machine(Elsewhere)
    owner = context(machine, device(machine))
    item, fence = buffer(machine, owner), machine.create_monitored_fence(owner.device)
    machine.DxgkDdiSignalMonitoredFence(buffer=item, fence=fence)
    kind, message = the(machine.findings)
    assert kind is Kind.CONTRACT
    assert "writes 0 at 0x40, not 1 at" in message
    machine.DxgkDdiSubmitCommandVirtual(buffer=item)
    with pytest.raises(BugCheck, match="writes a fence at 0x40"):
        run(machine, item)


def test_an_area_of_the_application_that_is_gone() -> None:
    class Forgets(DmaMiniport):
        def map_area(self, context: Context, area: Handle) -> int:
            return 64

    machine = Machine(Forgets)
    item = buffer(machine, context(machine, device(machine)))
    machine.DxgkDdiSubmitCommandVirtual(buffer=item)
    with pytest.raises(BugCheck, match="reads 0x40"):
        run(machine, item)
