"""What follows a scenario: everything comes to its end, or it is said what does not."""

from __future__ import annotations

from typing import Any

import pytest

from wddmcheck.machine.findings import Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.status import NtStatus

SUCCESS = NtStatus.STATUS_SUCCESS


def busy(driver: type[ReferenceMiniport] = ReferenceMiniport) -> tuple[Machine, Any]:
    """A started machine with a packet in the queue, and its context."""
    machine = Machine(driver)
    machine.call("DxgkDdiAddDevice")
    machine.call("DxgkDdiStartDevice")
    process = machine.call("DxgkDdiCreateProcess").created()
    device = machine.call("DxgkDdiCreateDevice", hKmdProcess=process).created()
    context = machine.call("DxgkDdiCreateContext", hDevice=device).created()
    machine.call("DxgkDdiSubmitCommand", hContext=context)
    return machine, context


def nothing(machine: Machine, context: Any) -> None:
    """It just goes on."""


def preempted(machine: Machine, context: Any) -> None:
    """A packet that came back."""
    machine.call("DxgkDdiPreemptCommand")
    machine.preempt()
    machine.call("DxgkDdiInterruptRoutine")


def asked(machine: Machine, context: Any) -> None:
    """A preemption that the node has not served yet."""
    machine.call("DxgkDdiPreemptCommand")


def hangs(machine: Machine, context: Any) -> None:
    """A packet that never ends by itself."""
    machine.run_packet(context)
    machine.hang()


def timed_out(machine: Machine, context: Any) -> None:
    """A timeout that was noticed."""
    machine.run_packet(context)
    machine.call("DxgkDdiQueryDependentEngineGroup")


def lost(machine: Machine, context: Any) -> None:
    """An engine that does not come back."""
    timed_out(machine, context)
    machine.call("DxgkDdiResetEngine", failing="reset")


def half_reset(machine: Machine, context: Any) -> None:
    """The reset of the adapter, half way."""
    machine.call("DxgkDdiCreateAllocation")
    lost(machine, context)
    machine.call("DxgkDdiResetFromTimeout")


def being_destroyed(machine: Machine, context: Any) -> None:
    """A context on its way out."""
    machine.run_packet(context)
    machine.complete_packet(context)
    machine.call("DxgkDdiDestroyContext", hContext=context)


def pulled_out(machine: Machine, context: Any) -> None:
    """A device that went while a context goes."""
    being_destroyed(machine, context)
    machine.unplug()


@pytest.mark.parametrize("before", [nothing, preempted, asked, hangs, timed_out, lost, half_reset,
                                    being_destroyed, pulled_out], ids=lambda f: f.__name__)
def test_everything_comes_to_its_end(before: Any) -> None:
    machine, context = busy()
    before(machine, context)
    machine.aftermath()
    assert (machine.findings, machine.adapter.state, machine.calls) == ([], "absent", [])


def test_before_the_start_and_after_the_end() -> None:
    machine = Machine(ReferenceMiniport)
    machine.aftermath()
    assert machine.steps == 0
    machine.call("DxgkDdiAddDevice")
    machine.aftermath()
    assert (machine.findings, machine.adapter.state) == ([], "absent")


class NeverReturns(ReferenceMiniport):
    def DxgkDdiDestroyContext(self, hContext: int) -> Pauses:
        while True:
            yield PREEMPT


class NeverAnswers(ReferenceMiniport):
    def DxgkDdiPreemptCommand(self, hAdapter: int, pPreemptCommand: Any) -> NtStatus:
        return SUCCESS


class NeverReports(ReferenceMiniport):
    def report(self, context: Any) -> None:
        pass


@pytest.mark.parametrize(("driver", "before", "found"), [
    (NeverReturns, being_destroyed, "DxgkDdiDestroyContext never returns"),
    (NeverAnswers, asked, "the preemption 2 is never answered"),
    (NeverReports, nothing, "the packet with fence 1 never ends"),
])
def test_what_never_ends(driver: type[ReferenceMiniport], before: Any, found: str) -> None:
    machine, context = busy(driver)
    before(machine, context)
    machine.aftermath()
    assert machine.findings[0].kind is Kind.STUCK
    assert found in machine.findings[0].message
