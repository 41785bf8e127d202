"""Defects of allocations that several devices have open, and that user mode names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wddmcheck.machine.allocation_structs import (
    DXGKARG_CLOSEALLOCATION,
    DXGKARG_CREATEALLOCATION,
    DXGKARG_ESCAPE,
    DXGKARG_OPENALLOCATION,
    DXGKARGCB_GETHANDLEDATA,
)
from wddmcheck.machine.miniport import PREEMPT, Kernel, Pauses
from wddmcheck.machine.pool import Structure
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.objects import Adapter, Allocation, OpenAllocation, Resource
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    NULL,
    Handle,
)


class CreatorFreesAtClose(ReferenceMiniport):
    """CloseAllocation frees the allocation with the opening of the device that asked for it, also
    where there are others."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.opened: dict[Handle, Handle] = {}     # openings, and what each opens
        self.creators: set[Handle] = set()         # those of creations

    def DxgkDdiOpenAllocation(self, hDevice: Handle,
                              pOpenAllocation: DXGKARG_OPENALLOCATION) -> NtStatus:
        """Remembers what is open, and which opening came with the creation."""
        status = super().DxgkDdiOpenAllocation(hDevice, pOpenAllocation)
        for info in pOpenAllocation.pOpenAllocation if status.succeeds else ():
            handle = info.hDeviceSpecificAllocation
            self.opened[handle] = self.pool.address(
                self.pool.at(handle, OpenAllocation).allocation)
            if pOpenAllocation.Create:
                self.creators.add(handle)
        return status

    def DxgkDdiCloseAllocation(self, hDevice: Handle,
                               pCloseAllocation: DXGKARG_CLOSEALLOCATION) -> NtStatus:
        """Against ALC-24."""
        for handle in pCloseAllocation.pOpenHandleList:
            allocation = self.opened.pop(handle)
            if handle in self.creators and allocation in self.opened.values():
                self.free_allocation(self.pool.at(allocation, Allocation))
            self.creators.discard(handle)
        return super().DxgkDdiCloseAllocation(hDevice, pCloseAllocation)


@dataclass(eq=False, repr=False)
class Binding(Structure):
    """What the driver keeps of the device-specific part of an allocation."""

    TAG: ClassVar[str] = "WBnd"
    bound: bool = True


class ExpectsAnOpening(ReferenceMiniport):
    """DestroyAllocation looks at what the first opening has made."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.bindings: dict[Handle, Handle] = {}

    def DxgkDdiOpenAllocation(self, hDevice: Handle,
                              pOpenAllocation: DXGKARG_OPENALLOCATION) -> NtStatus:
        """Makes it."""
        status = super().DxgkDdiOpenAllocation(hDevice, pOpenAllocation)
        for info in pOpenAllocation.pOpenAllocation if status.succeeds else ():
            opened = self.pool.at(info.hDeviceSpecificAllocation, OpenAllocation)
            allocation = self.pool.address(opened.allocation)
            if allocation in self.bindings:
                continue
            binding = self.pool.allocate(Binding)
            if binding is None:
                self.pool.free(opened, OpenAllocation.TAG)
                return NO_MEMORY
            self.bindings[allocation] = self.pool.address(binding)
        return status

    def free_allocation(self, allocation: Allocation) -> None:
        """Against ALC-09: an opening that fails is followed by a destroy."""
        handle = self.bindings.pop(self.pool.address(allocation), NULL)
        binding = self.pool.at(handle, Binding)
        binding.bound = False
        self.pool.free(binding, Binding.TAG)
        super().free_allocation(allocation)


class HoldsThePointer(ReferenceMiniport):
    """Escape goes on with the pointer from DxgkCbGetHandleData after another thread could run."""

    def escape_look_up(self, adapter: Adapter, pEscape: DXGKARG_ESCAPE) -> Pauses:
        """Against ALC-20."""
        handle = self.dxgk(adapter).DxgkCbGetHandleData(
            DXGKARGCB_GETHANDLEDATA(pEscape.hAllocation))
        if handle == NULL:
            return NtStatus.STATUS_INVALID_HANDLE
        yield PREEMPT
        self.inspect(self.pool.at(handle, Allocation))
        return SUCCESS


class TrustsTheHandle(ReferenceMiniport):
    """Escape does not look whether user mode's handle names anything."""

    def escape_look_up(self, adapter: Adapter, pEscape: DXGKARG_ESCAPE) -> NtStatus:
        """Against ALC-20."""
        handle = self.dxgk(adapter).DxgkCbGetHandleData(
            DXGKARGCB_GETHANDLEDATA(pEscape.hAllocation))
        self.inspect(self.pool.at(handle, Allocation))
        return SUCCESS


class KeepsATable(ReferenceMiniport):
    """The driver has a table of its own, of one allocation, which user mode names."""

    table: Allocation | None = None

    def create_allocations(self, arg: DXGKARG_CREATEALLOCATION,
                           resource: Resource | None) -> bool:
        """Enters it."""
        made = super().create_allocations(arg, resource)
        if made:
            self.table = self.pool.at(arg.pAllocationInfo[-1].hAllocation, Allocation)
        return made

    def escape_look_up(self, adapter: Adapter, pEscape: DXGKARG_ESCAPE) -> NtStatus:
        """Against ALC-05: it was never taken out."""
        if self.table is None:
            return NtStatus.STATUS_INVALID_HANDLE
        self.inspect(self.table)
        return SUCCESS
