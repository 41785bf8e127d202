"""The kernel's locks: each check with a driver that trips it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from wddmcheck.machine.findings import BugCheck, Kind
from wddmcheck.machine.locks import Lock, PushLock, SpinLock
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import PREEMPT, Kernel, Preempt, Wait
from wddmcheck.machine.processor import Irql
from wddmcheck.machine.status import NtStatus

Body = Callable[["Driver"], Iterator[Preempt | Wait]]


class Driver:
    """A driver whose only DDIs do what a test says, at PASSIVE_LEVEL and at DISPATCH_LEVEL."""

    body: Body
    other: Body

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.spin, self.push = SpinLock("node"), PushLock("table")
        self.second = PushLock("list")

    def DxgkDdiAddDevice(self, PhysicalDeviceObject, MiniportDeviceContext):
        MiniportDeviceContext.value = 1
        return NtStatus.STATUS_SUCCESS

    def DxgkDdiStartDevice(self, *args):
        return NtStatus.STATUS_SUCCESS

    def DxgkDdiCreateProcess(self, hAdapter, pArgs):
        pArgs.hKmdProcess = 1
        yield from type(self).body(self)
        return NtStatus.STATUS_SUCCESS

    def DxgkDdiPreemptCommand(self, hAdapter, pPreemptCommand):
        yield from type(self).body(self)
        return NtStatus.STATUS_SUCCESS

    def DxgkDdiCollectDbgInfo(self, hAdapter, pCollectDbgInfo):
        yield from type(self).other(self)
        return NtStatus.STATUS_SUCCESS

    def acquire(self, lock):
        self.kernel.KeEnterCriticalRegion()
        yield self.kernel.ExAcquirePushLockExclusive(lock)

    def release(self, lock):
        self.kernel.ExReleasePushLockExclusive(lock)
        self.kernel.KeLeaveCriticalRegion()


def machine(body: Body, other: Body | None = None) -> Machine:
    made = Machine(type("Made", (Driver,), {"body": body, "other": other or body}))
    made.call("DxgkDdiAddDevice")
    made.call("DxgkDdiStartDevice")
    return made


PASSIVE, DISPATCH = "DxgkDdiCreateProcess", "DxgkDdiPreemptCommand"


def spin_twice(d):
    yield d.kernel.KeAcquireSpinLock(d.spin)
    yield d.kernel.KeAcquireSpinLock(d.spin)


def push_twice(d):
    yield from d.acquire(d.push)
    yield from d.acquire(d.push)


def spin_kept(d):
    yield d.kernel.KeAcquireSpinLock(d.spin)


def push_kept(d):
    yield from d.acquire(d.push)


def region_kept(d):
    d.kernel.KeEnterCriticalRegion()
    yield PREEMPT


def region_left(d):
    d.kernel.KeLeaveCriticalRegion()
    yield PREEMPT


def not_owned(d):
    d.kernel.KeReleaseSpinLockFromDpcLevel(d.spin)
    yield PREEMPT


def push_not_owned(d):
    d.kernel.ExReleasePushLockExclusive(d.push)
    yield PREEMPT


def low_release(d):
    d.kernel.KeReleaseSpinLock(d.spin)
    yield PREEMPT


def low_release_at_dpc(d):
    d.kernel.KeReleaseSpinLockFromDpcLevel(d.spin)
    yield PREEMPT


def low_acquire_at_dpc(d):
    yield d.kernel.KeAcquireSpinLockAtDpcLevel(d.spin)


def high_acquire(d):
    with d.kernel.processor.at(Irql.DIRQL):
        yield d.kernel.KeAcquireSpinLock(d.spin)


def push_without_region(d):
    yield d.kernel.ExAcquirePushLockExclusive(d.push)


def push_under_spin(d):
    d.kernel.KeEnterCriticalRegion()
    yield d.kernel.KeAcquireSpinLock(d.spin)
    yield d.kernel.ExAcquirePushLockExclusive(d.push)


@pytest.mark.parametrize(("body", "name", "kind", "code"), [
    (spin_twice, PASSIVE, Kind.STUCK, "0xF"),
    (push_twice, PASSIVE, Kind.STUCK, ""),
    (spin_kept, PASSIVE, Kind.LOCK, "0xC8"),
    (push_kept, PASSIVE, Kind.LOCK, "0x1"),
    (region_kept, PASSIVE, Kind.LOCK, "0x1"),
    (region_left, PASSIVE, Kind.LOCK, "0x1"),
    (not_owned, DISPATCH, Kind.LOCK, "0x10"),
    (push_not_owned, PASSIVE, Kind.LOCK, ""),
    (low_release, PASSIVE, Kind.BAD_IRQL, "0xC4/0x32"),
    (low_release_at_dpc, PASSIVE, Kind.BAD_IRQL, "0xC4/0x41"),
    (low_acquire_at_dpc, PASSIVE, Kind.BAD_IRQL, "0xC4/0x40"),
    (high_acquire, PASSIVE, Kind.BAD_IRQL, "0xC4/0x42"),
    (push_without_region, PASSIVE, Kind.LOCK, "0xC4/0xEA"),
    (push_under_spin, PASSIVE, Kind.BAD_IRQL, ""),
    (region_kept, DISPATCH, Kind.BAD_IRQL, "0xC4"),
], ids=lambda v: getattr(v, "__name__", None))
def test_what_stops_the_machine(body: Body, name: str, kind: Kind, code: str) -> None:
    made = machine(body)
    with pytest.raises(BugCheck) as caught:
        made.resume(made.call(name))
    assert (caught.value.finding.kind, caught.value.finding.stop) == (kind, code)


def in_order(first: str, second: str) -> Body:
    def body(d):
        yield from d.acquire(getattr(d, first))
        yield from d.acquire(getattr(d, second))
        yield PREEMPT
        d.release(getattr(d, second))
        d.release(getattr(d, first))
    return body


def test_two_orders_are_noticed_before_they_meet() -> None:
    made = machine(in_order("push", "second"), in_order("second", "push"))
    made.resume(made.call(PASSIVE))
    assert made.findings == []
    made.resume(made.call("DxgkDdiCollectDbgInfo"))
    (found,) = made.findings
    assert (found.kind, found.stop) == (Kind.LOCK, "")
    assert "the other way round" in found.message


def test_one_order_is_fine() -> None:
    made = machine(in_order("push", "second"))
    for _ in range(2):
        made.resume(made.call(PASSIVE))
        made.resume(made.call("DxgkDdiCollectDbgInfo"))
    assert made.findings == []
    assert made.kernel.taken == []


def test_who_holds_a_lock_keeps_others_out_and_at_its_level() -> None:
    def body(d):
        yield d.kernel.KeAcquireSpinLock(d.spin)
        yield PREEMPT
        assert d.kernel.processor.irql is Irql.DISPATCH_LEVEL
        d.kernel.KeReleaseSpinLock(d.spin)
        assert d.kernel.processor.irql is Irql.PASSIVE_LEVEL
        yield PREEMPT

    made = machine(body)
    first, second = made.call(PASSIVE), made.call("DxgkDdiCollectDbgInfo")
    assert made.processor.irql is Irql.PASSIVE_LEVEL
    assert second.at == "waits for the spin lock of the node"
    made.resume(first)
    assert made.resume(second).at == "preempted"
    made.run_until_idle()
    assert (made.calls, made.findings) == ([], [])


def test_calls_that_wait_for_each_other_are_stuck() -> None:
    def crossing(first: str, second: str) -> Body:
        def body(d):
            yield from d.acquire(getattr(d, first))
            yield PREEMPT
            yield from d.acquire(getattr(d, second))
        return body

    made = machine(crossing("push", "second"), crossing("second", "push"))
    made.call(PASSIVE)
    made.call("DxgkDdiCollectDbgInfo")
    made.run_until_idle()
    assert [f.kind for f in made.findings] == [Kind.LOCK, Kind.STUCK]
    assert made.findings[-1].details[0] == (
        "DxgkDdiCreateProcess waits for the push lock of the list")


def test_a_chain_of_orders_is_a_cycle() -> None:
    locks: list[Lock] = [SpinLock(name) for name in "abc"]

    def body(d):
        for one, two in zip(locks, (*locks[1:], locks[0]), strict=True):
            yield d.kernel.KeAcquireSpinLock(one)
            yield d.kernel.KeAcquireSpinLock(two)
            d.kernel.KeReleaseSpinLock(two)
            d.kernel.KeReleaseSpinLock(one)

    made = machine(body)
    made.call(PASSIVE)
    (found,) = made.findings
    assert found.message.startswith("the spin lock of the a is asked for with the spin lock of the")
