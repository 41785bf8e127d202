"""A miniport under test, written from scratch: an example of docs/own_driver.md.

It does without a submission list of its own: its ISR looks at the contexts that are alive. (So a
destroyed context cannot be found there, and several of the kept counterexamples cannot happen.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from wddmcheck.machine.gpu.device import GONE, Registers
from wddmcheck.machine.gpu.node import HwContext, Packet
from wddmcheck.machine.miniport import PREEMPT, Kernel, Wait
from wddmcheck.machine.pool import PagedStructure, Structure
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CONTEXTINFO,
    DXGK_CREATEALLOCATIONFLAGS,
    DXGK_CREATECONTEXTALLOCATIONFLAGS,
    DXGK_CREATEDEVICEFLAGS,
    DXGK_DESTROYALLOCATIONFLAGS,
    DXGK_INTERRUPT_TYPE,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    DXGKARGCB_GETHANDLEDATA,
    DXGKARGCB_MAPCONTEXTALLOCATION,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    DXGKARGCB_RELEASEHANDLEDATA,
    INTERFACE_VERSION,
    NULL,
    Out,
)

OK = NtStatus.STATUS_SUCCESS
NO_MEMORY = NtStatus.STATUS_NO_MEMORY


# What lives in pool memory is poisoned when it is freed, so that the machine sees who touches it
# later. What the ISR, the DPC or a call at DISPATCH_LEVEL touches must not be paged.

@dataclass(eq=False, repr=False)
class Adapter(Structure):
    TAG: ClassVar[str] = "SAdp"
    dxgk: Any = None
    registers: Registers | None = None
    contexts: list[Context] = field(default_factory=list)
    number: int = 0
    submitted: int = 0
    completed: int = 0
    preempting: int = 0
    silent: bool = False         # nobody listens to reports until the engine is reset


@dataclass(eq=False, repr=False)
class Process(PagedStructure):
    TAG: ClassVar[str] = "SPrc"


@dataclass(eq=False, repr=False)
class Device(PagedStructure):
    TAG: ClassVar[str] = "SDev"
    adapter: Adapter
    os_handle: int
    shared: int = 0


@dataclass(eq=False, repr=False)
class Context(Structure):
    TAG: ClassVar[str] = "SCtx"
    adapter: Adapter
    hardware: HwContext
    area: int
    os_handle: int
    fence: int = 0
    reported: bool = False
    more: dict[int, int] = field(default_factory=dict)     # further areas, by Dxgkrnl's handle


@dataclass(eq=False, repr=False)
class Resource(PagedStructure):
    TAG: ClassVar[str] = "SRes"


@dataclass(eq=False, repr=False)
class Allocation(Structure):
    TAG: ClassVar[str] = "SAll"
    looked_at: int = 0


@dataclass(eq=False, repr=False)
class OpenAllocation(Structure):
    TAG: ClassVar[str] = "SOpn"


class SimpleMiniport:
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
        registers.enable_interrupts(True)
        return OK

    def DxgkDdiStopDevice(self, MiniportDeviceContext):
        """A generator: other steps can come between where it yields."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        if adapter.registers is not None:
            adapter.registers.enable_interrupts(False)
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
        if device.shared:
            self.free_area(device.adapter, device.shared)
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
        area = self.new_area(adapter, device.os_handle, pCreateContext.hContext)
        if not area:
            return NO_MEMORY
        va = self.map_area(adapter, area)
        adapter.number += 1
        context = self.pool.allocate(
            Context, adapter=adapter, area=area, os_handle=pCreateContext.hContext,
            hardware=HwContext(adapter.number, va)) if va else None
        if context is None:
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
        for area in (context.area, *context.more):
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

    def DxgkDdiSubmitCommand(self, hAdapter, pSubmitCommand):
        adapter = self.pool.at(hAdapter, Adapter)
        context = self.pool.at(pSubmitCommand.hContext, Context)
        context.fence, context.reported = pSubmitCommand.SubmissionFenceId, False
        adapter.submitted = context.fence
        area, va = pSubmitCommand.pDmaBufferPrivateData
        inputs = [(e.VirtualAddress, e.content) for e in pSubmitCommand.allocations]
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
                self.notify(adapter, DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_COMPLETED,
                            SubmissionFenceId=context.fence)

    def notify(self, adapter, what, **fences):
        adapter.dxgk.DxgkCbNotifyInterrupt(adapter.dxgk.DeviceHandle,
                                           DXGKARGCB_NOTIFY_INTERRUPT_DATA(what, **fences))

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        for context in adapter.contexts:
            if context.reported:
                self.take_off(context)
        adapter.dxgk.DxgkCbNotifyDpc(adapter.dxgk.DeviceHandle)

    # --- preemption, timeouts, removal ------------------------------------------------------------

    def DxgkDdiPreemptCommand(self, hAdapter, pPreemptCommand):
        adapter = self.pool.at(hAdapter, Adapter)
        adapter.preempting = pPreemptCommand.PreemptionFenceId
        if any(c.fence and not c.reported for c in adapter.contexts):
            adapter.registers.preempt(0)
            return OK
        dxgk = adapter.dxgk                                    # else the node would not answer
        dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.report_preempted, adapter))
        dxgk.DxgkCbQueueDpc(dxgk.DeviceHandle)
        return OK

    def report_preempted(self, adapter):
        for context in adapter.contexts:
            if not context.reported:
                self.take_off(context)                         # Dxgkrnl submits it again
        self.notify(adapter, DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_PREEMPTED,
                    PreemptionFenceId=adapter.preempting, LastCompletedFenceId=adapter.completed)

    def DxgkDdiCancelCommand(self, hAdapter, pCancelCommand):
        return OK                                              # nothing is kept of a packet

    def DxgkDdiQueryDependentEngineGroup(self, hAdapter, pQueryDependentEngineGroup):
        self.pool.at(hAdapter, Adapter).silent = True
        pQueryDependentEngineGroup.DependentNodeOrdinalMask = 1
        return OK

    def DxgkDdiResetEngine(self, hAdapter, pResetEngine):
        adapter = self.pool.at(hAdapter, Adapter)
        running = adapter.registers.running_fence(0)
        if adapter.silent:
            if adapter.registers.reset(0) is None:
                return NtStatus.STATUS_UNSUCCESSFUL
            self.all_over(adapter, running or adapter.registers.last_fence(0))
            pResetEngine.LastAbortedFenceId = adapter.completed
            return OK
        aborted = adapter.registers.reset(pResetEngine.NodeOrdinal)
        if aborted is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        pResetEngine.LastAbortedFenceId = max(aborted, default=0)
        adapter.dxgk.DxgkCbSynchronizeExecution(
            adapter.dxgk.DeviceHandle, partial(self.report, adapter))
        adapter.dxgk.DxgkCbQueueDpc(adapter.dxgk.DeviceHandle)
        return OK

    def all_over(self, adapter, fence):
        """The node is empty, and everything up to `fence` counts as complete."""
        adapter.silent, adapter.completed = False, fence
        adapter.registers.write_fence(0, fence)
        for context in adapter.contexts:
            self.take_off(context)

    def DxgkDdiResetFromTimeout(self, hAdapter):
        adapter = self.pool.at(hAdapter, Adapter)
        adapter.registers.halt(True)
        yield PREEMPT
        if adapter.registers.reset(0) is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        self.all_over(adapter, adapter.submitted)
        return OK

    def DxgkDdiRestartFromTimeout(self, hAdapter):
        self.pool.at(hAdapter, Adapter).registers.halt(False)
        return OK

    def DxgkDdiNotifySurpriseRemoval(self, MiniportDeviceContext, RemovalType):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        adapter.registers = None                               # hands off from now on
        for context in adapter.contexts:
            self.take_off(context)
        return OK

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

    def DxgkDdiBuildPagingBuffer(self, hAdapter, pBuildPagingBuffer):
        if pBuildPagingBuffer.DmaSize == 0:
            return NtStatus.STATUS_GRAPHICS_INSUFFICIENT_DMA_BUFFER
        copies = pBuildPagingBuffer.TransferSize != 0
        if copies and not self.pool.at(hAdapter, Adapter).registers.copy_engine_ready():
            return NtStatus.STATUS_GRAPHICS_ALLOCATION_BUSY
        if pBuildPagingBuffer.hAllocation != NULL:
            self.pool.at(pBuildPagingBuffer.hAllocation, Allocation).looked_at += 1
        return OK

    def DxgkDdiEscape(self, hAdapter, pEscape):
        adapter = self.pool.at(hAdapter, Adapter)
        if pEscape.command == "inspect":
            return self.inspect(adapter, pEscape.hAllocation)
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
        for area in (context.area, *context.more):
            self.free_area(adapter, area)
        if context.fence:
            adapter.registers.retire(0, context.fence)
        adapter.contexts.remove(context)
        self.pool.free(context, Context.TAG)
        return OK
