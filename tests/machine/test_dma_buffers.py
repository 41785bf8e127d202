"""DMA buffers, of which a context has several: what their reference miniport does with them, where
models/dma_buffers.wddm says nothing about it."""

from __future__ import annotations

from typing import Any

import pytest

from wddmcheck.machine.dxgkrnl.dma_objects import OsDmaBuffer, OsMonitoredFence, queue_of
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsContextAllocation, OsDevice
from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.dma_buffers import DmaMiniport
from wddmcheck.machine.runtime_structs import DXGKARG_QUERYCURRENTFENCE
from wddmcheck.machine.structs import DXGKARG_COLLECTDBGINFO


@pytest.fixture
def machine() -> Machine:
    return Machine(DmaMiniport, gpu=Gpu(in_order=True))


def device(machine: Machine) -> OsDevice:
    """A device on a fresh adapter."""
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice()
    process = machine.DxgkDdiCreateProcess().created()
    made: OsDevice = machine.DxgkDdiCreateDevice(hKmdProcess=process).created()
    return made


def context(machine: Machine, owner: OsDevice, areas: int = 2, **more: Any) -> OsContext:
    call = machine.DxgkDdiCreateContext(hDevice=owner, areas=areas, buffers=True, **more)
    made: OsContext = call.created()
    return made


def buffer(machine: Machine, owner: OsContext, way: str = "Virtual",
           waits: OsMonitoredFence | None = None) -> OsDmaBuffer:
    made: OsDmaBuffer = machine.build_buffer(owner, way, waits)
    return made


def finish(machine: Machine, name: str, **args: object) -> None:
    call = machine.call(name, **args)
    while not call.returned:
        machine.resume(call)


def run(machine: Machine, *buffers: OsDmaBuffer) -> None:
    for item in buffers:
        machine.run_buffer(item)
        machine.complete_buffer(item)


def retire(machine: Machine) -> None:
    machine.DxgkDdiInterruptRoutine()
    machine.DxgkDdiDpcRoutine()


def take_down(machine: Machine, owner: OsContext) -> None:
    """All of it; nothing was wrong."""
    finish(machine, "DxgkDdiDestroyContext", hContext=owner)
    machine.DxgkDdiDestroyDevice(hDevice=owner.device)
    machine.DxgkDdiDestroyProcess(hKmdProcess=owner.device.process)
    finish(machine, "DxgkDdiStopDevice")
    machine.DxgkDdiRemoveDevice()
    assert machine.findings == []


def current_fence(machine: Machine) -> object:
    return machine.DxgkDdiQueryCurrentFence().result


def test_contexts_take_turns_and_keep_their_state(machine: Machine) -> None:
    owner = device(machine)
    first, second = context(machine, owner), context(machine, owner)
    areas = {c: [a for a in machine.handles.all(OsContextAllocation) if a.context is c]
             for c in (first, second)}
    assert [[a.va != 0 for a in both] for both in areas.values()] == [[False, True]] * 2
    buffers = [buffer(machine, c) for c in (first, second, first)]
    for item in buffers:
        machine.DxgkDdiSubmitCommandVirtual(buffer=item)
    run(machine, *buffers)
    saved = [machine.gpu.memory.segment.read(areas[c][0].page).rstrip(b"\0")
             for c in (first, second)]
    assert saved == [b"CTX00001", b"CTX00002 saved"]
    retire(machine)
    finish(machine, "DxgkDdiDestroyContext", hContext=second)
    take_down(machine, first)


@pytest.mark.parametrize("failing", [
    "pool:Context", "DxgkCbCreateContextAllocation", "DxgkCbCreateContextAllocation:2",
    "DxgkCbMapContextAllocation"])
def test_a_context_that_is_created_in_vain_leaves_nothing(machine: Machine, failing: str) -> None:
    owner = device(machine)
    call = machine.DxgkDdiCreateContext(hDevice=owner, areas=2, buffers=True, failing=failing)
    machine.run_until_idle()
    assert call.status is not None
    assert call.status.name == "STATUS_NO_MEMORY"
    assert list(machine.handles.all(OsContextAllocation)) == []
    take_down(machine, context(machine, owner, 0))


def test_a_context_without_a_queue(machine: Machine) -> None:
    owner = context(machine, device(machine), failing="pool:BufferQueue")
    assert queue_of(machine, owner) is None
    item = buffer(machine, owner, "HardwareQueue")
    with pytest.raises(OutOfReachError, match="has no queue"):
        machine.DxgkDdiSubmitCommandToHwQueue(buffer=item)
    machine.discard_buffer(item)
    take_down(machine, owner)


