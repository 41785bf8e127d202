"""The DDIs of the reference miniport, in the order of an adapter's life.

Each cites the rules (spec/rules) that it follows. A defect (`machine.defects`) is a subclass that
overrides one method, so what can go wrong separately is a method of its own.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from wddmcheck.machine.gpu.device import GONE, Registers
from wddmcheck.machine.gpu.node import HwContext, Packet
from wddmcheck.machine.miniport import PREEMPT, Kernel, Pauses, Preempt, Result, Wait
from wddmcheck.machine.reference.objects import (
    Adapter,
    Allocation,
    Context,
    Device,
    IsrState,
    OpenAllocation,
    Process,
    Resource,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CONTEXTINFO,
    DXGK_CREATEALLOCATIONFLAGS,
    DXGK_CREATECONTEXTALLOCATIONFLAGS,
    DXGK_CREATEDEVICEFLAGS,
    DXGK_DESTROYALLOCATIONFLAGS,
    DXGK_INTERRUPT_TYPE,
    DXGK_START_INFO,
    DXGKARG_BUILDPAGINGBUFFER,
    DXGKARG_CLOSEALLOCATION,
    DXGKARG_CREATEALLOCATION,
    DXGKARG_CREATECONTEXT,
    DXGKARG_CREATEDEVICE,
    DXGKARG_CREATEPROCESS,
    DXGKARG_DESTROYALLOCATION,
    DXGKARG_ESCAPE,
    DXGKARG_OPENALLOCATION,
    DXGKARG_RESETENGINE,
    DXGKARG_SETROOTPAGETABLE,
    DXGKARG_SUBMITCOMMAND,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    DXGKARGCB_GETHANDLEDATA,
    DXGKARGCB_MAPCONTEXTALLOCATION,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    DXGKARGCB_RELEASEHANDLEDATA,
    DXGKRNL_INTERFACE,
    INTERFACE_VERSION,
    NULL,
    Handle,
    Out,
    PrivateData,
)

SUCCESS = NtStatus.STATUS_SUCCESS
NO_MEMORY = NtStatus.STATUS_NO_MEMORY


class ReferenceMiniport:
    """A miniport for one adapter with one node."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.pool = kernel.pool

    # --- adapter ----------------------------------------------------------------------------------

    def DxgkDdiAddDevice(self, PhysicalDeviceObject: Handle,
                         MiniportDeviceContext: Out[Handle]) -> NtStatus:
        """ADP-01: a context block for the adapter."""
        adapter = self.pool.allocate(Adapter)
        if adapter is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        MiniportDeviceContext.value = self.pool.address(adapter)
        return SUCCESS

    def DxgkDdiStartDevice(self, MiniportDeviceContext: Handle, DxgkStartInfo: DXGK_START_INFO,
                           DxgkInterface: DXGKRNL_INTERFACE,
                           NumberOfVideoPresentSources: Out[int],
                           NumberOfChildren: Out[int]) -> NtStatus:
        """ADP-03, ADP-05: a start that fails undoes what it did."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        adapter.isr = self.pool.allocate(IsrState)
        if adapter.isr is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        registers = DxgkInterface.DxgkCbMapMemory()
        assert isinstance(registers, Registers)
        if not registers.initialize():
            self.pool.free(adapter.isr, IsrState.TAG)
            adapter.isr = None
            return NtStatus.STATUS_UNSUCCESSFUL
        adapter.dxgk, adapter.registers = DxgkInterface, registers
        registers.enable_interrupts(True)
        NumberOfVideoPresentSources.value = NumberOfChildren.value = 1
        return SUCCESS

    def DxgkDdiStopDevice(self, MiniportDeviceContext: Handle) -> Pauses:
        """ADP-06."""
        yield from self.quiesce(self.pool.at(MiniportDeviceContext, Adapter))
        return SUCCESS

    def DxgkDdiStopDeviceAndReleasePostDisplayOwnership(
            self, MiniportDeviceContext: Handle, TargetId: int) -> Pauses:
        """ADP-07: refused where the display cannot be handed over; StopDevice follows then."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        if not self.registers(adapter).release_post_display():
            return NtStatus.STATUS_NOT_SUPPORTED
        yield from self.quiesce(adapter)
        return SUCCESS

    def quiesce(self, adapter: Adapter) -> Generator[Preempt | Wait, None, None]:
        """INT-06, INT-07: silence the source, drain the DPC, and only then free what they use."""
        self.registers(adapter).enable_interrupts(False)
        yield PREEMPT
        yield self.kernel.KeFlushQueuedDpcs()
        self.pool.free(adapter.isr, IsrState.TAG)
        adapter.isr = None

    def DxgkDdiRemoveDevice(self, MiniportDeviceContext: Handle) -> NtStatus:
        """ADP-08."""
        self.pool.free(self.pool.at(MiniportDeviceContext, Adapter), Adapter.TAG)
        return SUCCESS

    def registers(self, adapter: Adapter) -> Registers:
        """The registers of a started adapter."""
        assert adapter.registers is not None
        return adapter.registers

    def dxgk(self, adapter: Adapter) -> DXGKRNL_INTERFACE:
        """The callbacks of a started adapter."""
        assert adapter.dxgk is not None
        return adapter.dxgk

    # --- processes and devices --------------------------------------------------------------------

    def DxgkDdiCreateProcess(self, hAdapter: Handle, pArgs: DXGKARG_CREATEPROCESS) -> NtStatus:
        """PRC-01."""
        process = self.pool.allocate(Process, os_handle=pArgs.hDxgkProcess)
        if process is None:
            return NO_MEMORY
        pArgs.hKmdProcess = self.pool.address(process)
        return SUCCESS

    def DxgkDdiDestroyProcess(self, hAdapter: Handle, hKmdProcess: Handle) -> NtStatus:
        """PRC-03."""
        self.pool.free(self.pool.at(hKmdProcess, Process), Process.TAG)
        return SUCCESS

    def DxgkDdiCreateDevice(self, hAdapter: Handle,
                            pCreateDevice: DXGKARG_CREATEDEVICE) -> NtStatus:
        """DEV-01; a GDI device gets a save area that its contexts share (CAL-01)."""
        adapter = self.pool.at(hAdapter, Adapter)
        device = self.pool.allocate(
            Device, os_handle=pCreateDevice.hDevice, adapter=adapter,
            process=self.pool.at(pCreateDevice.hKmdProcess, Process))
        if device is None:
            return NO_MEMORY
        if DXGK_CREATEDEVICEFLAGS.GdiDevice in pCreateDevice.Flags:
            area = DXGKARGCB_CREATECONTEXTALLOCATION(
                self.dxgk(adapter).DeviceHandle, device.os_handle, NULL,
                ContextAllocationFlags=DXGK_CREATECONTEXTALLOCATIONFLAGS.SharedAcrossContexts)
            if not self.dxgk(adapter).DxgkCbCreateContextAllocation(area).succeeds:
                self.pool.free(device, Device.TAG)
                return NO_MEMORY
            device.shared_areas.append(area.hAllocation)
        pCreateDevice.hDevice = self.pool.address(device)
        return SUCCESS

    def DxgkDdiDestroyDevice(self, hDevice: Handle) -> NtStatus:
        """DEV-04, CAL-08: what its contexts shared goes with it."""
        device = self.pool.at(hDevice, Device)
        self.free_areas(device.adapter, device.shared_areas)
        self.pool.free(device, Device.TAG)
        return SUCCESS

    def free_areas(self, adapter: Adapter, areas: list[Handle]) -> None:
        """CAL-06: each context allocation once."""
        dxgk = self.dxgk(adapter)
        for area in areas:
            dxgk.DxgkCbDestroyContextAllocation(dxgk.DeviceHandle, area)

    # --- contexts ---------------------------------------------------------------------------------

    def DxgkDdiCreateContext(self, hDevice: Handle,
                             pCreateContext: DXGKARG_CREATECONTEXT) -> NtStatus:
        """CTX-01, GEN-08: a create that fails leaves nothing behind."""
        if not same_version(pCreateContext.pPrivateDriverData):
            return NtStatus.STATUS_GRAPHICS_DRIVER_MISMATCH
        device = self.pool.at(hDevice, Device)
        context = self.pool.allocate(Context, os_handle=pCreateContext.hContext,
                                     adapter=device.adapter, device=device)
        if context is None:
            return NO_MEMORY
        if not self.create_area(context):
            self.pool.free(context, Context.TAG)
            return NO_MEMORY
        if not self.load_hardware_context(context):
            return self.undo_create(context)
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

    def undo_create(self, context: Context) -> NtStatus:
        """CAL-11: what came before the failure goes."""
        self.free_areas(context.adapter, context.areas)
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
        self.leave_submissions(context)
        self.leave_node(context)
        yield PREEMPT
        self.free_context_areas(context)
        self.free_context(context)
        return SUCCESS

    def leave_submissions(self, context: Context) -> None:
        """INT-06: a DPC yet to come must not find the context."""
        if context in context.adapter.submissions:
            context.adapter.submissions.remove(context)

    def leave_node(self, context: Context) -> None:
        """CTX-13: the node must not save the context's state any more."""
        assert context.hardware is not None
        registers = self.registers(context.adapter)
        if registers.is_current(0, context.hardware):
            registers.switch_to_null(0, context.hardware)

    def free_context_areas(self, context: Context) -> None:
        """CTX-07: all that was allocated for the context."""
        self.free_areas(context.adapter, context.areas)

    def free_context(self, context: Context) -> None:
        """The context itself, and the ring entry of its last packet."""
        if context.fence:
            self.registers(context.adapter).retire(0, context.fence)
        self.pool.free(context, Context.TAG)

    # --- work -------------------------------------------------------------------------------------

    def DxgkDdiSubmitCommand(self, hAdapter: Handle,
                             pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> NtStatus:
        """SUB-05: at DISPATCH_LEVEL."""
        adapter = self.pool.at(hAdapter, Adapter)
        context = self.pool.at(pSubmitCommand.hContext, Context)
        assert context.hardware is not None
        for entry in pSubmitCommand.allocations:
            opened = self.pool.at(entry.hDeviceSpecificAllocation, OpenAllocation)
            context.uses = opened.allocation
        context.reads, va = pSubmitCommand.pDmaBufferPrivateData
        context.fence, context.reported = pSubmitCommand.SubmissionFenceId, False
        adapter.submissions.append(context)
        inputs = tuple((e.VirtualAddress, e.content) for e in pSubmitCommand.allocations)
        if context.reads != NULL:
            inputs += ((va, b""),)
        self.registers(adapter).submit(0, Packet(context.hardware, context.fence, inputs))
        return SUCCESS

    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext: Handle, MessageNumber: int) -> bool:
        """INT-01 to INT-03: report what is complete, quiet the device, queue the DPC."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        registers = self.registers(adapter)
        if registers.interrupt_status in (0, GONE):
            return False
        assert adapter.isr is not None
        adapter.isr.masked = False
        for context in adapter.submissions:
            if not context.reported and registers.is_complete(0, context.fence):
                self.report(context)
        registers.acknowledge_interrupt()
        self.dxgk(adapter).DxgkCbQueueDpc(self.dxgk(adapter).DeviceHandle)
        return True

    def report(self, context: Context) -> None:
        """FEN-01: each fence once; at DIRQL."""
        context.reported = True
        dxgk = self.dxgk(context.adapter)
        dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
            DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED, context.fence))

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext: Handle) -> None:
        """INT-05: retire what has been reported."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        assert adapter.isr is not None
        adapter.isr.masked = False
        for context in tuple(adapter.submissions):
            if context.reported:
                self.retire(context)
        self.dxgk(adapter).DxgkCbNotifyDpc(self.dxgk(adapter).DeviceHandle)

    def retire(self, context: Context) -> None:
        """A packet is over: its ring entry is free, and the context has no work."""
        self.registers(context.adapter).retire(0, context.fence)
        context.adapter.submissions.remove(context)
        context.fence, context.reported, context.uses, context.reads = 0, False, None, NULL

    def DxgkDdiResetEngine(self, hAdapter: Handle, pResetEngine: DXGKARG_RESETENGINE) -> NtStatus:
        """SUB-09, FEN-02: nothing is left on the node; what was not reported is reported now."""
        adapter = self.pool.at(hAdapter, Adapter)
        aborted = self.registers(adapter).reset(pResetEngine.NodeOrdinal)
        pResetEngine.LastAbortedFenceId = max(aborted, default=0)
        dxgk = self.dxgk(adapter)
        dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.report_all, adapter))
        dxgk.DxgkCbQueueDpc(dxgk.DeviceHandle)
        return SUCCESS

    def report_all(self, adapter: Adapter) -> None:
        """After a reset every packet on the list is over; at DIRQL."""
        for context in adapter.submissions:
            if not context.reported:
                self.report(context)

    # --- allocations ------------------------------------------------------------------------------

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

    def DxgkDdiBuildPagingBuffer(self, hAdapter: Handle,
                                 pBuildPagingBuffer: DXGKARG_BUILDPAGINGBUFFER) -> NtStatus:
        """PAG-01, PAG-02: nothing is kept from one call of a transfer to the next."""
        if pBuildPagingBuffer.DmaSize == 0:
            return NtStatus.STATUS_GRAPHICS_INSUFFICIENT_DMA_BUFFER
        adapter = self.pool.at(hAdapter, Adapter)
        if not self.registers(adapter).copy_engine_ready():
            return NtStatus.STATUS_GRAPHICS_ALLOCATION_BUSY
        if pBuildPagingBuffer.hAllocation != NULL:
            self.inspect(self.pool.at(pBuildPagingBuffer.hAllocation, Allocation))
        return SUCCESS

    def inspect(self, allocation: Allocation) -> Resource | None:
        """Look at what the driver keeps of an allocation."""
        return allocation.resource

    # --- private escapes --------------------------------------------------------------------------

    def DxgkDdiEscape(self, hAdapter: Handle, pEscape: DXGKARG_ESCAPE) -> Result:
        """What the user-mode driver asks for by itself."""
        adapter = self.pool.at(hAdapter, Adapter)
        match pEscape.command:
            case "inspect":
                return self.escape_inspect(adapter, pEscape)
            case "create area":
                context = self.pool.at(pEscape.hContext, Context)
                return self.escape_create_area(context)
            case "destroy area":
                return self.escape_destroy_area(self.pool.at(pEscape.hContext, Context), pEscape)
            case _:
                return NtStatus.STATUS_NOT_SUPPORTED

    def escape_inspect(self, adapter: Adapter, pEscape: DXGKARG_ESCAPE) -> Pauses:
        """ALC-21: the allocation is held while another thread may run."""
        dxgk = self.dxgk(adapter)
        release = Out(NULL)
        handle = dxgk.DxgkCbAcquireHandleData(DXGKARGCB_GETHANDLEDATA(pEscape.hAllocation), release)
        yield PREEMPT
        self.inspect(self.pool.at(handle, Allocation))
        dxgk.DxgkCbReleaseHandleData(DXGKARGCB_RELEASEHANDLEDATA(release.value))
        return SUCCESS

    def escape_create_area(self, context: Context) -> NtStatus:
        """A further context allocation, for whatever the user-mode driver keeps with a context."""
        if not self.create_area(context):
            return NO_MEMORY
        dxgk = self.dxgk(context.adapter)
        va = dxgk.DxgkCbMapContextAllocation(
            dxgk.DeviceHandle, DXGKARGCB_MAPCONTEXTALLOCATION(context.areas[-1]))
        if va == 0:
            self.free_areas(context.adapter, [context.areas.pop()])
            return NO_MEMORY
        return SUCCESS

    def escape_destroy_area(self, context: Context, pEscape: DXGKARG_ESCAPE) -> NtStatus:
        """CAL-07: a further context allocation goes, unless the GPU still reads it."""
        if self.is_read(context.adapter, pEscape.hAllocation):
            return NtStatus.STATUS_GRAPHICS_ALLOCATION_BUSY
        context.areas.remove(pEscape.hAllocation)
        self.free_areas(context.adapter, [pEscape.hAllocation])
        return SUCCESS

    def is_read(self, adapter: Adapter, area: Handle) -> bool:
        """Whether a packet that is not retired reads a context allocation."""
        return any(c.reads == area for c in adapter.submissions)


def same_version(data: PrivateData | None) -> bool:
    """Whether the user-mode driver and this one belong together."""
    return data is not None and data.version == INTERFACE_VERSION
