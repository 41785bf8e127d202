"""Allocations that user mode asks for and names: what is noticed of drivers that do otherwise than
the reference miniport, and what Dxgkrnl never does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.machine.test_sharing import device
from wddmcheck.machine.allocation_structs import (
    DXGKARGCB_GETHANDLEDATA,
)
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsDevice, OsOpening
from wddmcheck.machine.findings import BugCheck, Kind, OutOfReachError
from wddmcheck.machine.locks import PushLock
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import OpenAllocation
from wddmcheck.machine.scenario import Scenario
from wddmcheck.machine.status import NtStatus


@pytest.fixture
def machine() -> Machine:
    return Machine(ReferenceMiniport)


def allocated(machine: Machine, owner: OsDevice) -> tuple[OsAllocation, OsOpening]:
    made = Scenario(machine, strict=True).pfnAllocateCb(hDevice=owner)
    return made.allocation, made.opening


# --- drivers that do otherwise -------------------------------------------------------------------


class SaysNothing(ReferenceMiniport):
    """Describes nothing, and refuses all escapes."""

    def DxgkDdiDescribeAllocation(self, hAdapter: int, pDescribeAllocation: Any) -> NtStatus:
        return NtStatus.STATUS_SUCCESS

    def DxgkDdiEscape(self, hAdapter: int, pEscape: Any) -> NtStatus:
        return NtStatus.STATUS_INVALID_HANDLE


def test_an_allocation_that_is_not_described_is_noticed() -> None:
    machine = Machine(SaysNothing)
    item, _ = allocated(machine, device(Scenario(machine)))
    machine.call("DxgkDdiDescribeAllocation", hAllocation=item)
    (found,) = machine.findings
    assert found.kind is Kind.CONTRACT
    assert "does not say how large Allocation" in found.message


def test_a_status_that_no_callback_has_asked_for() -> None:
    machine = Machine(SaysNothing)
    item, _ = allocated(machine, owner := device(Scenario(machine)))
    machine.call("DxgkDdiEscape", hDevice=owner, hAllocation=item, command="look up")
    assert [f.kind for f in machine.findings] == [Kind.BAD_STATUS]


class LeavesTheOpening(ReferenceMiniport):
    """Fails to open, and leaves what it has made for that."""

    def DxgkDdiOpenAllocation(self, hDevice: int, pOpenAllocation: Any) -> NtStatus:
        super().DxgkDdiOpenAllocation(hDevice, pOpenAllocation)
        return NtStatus.STATUS_NO_MEMORY


def test_what_a_failed_opening_leaves_is_told_from_the_allocation() -> None:
    machine = Machine(LeavesTheOpening)
    owner = device(Scenario(machine))
    call = machine.call("pfnAllocateCb", hDevice=owner)
    assert call.status is NtStatus.STATUS_NO_MEMORY
    assert machine.findings[0].kind is Kind.LEAK
    assert machine.findings[0].message == (
        "DxgkDdiOpenAllocation fails and leaves behind: OpenAllocation")
    assert not any(machine.handles.all(OsAllocation))


class MayBeInterrupted(ReferenceMiniport):
    """May be interrupted while it creates an allocation."""

    def DxgkDdiCreateAllocation(  # type: ignore[override]  # (it may be interrupted)
            self, hAdapter: int, pCreateAllocation: Any) -> Pauses:
        yield PREEMPT
        status = super().DxgkDdiCreateAllocation(hAdapter, pCreateAllocation)
        yield PREEMPT
        return status


def test_the_driver_may_be_interrupted_half_way() -> None:
    machine = Machine(MayBeInterrupted)
    run = Scenario(machine)
    owner = device(run)
    another = run.DxgkDdiCreateDevice(hKmdProcess=owner.process).device
    call = machine.call("pfnAllocateCb", hDevice=owner)
    assert call.at == "preempted"
    with pytest.raises(OutOfReachError, match="both belong to one process"):
        machine.call("DxgkDdiDestroyDevice", hDevice=another)
    machine.resume(call)
    assert call.at == "preempted"
    machine.resume(call)
    assert [type(o) for o in call.made] == [OsAllocation, OsOpening]
    assert machine.findings == []
    ours = [b.made_by for b in machine.pool.live() if isinstance(b.content, OpenAllocation)]
    assert [c.name for c in ours] == ["DxgkDdiOpenAllocation"]    # type: ignore[attr-defined]


class KeepsALock(ReferenceMiniport):
    """CreateAllocation returns with a lock."""

    def DxgkDdiCreateAllocation(  # type: ignore[override]  # (it may wait)
            self, hAdapter: int, pCreateAllocation: Any) -> Pauses:
        yield from self.lock(PushLock("list of allocations"))
        return super().DxgkDdiCreateAllocation(hAdapter, pCreateAllocation)


def test_no_lock_is_kept_from_one_call_to_the_next() -> None:
    machine = Machine(KeepsALock)
    owner = device(Scenario(machine))
    with pytest.raises(BugCheck, match="DxgkDdiCreateAllocation returns and holds"):
        machine.call("pfnAllocateCb", hDevice=owner)


def test_a_driver_that_opens_nothing_cannot_be_asked_for_allocations(machine: Machine) -> None:
    device(Scenario(machine))
    machine.miniport.DxgkDdiOpenAllocation = None      # type: ignore[assignment, method-assign]
    assert not machine.has("pfnAllocateCb")


# --- what Dxgkrnl never does ---------------------------------------------------------------------


def test_a_handle_that_names_no_allocation_gives_null(machine: Machine) -> None:
    owner = device(Scenario(machine))
    item, opening = allocated(machine, owner)
    get = machine.interface.DxgkCbGetHandleData
    assert get(DXGKARGCB_GETHANDLEDATA(item.handle)) == item.kmd
    for wrong in (owner.handle, opening.handle, item.kmd, 0, 0x40):
        assert get(DXGKARGCB_GETHANDLEDATA(wrong)) == 0


def test_the_driver_is_not_told_of_a_lost_device(machine: Machine) -> None:
    owner = device(Scenario(machine))
    machine.device_error(owner)
    blocks = list(machine.pool.live())
    call = machine.call("pfnAllocateCb", hDevice=owner)
    assert call.status is NtStatus.STATUS_DEVICE_REMOVED
    assert list(machine.pool.live()) == blocks


def test_the_opening_of_a_creation_is_the_creators(machine: Machine) -> None:
    run = Scenario(machine)
    first, second = device(run), device(run)
    item, opening = allocated(machine, first)
    with pytest.raises(OutOfReachError, match="has not created"):
        machine.call("DxgkDdiOpenAllocation", hDevice=second, hAllocation=item, isCreate=True)
    run.DxgkDdiCloseAllocation(hDevice=first, hOpen=opening)
    with pytest.raises(OutOfReachError, match="has created"):
        machine.call("DxgkDdiOpenAllocation", hDevice=first, hAllocation=item, isCreate=False)


def test_what_is_locked_stays(machine: Machine) -> None:
    run = Scenario(machine)
    first, second = device(run), device(run)
    item, opening = allocated(machine, first)
    run.DxgkDdiOpenAllocation(hDevice=second, hAllocation=item)
    with pytest.raises(OutOfReachError, match="has not created"):
        machine.lock_allocation(second, item)
    with pytest.raises(OutOfReachError, match="has not locked"):
        machine.unlock_allocation(first, item)
    assert item.page is None
    machine.lock_allocation(first, item)
    place = item.page
    assert place is not None
    for operation in ("TransferOut", "TransferStart"):
        with pytest.raises(OutOfReachError, match="is locked"):
            machine.call("DxgkDdiBuildPagingBuffer", operation=operation, hAllocation=item)
    with pytest.raises(OutOfReachError, match="it is locked"):
        machine.lock_allocation(first, item)
    assert item.page == place
    machine.unlock_allocation(first, item)
    run.DxgkDdiBuildPagingBuffer(operation="TransferOut", hAllocation=item)
    assert item.page is None
    run.DxgkDdiCloseAllocation(hDevice=first, hOpen=opening)
    with pytest.raises(OutOfReachError, match="is not open on"):
        machine.lock_allocation(first, item)


def test_what_goes_is_unlocked(machine: Machine) -> None:
    run = Scenario(machine)
    owner = device(run)
    item, opening = allocated(machine, owner)
    machine.lock_allocation(owner, item)
    run.DxgkDdiCloseAllocation(hDevice=owner, hOpen=opening)
    assert item.locker is None
    run.DxgkDdiBuildPagingBuffer(operation="TransferOut", hAllocation=item)
    run.DxgkDdiDestroyAllocation(hAllocation=item)
    with pytest.raises(OutOfReachError, match="is gone"):
        machine.call("DxgkDdiDescribeAllocation", hAllocation=item)
