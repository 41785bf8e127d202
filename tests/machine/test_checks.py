"""What the machine notices: for each check a driver that trips it, next to the reference miniport,
which does not (tests of the reference and the agreement with the model)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

import pytest

from wddmcheck.machine.allocation_structs import (
    DXGKARGCB_GETHANDLEDATA,
    DXGKARGCB_RELEASEHANDLEDATA,
)
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.machine.dxgkrnl.calls import Call
from wddmcheck.machine.dxgkrnl.objects import OsContextAllocation, OsPages
from wddmcheck.machine.findings import BugCheck, Finding, Kind, OutOfReachError
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import PREEMPT, Pauses, Wait
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.processor import Irql
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import (
    Adapter,
    Allocation,
    Context,
    Device,
    OpenAllocation,
    Process,
)
from wddmcheck.machine.scenario import DriverMistake, Scenario
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CREATECONTEXTALLOCATIONFLAGS,
    DXGK_INTERRUPT_TYPE,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    Out,
)

SUCCESS = NtStatus.STATUS_SUCCESS


class Driver(ReferenceMiniport):
    """The reference, whose CreateProcess calls `hook` first: a place to misuse callbacks."""

    hook: Callable[[Any, Adapter], None] = staticmethod(lambda self, adapter: None)

    def DxgkDdiCreateProcess(self, hAdapter: int, pArgs: Any) -> NtStatus:
        type(self).hook(self, self.pool.at(hAdapter, Adapter))
        return super().DxgkDdiCreateProcess(hAdapter, pArgs)


def driver(hook: Callable[[Any, Adapter], None]) -> type[ReferenceMiniport]:
    return type("Misuse", (Driver,), {"hook": staticmethod(hook)})


def started(factory: Callable[[Any], Any] = ReferenceMiniport) -> Machine:
    machine = Machine(factory)
    machine.call("DxgkDdiAddDevice")
    machine.call("DxgkDdiStartDevice")
    return machine


def busy(factory: Callable[[Any], Any] = ReferenceMiniport) -> tuple[Machine, dict[str, Any]]:
    """A machine with one of each, and a packet that is queued."""
    machine = started(factory)
    made: dict[str, Any] = {}
    made["process"] = machine.call("DxgkDdiCreateProcess").created()
    made["device"] = machine.call("DxgkDdiCreateDevice", hKmdProcess=made["process"]).created()
    made["context"] = machine.call("DxgkDdiCreateContext", hDevice=made["device"]).created()
    made["allocation"] = machine.call("DxgkDdiCreateAllocation").created()
    made["opening"] = machine.call("DxgkDdiOpenAllocation", hDevice=made["device"],
                                   hAllocation=made["allocation"]).created()
    machine.call("DxgkDdiSubmitCommand", hContext=made["context"], hOpen=made["opening"])
    return machine, made


def stops(machine: Machine, name: str, /, **args: Any) -> Finding:
    with pytest.raises(BugCheck):
        machine.call(name, **args)
    assert machine.stopped is not None
    with pytest.raises(OutOfReachError, match="the machine has stopped"):
        machine.call("DxgkDdiCreateAllocation")
    return machine.stopped


# --- callbacks -----------------------------------------------------------------------------------

AREA = DXGKARGCB_CREATECONTEXTALLOCATION
SHARED = DXGK_CREATECONTEXTALLOCATIONFLAGS.SharedAcrossContexts
DONE = DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED
PREEMPTED = DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_PREEMPTED


def notify(self: Any, adapter: Adapter, *args: Any, **more: Any) -> None:
    assert adapter.dxgk is not None
    handle = adapter.dxgk.DeviceHandle
    data = DXGKARGCB_NOTIFY_INTERRUPT_DATA(*args, **more)
    adapter.dxgk.DxgkCbSynchronizeExecution(
        handle, lambda: adapter.dxgk.DxgkCbNotifyInterrupt(handle, data))


CALLBACKS: dict[str, tuple[Callable[[Any, Any], Any], Kind, str, str]] = {
    "the driver's handle of the adapter": (
        lambda self, a: a.dxgk.DxgkCbQueueDpc(self.pool.address(a)),
        Kind.BAD_HANDLE, "0xC4", "is not the adapter's DeviceHandle"),
    "a device that is none": (
        lambda self, a: a.dxgk.DxgkCbCreateContextAllocation(AREA(a.dxgk.DeviceHandle, 12, 0)),
        Kind.BAD_HANDLE, "0xC4", "is no handle of Device"),
    "the driver's handle of a device": (
        lambda self, a: a.dxgk.DxgkCbCreateContextAllocation(
            AREA(a.dxgk.DeviceHandle, self.pool.address(a), 0)),
        Kind.BAD_HANDLE, "0xC4", "is the driver's own handle"),
    "an area that never was": (
        lambda self, a: a.dxgk.DxgkCbDestroyContextAllocation(a.dxgk.DeviceHandle, 0x4000_0000),
        Kind.BAD_HANDLE, "0xC4", "is no handle of ContextAllocation"),
    "an object of another kind": (
        lambda self, a: a.dxgk.DxgkCbAcquireHandleData(
            DXGKARGCB_GETHANDLEDATA(a.dxgk.DeviceHandle), Out(0)),
        Kind.BAD_HANDLE, "0xC4", "is no handle of Allocation"),
    "a reference that was not taken": (
        lambda self, a: a.dxgk.DxgkCbReleaseHandleData(DXGKARGCB_RELEASEHANDLEDATA(0x40)),
        Kind.BAD_HANDLE, "0xC4", "is no handle of Allocation"),
    "a fence that was never submitted": (
        lambda self, a: notify(self, a, DONE, 77),
        Kind.BAD_FENCE, "0x119/0x1", "fence 77, which is not outstanding"),
    "a preemption that nobody asked for": (
        lambda self, a: notify(self, a, PREEMPTED, PreemptionFenceId=5),
        Kind.BAD_FENCE, "0x119/0x1", "reports the preemption 5; none is outstanding"),
    "a report at PASSIVE_LEVEL": (
        lambda self, a: a.dxgk.DxgkCbNotifyInterrupt(
            a.dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(DONE, 1)),
        Kind.BAD_IRQL, "", "DxgkCbNotifyInterrupt"),
    "a DPC report at PASSIVE_LEVEL": (
        lambda self, a: a.dxgk.DxgkCbNotifyDpc(a.dxgk.DeviceHandle),
        Kind.BAD_IRQL, "", "DxgkCbNotifyDpc"),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_check_their_arguments(name: str) -> None:
    hook, kind, code, says = CALLBACKS[name]
    found = stops(started(driver(hook)), "DxgkDdiCreateProcess")
    assert found.kind is kind
    assert says in found.message
    assert found.stop.startswith(code)
    assert "test_checks.py" in found.where


class MisusesAreas(ReferenceMiniport):
    """Creates its save areas as `how` says."""

    how = ""

    def create_area(self, context: Context) -> bool:
        dxgk = self.dxgk(context.adapter)
        device, os_handle = context.device.os_handle, context.os_handle
        args = {"shared with a context": (device, os_handle, 0, SHARED),
                "private without a context": (device, 0, 0)}[self.how]
        dxgk.DxgkCbCreateContextAllocation(AREA(dxgk.DeviceHandle, *args))
        return True


@pytest.mark.parametrize("how", ["shared with a context", "private without a context"])
def test_a_context_allocation_is_shared_or_of_a_context(how: str) -> None:
    machine = started(type("M", (MisusesAreas,), {"how": how}))
    process = machine.call("DxgkDdiCreateProcess").created()
    device = machine.call("DxgkDdiCreateDevice", hKmdProcess=process).created()
    assert stops(machine, "DxgkDdiCreateContext", hDevice=device).kind is Kind.CONTRACT


class FreesAreasTwice(ReferenceMiniport):
    def free_context_areas(self, context: Context) -> Generator[Wait, None, None]:
        yield from super().free_context_areas(context)
        yield from super().free_context_areas(context)


def test_a_context_allocation_is_destroyed_once() -> None:
    machine, made = busy(FreesAreasTwice)
    machine.run_packet(made["context"])
    machine.complete_packet(made["context"])
    call = machine.call("DxgkDdiDestroyContext", hContext=made["context"])
    with pytest.raises(BugCheck) as error:
        machine.resume(call)
    assert error.value.finding.kind is Kind.DOUBLE_FREE


class ReleasesTwice(ReferenceMiniport):
    def inspect(self, allocation: Allocation) -> None:
        dxgk = next(b.content for b in self.pool.live() if isinstance(b.content, Adapter)).dxgk
        handle = self.handle
        dxgk.DxgkCbReleaseHandleData(DXGKARGCB_RELEASEHANDLEDATA(handle))

    def DxgkDdiEscape(self, hAdapter: int, pEscape: Any) -> Any:
        self.handle = pEscape.hAllocation
        return super().DxgkDdiEscape(hAdapter, pEscape)


def test_a_reference_is_released_once() -> None:
    machine, made = busy(ReleasesTwice)
    call = machine.call("DxgkDdiEscape", hDevice=made["device"], hAllocation=made["allocation"])
    with pytest.raises(BugCheck, match="released more often than acquired"):
        machine.resume(call)


class ReportsTooEarly(ReferenceMiniport):
    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext: int, MessageNumber: int) -> bool:
        for context in self.pool.at(MiniportDeviceContext, Adapter).nodes[0].submissions:
            self.report(context)
        return super().DxgkDdiInterruptRoutine(MiniportDeviceContext, MessageNumber)


def test_a_fence_is_reported_when_it_is_complete() -> None:
    machine, _ = busy(ReportsTooEarly)
    machine.vsync()
    assert "whose packet is queued" in stops(machine, "DxgkDdiInterruptRoutine").message


# --- IRQL ----------------------------------------------------------------------------------------


class TouchesPagedMemory(ReferenceMiniport):
    def retire(self, context: Context) -> None:
        _ = context.device.process
        super().retire(context)


def test_the_dpc_may_not_touch_paged_memory() -> None:
    machine, made = busy(TouchesPagedMemory)
    machine.run_packet(made["context"])
    machine.complete_packet(made["context"])
    machine.call("DxgkDdiInterruptRoutine")
    found = stops(machine, "DxgkDdiDpcRoutine")
    assert (found.kind, found.stop) == (Kind.BAD_IRQL, "0xD1")
    assert "test_checks.py" in found.where


def test_levels_are_those_of_the_pages() -> None:
    seen: dict[str, Irql] = {}

    class Watches(ReferenceMiniport):
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("DxgkDdi"):
                seen[name] = self.kernel.processor.irql
            return super().__getattribute__(name)

    machine, made = busy(Watches)
    machine.run_packet(made["context"])
    machine.complete_packet(made["context"])
    machine.call("DxgkDdiInterruptRoutine")
    machine.call("DxgkDdiDpcRoutine")
    assert seen["DxgkDdiInterruptRoutine"] is Irql.DIRQL
    assert seen["DxgkDdiDpcRoutine"] is seen["DxgkDdiSubmitCommand"] is Irql.DISPATCH_LEVEL
    assert seen["DxgkDdiCreateContext"] is Irql.PASSIVE_LEVEL


# --- results -------------------------------------------------------------------------------------


def returning(result: object) -> type[ReferenceMiniport]:
    def ddi(self: Any, *args: Any) -> Any:
        return result

    return type("Returns", (ReferenceMiniport,), {"DxgkDdiCreateProcess": ddi})


@pytest.mark.parametrize(("result", "says"), [
    (None, "returns None, which is no status"), ("well", "returns 'well'"), (5, "returns 5")])
def test_results_that_are_none(result: object, says: str) -> None:
    machine = started(returning(result))
    call = machine.call("DxgkDdiCreateProcess")
    assert not call.succeeded
    (found,) = machine.findings
    assert found.kind is Kind.BAD_STATUS
    assert says in found.message


def test_statuses_that_the_page_does_not_name() -> None:
    def ddi(self: Any, *args: Any) -> Any:
        return NtStatus.STATUS_GRAPHICS_ALLOCATION_BUSY

    machine, made = busy(type("Busy", (ReferenceMiniport,), {"DxgkDdiEscape": ddi}))
    machine.call("DxgkDdiEscape", hDevice=made["device"])
    assert machine.findings[0].kind is Kind.BAD_STATUS
    assert "STATUS_GRAPHICS_ALLOCATION_BUSY; its page names" in machine.findings[0].message


def test_plain_numbers_are_statuses_too() -> None:
    machine = started(returning(0xC0000017))
    assert machine.call("DxgkDdiCreateProcess").status is NtStatus.STATUS_NO_MEMORY
    assert machine.findings == []


def test_an_exception_in_the_driver() -> None:
    found = stops(started(driver(lambda self, a: 1 // 0)), "DxgkDdiCreateProcess")
    assert (found.kind, found.stop) == (Kind.BAD_ACCESS, "0x7E")
    assert "ZeroDivisionError" in found.message
    assert "test_checks.py" in found.where


def test_a_pause_that_is_none() -> None:
    def ddi(self: Any, *args: Any) -> Any:
        yield 3

    machine = started(type("Y", (ReferenceMiniport,), {"DxgkDdiCreateProcess": ddi}))
    with pytest.raises(TypeError, match="yields PREEMPT or a Wait"):
        machine.call("DxgkDdiCreateProcess")


def test_a_ddi_that_the_driver_does_not_have() -> None:
    class Old:
        def __init__(self, kernel: Any) -> None:
            self.inner = ReferenceMiniport(kernel)

        def __getattr__(self, name: str) -> Any:
            if name == "DxgkDdiPreemptCommand":
                raise AttributeError(name)
            return getattr(self.inner, name)

    machine = started(Old)
    with pytest.raises(OutOfReachError, match="the driver has no DxgkDdiPreemptCommand") as error:
        machine.call("DxgkDdiPreemptCommand")
    assert error.value.driver
    with pytest.raises(OutOfReachError, match="never calls DxgkDdiDance"):
        machine.call("DxgkDdiDance")


# --- the books -----------------------------------------------------------------------------------


def without(method: str) -> type[ReferenceMiniport]:
    def nothing(self: Any, *args: Any) -> NtStatus:
        return SUCCESS

    return type("Without", (ReferenceMiniport,), {method: nothing})


class GivesNull(ReferenceMiniport):
    def DxgkDdiAddDevice(self, PhysicalDeviceObject: int, MiniportDeviceContext: Any) -> NtStatus:
        MiniportDeviceContext.value = 0
        return SUCCESS


@pytest.mark.parametrize(("driver", "says"), [
    (without("DxgkDdiAddDevice"), "does not set MiniportDeviceContext"),
    (GivesNull, "gives no context block")])
def test_add_device_gives_a_context_block(driver: type[ReferenceMiniport], says: str) -> None:
    machine = Machine(driver)
    machine.call("DxgkDdiAddDevice")
    (found,) = machine.findings
    assert found.kind is Kind.CONTRACT
    assert says in found.message


class FreesInUse(ReferenceMiniport):
    def DxgkDdiCreateDevice(self, hAdapter: int, pCreateDevice: Any) -> NtStatus:
        self.pool.free(self.pool.at(pCreateDevice.hKmdProcess, Process), Process.TAG)
        return SUCCESS


def test_a_structure_goes_while_its_handle_lives() -> None:
    machine = started(FreesInUse)
    process = machine.call("DxgkDdiCreateProcess").created()
    machine.call("DxgkDdiCreateDevice", hKmdProcess=process)
    assert machine.findings[0].kind is Kind.CONTRACT
    assert "still holds its handle" in machine.findings[0].message


@pytest.mark.parametrize(("method", "destroy", "what"), [
    ("DxgkDdiCloseAllocation", ("DxgkDdiCloseAllocation", "device", "opening"), OpenAllocation),
    ("DxgkDdiDestroyDevice", ("DxgkDdiDestroyDevice", "device"), Device),
    ("DxgkDdiDestroyProcess", ("DxgkDdiDestroyProcess", "process"), Process),
])
def test_a_destroy_that_does_nothing(method: str, destroy: tuple[str, ...], what: type) -> None:
    machine = started(without(method))
    made: dict[str, Any] = {}
    made["process"] = machine.call("DxgkDdiCreateProcess").created()
    made["device"] = machine.call("DxgkDdiCreateDevice", hKmdProcess=made["process"]).created()
    made["opening"] = None
    if "opening" in destroy:
        allocation = machine.call("DxgkDdiCreateAllocation").created()
        made["opening"] = machine.call("DxgkDdiOpenAllocation", hDevice=made["device"],
                                       hAllocation=allocation).created()
    elif "process" in destroy:
        machine.call("DxgkDdiDestroyDevice", hDevice=made["device"])
    names = {"device": "hDevice", "opening": "hOpen", "process": "hKmdProcess"}
    machine.call(destroy[0], **{names[n]: made[n] for n in destroy[1:]})
    (found,) = machine.findings
    assert (found.kind, found.objects) == (Kind.LEAK, (made[destroy[-1]].kmd,))
    assert f"leaves {what.__name__}" in found.message
    assert "was allocated at" in found.details[0]


@pytest.mark.parametrize("name", ["DxgkDdiCreateProcess", "DxgkDdiCreateDevice",
                                  "DxgkDdiCreateContext", "DxgkDdiCreateAllocation",
                                  "DxgkDdiOpenAllocation", "DxgkDdiStartDevice",
                                  "DxgkDdiAddDevice"])
def test_every_allocation_of_every_create_can_fail(name: str) -> None:
    """One after the other, until none is left to fail; nothing may be left behind."""
    for number in range(1, 6):
        machine = Machine(ReferenceMiniport)
        if name != "DxgkDdiAddDevice":
            machine.call("DxgkDdiAddDevice")
        args: dict[str, Any] = {}
        if name not in ("DxgkDdiAddDevice", "DxgkDdiStartDevice"):
            machine.call("DxgkDdiStartDevice")
            process = machine.call("DxgkDdiCreateProcess").created()
            device = machine.call("DxgkDdiCreateDevice", hKmdProcess=process).created()
            allocation = machine.call("DxgkDdiCreateAllocation").created()
            args = {"DxgkDdiCreateDevice": {"hKmdProcess": process},
                    "DxgkDdiCreateContext": {"hDevice": device},
                    "DxgkDdiCreateAllocation": {"makeResource": True, "count": 2},
                    "DxgkDdiOpenAllocation": {"hDevice": device, "hAllocation": allocation},
                    }.get(name, {})
        before = [b.address for b in machine.pool.live()]
        call = machine.call(name, failing=f"pool:*:{number}", **args)
        assert machine.findings == []
        if call.succeeded:
            assert number > 1
            return
        assert [b.address for b in machine.pool.live()] == before
    raise AssertionError(f"{name} allocates without end")


def test_a_create_that_fails_and_leaves_something() -> None:
    machine = started(DEFECTS["createallocation_failure_leaves_first"])
    machine.call("DxgkDdiCreateAllocation", count=2, failing="pool:Allocation:2")
    (found,) = machine.findings
    assert found.kind is Kind.LEAK
    assert "fails and leaves behind: Allocation" in found.message


def test_what_is_left_at_the_end() -> None:
    machine = started(DEFECTS["stop_leaks_isr_state"])
    machine.resume(machine.call("DxgkDdiStopDevice"))
    machine.call("DxgkDdiRemoveDevice")
    stopped, removed = machine.findings
    assert stopped.message == (
        "DxgkDdiStopDevice leaves what DxgkDdiStartDevice has made: IsrState")
    assert (removed.kind, removed.stop) == (Kind.LEAK, "0xC4/0x62")


class KeepsRingEntries(ReferenceMiniport):
    def free_context(self, context: Context) -> None:
        self.pool.free(context, Context.TAG)


def test_ring_entries_are_left() -> None:
    machine, made = busy(KeepsRingEntries)
    machine.run_packet(made["context"])
    machine.complete_packet(made["context"])
    machine.resume(machine.call("DxgkDdiDestroyContext", hContext=made["context"]))
    from wddmcheck.machine import sequences

    sequences.stop(machine, remove=True).run()
    assert [f.message for f in machine.findings] == ["ring entries of packets [1] are left"]


class ClaimsEverything(ReferenceMiniport):
    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext: int, MessageNumber: int) -> bool:
        super().DxgkDdiInterruptRoutine(MiniportDeviceContext, MessageNumber)
        return True


def test_the_interrupt_of_another_device() -> None:
    machine = started(ClaimsEverything)
    machine.call("DxgkDdiInterruptRoutine", shared=True)
    assert "claims the interrupt of another device" in machine.findings[0].message


class TouchesDeadHardware(ReferenceMiniport):
    def DxgkDdiNotifySurpriseRemoval(self, MiniportDeviceContext: int, RemovalType: Any) -> Any:
        return SUCCESS


def test_hardware_that_is_gone_is_left_alone() -> None:
    machine = started(TouchesDeadHardware)
    machine.unplug()
    machine.call("DxgkDdiNotifySurpriseRemoval")
    machine.call("DxgkDdiStopDevice")
    assert "touches the hardware after" in machine.findings[0].message
    assert "in enable_interrupts" in machine.findings[0].where


class WrongReset(ReferenceMiniport):
    def DxgkDdiResetEngine(self, hAdapter: int, pResetEngine: Any) -> NtStatus:
        status = super().DxgkDdiResetEngine(hAdapter, pResetEngine)
        pResetEngine.LastAbortedFenceId = 99
        return status


def test_the_last_aborted_fence() -> None:
    machine, _ = busy(WrongReset)
    assert stops(machine, "DxgkDdiResetEngine").stop == "0x119/0xA"


class LazyReset(ReferenceMiniport):
    def DxgkDdiResetFromTimeout(self, hAdapter: int) -> NtStatus:
        return SUCCESS


def test_after_a_reset_the_gpu_holds_nothing() -> None:
    machine, made = busy(LazyReset)
    machine.run_packet(made["context"])
    machine.resume(machine.call("DxgkDdiResetFromTimeout"))
    assert machine.findings[0].kind is Kind.GPU_ACCESS


@pytest.mark.parametrize(("name", "code"), [
    ("DxgkDdiPreemptCommand", "0x119/0x2"), ("DxgkDdiResetFromTimeout", "0x116"),
    ("DxgkDdiRestartFromTimeout", "0x116"), ("DxgkDdiNotifySurpriseRemoval", "")])
def test_what_may_not_fail(name: str, code: str) -> None:
    def fails(self: Any, *args: Any) -> NtStatus:
        return NtStatus.STATUS_UNSUCCESSFUL

    machine, made = busy(type("Fails", (ReferenceMiniport,), {name: fails}))
    if name == "DxgkDdiRestartFromTimeout":
        machine.resume(machine.call("DxgkDdiResetFromTimeout"))
        machine.call("DxgkDdiBuildPagingBuffer", operation="TransferSizeZero",
                     hAllocation=made["allocation"])
    if name == "DxgkDdiNotifySurpriseRemoval":
        machine.unplug()
    assert stops(machine, name).stop == code


class Recovers(ReferenceMiniport):
    """Does in a recovery what `mistake` says."""

    mistake = ""

    def DxgkDdiQueryDependentEngineGroup(self, hAdapter: int, pQuery: Any) -> NtStatus:
        super().DxgkDdiQueryDependentEngineGroup(hAdapter, pQuery)
        if self.mistake == "mask":
            pQuery.DependentNodeOrdinalMask = 2
        return SUCCESS

    def DxgkDdiResetEngine(self, hAdapter: int, pResetEngine: Any) -> NtStatus:
        if self.mistake == "reports":
            self.report_all(self.pool.at(hAdapter, Adapter).nodes[0])
        if self.mistake == "leaves":
            return SUCCESS
        super().DxgkDdiResetEngine(hAdapter, pResetEngine)
        pResetEngine.LastAbortedFenceId += {"early": -1, "late": 1}.get(self.mistake, 0)
        return SUCCESS

    def DxgkDdiBuildPagingBuffer(self, hAdapter: int, pBuildPagingBuffer: Any) -> NtStatus:
        if self.mistake == "touches":
            self.registers(self.pool.at(hAdapter, Adapter)).copy_engine_ready()
        return super().DxgkDdiBuildPagingBuffer(hAdapter, pBuildPagingBuffer)


@pytest.mark.parametrize(("mistake", "found"), [
    ("mask", "gives 0x2, without node 0 itself"), ("late", "gives 2 as the last aborted fence"),
    ("early", "the packet with fence 1 was running"), ("leaves", "leaves packets [1] on the node"),
    ("reports", "DxgkCbNotifyInterrupt is called at PASSIVE_LEVEL")])
def test_what_a_reset_of_an_engine_gets_wrong(mistake: str, found: str) -> None:
    machine, made = busy(type("Wrong", (Recovers,), {"mistake": mistake}))
    machine.run_packet(made["context"])
    with suppress(BugCheck):
        machine.call("DxgkDdiQueryDependentEngineGroup")
        machine.call("DxgkDdiResetEngine")
    assert any(found in f.message for f in machine.findings)


def test_hands_off_the_gpu_while_dxgkrnl_cleans_up() -> None:
    machine, made = busy(type("Touches", (Recovers,), {"mistake": "touches"}))
    machine.resume(machine.call("DxgkDdiResetFromTimeout"))
    machine.vsync()
    machine.call("DxgkDdiInterruptRoutine")
    assert machine.findings == []
    machine.call("DxgkDdiBuildPagingBuffer", operation="TransferSizeZero",
                 hAllocation=made["allocation"])
    assert "between DxgkDdiResetFromTimeout and DxgkDdiRestart" in machine.findings[0].message


class WritesTooMuch(ReferenceMiniport):
    def DxgkDdiCollectDbgInfo(self, hAdapter: int, pCollectDbgInfo: Any) -> NtStatus:
        pCollectDbgInfo.pBuffer[:] = b"x" * 1000
        return SUCCESS


def test_a_debug_report_that_does_not_fit() -> None:
    machine = started(WritesTooMuch)
    machine.call("DxgkDdiCollectDbgInfo")
    assert "1000 bytes into a buffer of 16" in machine.findings[0].message


def test_a_context_says_how_large_its_buffers_are() -> None:
    class Silent(ReferenceMiniport):
        def DxgkDdiCreateContext(self, hDevice: int, pCreateContext: Any) -> Pauses:
            status = yield from super().DxgkDdiCreateContext(hDevice, pCreateContext)
            pCreateContext.ContextInfo.DmaBufferSize = 0
            return status

    machine, _ = busy(Silent)
    assert "how large a DMA buffer is" in machine.findings[0].message


# --- overlap -------------------------------------------------------------------------------------


def paused(machine: Machine, made: dict[str, Any]) -> Call:
    call = machine.call("DxgkDdiEscape", hDevice=made["device"], hAllocation=made["allocation"])
    assert call.at == "preempted"
    return call


def test_calls_of_one_process_do_not_overlap() -> None:
    machine, made = busy()
    paused(machine, made)
    with pytest.raises(OutOfReachError, match="both belong to one process"):
        machine.call("DxgkDdiCreateContext", hDevice=made["device"])
    other = machine.call("DxgkDdiCreateProcess").created()
    assert machine.call("DxgkDdiCreateDevice", hKmdProcess=other).succeeded


def test_level_three_is_alone() -> None:
    machine, made = busy()
    machine.run_packet(made["context"])
    paused(machine, made)
    with pytest.raises(OutOfReachError, match="is at threading level 3: nothing else runs"):
        machine.call("DxgkDdiResetFromTimeout")


def test_one_thread_of_the_scheduler() -> None:
    class Pauses(ReferenceMiniport):
        def DxgkDdiBuildPagingBuffer(self, hAdapter: int, pBuildPagingBuffer: Any) -> Any:
            yield PREEMPT
            return super().DxgkDdiBuildPagingBuffer(hAdapter, pBuildPagingBuffer)

    machine, made = busy(Pauses)
    machine.call("DxgkDdiBuildPagingBuffer", operation="TransferStart",
                 hAllocation=made["allocation"])
    with pytest.raises(OutOfReachError, match="gpu-scheduler"):
        machine.call("DxgkDdiResetEngine")
    assert machine.call("DxgkDdiCreateAllocation").succeeded


def test_a_wait_that_has_not_ended() -> None:
    machine = started()
    machine.vsync()
    machine.call("DxgkDdiInterruptRoutine")
    stop = machine.resume(machine.call("DxgkDdiStopDevice"))
    assert stop.at == "waits for KeFlushQueuedDpcs"
    with pytest.raises(OutOfReachError, match="still waits for KeFlushQueuedDpcs"):
        machine.resume(stop)
    machine.call("DxgkDdiDpcRoutine")
    assert machine.resume(stop).succeeded
    assert machine.resume(stop).returned


# --- scenarios -----------------------------------------------------------------------------------


def test_a_scenario_that_dxgkrnl_would_never_take() -> None:
    with pytest.raises(AssertionError, match="step 1: Dxgkrnl would never take this step"), \
            Scenario(Machine(ReferenceMiniport)) as run:
        run.DxgkDdiStartDevice()


def test_a_driver_that_fails_for_no_reason() -> None:
    with pytest.raises(AssertionError, match="although nothing was made to fail"), \
            Scenario(started(returning(NtStatus.STATUS_NO_MEMORY))) as run:
        run.DxgkDdiCreateProcess()


def test_a_driver_without_the_ddi() -> None:
    with pytest.raises(AssertionError, match="step 1: the miniport has no DxgkDdiAddDevice"), \
            Scenario(Machine(lambda kernel: object())) as run:  # type: ignore[arg-type,return-value]
        run.DxgkDdiAddDevice()


def test_a_name_that_is_no_step() -> None:
    with pytest.raises(AttributeError, match="a scenario has no `dance`"), \
            Scenario(Machine(ReferenceMiniport)) as run:
        run.dance()
    with pytest.raises(AttributeError, match="a machine has no `dance`"):
        Machine(ReferenceMiniport).dance()


@pytest.mark.parametrize("strict", [False, True])
def test_a_driver_that_does_otherwise(strict: bool) -> None:
    machine, made = busy()
    scenario = Scenario(machine, strict=strict)
    if strict:
        with pytest.raises(AssertionError, match="step 1: DxgkDdiEscape: preempted, not STATUS_S"):
            escape(scenario, made)
    else:
        escape(scenario, made)
        assert scenario.prevented == "step 1: DxgkDdiEscape: preempted, not STATUS_SUCCESS"
        assert machine.notes == [f"prevented at {scenario.prevented}"]


def escape(scenario: Scenario, made: dict[str, Any]) -> None:
    with scenario as run:
        run.DxgkDdiEscape(hDevice=made["device"], hAllocation=made["allocation"])
        raise AssertionError("not reached")


def test_a_mistake_fails_at_its_step() -> None:
    with pytest.raises(DriverMistake, match="step 1:\n  orphan|step 1:\n  leak"), \
            Scenario(started(without("DxgkDdiDestroyProcess"))) as run:
        machine = run.machine
        process = machine.call("DxgkDdiCreateProcess").created()
        run.DxgkDdiDestroyProcess(hKmdProcess=process)


# --- the machine itself --------------------------------------------------------------------------


def test_the_same_steps_give_the_same_findings() -> None:
    def once() -> tuple[Any, ...]:
        machine, made = busy(DEFECTS["destroycontext_leaves_save_area"])
        machine.run_packet(made["context"])
        machine.complete_packet(made["context"])
        machine.resume(machine.call("DxgkDdiDestroyContext", hContext=made["context"]))
        return machine.findings, [b.address for b in machine.pool.live()], sorted(
            machine.handles.objects)

    assert once() == once()


def test_it_knows_no_model_and_no_time() -> None:
    code = """
