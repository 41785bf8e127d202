"""Hardware queues, and the doorbells through which user mode feeds them."""

from __future__ import annotations

from wddmcheck.machine.gpu.engine import HwQueue as GpuQueue
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.queue_structs import (
    D3DDDI_DOORBELLSTATUS,
    DXGKARG_CONNECTDOORBELL,
    DXGKARG_CREATEDOORBELL,
    DXGKARG_CREATEHWQUEUE,
    DXGKARG_DESTROYDOORBELL,
    DXGKARG_DISCONNECTDOORBELL,
    DXGKARG_SUBMITCOMMANDTOHWQUEUE,
    DXGKARGCB_DISCONNECTDOORBELL,
)
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS, Common
from wddmcheck.machine.reference.objects import Adapter, Allocation, Context, Doorbell, HwQueue
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.waits import Blocking

CONNECTED = D3DDDI_DOORBELLSTATUS.D3DDDI_DOORBELLSTATUS_CONNECTED


class HardwareQueueDdis(Common):
    """Hardware queues and doorbells. The GPU has one physical doorbell, which they share."""

    def DxgkDdiCreateHwQueue(self, pCreateHwQueue: DXGKARG_CREATEHWQUEUE) -> NtStatus:
        """HWQ-02."""
        context = self.pool.at(pCreateHwQueue.hHwContext, Context)
        assert context.entry is not None
        gpu = GpuQueue(context.entry, pCreateHwQueue.progress)
        queue = self.pool.allocate(HwQueue, os_handle=pCreateHwQueue.hHwQueue, context=context,
                                   gpu=gpu)
        if queue is None:
            return NO_MEMORY
        self.registers(context.adapter).engine.add_queue(gpu)
        pCreateHwQueue.hHwQueue = self.pool.address(queue)
        return SUCCESS

    def DxgkDdiDestroyHwQueue(self, hHwQueue: Handle) -> NtStatus:
        """HWQ-03: what it has left to do is not done (HWQ-09)."""
        queue = self.pool.at(hHwQueue, HwQueue)
        registers = queue.context.adapter.registers
        if registers is not None:
            registers.engine.remove_queue(queue.gpu)
        self.pool.free(queue, HwQueue.TAG)
        return SUCCESS

    def DxgkDdiSubmitCommandToHwQueue(
            self, hAdapter: Handle,
            pSubmitCommandToHwQueue: DXGKARG_SUBMITCOMMANDTOHWQUEUE) -> NtStatus:
        """HWQ-05: up to DISPATCH_LEVEL."""
        adapter = self.pool.at(hAdapter, Adapter)
        queue = self.pool.at(pSubmitCommandToHwQueue.hHwQueue, HwQueue)
        self.registers(adapter).engine.submit(queue.gpu)
        return SUCCESS

    def DxgkDdiCreateDoorbell(self, pArgs: DXGKARG_CREATEDOORBELL) -> NtStatus:
        """DBL-01: no physical doorbell yet; the GPU learns where the commands will be."""
        queue = self.pool.at(pArgs.hHwQueue, HwQueue)
        doorbell = self.pool.allocate(Doorbell, os_handle=pArgs.hDoorbell, queue=queue)
        if doorbell is None:
            return NO_MEMORY
        queue.ring = self.pool.at(pArgs.hRingBuffer, Allocation)
        data = pArgs.PrivateDriverData
        queue.gpu.ring = (data.VirtualAddress, data.content)
        pArgs.hDoorbell = self.pool.address(doorbell)
        return SUCCESS

    def DxgkDdiConnectDoorbell(self, pArgs: DXGKARG_CONNECTDOORBELL) -> Pauses:
        """DBL-02, DBL-05: it takes the physical doorbell from the queue that has it."""
        doorbell = self.pool.at(pArgs.hDoorbell, Doorbell)
        adapter = doorbell.queue.context.adapter
        yield from self.lock(adapter.doorbell_lock)
        yield from self.take_location(adapter, doorbell)
        pArgs.KernelCpuVirtualAddress = self.wire(adapter, doorbell)
        self.unlock(adapter.doorbell_lock)
        pArgs.Status = CONNECTED
        yield PREEMPT
        return SUCCESS

    def take_location(self, adapter: Adapter, doorbell: Doorbell) -> Blocking[None]:
        """DBL-05: the location is free when the callback has returned, not before."""
        if adapter.wired is not None and adapter.wired is not doorbell:
            yield from self.take_from_user_mode(adapter, adapter.wired)
        adapter.wired = doorbell

    def take_from_user_mode(self, adapter: Adapter, doorbell: Doorbell) -> Blocking[None]:
        """DBL-05: by the driver's handle of the queue."""
        yield from self.dxgk(adapter).DxgkCbDisconnectDoorbell(
            DXGKARGCB_DISCONNECTDOORBELL(self.pool.address(doorbell.queue)))

    def wire(self, adapter: Adapter, doorbell: Doorbell) -> int:
        """Let the physical doorbell wake the queue of a doorbell; where it is."""
        return self.registers(adapter).engine.wire(doorbell.queue.gpu)

    def DxgkDdiDisconnectDoorbell(self, pArgs: DXGKARG_DISCONNECTDOORBELL) -> Pauses:
        """DBL-03: Dxgkrnl takes the page from user mode after the call, so it is asked for that
        before others can get the location."""
        doorbell = self.pool.at(pArgs.hDoorbell, Doorbell)
        adapter = doorbell.queue.context.adapter
        yield from self.lock(adapter.doorbell_lock)
        if adapter.wired is doorbell:
            yield from self.give_up_location(adapter, doorbell)
        self.unlock(adapter.doorbell_lock)
        yield PREEMPT
        return SUCCESS

    def give_up_location(self, adapter: Adapter, doorbell: Doorbell) -> Blocking[None]:
        """DBL-05: nobody leads there any more, and then it is free."""
        yield from self.take_from_user_mode(adapter, doorbell)
        self.free_location(adapter)

    def free_location(self, adapter: Adapter) -> None:
        """DBL-04: the physical doorbell wakes nobody."""
        adapter.wired = None
        if adapter.registers is not None:
            adapter.registers.engine.wire(None)

    def DxgkDdiDestroyDoorbell(self, pArgs: DXGKARG_DESTROYDOORBELL) -> Pauses:
        """DBL-04, HWQ-09: its ring buffer may be gone already."""
        doorbell = self.pool.at(pArgs.hDoorbell, Doorbell)
        adapter = doorbell.queue.context.adapter
        yield from self.lock(adapter.doorbell_lock)
        self.leave_location(adapter, doorbell)
        queue = doorbell.queue
        queue.ring = queue.gpu.ring = None
        self.pool.free(doorbell, Doorbell.TAG)
        self.unlock(adapter.doorbell_lock)
        return SUCCESS

    def leave_location(self, adapter: Adapter, doorbell: Doorbell) -> None:
        """DBL-04: the physical doorbell is free for others."""
        if adapter.wired is doorbell:
            self.free_location(adapter)
