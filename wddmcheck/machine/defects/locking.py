"""Defects of locks, and of what is called while one is held."""

from __future__ import annotations

from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.locking import LockingMiniport
from wddmcheck.machine.reference.objects import Adapter, Context, SharedAdapter
from wddmcheck.machine.runtime_structs import FState
from wddmcheck.machine.structs import (
    DXGKARG_CREATECONTEXT,
    DXGKARG_SUBMITCOMMAND,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    Handle,
)
from wddmcheck.machine.waits import Blocking


class CallbackUnderSpinLock(LockingMiniport):
    """The save area is created with the node's spin lock held."""

    def finish_create(self, context: Context, pCreateContext: DXGKARG_CREATECONTEXT) -> Pauses:
        """Against CAL-12."""
        adapter, dxgk = self.shared(context.adapter), self.dxgk(context.adapter)
        area = DXGKARGCB_CREATECONTEXTALLOCATION(dxgk.DeviceHandle, context.device.os_handle,
                                                 context.os_handle)
        yield self.kernel.KeAcquireSpinLock(adapter.node_lock)
        made = dxgk.DxgkCbCreateContextAllocation(area)
        self.kernel.KeReleaseSpinLock(adapter.node_lock)
        if not made.succeeds:
            self.pool.free(context, Context.TAG)
            return NO_MEMORY
        context.areas.append(area.hAllocation)
        adapter.table[area.hAllocation] = context
        if not self.load_hardware_context(context):
            return (yield from self.undo_create(context))
        yield from self.fill_area(context)
        return self.created(context, pCreateContext)


class DestroyTakesLockTwice(LockingMiniport):
    """DestroyContext takes the lock of the table and calls a routine that takes it as well."""

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """Against CTX-05: it never returns."""
        context = self.pool.at(hContext, Context)
        adapter = self.shared(context.adapter)
        yield from self.lock(adapter.table_lock)
        yield from self.forget_area(context)
        self.leave_node(context)
        self.unlock(adapter.table_lock)
        yield from self.free_context_areas(context)
        self.free_context(context)
        return SUCCESS

    def forget_area(self, context: Context) -> Blocking[None]:
        """Takes the context out of the table."""
        adapter = self.shared(context.adapter)
        yield from self.lock(adapter.table_lock)
        self.leave_table(context)
        self.unlock(adapter.table_lock)


class DpcFreesSaveArea(LockingMiniport):
    """The DPC destroys the save area of a context that it retires."""

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext: Handle) -> Blocking[None]:
        """Against CAL-12."""
        adapter = self.shared(self.pool.at(MiniportDeviceContext, Adapter))
        yield self.kernel.KeAcquireSpinLockAtDpcLevel(adapter.node_lock)
        for node in adapter.nodes:
            for context in [c for c in node.submissions if c.reported]:
                self.retire(context)
                self.leave_table(context)
                yield from self.free_context_areas(context)
        self.kernel.KeReleaseSpinLockFromDpcLevel(adapter.node_lock)
        self.dxgk(adapter).DxgkCbNotifyDpc(self.dxgk(adapter).DeviceHandle)


class FailedCreateKeepsLock(LockingMiniport):
    """The error path of CreateContext returns with the lock of the table held."""

    def finish_create(self, context: Context, pCreateContext: DXGKARG_CREATECONTEXT) -> Pauses:
        """Against GEN-08."""
        adapter = self.shared(context.adapter)
        yield from self.lock(adapter.table_lock)
        if not self.create_area(context):
            self.pool.free(context, Context.TAG)
            return NO_MEMORY
        adapter.table[context.areas[0]] = context
        self.unlock(adapter.table_lock)
        if not self.load_hardware_context(context):
            return (yield from self.undo_create(context))
        yield from self.fill_area(context)
        return self.created(context, pCreateContext)