import sys
import wddmcheck.machine.scenario, wddmcheck.machine.sequences, wddmcheck.machine.defects
bad = [m for m in sys.modules if m in ("threading_", "random", "time_", "z3", "lark")
       or m.startswith(("wddmcheck.ir", "wddmcheck.lang", "wddmcheck.sema", "wddmcheck.lower",
                        "wddmcheck.report", "wddmcheck.engines"))]
print(bad)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


# --- killed processes, power, paging -------------------------------------------------------------


def rendered(machine: Machine) -> Any:
    """A context with a packet that was built and not submitted."""
    process = machine.DxgkDdiCreateProcess().created()
    device = machine.DxgkDdiCreateDevice(hKmdProcess=process).created()
    context = machine.DxgkDdiCreateContext(hDevice=device, renders=True).created()
    machine.DxgkDdiRender(hContext=context)
    return context


def test_a_cancel_that_fails_stops_the_machine() -> None:
    class Fails(ReferenceMiniport):
        def DxgkDdiCancelCommand(self, hAdapter: int, pCancelCommand: Any) -> NtStatus:
            return NtStatus.STATUS_UNSUCCESSFUL

    machine = started(Fails)
    context = rendered(machine)
    with pytest.raises(OutOfReachError, match="is not in error"):
        machine.DxgkDdiCancelCommand(hContext=context)
    machine.terminate_process(context.device.process)
    with pytest.raises(BugCheck) as stopped:
        machine.DxgkDdiCancelCommand(hContext=context)
    assert stopped.value.finding.stop == "0x119/0x9"