def test_commands_with_an_error(machine: Machine) -> None:
    owner = context(machine, device(machine))
    call = machine.DxgkDdiRender(hContext=owner, failing="commands")
    assert call.status.name == "STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE"
    assert owner.device.lost
    assert list(machine.handles.all(OsDmaBuffer)) == []
    with pytest.raises(OutOfReachError, match="in error"):
        machine.DxgkDdiRender(hContext=owner)
    take_down(machine, owner)


@pytest.mark.parametrize("resident", [True, False])
def test_addresses_are_right_whenever_the_gpu_sees_them(machine: Machine, resident: bool) -> None:
    owner = context(machine, device(machine))
    item = machine.DxgkDdiRender(hContext=owner, resident=resident).created()
    if resident:
        with pytest.raises(OutOfReachError, match="needs no addresses"):
            machine.DxgkDdiPatch(buffer=item)
    else:
        with pytest.raises(OutOfReachError, match="not patched"):
            machine.DxgkDdiSubmitCommand(buffer=item)
        finish(machine, "DxgkDdiPatch", buffer=item)
    area = next(machine.handles.all(OsContextAllocation))
    for runs in (True, False):
        machine.DxgkDdiSubmitCommand(buffer=item)
        if runs:
            machine.run_buffer(item)
        machine.DxgkDdiPreemptCommand(buffer=item)
        assert b"saved" in machine.gpu.memory.segment.read(area.page)
        machine.DxgkDdiDpcRoutine()
        finish(machine, "DxgkDdiPatch", buffer=item)
    machine.DxgkDdiSubmitCommand(buffer=item)
    run(machine, item)
    retire(machine)
    take_down(machine, owner)


def test_what_is_complete_is_reported_before_a_preemption(machine: Machine) -> None:
    owner = context(machine, device(machine))
    first, second = (machine.DxgkDdiRender(hContext=owner, resident=True).created()
                     for _ in range(2))
    for item in (first, second):
        machine.DxgkDdiSubmitCommand(buffer=item)
    run(machine, first)
    with pytest.raises(OutOfReachError, match="has others"):
        machine.DxgkDdiPreemptCommand(buffer=second)
    machine.DxgkDdiPreemptCommand()
    assert (first.reported, second.fence) == (True, 0)
    retire(machine)
    assert first.gone
    machine.discard_buffer(second)
    take_down(machine, owner)


@pytest.mark.parametrize("paging", [True, False])
def test_work_waits_for_a_fence(machine: Machine, paging: bool) -> None:
    owner = context(machine, device(machine))
    fence = machine.create_monitored_fence(owner.device)
    writes, waits = buffer(machine, owner), buffer(machine, owner, "HardwareQueue", fence)
    finish(machine, "DxgkDdiSignalMonitoredFence", buffer=writes, fence=fence, isPaging=paging)
    with pytest.raises(OutOfReachError, match="waits for"):
        machine.DxgkDdiSubmitCommandToHwQueue(buffer=waits)
    with pytest.raises(OutOfReachError, match="names"):
        machine.destroy_monitored_fence(fence)
    machine.DxgkDdiSubmitCommandVirtual(buffer=writes)
    run(machine, writes)
    machine.DxgkDdiSubmitCommandToHwQueue(buffer=waits)
    assert waits.private is None
    run(machine, waits)
    retire(machine)
    machine.destroy_monitored_fence(fence)
    take_down(machine, owner)


def test_two_threads_add_commands_and_only_one_uses_the_scratch(machine: Machine) -> None:
    owner = context(machine, device(machine))
    fence = machine.create_monitored_fence(owner.device)
    paging, other, third = (buffer(machine, owner) for _ in range(3))
    call = machine.DxgkDdiSignalMonitoredFence(buffer=paging, fence=fence, isPaging=True)
    assert call.at == "preempted"
    assert machine.DxgkDdiSignalMonitoredFence(buffer=other, fence=fence).returned
    with pytest.raises(OutOfReachError, match="class gpu-scheduler"):
        machine.DxgkDdiSignalMonitoredFence(buffer=third, fence=fence, isPaging=True)
    machine.resume(call)
    assert [b.memory.read().fence_value for b in (paging, other, third)] == [1, 2, 0]
    assert machine.findings == []


