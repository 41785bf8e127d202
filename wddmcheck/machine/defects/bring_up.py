"""Defects of what a driver keeps of its own: for all adapters, for one, and in processes."""

from __future__ import annotations

from wddmcheck.machine.miniport import Kernel
from wddmcheck.machine.reference.bring_up import BringUpMiniport
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.objects import (
    Adapter,
    AddressRange,
    Config,
    Context,
    Device,
    DmaQueue,
    Process,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGKARG_CREATECONTEXT,
    DXGKARG_CREATEDEVICE,
    DXGKARG_CREATEPROCESS,
    Handle,
)


class ForgetsSettings(BringUpMiniport):
    """AddDevice forgets the settings of an adapter that it does not support."""

    def give_up(self, config: Config) -> None:
        """Against ADP-02: nobody can free them later."""


class FreesAreasOfTheProcess(BringUpMiniport):
    """DestroyDevice frees the save areas of all devices of the process."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.contexts: list[Context] = []

    def created(self, context: Context, pCreateContext: DXGKARG_CREATECONTEXT) -> NtStatus:
        """Keeps a list of all contexts."""
        self.contexts.append(context)
        return super().created(context, pCreateContext)

    def free_context(self, context: Context) -> None:
        """Takes it off."""
        self.contexts.remove(context)
        super().free_context(context)

    def DxgkDdiDestroyDevice(self, hDevice: Handle) -> NtStatus:
        """Against DEV-03: as if there were only one."""
        device = self.pool.at(hDevice, Device)
        for context in self.contexts:
            if context.device.process is device.process:
                self.free_areas(device.adapter, context.areas)
        return super().DxgkDdiDestroyDevice(hDevice)


class ExpectsARange(BringUpMiniport):
    """DestroyProcess releases addresses of every process."""

    def release_addresses(self, process: Process) -> None:
        """Against PRC-02: most have none."""
        self.pool.free(process.range, AddressRange.TAG)


class ReservesWithTheDevice(BringUpMiniport):
    """Addresses are reserved with the first device of a process."""

    def DxgkDdiCreateProcess(self, hAdapter: Handle, pArgs: DXGKARG_CREATEPROCESS) -> NtStatus:
        """Not here."""
        pArgs.SystemProcess = False
        return super().DxgkDdiCreateProcess(hAdapter, pArgs)

    def DxgkDdiCreateDevice(self, hAdapter: Handle,
                            pCreateDevice: DXGKARG_CREATEDEVICE) -> NtStatus:
        """Against PRC-02: it is too late."""
        process = self.pool.at(pCreateDevice.hKmdProcess, Process)
        status = super().DxgkDdiCreateDevice(hAdapter, pCreateDevice)
        if not status.succeeds or process.range is not None:
            return status
        if not self.reserve_addresses(self.pool.at(hAdapter, Adapter), process):
            self.DxgkDdiDestroyDevice(pCreateDevice.hDevice)
            return NO_MEMORY
        return SUCCESS


class KeepsTheQueue(BringUpMiniport):
    """StopDevice leaves the room for DMA buffers, and RemoveDevice releases it."""

    def release_queue(self, adapter: Adapter) -> None:
        """Against ADP-17."""

    def DxgkDdiRemoveDevice(self, MiniportDeviceContext: Handle) -> NtStatus:
        """Later, where the last start has left any."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        if adapter.queue is not None:
            self.pool.free(adapter.queue, DmaQueue.TAG)
        return super().DxgkDdiRemoveDevice(MiniportDeviceContext)


class AreaForTheSystem(BringUpMiniport):
    """CreateContext makes a save area for every context."""

    def load_paging_context(self, context: Context) -> None:
        """Against CAL-02 and CTX-12."""
        self.create_area(context)


class LeavesGlobals(BringUpMiniport):
    """Unload does nothing."""

    def DxgkDdiUnload(self) -> None:
        """Against DRV-02."""
