"""The reference miniport with threads of its own, and with many of Dxgkrnl's in it: what they share
is locked, unless a threading class keeps them apart, and it outlives them.
"""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.gpu.node import HwContext
from wddmcheck.machine.gpu.registers import GONE, Registers
from wddmcheck.machine.miniport import PREEMPT, Pauses, Wait
from wddmcheck.machine.paging_structs import DXGKARG_BUILDPAGINGBUFFER
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DXGKARG_CREATEOVERLAY,
    DXGKARG_FLIPOVERLAY,
    DXGKARG_SETVIDPNSOURCEVISIBILITY,
    POWER_ACTION,
)
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.miniport import ReferenceMiniport
from wddmcheck.machine.reference.objects import (
    Adapter,
    Context,
    Device,
    Overlay,
    Process,
    WatchdogState,
    WatchedAdapter,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CONTEXTINFO,
    DXGK_START_INFO,
    DXGKARG_CREATECONTEXT,
    DXGKARG_SUBMITCOMMAND,
    DXGKRNL_INTERFACE,
    NULL,
    Handle,
    Out,
)
from wddmcheck.machine.system_structs import DXGKARG_QUERYADAPTERINFO
from wddmcheck.machine.waits import Blocking

D0, D3 = DEVICE_POWER_STATE.PowerDeviceD0, DEVICE_POWER_STATE.PowerDeviceD3