def test_the_fence_of_a_refused_buffer_completes_at_its_turn(machine: Machine) -> None:
    one, two = (context(machine, owner) for owner in (
        device(machine), machine.DxgkDdiCreateDevice(
            hKmdProcess=next(iter(machine.handles.all(OsDevice))).process).created()))
    before, after = buffer(machine, one), buffer(machine, one)
    machine.DxgkDdiSubmitCommandVirtual(buffer=before)
    malformed = buffer(machine, two)
    call = machine.DxgkDdiSubmitCommandVirtual(buffer=malformed, failing="parameter")
    assert call.status.name == "STATUS_INVALID_PARAMETER"
    assert (two.device.lost, malformed.fence) == (True, 0)
    machine.DxgkDdiSubmitCommandVirtual(buffer=after)
    assert current_fence(machine) == 0
    run(machine, before)
    assert current_fence(machine) == 0          # reported by that, and not retired yet
    assert before.reported
    retire(machine)
    assert current_fence(machine) == 2
    run(machine, after)
    retire(machine)
    assert current_fence(machine) == 3
    machine.discard_buffer(malformed)
    assert machine.findings == []


def test_the_fence_of_a_refused_buffer_completes_at_once(machine: Machine) -> None:
    owner = context(machine, device(machine))
    item = buffer(machine, owner)
    machine.DxgkDdiSubmitCommandVirtual(buffer=item, failing="parameter")
    assert current_fence(machine) == 1
    machine.discard_buffer(item)
    take_down(machine, owner)


def test_a_report_about_the_newest_buffer(machine: Machine) -> None:
    owner = context(machine, device(machine))
    asked: list[bytes] = []
    ddi = machine.miniport.DxgkDdiCollectDbgInfo

    def collect(adapter: int, arg: DXGKARG_COLLECTDBGINFO) -> object:
        status = ddi(adapter, arg)
        asked.append(bytes(arg.pBuffer))
        return status

    machine.miniport.DxgkDdiCollectDbgInfo = collect    # type: ignore[method-assign,assignment]
    machine.DxgkDdiCollectDbgInfo()
    items = [buffer(machine, owner) for _ in range(2)]
    for item in items:
        machine.DxgkDdiSubmitCommandVirtual(buffer=item)
    machine.DxgkDdiCollectDbgInfo()
    run(machine, *items)
    retire(machine)
    machine.DxgkDdiCollectDbgInfo()
    assert asked == [b"idle", f"2 of {owner.handle:x}".encode(), b"idle"]
    take_down(machine, owner)


def test_the_display_goes_to_text_mode_and_back(machine: Machine) -> None:
    machine.DxgkDdiAddDevice()
    machine.DxgkDdiStartDevice()
    machine.DxgkDdiResetDevice()
    assert machine.gpu.text_mode
    with pytest.raises(OutOfReachError, match="text mode"):
        machine.DxgkDdiResetDevice()
    finish(machine, "DxgkDdiStopDevice")
    assert machine.gpu.text_mode
    machine.DxgkDdiStartDevice()
    assert not machine.gpu.text_mode
    assert machine.findings == []


def test_fences_begin_anew_with_each_start(machine: Machine) -> None:
    owner = context(machine, device(machine))
    item = buffer(machine, owner)
    machine.DxgkDdiSubmitCommandVirtual(buffer=item, failing="parameter")
    machine.discard_buffer(item)
    finish(machine, "DxgkDdiDestroyContext", hContext=owner)
    machine.DxgkDdiDestroyDevice(hDevice=owner.device)
    machine.DxgkDdiDestroyProcess(hKmdProcess=owner.device.process)
    finish(machine, "DxgkDdiStopDevice")
    machine.DxgkDdiStartDevice()
    machine.miniport.DxgkDdiQueryCurrentFence = nothing    # type: ignore[attr-defined]
    assert current_fence(machine) == 0                     # of that time nothing is owed
    assert machine.findings == []


def nothing(adapter: int, arg: DXGKARG_QUERYCURRENTFENCE) -> int:
    return 0


def test_an_application_writes_only_what_is_its_own(machine: Machine) -> None:
    owner = context(machine, device(machine))
    machine.run_hostile_commands(owner)
    retire(machine)
    take_down(machine, owner)


def test_a_context_that_owns_something_stays(machine: Machine) -> None:
    owner = context(machine, device(machine))
    machine.own_synchronization_object(owner)
    with pytest.raises(OutOfReachError, match="owns a synchronisation object"):
        machine.DxgkDdiDestroyContext(hContext=owner)
    machine.own_synchronization_object(owner)
    take_down(machine, owner)
