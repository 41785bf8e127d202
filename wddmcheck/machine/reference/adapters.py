"""Adding, starting, stopping and removing the adapter."""

from __future__ import annotations

from typing import ClassVar

from wddmcheck.machine.gpu.registers import Registers
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.objects import Adapter, Config, IsrState
from wddmcheck.machine.reference.power import PowerDdis
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGK_START_INFO, DXGKRNL_INTERFACE, Handle, Out
from wddmcheck.machine.waits import Blocking


class AdapterDdis(PowerDdis):
    """Adding, starting, stopping and removing the adapter. `BLOCK` is the class of its context
    block."""

    BLOCK: ClassVar[type[Adapter]] = Adapter

    def DxgkDdiAddDevice(self, PhysicalDeviceObject: Handle,
                         MiniportDeviceContext: Out[Handle]) -> NtStatus:
        """ADP-01: a context block for the adapter."""
        adapter = self.pool.allocate(self.BLOCK)
        if adapter is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        adapter.config = self.pool.allocate(Config)
        if adapter.config is None:
            self.pool.free(adapter, Adapter.TAG)
            return NtStatus.STATUS_UNSUCCESSFUL
        MiniportDeviceContext.value = self.pool.address(adapter)
        return SUCCESS

    def DxgkDdiStartDevice(self, MiniportDeviceContext: Handle, DxgkStartInfo: DXGK_START_INFO,
                           DxgkInterface: DXGKRNL_INTERFACE,
                           NumberOfVideoPresentSources: Out[int],
                           NumberOfChildren: Out[int]) -> NtStatus:
        """ADP-03, ADP-05: a start that fails undoes what it did."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        assert adapter.config is not None
        adapter.config.used = True
        adapter.isr = self.pool.allocate(IsrState)
        if adapter.isr is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        registers = DxgkInterface.DxgkCbMapMemory()
        assert isinstance(registers, Registers)
        if not registers.initialize() or not self.reserve_queue(
                adapter, DxgkStartInfo.RequiredDmaQueueEntry):
            self.undo_start(adapter)
            return NtStatus.STATUS_UNSUCCESSFUL
        adapter.dxgk, adapter.registers = DxgkInterface, registers
        adapter.lazy_switch = registers.lazy_switch()
        self.start_up(adapter)
        NumberOfVideoPresentSources.value = NumberOfChildren.value = 1
        return SUCCESS

    def reserve_queue(self, adapter: Adapter, entries: int) -> bool:
        """ADP-17: there is room for DMA buffers in the ring of the device."""
        return True

    def undo_start(self, adapter: Adapter) -> None:
        """ADP-05: no stop follows a start that failed."""
        self.pool.free(adapter.isr, IsrState.TAG)
        adapter.isr = None

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

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """INT-06, INT-07: silence the source, drain the DPC, and only then free what they use."""
        self.enable_interrupts(adapter, False)
        if adapter.registers is not None:
            adapter.registers.write_status(False)
        yield PREEMPT
        yield from self.drain(adapter)
        self.drop_messages(adapter)
        self.pool.free(adapter.isr, IsrState.TAG)
        adapter.isr = None

    def drain(self, adapter: Adapter) -> Blocking[None]:
        """INT-06: what works on the adapter by itself comes to its end."""
        yield self.kernel.KeFlushQueuedDpcs()

    def DxgkDdiRemoveDevice(self, MiniportDeviceContext: Handle) -> NtStatus:
        """ADP-08: what AddDevice made."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        self.pool.free(adapter.config, Config.TAG)
        self.pool.free(adapter, Adapter.TAG)
        return SUCCESS