def test_a_packet_outlives_its_context() -> None:
    machine = started(DEFECTS["destroy_leaves_unretired_packet"])
    context = rendered(machine)
    machine.DxgkDdiSubmitCommand(hContext=context)
    machine.DxgkDdiResetEngine()
    machine.resume(machine.DxgkDdiDestroyContext(hContext=context))
    assert [f.kind for f in machine.findings] == [Kind.ORPHAN]


def test_a_callback_that_blocks_where_nothing_can_wait() -> None:
    class Hurries(ReferenceMiniport):
        def free_context_areas(self, context: Context) -> Any:
            yield from ()
            self.free_areas(context.adapter, context.areas)

    machine = Machine(Hurries)
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice(memory="packets")
    process = machine.DxgkDdiCreateProcess().created()
    device = machine.DxgkDdiCreateDevice(hKmdProcess=process).created()
    context = machine.DxgkDdiCreateContext(hDevice=device).created()
    (area,) = machine.handles.all(OsContextAllocation)
    machine.DxgkDdiBuildPagingBuffer(operation="InitContextResource", hContextResource=area)
    call = machine.DxgkDdiDestroyContext(hContext=context)
    with pytest.raises(OutOfReachError, match="cannot pause the driver") as blocked:
        machine.resume(call)
    assert blocked.value.driver