class FStateActivatesComponent(LockingMiniport):
    """SetPowerComponentFState activates the component whose transition it is to make."""

    def DxgkDdiSetPowerComponentFState(self, DriverContext: Handle, ComponentIndex: int,
                                       State: FState) -> Pauses:
        """Against PWR-05."""
        adapter = self.pool.at(DriverContext, Adapter)
        dxgk = self.dxgk(adapter)
        yield from dxgk.DxgkCbSetPowerComponentActive(dxgk.DeviceHandle, ComponentIndex)
        self.registers(adapter).power_component(State is FState.F0)
        dxgk.DxgkCbSetPowerComponentIdle(dxgk.DeviceHandle, ComponentIndex)
        return SUCCESS


class TouchesAfterIdle(LockingMiniport):
    """A request lets go of the power component, and changes its hardware once more."""

    def tune(self, adapter: SharedAdapter) -> Pauses:
        """Against PWR-06."""
        dxgk = self.dxgk(adapter)
        yield from dxgk.DxgkCbSetPowerComponentActive(dxgk.DeviceHandle, 0)
        dxgk.DxgkCbSetPowerComponentIdle(dxgk.DeviceHandle, 0)
        yield PREEMPT
        self.registers(adapter).change_component()
        return SUCCESS


class IsrTakesNodeLock(LockingMiniport):
    """The ISR takes the node's lock, under which SubmitCommand synchronises with the ISR."""

    def DxgkDdiInterruptRoutine(  # type: ignore[override]  # (it may spin)
            self, MiniportDeviceContext: Handle, MessageNumber: int) -> Blocking[bool]:
        """Against INT-08."""
        adapter = self.shared(self.pool.at(MiniportDeviceContext, Adapter))
        if not self.registers(adapter).interrupt_status:
            return False
        self.registers(adapter).acknowledge_interrupt()
        yield self.kernel.KeAcquireSpinLockAtDpcLevel(adapter.node_lock)
        self.report_nodes(adapter)
        self.kernel.KeReleaseSpinLockFromDpcLevel(adapter.node_lock)
        return True


class LocksInTwoOrders(LockingMiniport):
    """A request takes the lock of the table before that of the paging engine."""

    def tune(self, adapter: SharedAdapter) -> Pauses:
        """Against the order that the paging operation keeps."""
        dxgk = self.dxgk(adapter)
        yield from dxgk.DxgkCbSetPowerComponentActive(dxgk.DeviceHandle, 0)
        yield from self.lock(adapter.table_lock)
        yield PREEMPT
        yield from self.lock(adapter.paging_lock)
        self.registers(adapter).change_component()
        self.unlock(adapter.paging_lock)
        self.unlock(adapter.table_lock)
        dxgk.DxgkCbSetPowerComponentIdle(dxgk.DeviceHandle, 0)
        return SUCCESS


class SubmitTakesPushLock(LockingMiniport):
    """SubmitCommand, at DISPATCH_LEVEL, waits for a push lock."""

    def DxgkDdiSubmitCommand(  # type: ignore[override]  # (it may block)
            self, hAdapter: Handle, pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> Pauses:
        """Against GEN-07; normal APCs are off at this level, so it leaves out the critical
        region."""
        adapter = self.shared(self.pool.at(hAdapter, Adapter))
        context = self.pool.at(pSubmitCommand.hContext, Context)
        yield self.kernel.ExAcquirePushLockExclusive(adapter.table_lock)
        self.enqueue(context, pSubmitCommand.SubmissionFenceId)
        self.kernel.ExReleasePushLockExclusive(adapter.table_lock)
        return SUCCESS


class UpdateUnderTableLock(LockingMiniport):
    """The lock of the table is held across DxgkCbUpdateContextAllocation, and taken again by the
    paging operation that Dxgkrnl answers with."""

    def finish_create(self, context: Context, pCreateContext: DXGKARG_CREATECONTEXT) -> Pauses:
        """Against CAL-10."""
        if not self.create_area(context):
            self.pool.free(context, Context.TAG)
            return NO_MEMORY
        if not self.load_hardware_context(context):
            return (yield from self.undo_create(context))
        adapter = self.shared(context.adapter)
        yield from self.lock(adapter.table_lock)
        adapter.table[context.areas[0]] = context
        yield from self.fill_area(context)
        self.unlock(adapter.table_lock)
        return self.created(context, pCreateContext)
