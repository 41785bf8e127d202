"""Defects of allocations and resources."""

from __future__ import annotations

from wddmcheck.machine.allocation_structs import (
    DXGK_DESTROYALLOCATIONFLAGS,
    DXGKARG_CLOSEALLOCATION,
    DXGKARG_CREATEALLOCATION,
    DXGKARG_DESTROYALLOCATION,
    DXGKARG_ESCAPE,
    DXGKARG_OPENALLOCATION,
    DXGKARGCB_GETHANDLEDATA,
)
from wddmcheck.machine.miniport import PREEMPT, Kernel, Pauses
from wddmcheck.machine.paging_structs import DXGK_TRANSFERFLAGS, DXGKARG_BUILDPAGINGBUFFER
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import (
    Adapter,
    Allocation,
    Device,
    OpenAllocation,
    Resource,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    NULL,
    Handle,
)

SUCCESS = NtStatus.STATUS_SUCCESS


class KeepsCreatingDevice(ReferenceMiniport):
    """An allocation remembers the device on which it was opened first."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.creators: dict[Handle, Device] = {}

    def DxgkDdiOpenAllocation(self, hDevice: Handle,
                              pOpenAllocation: DXGKARG_OPENALLOCATION) -> NtStatus:
        """Against ALC-04."""
        status = super().DxgkDdiOpenAllocation(hDevice, pOpenAllocation)
        if status.succeeds:
            for info in pOpenAllocation.pOpenAllocation:
                opened = self.pool.at(info.hDeviceSpecificAllocation, OpenAllocation)
                self.creators.setdefault(self.pool.address(opened.allocation), opened.device)
        return status

    def free_allocation(self, allocation: Allocation) -> None:
        """Asks the device for its process, to charge it for the memory."""
        creator = self.creators.pop(self.pool.address(allocation), None)
        if creator is not None:
            _ = creator.process
        super().free_allocation(allocation)


class CloseFreesAllocation(ReferenceMiniport):
    """CloseAllocation frees the adapter's allocation instead of the opening."""

    def DxgkDdiCloseAllocation(self, hDevice: Handle,
                               pCloseAllocation: DXGKARG_CLOSEALLOCATION) -> NtStatus:
        """Against ALC-11."""
        for handle in pCloseAllocation.pOpenHandleList:
            self.free_allocation(self.pool.at(handle, OpenAllocation).allocation)
        return SUCCESS


class FailedCreateLeavesFirst(ReferenceMiniport):
    """An array of two fails at the second element, and the first stays."""

    def create_allocations(self, arg: DXGKARG_CREATEALLOCATION,
                           resource: Resource | None) -> bool:
        """Against ALC-02."""
        for info in arg.pAllocationInfo:
            allocation = self.pool.allocate(Allocation, resource=resource)
            if allocation is None:
                return False
            info.hAllocation, info.Size = self.pool.address(allocation), 4096
        return True


class EmptyListLeaksResource(ReferenceMiniport):
    """DestroyAllocation returns early where NumAllocations is 0."""

    def DxgkDdiDestroyAllocation(self, hAdapter: Handle,
                                 pDestroyAllocation: DXGKARG_DESTROYALLOCATION) -> NtStatus:
        """Against ALC-17."""
        if not pDestroyAllocation.pAllocationList:
            return SUCCESS
        return super().DxgkDdiDestroyAllocation(hAdapter, pDestroyAllocation)


class FreesResourceUnasked(ReferenceMiniport):
    """DestroyAllocation frees the resource whenever it is named."""

    def DxgkDdiDestroyAllocation(self, hAdapter: Handle,
                                 pDestroyAllocation: DXGKARG_DESTROYALLOCATION) -> NtStatus:
        """Against ALC-14."""
        if pDestroyAllocation.hResource != NULL:
            pDestroyAllocation.Flags |= DXGK_DESTROYALLOCATIONFLAGS.DestroyResource
        return super().DxgkDdiDestroyAllocation(hAdapter, pDestroyAllocation)


class IgnoresDestroyResource(ReferenceMiniport):
    """DestroyAllocation frees the allocations of a resource, and never the resource."""

    def DxgkDdiDestroyAllocation(self, hAdapter: Handle,
                                 pDestroyAllocation: DXGKARG_DESTROYALLOCATION) -> NtStatus:
        """Against ALC-13."""
        pDestroyAllocation.Flags &= ~DXGK_DESTROYALLOCATIONFLAGS.DestroyResource
        return super().DxgkDdiDestroyAllocation(hAdapter, pDestroyAllocation)


class CachesPagedAllocation(ReferenceMiniport):
    """The allocation of a transfer is kept from TransferStart to TransferEnd."""

    moving: Allocation | None = None

    def DxgkDdiBuildPagingBuffer(self, hAdapter: Handle,
                                 pBuildPagingBuffer: DXGKARG_BUILDPAGINGBUFFER) -> NtStatus:
        """Against PAG-02."""
        handle, starts = pBuildPagingBuffer.hAllocation, (
            DXGK_TRANSFERFLAGS.TransferStart in pBuildPagingBuffer.Flags)
        if not starts:
            pBuildPagingBuffer.hAllocation = NULL
        status = super().DxgkDdiBuildPagingBuffer(hAdapter, pBuildPagingBuffer)
        pBuildPagingBuffer.hAllocation = handle
        if not status.succeeds:
            return status
        if starts:
            self.moving = self.pool.at(handle, Allocation)
        elif self.moving is not None:
            self.inspect(self.moving)
            self.moving = None
        return status


class KeepsRawPointer(ReferenceMiniport):
    """A pointer from GetHandleData is kept across a wait; nothing holds the allocation."""

    def escape_inspect(self, adapter: Adapter, pEscape: DXGKARG_ESCAPE) -> Pauses:
        """Against ALC-21."""
        handle = self.dxgk(adapter).DxgkCbGetHandleData(
            DXGKARGCB_GETHANDLEDATA(pEscape.hAllocation))
        allocation = self.pool.at(handle, Allocation)
        yield PREEMPT
        self.inspect(allocation)
        return SUCCESS
