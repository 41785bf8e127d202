"""Allocations and resources."""

from __future__ import annotations

from wddmcheck.machine.allocation_structs import (
    DXGK_CREATEALLOCATIONFLAGS,
    DXGK_DESTROYALLOCATIONFLAGS,
    DXGKARG_CLOSEALLOCATION,
    DXGKARG_CREATEALLOCATION,
    DXGKARG_DESCRIBEALLOCATION,
    DXGKARG_DESTROYALLOCATION,
    DXGKARG_OPENALLOCATION,
    DXGKARGCB_GETHANDLEDATA,
)
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS, same_version
from wddmcheck.machine.reference.objects import (
    Allocation,
    Device,
    OpenAllocation,
    Resource,
)
from wddmcheck.machine.reference.paging import PagingDdis
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    NULL,
    Handle,
)


class AllocationDdis(PagingDdis):
    """Allocations and resources."""

    def DxgkDdiCreateAllocation(self, hAdapter: Handle,
                                pCreateAllocation: DXGKARG_CREATEALLOCATION) -> NtStatus:
        """ALC-01 to ALC-03: all or nothing."""
        data = pCreateAllocation.pPrivateDriverData
        if data is None or not data.valid:
            return NtStatus.STATUS_INVALID_PARAMETER
        if not same_version(data):
            return NtStatus.STATUS_GRAPHICS_DRIVER_MISMATCH
        made = DXGK_CREATEALLOCATIONFLAGS.Resource in pCreateAllocation.Flags
        resource: Resource | None = None
        if made:
            resource = self.pool.allocate(Resource)
            if resource is None:
                return NO_MEMORY
        elif pCreateAllocation.hResource != NULL:
            resource = self.pool.at(pCreateAllocation.hResource, Resource)
        if not self.create_allocations(pCreateAllocation, resource):
            if made:
                self.pool.free(resource, Resource.TAG)
            return NO_MEMORY
        if made and resource is not None:
            pCreateAllocation.hResource = self.pool.address(resource)
        return SUCCESS

    def create_allocations(self, arg: DXGKARG_CREATEALLOCATION,
                           resource: Resource | None) -> bool:
        """ALC-02: if one fails, those before it go."""
        done: list[Allocation] = []
        for info in arg.pAllocationInfo:
            allocation = self.pool.allocate(Allocation, resource=resource)
            if allocation is None:
                for earlier in done:
                    self.pool.free(earlier, Allocation.TAG)
                return False
            done.append(allocation)
            info.hAllocation, info.Size = self.pool.address(allocation), 4096
        return True

    def DxgkDdiDestroyAllocation(self, hAdapter: Handle,
                                 pDestroyAllocation: DXGKARG_DESTROYALLOCATION) -> NtStatus:
        """ALC-12 to ALC-14: the allocations of the list, which may be empty, and the resource if
        (and only if) DestroyResource says so."""
        for handle in pDestroyAllocation.pAllocationList:
            self.free_allocation(self.pool.at(handle, Allocation))
        if DXGK_DESTROYALLOCATIONFLAGS.DestroyResource in pDestroyAllocation.Flags:
            self.pool.free(self.pool.at(pDestroyAllocation.hResource, Resource), Resource.TAG)
        return SUCCESS

    def free_allocation(self, allocation: Allocation) -> None:
        """What the driver keeps of an allocation."""
        self.pool.free(allocation, Allocation.TAG)

    def DxgkDdiDescribeAllocation(
            self, hAdapter: Handle, pDescribeAllocation: DXGKARG_DESCRIBEALLOCATION) -> NtStatus:
        """ALC-19: from the driver's own data of the allocation."""
        allocation = self.pool.at(pDescribeAllocation.hAllocation, Allocation)
        pDescribeAllocation.Width = allocation.width
        pDescribeAllocation.Height = allocation.height
        return SUCCESS

    def DxgkDdiOpenAllocation(self, hDevice: Handle,
                              pOpenAllocation: DXGKARG_OPENALLOCATION) -> NtStatus:
        """ALC-08."""
        data = pOpenAllocation.pPrivateDriverData
        if data is None or not data.valid:
            return NtStatus.STATUS_INVALID_PARAMETER
        if not same_version(data):
            return NtStatus.STATUS_GRAPHICS_DRIVER_MISMATCH
        device = self.pool.at(hDevice, Device)
        for info in pOpenAllocation.pOpenAllocation:
            handle = self.dxgk(device.adapter).DxgkCbGetHandleData(
                DXGKARGCB_GETHANDLEDATA(info.hAllocation))
            opened = self.pool.allocate(OpenAllocation, device=device,
                                        allocation=self.pool.at(handle, Allocation))
            if opened is None:
                return NO_MEMORY
            info.hDeviceSpecificAllocation = self.pool.address(opened)
        return SUCCESS

    def DxgkDdiCloseAllocation(self, hDevice: Handle,
                               pCloseAllocation: DXGKARG_CLOSEALLOCATION) -> NtStatus:
        """ALC-10, ALC-11: only the device-specific structure goes."""
        for handle in pCloseAllocation.pOpenHandleList:
            self.pool.free(self.pool.at(handle, OpenAllocation), OpenAllocation.TAG)
        return SUCCESS