@pytest.mark.parametrize(("state", "says"), [
    ("D3", "touches the registers in D3"), ("D0", "reads registers that are not set up yet")])
def test_registers_without_power_or_before_they_are_set_up(state: str, says: str) -> None:
    class Asks(ReferenceMiniport):
        def DxgkDdiQueryAdapterInfo(self, hAdapter: int, pQueryAdapterInfo: Any) -> NtStatus:
            _ = self.registers(self.pool.at(hAdapter, Adapter)).clock
            return SUCCESS

    machine = started(Asks)
    machine.DxgkDdiQueryAdapterInfo()
    machine.resume(machine.DxgkDdiSetPowerState(DevicePowerState="D3"))
    if state == "D0":
        machine.DxgkDdiSetPowerState(DevicePowerState="D0")            # half way
    assert machine.findings == []
    machine.DxgkDdiQueryAdapterInfo()
    assert [says in f.message for f in machine.findings] == [True]


def test_paging_work_ends_before_memory_is_somebody_elses() -> None:
    machine = Machine(ReferenceMiniport, Policies(G09="immediate"))
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice(memory="packets")
    allocation = machine.DxgkDdiCreateAllocation().created()
    machine.make_resident(allocation)
    buffer = machine.DxgkDdiBuildPagingBuffer(operation="Fill", hAllocation=allocation).created()
    machine.DxgkDdiDestroyAllocation(hAllocation=allocation)
    assert list(machine.handles.all(OsPages))               # the paging packet names it
    machine.DxgkDdiSubmitCommand(hContext=None, paging=buffer)
    machine.run_paging_packet(buffer)
    machine.DxgkDdiInterruptRoutine()
    machine.DxgkDdiDpcRoutine()
    assert not list(machine.handles.all(OsPages))
    assert machine.findings == []
