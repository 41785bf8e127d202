"""The reference miniport where several of its threads are inside it at once: what they share is
behind locks, and no lock is held across a callback that Dxgkrnl answers with another DDI.

The order of the locks is: paging before table, node before the interrupt's.
"""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.allocation_structs import (
    DXGKARG_ESCAPE,
)
from wddmcheck.machine.gpu.node import Packet
from wddmcheck.machine.miniport import PREEMPT, Pauses, Result
from wddmcheck.machine.paging_structs import DXGKARG_BUILDPAGINGBUFFER, PagingOperation
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.miniport import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, Context, Device, SharedAdapter
from wddmcheck.machine.runtime_structs import (
    DXGKARG_QUERYCURRENTFENCE,
    DXGKARGCB_UPDATECONTEXTALLOCATION,
    FState,
)
from wddmcheck.machine.structs import (
    DXGKARG_CREATECONTEXT,
    DXGKARG_SUBMITCOMMAND,
    Handle,
)
from wddmcheck.machine.waits import Blocking


class LockingMiniport(ReferenceMiniport):
    """A miniport whose threads exclude each other by locks of their own."""

    BLOCK = SharedAdapter

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """INT-06, INT-07; an interrupt that nobody will handle is not left pending."""
        yield from super().quiesce(adapter)
        self.registers(adapter).acknowledge_interrupt()

    def shared(self, adapter: Adapter) -> SharedAdapter:
        """The adapter with its locks."""
        assert isinstance(adapter, SharedAdapter)
        return adapter

    # --- contexts ---------------------------------------------------------------------------------

    def DxgkDdiCreateContext(  # type: ignore[override]  # (it may block)
            self, hDevice: Handle, pCreateContext: DXGKARG_CREATECONTEXT) -> Result:
        """CTX-01, GEN-08, CAL-10: no lock is held when the update comes back."""
        device = self.pool.at(hDevice, Device)
        context = self.pool.allocate(Context, os_handle=pCreateContext.hContext,
                                     adapter=device.adapter, device=device,
                                     node=pCreateContext.NodeOrdinal)
        if context is None:
            return NO_MEMORY
        return self.finish_create(context, pCreateContext)

    def finish_create(self, context: Context, pCreateContext: DXGKARG_CREATECONTEXT) -> Pauses:
        """What a context needs: a save area, a place in the table, and its first content."""
        if not self.create_area(context):
            self.pool.free(context, Context.TAG)
            return NO_MEMORY
        if not self.load_hardware_context(context):
            return (yield from self.undo_create(context))
        adapter = self.shared(context.adapter)
        yield from self.lock(adapter.table_lock)
        adapter.table[context.areas[0]] = context
        yield PREEMPT
        self.unlock(adapter.table_lock)
        yield from self.fill_area(context)
        return self.created(context, pCreateContext)

    def fill_area(self, context: Context) -> Blocking[None]:
        """CAL-10: returns when Dxgkrnl has had the paging operation."""
        dxgk = self.dxgk(context.adapter)
        area = context.areas[0]
        yield from dxgk.DxgkCbUpdateContextAllocation(
            dxgk.DeviceHandle, DXGKARGCB_UPDATECONTEXTALLOCATION(area, pPrivateDriverData=area))

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """CTX-05, CTX-07: out of the table and off the node first, then its memory."""
        context = self.pool.at(hContext, Context)
        adapter = self.shared(context.adapter)
        yield from self.lock(adapter.table_lock)
        self.leave_table(context)
        self.leave_node(context)
        yield PREEMPT
        self.unlock(adapter.table_lock)
        yield from self.free_context_areas(context)
        self.free_context(context)
        return SUCCESS

    def leave_table(self, context: Context) -> None:
        """A paging operation yet to come must not find the context."""
        self.shared(context.adapter).table.pop(context.areas[0], None)

    def DxgkDdiBuildPagingBuffer(  # type: ignore[override]  # (it may block)
            self, hAdapter: Handle, pBuildPagingBuffer: DXGKARG_BUILDPAGINGBUFFER) -> Result:
        """PAG-01, CAL-10."""
        if (pBuildPagingBuffer.Operation
                is not PagingOperation.DXGK_OPERATION_UPDATE_CONTEXT_ALLOCATION):
            return super().DxgkDdiBuildPagingBuffer(hAdapter, pBuildPagingBuffer)
        update = pBuildPagingBuffer.UpdateContextAllocation
        assert update is not None
        return self.update_area(self.shared(self.pool.at(hAdapter, Adapter)),
                                update.pDriverPrivateData)

    def update_area(self, adapter: SharedAdapter, area: Handle) -> Pauses:
        """Fill a save area as its context wants it."""
        yield from self.lock(adapter.paging_lock)
        yield PREEMPT
        yield from self.lock(adapter.table_lock)
        yield PREEMPT
        context = adapter.table.get(area)
        assert context is not None, "an update of a save area that is not in the table"
        assert context.areas[0] == area
        self.unlock(adapter.table_lock)
        self.unlock(adapter.paging_lock)
        return SUCCESS

    # --- submission, interrupt, DPC ---------------------------------------------------------------

    def DxgkDdiSubmitCommand(  # type: ignore[override]  # (it may spin)
            self, hAdapter: Handle, pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> Pauses:
        """SUB-05, INT-08: at DISPATCH_LEVEL; what the ISR looks at is changed synchronised with
        it."""
        adapter = self.shared(self.pool.at(hAdapter, Adapter))
        context = self.pool.at(pSubmitCommand.hContext, Context)
        yield self.kernel.KeAcquireSpinLockAtDpcLevel(adapter.node_lock)
        yield PREEMPT
        dxgk = self.dxgk(adapter)
        yield from dxgk.DxgkCbSynchronizeExecution(
            dxgk.DeviceHandle, partial(self.queue, context, pSubmitCommand.SubmissionFenceId))
        self.kernel.KeReleaseSpinLockFromDpcLevel(adapter.node_lock)
        return SUCCESS

    def queue(self, context: Context, fence: int) -> Blocking[None]:
        """Give the node a packet; at DIRQL."""
        yield PREEMPT
        self.enqueue(context, fence)

    def enqueue(self, context: Context, fence: int) -> None:
        """The packet is on the driver's list, and on the node."""
        assert context.hardware is not None
        context.fence, context.reported = fence, False
        node = context.adapter.nodes[context.node]
        node.last_submitted = fence
        node.submissions.append(context)
        self.registers(context.adapter).submit(context.node, Packet(context.hardware, fence))

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext: Handle) -> Blocking[None]:
        """INT-05: retire what has been reported."""
        adapter = self.shared(self.pool.at(MiniportDeviceContext, Adapter))
        yield self.kernel.KeAcquireSpinLockAtDpcLevel(adapter.node_lock)
        yield PREEMPT
        self.retire_reported(adapter)
        self.kernel.KeReleaseSpinLockFromDpcLevel(adapter.node_lock)
        self.dxgk(adapter).DxgkCbNotifyDpc(self.dxgk(adapter).DeviceHandle)

    def retire_reported(self, adapter: SharedAdapter) -> None:
        """What has been reported is over."""
        for node in adapter.nodes:
            for context in tuple(node.submissions):
                if context.reported:
                    self.retire(context)

    def DxgkDdiQueryCurrentFence(self, hAdapter: Handle,
                                 pCurrentFence: DXGKARG_QUERYCURRENTFENCE) -> Pauses:
        """FEN-03: what the ISR has not reported yet is reported now, synchronised with it."""
        adapter = self.shared(self.pool.at(hAdapter, Adapter))
        dxgk = self.dxgk(adapter)
        yield from dxgk.DxgkCbSynchronizeExecution(
            dxgk.DeviceHandle, partial(self.report_overdue, adapter))
        pCurrentFence.CurrentFence = adapter.nodes[pCurrentFence.NodeOrdinal].last_completed
        return SUCCESS

    def report_overdue(self, adapter: SharedAdapter) -> Blocking[None]:
        """What a thread does in the ISR's place."""
        yield PREEMPT
        self.report_nodes(adapter)

    def report_nodes(self, adapter: SharedAdapter) -> None:
        """FEN-01: each fence once; at DIRQL."""
        for ordinal in range(len(adapter.nodes)):
            self.report_complete(adapter, ordinal)
        self.dxgk(adapter).DxgkCbQueueDpc(self.dxgk(adapter).DeviceHandle)

    # --- power ------------------------------------------------------------------------------------

    def DxgkDdiEscape(self, hAdapter: Handle, pEscape: DXGKARG_ESCAPE) -> Result:
        """PWR-06: the request "tune" changes the hardware of the power component."""
        if pEscape.command != "tune":
            return super().DxgkDdiEscape(hAdapter, pEscape)
        return self.tune(self.shared(self.pool.at(hAdapter, Adapter)))

    def tune(self, adapter: SharedAdapter) -> Pauses:
        """PWR-06: the component is active before it is touched, and as long as it is."""
        dxgk = self.dxgk(adapter)
        yield from dxgk.DxgkCbSetPowerComponentActive(dxgk.DeviceHandle, 0)
        yield from self.lock(adapter.paging_lock)
        yield PREEMPT
        yield from self.lock(adapter.table_lock)
        yield PREEMPT
        self.registers(adapter).change_component()
        self.unlock(adapter.table_lock)
        self.unlock(adapter.paging_lock)
        dxgk.DxgkCbSetPowerComponentIdle(dxgk.DeviceHandle, 0)
        return SUCCESS

    def DxgkDdiSetPowerComponentFState(self, DriverContext: Handle, ComponentIndex: int,
                                       State: FState) -> Pauses:
        """PWR-05: nothing here waits for Dxgkrnl."""
        adapter = self.shared(self.pool.at(DriverContext, Adapter))
        yield self.kernel.KeAcquireSpinLock(adapter.component_lock)
        self.registers(adapter).power_component(State is FState.F0)
        yield PREEMPT
        self.kernel.KeReleaseSpinLock(adapter.component_lock)
        return SUCCESS
