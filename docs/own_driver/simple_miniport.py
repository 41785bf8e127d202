"""A miniport under test, written from scratch: an example of docs/own_driver.md.

It does without a submission list of its own: its ISR looks at the contexts that are alive. (So a
destroyed context cannot be found there, and several of the kept counterexamples cannot happen.)
"""

from __future__ import annotations

from functools import partial

from simple_paging import Paging
from simple_power import Power
from simple_recovery import Recovery
from simple_structures import (
    Adapter,
    Allocation,
    Context,
    Device,
    OpenAllocation,
    Process,
    Resource,
)

from wddmcheck.machine.allocation_structs import (
    DXGK_CREATEALLOCATIONFLAGS,
    DXGK_DESTROYALLOCATIONFLAGS,
    DXGKARGCB_GETHANDLEDATA,
    DXGKARGCB_RELEASEHANDLEDATA,
)
from wddmcheck.machine.gpu.node import HwContext, Packet
from wddmcheck.machine.gpu.registers import GONE
from wddmcheck.machine.miniport import PREEMPT, Kernel, Wait
from wddmcheck.machine.pool import Structure
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CONTEXTINFO,
    DXGK_CREATECONTEXTALLOCATIONFLAGS,
    DXGK_CREATECONTEXTFLAGS,
    DXGK_CREATEDEVICEFLAGS,
    DXGK_INTERRUPT_TYPE,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    DXGKARGCB_MAPCONTEXTALLOCATION,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    INTERFACE_VERSION,
    NULL,
    Out,
)

OK = NtStatus.STATUS_SUCCESS
NO_MEMORY = NtStatus.STATUS_NO_MEMORY


