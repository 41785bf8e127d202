"""Contexts and their save areas."""

from __future__ import annotations

from collections.abc import Generator

from wddmcheck.machine.gpu.node import HwContext
from wddmcheck.machine.miniport import PREEMPT, Pauses, Preempt, Wait
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS, same_version
from wddmcheck.machine.reference.objects import Context, Device
from wddmcheck.machine.reference.suspension import SuspensionDdis
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CONTEXTINFO,
    DXGK_CREATECONTEXTFLAGS,
    DXGKARG_CREATECONTEXT,
    DXGKARG_SETROOTPAGETABLE,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    DXGKARGCB_MAPCONTEXTALLOCATION,
    Handle,
    PrivateData,
)


class ContextDdis(SuspensionDdis):
    """Contexts and their save areas."""

    def DxgkDdiCreateContext(self, hDevice: Handle,
                             pCreateContext: DXGKARG_CREATECONTEXT) -> Pauses:
        """CTX-01, GEN-08: a create that fails leaves nothing behind."""
        if not same_version(pCreateContext.pPrivateDriverData):
            return NtStatus.STATUS_GRAPHICS_DRIVER_MISMATCH
        device = self.pool.at(hDevice, Device)
        context = self.pool.allocate(Context, os_handle=pCreateContext.hContext,
                                     adapter=device.adapter, device=device,
                                     node=pCreateContext.NodeOrdinal)
        if context is None:
            return NO_MEMORY
        if DXGK_CREATECONTEXTFLAGS.SystemContext in pCreateContext.Flags:
            self.load_paging_context(context)
        elif not self.create_area(context):
            self.pool.free(context, Context.TAG)
            return NO_MEMORY
        elif not self.create_further_areas(context, pCreateContext.pPrivateDriverData) or (
                not self.load_hardware_context(context)):
            return (yield from self.undo_create(context))
        if DXGK_CREATECONTEXTFLAGS.HwQueueSupported in pCreateContext.Flags:
            self.join_engine(context)
        device.contexts.append(context)
        return self.created(context, pCreateContext)

    def created(self, context: Context, pCreateContext: DXGKARG_CREATECONTEXT) -> NtStatus:
        """What Dxgkrnl gets of a context."""
        pCreateContext.hContext = self.pool.address(context)
        pCreateContext.ContextInfo = DXGK_CONTEXTINFO(DmaBufferSize=4096, AllocationListSize=16)
        return SUCCESS

    def create_area(self, context: Context) -> bool:
        """CAL-03: the save area of a context, by Dxgkrnl's handles of both."""
        dxgk = self.dxgk(context.adapter)
        area = DXGKARGCB_CREATECONTEXTALLOCATION(dxgk.DeviceHandle, context.device.os_handle,
                                                 context.os_handle)
        if not dxgk.DxgkCbCreateContextAllocation(area).succeeds:
            return False
        context.areas.append(area.hAllocation)
        return True

    def create_further_areas(self, context: Context, data: PrivateData | None) -> bool:
        """What the user-mode driver asks for beyond the save area."""
        wanted = data.areas - 1 if data is not None else 0
        return all(self.create_area(context) for _ in range(wanted))

    def load_hardware_context(self, context: Context) -> bool:
        """Tell the hardware where to save the context's state."""
        dxgk = self.dxgk(context.adapter)
        va = dxgk.DxgkCbMapContextAllocation(
            dxgk.DeviceHandle, DXGKARGCB_MAPCONTEXTALLOCATION(context.areas[0]))
        if va == 0:
            return False
        context.hardware = HwContext(context.adapter.next_hw_context, va)
        context.adapter.next_hw_context += 1
        return True

    def load_paging_context(self, context: Context) -> None:
        """CTX-12: a system context has no save area, as the hardware keeps nothing of it."""
        context.hardware = HwContext(context.adapter.next_hw_context, 0)
        context.adapter.next_hw_context += 1

    def undo_create(self, context: Context) -> Pauses:
        """CAL-11: what came before the failure goes."""
        yield from self.free_context_areas(context)
        self.pool.free(context, Context.TAG)
        return NO_MEMORY

    def DxgkDdiSetRootPageTable(self, hAdapter: Handle,
                                pSetPageTable: DXGKARG_SETROOTPAGETABLE) -> None:
        """The address space that the context runs in."""
        context = self.pool.at(pSetPageTable.hContext, Context)
        assert context.hardware is not None
        context.hardware.root = pSetPageTable.Address

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """CTX-05, CTX-07: out of reach of the DPC and off the node first, then its memory."""
        context = self.pool.at(hContext, Context)
        if context.entry is not None:
            self.leave_engine(context)
        else:
            self.leave_submissions(context)
            self.leave_node(context)
            yield self.until_left(context)
        context.device.contexts.remove(context)
        yield from self.free_context_areas(context)
        self.free_context(context)
        return SUCCESS

    def leave_submissions(self, context: Context) -> None:
        """INT-06: a DPC yet to come must not find the context."""
        submissions = context.adapter.nodes[context.node].submissions
        if context in submissions:
            submissions.remove(context)

    def leave_node(self, context: Context) -> None:
        """CTX-13: the node must not save the context's state any more. In D3 it holds none."""
        registers = context.adapter.registers
        if registers is not None and not self.has_left(context):
            assert context.hardware is not None
            registers.switch_to_null(context.node, context.hardware)

    def until_left(self, context: Context) -> Preempt | Wait:
        """CTX-13: until the node has let go of the context, or there is no node any more."""
        if not context.adapter.lazy_switch:
            return PREEMPT
        return Wait("the node to let go of the context", lambda: self.has_left(context),
                    parks=True)

    def has_left(self, context: Context) -> bool:
        """Whether the node does not hold the context."""
        registers = context.adapter.registers
        assert context.hardware is not None
        return registers is None or not registers.is_current(context.node, context.hardware)

    def free_context_areas(self, context: Context) -> Generator[Wait, None, None]:
        """CTX-07, CAL-06: all that was allocated for the context."""
        for area in context.areas:
            yield from self.kernel.may_block(area)
            self.free_areas(context.adapter, [area])

    def free_context(self, context: Context) -> None:
        """The context itself, and what there is of its last packet: the DPC may not have run."""
        if context.fence and context.adapter.registers is not None:
            context.adapter.registers.retire(context.node, context.fence)
        self.free_packet(context)
        self.pool.free(context, Context.TAG)
