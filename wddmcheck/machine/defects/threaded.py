"""Defects of what threads share: without a lock, in the wrong class, or gone too early."""

from __future__ import annotations

from dataclasses import replace

from wddmcheck.machine.miniport import PREEMPT, Pauses, Wait
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    POWER_ACTION,
)
from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.objects import Adapter, Context, WatchedAdapter
from wddmcheck.machine.reference.threaded import D0, D3, ThreadedMiniport
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.system_structs import DXGKARG_QUERYADAPTERINFO
from wddmcheck.machine.waits import Blocking


class ListWithoutLock(ThreadedMiniport):
    """CreateContext puts the context on the list without a lock."""

    def enlist(self, adapter: WatchedAdapter, context: Context) -> Blocking[None]:
        """Against GEN-05."""
        context.next = adapter.head
        yield PREEMPT
        adapter.head = context


class DestroyContextWritesRing(ThreadedMiniport):
    """DestroyContext, of level zero, writes the ring of the scheduler's class."""

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """Against GEN-04."""
        context = self.pool.at(hContext, Context)
        adapter = self.watched_of(context)
        yield from self.lock(adapter.list_lock)
        self.unlist(adapter, context)
        self.unlock(adapter.list_lock)
        yield from self.write_ring(adapter)
        self.pool.free(context, Context.TAG)
        return SUCCESS


class PowersDownFirst(ThreadedMiniport):
    """The device is put to sleep before its interrupts are disabled."""

    def DxgkDdiSetPowerState(self, MiniportDeviceContext: Handle, DeviceUid: int,
                             DevicePowerState: DEVICE_POWER_STATE,
                             ActionType: POWER_ACTION) -> Pauses:
        """Against INT-06."""
        adapter = self.watched(MiniportDeviceContext)
        registers = self.registers(adapter)
        yield from self.lock(adapter.power_lock)
        registers.sleep(DevicePowerState is D3)
        adapter.power = DevicePowerState
        yield PREEMPT
        self.unlock(adapter.power_lock)
        if DevicePowerState is D0:
            registers.initialize()
            self.start_up(adapter)
        else:
            registers.enable_interrupts(False)
            registers.acknowledge_interrupt()
            yield Wait("the DPC", lambda: not adapter.dpc_due and not adapter.dpc_runs, parks=True)
        return SUCCESS


class QueryAssumesProcess(ThreadedMiniport):
    """QueryAdapterInfo does not expect a query for no process."""

    def DxgkDdiQueryAdapterInfo(  # type: ignore[override]  # (it does not block)
            self, hAdapter: Handle, pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> object:
        """Against ADP-15."""
        self.note(self.watched(hAdapter), pQueryAdapterInfo.hKmdProcessHandle)
        return SUCCESS


class QueryWithoutLock(ThreadedMiniport):
    """QueryAdapterInfo looks at the power state without a lock."""

    def DxgkDdiQueryAdapterInfo(self, hAdapter: Handle,
                                pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> Pauses:
        """Against GEN-02."""
        adapter = self.watched(hAdapter)
        if adapter.power is D0:
            yield PREEMPT
            adapter.clock = self.registers(adapter).clock
        pQueryAdapterInfo.pOutputData.value = adapter.clock
        return SUCCESS


class StopFreesUnderThread(ThreadedMiniport):
    """StopDevice cancels the timer and drains the DPCs, and not the watchdog's thread."""

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """Against INT-06."""
        assert isinstance(adapter, WatchedAdapter)
        adapter.stopping = True
        self.registers(adapter).enable_interrupts(False)
        yield PREEMPT
        self.kernel.KeCancelTimer(adapter.watchdog_timer)
        yield replace(self.kernel.KeFlushQueuedDpcs(), parks=True)
        self.kernel.KeClearEvent(adapter.suspicion)
        self.free_watchdog(adapter)
        self.registers(adapter).acknowledge_interrupt()


class StopLeavesInterrupts(ThreadedMiniport):
    """StopDevice leaves the interrupts enabled."""

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """Against INT-07."""
        assert isinstance(adapter, WatchedAdapter)
        adapter.stopping = True
        yield replace(self.kernel.KeFlushQueuedDpcs(), parks=True)


class RearmsTimer(ThreadedMiniport):
    """The watchdog's DPC sets the timer again although the adapter stops."""

    def watchdog_expires(self, adapter: WatchedAdapter) -> Blocking[None]:
        """Against INT-06."""
        watchdog = adapter.watchdog
        yield PREEMPT
        if watchdog is not None:
            watchdog.hangs = True
            if not adapter.stopping:
                self.kernel.KeSetEvent(adapter.suspicion)
            else:
                self.kernel.KeClearEvent(adapter.suspicion)
            self.kernel.KeSetTimer(adapter.watchdog_timer)