class SimpleMiniport(Power, Paging, Recovery):
    """The DDIs by their names; `kernel` is what the driver may use besides Dxgkrnl's callbacks."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.pool = kernel, kernel.pool

    # --- adapter ----------------------------------------------------------------------------------

    def DxgkDdiAddDevice(self, PhysicalDeviceObject, MiniportDeviceContext):
        adapter = self.pool.allocate(Adapter)
        if adapter is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        MiniportDeviceContext.value = self.pool.address(adapter)
        return OK

    def DxgkDdiStartDevice(self, MiniportDeviceContext, DxgkStartInfo, DxgkInterface,
                           NumberOfVideoPresentSources, NumberOfChildren):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        registers = DxgkInterface.DxgkCbMapMemory()
        if not registers.initialize():
            return NtStatus.STATUS_UNSUCCESSFUL
        adapter.dxgk, adapter.registers = DxgkInterface, registers
        self.enable(adapter, True)
        return OK

    def enable(self, adapter, enabled):
        """Whether the device interrupts, and writes its status to system memory."""
        if adapter.registers is not None:
            adapter.registers.enable_interrupts(enabled)
            adapter.registers.write_status(enabled)

    def DxgkDdiStopDevice(self, MiniportDeviceContext):
        """A generator: other steps can come between where it yields."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        self.enable(adapter, False)
        yield PREEMPT
        yield self.kernel.KeFlushQueuedDpcs()
        return OK

    def DxgkDdiStopDeviceAndReleasePostDisplayOwnership(self, MiniportDeviceContext, TargetId):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        if not adapter.registers.release_post_display():
            return NtStatus.STATUS_NOT_SUPPORTED
        return self.DxgkDdiStopDevice(MiniportDeviceContext)

    def DxgkDdiRemoveDevice(self, MiniportDeviceContext):
        self.pool.free(self.pool.at(MiniportDeviceContext, Adapter), Adapter.TAG)
        return OK

    # --- processes and devices --------------------------------------------------------------------

    def DxgkDdiCreateProcess(self, hAdapter, pArgs):
        process = self.pool.allocate(Process)
        if process is None:
            return NO_MEMORY
        pArgs.hKmdProcess = self.pool.address(process)
        return OK

    def DxgkDdiDestroyProcess(self, hAdapter, hKmdProcess):
        self.pool.free(self.pool.at(hKmdProcess, Process), Process.TAG)
        return OK

    def DxgkDdiCreateDevice(self, hAdapter, pCreateDevice):
        adapter = self.pool.at(hAdapter, Adapter)
        device = self.pool.allocate(Device, adapter=adapter, os_handle=pCreateDevice.hDevice)
        if device is None:
            return NO_MEMORY
        if DXGK_CREATEDEVICEFLAGS.GdiDevice in pCreateDevice.Flags:
            device.shared = self.new_area(adapter, device.os_handle)
            if not device.shared:
                self.pool.free(device, Device.TAG)
                return NO_MEMORY
        pCreateDevice.hDevice = self.pool.address(device)      # Dxgkrnl's handle in, ours out
        return OK

    def DxgkDdiDestroyDevice(self, hDevice):
        device = self.pool.at(hDevice, Device)
        adapter = device.adapter
        if device.shared:
            self.free_area(adapter, device.shared)
        for context in [c for c in adapter.contexts if c.device is device]:
            adapter.contexts.remove(context)                   # Dxgkrnl could not use it
            self.free_area(adapter, context.area)
            self.pool.free(context, Context.TAG)
        self.pool.free(device, Device.TAG)
        return OK

    def new_area(self, adapter, os_device, os_context=NULL):
        """A context allocation: Dxgkrnl's handle of it, 0 if there is none."""
        flags = (DXGK_CREATECONTEXTALLOCATIONFLAGS.NONE if os_context else
                 DXGK_CREATECONTEXTALLOCATIONFLAGS.SharedAcrossContexts)
        arg = DXGKARGCB_CREATECONTEXTALLOCATION(adapter.dxgk.DeviceHandle, os_device, os_context,
                                                ContextAllocationFlags=flags)
        made = adapter.dxgk.DxgkCbCreateContextAllocation(arg)
        return arg.hAllocation if made.succeeds else 0

    def free_area(self, adapter, area):
        adapter.dxgk.DxgkCbDestroyContextAllocation(adapter.dxgk.DeviceHandle, area)

    def map_area(self, adapter, area):
        return adapter.dxgk.DxgkCbMapContextAllocation(
            adapter.dxgk.DeviceHandle, DXGKARGCB_MAPCONTEXTALLOCATION(area))

    # --- contexts ---------------------------------------------------------------------------------

    def DxgkDdiCreateContext(self, hDevice, pCreateContext):
        if pCreateContext.pPrivateDriverData.version != INTERFACE_VERSION:
            return NtStatus.STATUS_GRAPHICS_DRIVER_MISMATCH
        device = self.pool.at(hDevice, Device)
        adapter = device.adapter
        area = va = 0                                          # a system context has no save area
        if DXGK_CREATECONTEXTFLAGS.SystemContext not in pCreateContext.Flags:
            area = self.new_area(adapter, device.os_handle, pCreateContext.hContext)
            if not area:
                return NO_MEMORY
            va = self.map_area(adapter, area)
        adapter.number += 1
        context = self.pool.allocate(
            Context, adapter=adapter, device=device, area=area, os_handle=pCreateContext.hContext,
            hardware=HwContext(adapter.number, va)) if va or not area else None
        if context is None:
            if area:
                self.free_area(adapter, area)
            return NO_MEMORY
        adapter.contexts.append(context)
        pCreateContext.hContext = self.pool.address(context)
        pCreateContext.ContextInfo = DXGK_CONTEXTINFO(DmaBufferSize=4096)
        return OK

    def DxgkDdiSetRootPageTable(self, hAdapter, pSetPageTable):
        self.pool.at(pSetPageTable.hContext, Context).hardware.root = pSetPageTable.Address

    def DxgkDdiDestroyContext(self, hContext):
        context = self.pool.at(hContext, Context)
        adapter = context.adapter
        adapter.contexts.remove(context)                       # ISR and DPC see it no more
        if not self.has_left(context):
            adapter.registers.switch_to_null(0, context.hardware)
        yield PREEMPT
        yield Wait("the node to let go", partial(self.has_left, context))
        for area in filter(None, (context.area, *context.more)):
            yield from self.kernel.may_block(area)             # a paging packet may fill it
            self.free_area(adapter, area)
        self.take_off(context)
        self.pool.free(context, Context.TAG)
        return OK

    def has_left(self, context):
        registers = context.adapter.registers
        return registers is None or not registers.is_current(0, context.hardware)

    def take_off(self, context):
        """The ring entry of its packet is free."""
        if context.fence and context.adapter.registers is not None:
            context.adapter.registers.retire(0, context.fence)
        context.fence, context.reported = 0, False

    # --- work -------------------------------------------------------------------------------------

    def DxgkDdiRender(self, hContext, pRender):
        if not pRender.pCommand.valid:
            return NtStatus.STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE
        context = self.pool.at(hContext, Context)
        context.built = tuple((e.VirtualAddress, e.content) for e in pRender.pAllocationList)
        return OK

    def DxgkDdiCancelCommand(self, hAdapter, pCancelCommand):
        self.pool.at(pCancelCommand.hContext, Context).built = ()
        return OK

    def DxgkDdiSubmitCommand(self, hAdapter, pSubmitCommand):
        adapter = self.pool.at(hAdapter, Adapter)
        if pSubmitCommand.hContext == NULL:
            return self.submit_paging(adapter, pSubmitCommand)
        context = self.pool.at(pSubmitCommand.hContext, Context)
        context.fence, context.reported = pSubmitCommand.SubmissionFenceId, False
        adapter.submitted = context.fence
        area, va = pSubmitCommand.pDmaBufferPrivateData
        inputs = [(e.VirtualAddress, e.content) for e in pSubmitCommand.allocations]
        inputs += context.built
        context.more = dict.fromkeys(context.more, 0)
        if area != NULL:
            inputs.append((va, b""))
            context.more[area] = context.fence
        adapter.registers.submit(0, Packet(context.hardware, context.fence, tuple(inputs)))
        return OK

    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext, MessageNumber):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        if adapter.registers is None or adapter.registers.interrupt_status in (0, GONE):
            return False
        if not adapter.silent:
            self.report(adapter)
            self.report_paging(adapter)
        if adapter.registers.take_preemption(0):
            self.report_preempted(adapter)
        adapter.registers.acknowledge_interrupt()
        adapter.dxgk.DxgkCbQueueDpc(adapter.dxgk.DeviceHandle)
        return True

    def report(self, adapter):
        """Each fence once; at DIRQL."""
        for context in adapter.contexts:
            if context.fence and not context.reported and (
                    adapter.registers.is_complete(0, context.fence)):
                context.reported = True
                adapter.completed = max(adapter.completed, context.fence)
                self.notify(adapter, context.fence)

    def notify(self, adapter, fence):
        adapter.dxgk.DxgkCbNotifyInterrupt(
            adapter.dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
                DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED, fence))

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        for context in adapter.contexts:
            if context.reported:
                self.take_off(context)
        self.retire_paging(adapter)
        adapter.dxgk.DxgkCbNotifyDpc(adapter.dxgk.DeviceHandle)

    # --- allocations ------------------------------------------------------------------------------

    def DxgkDdiCreateAllocation(self, hAdapter, pCreateAllocation):
        data = pCreateAllocation.pPrivateDriverData
        if not data.valid:
            return NtStatus.STATUS_INVALID_PARAMETER
        if data.version != INTERFACE_VERSION:
            return NtStatus.STATUS_GRAPHICS_DRIVER_MISMATCH
        made: list[Structure] = []
        if DXGK_CREATEALLOCATIONFLAGS.Resource in pCreateAllocation.Flags:
            resource = self.pool.allocate(Resource)
            if resource is None:
                return NO_MEMORY
            made.append(resource)
            pCreateAllocation.hResource = self.pool.address(resource)
        for info in pCreateAllocation.pAllocationInfo:
            allocation = self.pool.allocate(Allocation)
            if allocation is None:
                for earlier in made:                           # all or nothing
                    self.pool.free(earlier, earlier.TAG)
                return NO_MEMORY
            made.append(allocation)
            info.hAllocation, info.Size = self.pool.address(allocation), 4096
        return OK

    def DxgkDdiDestroyAllocation(self, hAdapter, pDestroyAllocation):
        for handle in pDestroyAllocation.pAllocationList:
            self.pool.free(self.pool.at(handle, Allocation), Allocation.TAG)
        if DXGK_DESTROYALLOCATIONFLAGS.DestroyResource in pDestroyAllocation.Flags:
            self.pool.free(self.pool.at(pDestroyAllocation.hResource, Resource), Resource.TAG)
        return OK

    def DxgkDdiOpenAllocation(self, hDevice, pOpenAllocation):
        data = pOpenAllocation.pPrivateDriverData
        if not data.valid:
            return NtStatus.STATUS_INVALID_PARAMETER
        if data.version != INTERFACE_VERSION:
            return NtStatus.STATUS_GRAPHICS_DRIVER_MISMATCH
        for info in pOpenAllocation.pOpenAllocation:
            opening = self.pool.allocate(OpenAllocation)
            if opening is None:
                return NO_MEMORY
            info.hDeviceSpecificAllocation = self.pool.address(opening)
        return OK

    def DxgkDdiCloseAllocation(self, hDevice, pCloseAllocation):
        for handle in pCloseAllocation.pOpenHandleList:
            self.pool.free(self.pool.at(handle, OpenAllocation), OpenAllocation.TAG)
        return OK

    def DxgkDdiEscape(self, hAdapter, pEscape):
        adapter = self.pool.at(hAdapter, Adapter)
        if pEscape.command == "inspect":
            return self.inspect(adapter, pEscape.hAllocation)
        if pEscape.command not in ("create area", "destroy area"):
            return NtStatus.STATUS_INVALID_PARAMETER           # what other drivers offer
        context = self.pool.at(pEscape.hContext, Context)
        if pEscape.command == "create area":
            device = self.pool.at(pEscape.hDevice, Device)
            area = self.new_area(adapter, device.os_handle, context.os_handle)
            if not area:
                return NO_MEMORY
            self.map_area(adapter, area)
            context.more[area] = 0
            return OK
        fence = context.more.get(pEscape.hAllocation, 0)
        if fence and fence == context.fence:                   # the GPU may still read it
            return NtStatus.STATUS_INVALID_PARAMETER
        del context.more[pEscape.hAllocation]
        self.free_area(adapter, pEscape.hAllocation)
        return OK

    def inspect(self, adapter, os_allocation):
        """The allocation is held while another thread may run."""
        release = Out(NULL)
        handle = adapter.dxgk.DxgkCbAcquireHandleData(DXGKARGCB_GETHANDLEDATA(os_allocation),
                                                      release)
        yield PREEMPT
        self.pool.at(handle, Allocation).looked_at += 1
        adapter.dxgk.DxgkCbReleaseHandleData(DXGKARGCB_RELEASEHANDLEDATA(release.value))
        return OK


class FirstDraft(SimpleMiniport):
    """As above, as it was before its tests: a context is off the list last."""

    def DxgkDdiDestroyContext(self, hContext):
        context = self.pool.at(hContext, Context)
        adapter = context.adapter
        yield PREEMPT
        for area in filter(None, (context.area, *context.more)):
            self.free_area(adapter, area)
        if context.fence:
            adapter.registers.retire(0, context.fence)
        adapter.contexts.remove(context)
        self.pool.free(context, Context.TAG)
        return OK