class ThreadedMiniport(ReferenceMiniport):
    """A miniport with a watchdog: a timer, and a thread that looks at the GPU when it expires."""

    BLOCK = WatchedAdapter

    def watched(self, adapter: Handle) -> WatchedAdapter:
        """The adapter with what its threads share."""
        return self.pool.at(adapter, WatchedAdapter)

    # --- start and stop ---------------------------------------------------------------------------

    def DxgkDdiAddDevice(self, PhysicalDeviceObject: Handle,
                         MiniportDeviceContext: Out[Handle]) -> NtStatus:
        """ADP-01."""
        status = super().DxgkDdiAddDevice(PhysicalDeviceObject, MiniportDeviceContext)
        if status.succeeds:
            adapter = self.watched(MiniportDeviceContext.value)
            adapter.timer = self.kernel.KeInitializeTimer(partial(self.watchdog_expires, adapter))
            self.kernel.PsCreateSystemThread(partial(self.look_at_gpu, adapter), adapter.suspicion)
        return status

    def DxgkDdiStartDevice(self, MiniportDeviceContext: Handle, DxgkStartInfo: DXGK_START_INFO,
                           DxgkInterface: DXGKRNL_INTERFACE,
                           NumberOfVideoPresentSources: Out[int],
                           NumberOfChildren: Out[int]) -> NtStatus:
        """ADP-03, INT-07: without a watchdog if there is no memory for it."""
        adapter = self.watched(MiniportDeviceContext)
        registers = DxgkInterface.DxgkCbMapMemory()
        assert isinstance(registers, Registers)
        if not registers.initialize():
            return NtStatus.STATUS_UNSUCCESSFUL
        adapter.dxgk, adapter.registers = DxgkInterface, registers
        adapter.stopping = False
        adapter.watchdog = self.pool.allocate(WatchdogState)
        if adapter.watchdog is not None:
            self.kernel.KeSetTimer(adapter.watchdog_timer)
        self.start_up(adapter)
        NumberOfVideoPresentSources.value = NumberOfChildren.value = 1
        return SUCCESS

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """INT-06, INT-07: nothing starts any more, then what runs is waited for, then what it works
        on goes."""
        assert isinstance(adapter, WatchedAdapter)
        adapter.stopping = True
        self.registers(adapter).enable_interrupts(False)
        yield PREEMPT
        self.kernel.KeCancelTimer(adapter.watchdog_timer)
        yield PREEMPT
        yield self.kernel.KeFlushQueuedDpcs()
        yield Wait("the watchdog's thread", lambda: not adapter.suspicion.signaled, parks=True)
        self.free_watchdog(adapter)
        self.registers(adapter).acknowledge_interrupt()

    def free_watchdog(self, adapter: WatchedAdapter) -> None:
        """ADP-08: what StartDevice allocated."""
        if adapter.watchdog is not None:
            self.pool.free(adapter.watchdog, WatchdogState.TAG)
            adapter.watchdog = None

    # --- interrupt, DPC, watchdog -----------------------------------------------------------------

    def DxgkDdiInterruptRoutine(self, MiniportDeviceContext: Handle, MessageNumber: int) -> bool:
        """INT-01, INT-02."""
        adapter = self.watched(MiniportDeviceContext)
        registers = self.registers(adapter)
        if registers.interrupt_status in (0, GONE):
            return False
        registers.acknowledge_interrupt()
        adapter.dpc_due = True
        self.dxgk(adapter).DxgkCbQueueDpc(self.dxgk(adapter).DeviceHandle)
        return True

    def DxgkDdiDpcRoutine(self, MiniportDeviceContext: Handle) -> Blocking[None]:
        """INT-05: the GPU is alive."""
        adapter = self.watched(MiniportDeviceContext)
        adapter.dpc_due, adapter.dpc_runs = False, True
        yield PREEMPT
        if adapter.watchdog is not None:
            adapter.watchdog.hangs = False
        self.dxgk(adapter).DxgkCbNotifyDpc(self.dxgk(adapter).DeviceHandle)
        adapter.dpc_runs = False

    def watchdog_expires(self, adapter: WatchedAdapter) -> Blocking[None]:
        """The DPC of the timer: asks the thread to look at the GPU, and sets the timer again. At
        DISPATCH_LEVEL."""
        yield PREEMPT
        if not adapter.stopping:
            assert adapter.watchdog is not None
            adapter.watchdog.hangs = True
            self.kernel.KeSetEvent(adapter.suspicion)
            self.kernel.KeSetTimer(adapter.watchdog_timer)

    def look_at_gpu(self, adapter: WatchedAdapter) -> Blocking[None]:
        """The thread: what does the GPU do?"""
        watchdog = adapter.watchdog
        yield PREEMPT
        assert watchdog is not None
        adapter.found_hung = watchdog.hangs
        self.kernel.KeClearEvent(adapter.suspicion)

    # --- level zero: contexts on a list -----------------------------------------------------------

    def DxgkDdiCreateContext(
            self, hDevice: Handle, pCreateContext: DXGKARG_CREATECONTEXT) -> Pauses:
        """CTX-01, GEN-05: threads of other processes do the same."""
        device = self.pool.at(hDevice, Device)
        context = self.pool.allocate(Context, os_handle=pCreateContext.hContext,
                                     adapter=device.adapter, device=device,
                                     hardware=HwContext(0, NULL))
        if context is None:
            return NO_MEMORY
        yield from self.enlist(self.watched_of(context), context)
        pCreateContext.hContext = self.pool.address(context)
        pCreateContext.ContextInfo = DXGK_CONTEXTINFO(DmaBufferSize=4096)
        return SUCCESS

    def watched_of(self, context: Context) -> WatchedAdapter:
        """The adapter of a context."""
        assert isinstance(context.adapter, WatchedAdapter)
        return context.adapter

    def enlist(self, adapter: WatchedAdapter, context: Context) -> Blocking[None]:
        """Put a context on the list."""
        yield from self.lock(adapter.list_lock)
        context.next = adapter.head
        yield PREEMPT
        adapter.head = context
        self.unlock(adapter.list_lock)

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """CTX-05, GEN-05."""
        context = self.pool.at(hContext, Context)
        adapter = self.watched_of(context)
        yield from self.lock(adapter.list_lock)
        yield PREEMPT
        self.unlist(adapter, context)
        self.unlock(adapter.list_lock)
        self.pool.free(context, Context.TAG)
        return SUCCESS

    def unlist(self, adapter: WatchedAdapter, context: Context) -> None:
        """Take a context off the list, on which it has to be."""
        if adapter.head is context:
            adapter.head = context.next
            return
        before = adapter.head
        while before is not None and before.next is not context:
            before = before.next
        assert before is not None, "a context is not on the list of contexts"
        before.next = context.next

    # --- level one: two classes, and level two ----------------------------------------------------

    def write_ring(self, adapter: Adapter) -> Blocking[None]:
        """GEN-04: without a lock, since one thread at a time is in the scheduler's class."""
        self.registers(adapter).begin_command()
        yield PREEMPT
        self.registers(adapter).end_command()

    def DxgkDdiSubmitCommand(  # type: ignore[override]  # (it may be interrupted)
            self, hAdapter: Handle, pSubmitCommand: DXGKARG_SUBMITCOMMAND) -> Pauses:
        """SUB-05, GEN-04."""
        yield from self.write_ring(self.watched(hAdapter))
        return SUCCESS

    def DxgkDdiBuildPagingBuffer(  # type: ignore[override]  # (it may be interrupted)
            self, hAdapter: Handle, pBuildPagingBuffer: DXGKARG_BUILDPAGINGBUFFER) -> Pauses:
        """PAG-01, GEN-04."""
        yield from self.write_ring(self.watched(hAdapter))
        return SUCCESS

    def DxgkDdiSetVidPnSourceVisibility(
            self, hAdapter: Handle,
            pSetVidPnSourceVisibility: DXGKARG_SETVIDPNSOURCEVISIBILITY) -> Pauses:
        """GEN-03: no other thread is in the driver, so it may write the ring as well."""
        yield from self.write_ring(self.watched(hAdapter))
        return SUCCESS

    def DxgkDdiCreateOverlay(self, hAdapter: Handle,
                             pCreateOverlay: DXGKARG_CREATEOVERLAY) -> NtStatus:
        """OVL-01."""
        overlay = self.pool.allocate(Overlay, adapter=self.watched(hAdapter))
        if overlay is None:
            return NO_MEMORY
        pCreateOverlay.hOverlay = self.pool.address(overlay)
        return SUCCESS

    def DxgkDdiFlipOverlay(self, hOverlay: Handle, pFlipOverlay: DXGKARG_FLIPOVERLAY) -> Pauses:
        """OVL-01, GEN-04: DestroyOverlay is of the same class, and waits outside."""
        overlay = self.pool.at(hOverlay, Overlay)
        overlay.programmed = False
        yield PREEMPT
        overlay.programmed = True
        return SUCCESS

    def DxgkDdiDestroyOverlay(self, hOverlay: Handle) -> Pauses:
        """OVL-01."""
        overlay = self.pool.at(hOverlay, Overlay)
        yield PREEMPT
        self.pool.free(overlay, Overlay.TAG)
        return SUCCESS

    # --- level three, and its exception -----------------------------------------------------------

    def DxgkDdiSetPowerState(self, MiniportDeviceContext: Handle, DeviceUid: int,
                             DevicePowerState: DEVICE_POWER_STATE,
                             ActionType: POWER_ACTION) -> Pauses:
        """PWR-01, GEN-02: under the lock that QueryAdapterInfo takes as well."""
        adapter = self.watched(MiniportDeviceContext)
        if DevicePowerState is D3:
            yield from self.drain_dpc(adapter)
        yield from self.lock(adapter.power_lock)
        yield PREEMPT
        self.change_power(adapter, DevicePowerState)
        yield PREEMPT
        self.unlock(adapter.power_lock)
        if DevicePowerState is D0:
            self.start_up(adapter)
        return SUCCESS

    def drain_dpc(self, adapter: WatchedAdapter) -> Blocking[None]:
        """INT-06: silence the source; then the DPC is not due any more at some time."""
        self.registers(adapter).enable_interrupts(False)
        yield PREEMPT
        yield Wait("the DPC", lambda: not adapter.dpc_due and not adapter.dpc_runs)

    def change_power(self, adapter: WatchedAdapter, power: DEVICE_POWER_STATE) -> None:
        """No interrupt is left over; the device sleeps in D3, and has forgotten its registers
        after it."""
        registers = self.registers(adapter)
        if power is D0:
            registers.initialize()
        registers.acknowledge_interrupt()
        registers.sleep(power is D3)
        adapter.power = power

    def query_clock(self, adapter: Adapter, pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> Pauses:
        """ADP-15, GEN-02: for a process or for none."""
        assert isinstance(adapter, WatchedAdapter)
        if pQueryAdapterInfo.hKmdProcessHandle != NULL:
            self.note(adapter, pQueryAdapterInfo.hKmdProcessHandle)
        return (yield from super().query_clock(adapter, pQueryAdapterInfo))

    def note(self, adapter: WatchedAdapter, process: Handle) -> None:
        """Who has asked last."""
        adapter.asked = self.pool.at(process, Process).os_handle
