"""The reference miniport as it is loaded and unloaded, which keeps more of its own: what
DriverEntry has made, room for DMA buffers, its addresses in the system process.
"""

from __future__ import annotations

from wddmcheck.machine.image import HARDWARE_IDS, PHYSICAL_DEVICE
from wddmcheck.machine.miniport import Pauses
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.miniport import ReferenceMiniport
from wddmcheck.machine.reference.objects import (
    Adapter,
    AddressRange,
    Config,
    DmaQueue,
    Globals,
    Process,
)
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import NULL, Handle, Out
from wddmcheck.machine.waits import Blocking


class BringUpMiniport(ReferenceMiniport):
    """A miniport with a DriverEntry."""

    globals: Globals | None = None

    # --- the driver -------------------------------------------------------------------------------

    def DriverEntry(self, DriverObject: Handle, RegistryPath: Handle) -> NtStatus:
        """DRV-02: what all adapters need."""
        self.globals = self.pool.allocate(
            Globals, supported=frozenset({HARDWARE_IDS[PHYSICAL_DEVICE]}))
        return SUCCESS if self.globals is not None else NO_MEMORY

    def DxgkDdiUnload(self) -> None:
        """DRV-02."""
        self.pool.free(self.globals, Globals.TAG)

    # --- the adapter ------------------------------------------------------------------------------

    def DxgkDdiAddDevice(self, PhysicalDeviceObject: Handle,
                         MiniportDeviceContext: Out[Handle]) -> NtStatus:
        """ADP-01, ADP-02: the settings first; without a context block for an adapter that is not
        supported."""
        config = self.pool.allocate(Config)
        if config is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        if not self.supports(PhysicalDeviceObject):
            self.give_up(config)
            MiniportDeviceContext.value = NULL
            return SUCCESS
        adapter = self.pool.allocate(self.BLOCK, config=config)
        if adapter is None:
            self.pool.free(config, Config.TAG)
            return NtStatus.STATUS_UNSUCCESSFUL
        MiniportDeviceContext.value = self.pool.address(adapter)
        return SUCCESS

    def supports(self, device: Handle) -> bool:
        """Whether this is hardware that the driver knows."""
        assert self.globals is not None
        return self.kernel.IoGetDeviceProperty(device) in self.globals.supported

    def give_up(self, config: Config) -> None:
        """ADP-02: no RemoveDevice follows."""
        self.pool.free(config, Config.TAG)

    def reserve_queue(self, adapter: Adapter, entries: int) -> bool:
        """ADP-17."""
        adapter.queue = self.pool.allocate(DmaQueue, adapter=adapter, entries=entries)
        return adapter.queue is not None

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """ADP-06, ADP-17: what the start reserved, the stop releases."""
        yield from super().quiesce(adapter)
        self.release_queue(adapter)

    def release_queue(self, adapter: Adapter) -> None:
        """The room for DMA buffers."""
        self.pool.free(adapter.queue, DmaQueue.TAG)
        adapter.queue = None

    # --- the system process -----------------------------------------------------------------------

    def reserve_addresses(self, adapter: Adapter, process: Process) -> bool:
        """PRC-02: with a structure for them, which goes if there are none."""
        process.range = self.pool.allocate(AddressRange, process=process)
        if process.range is None:
            return False
        if not super().reserve_addresses(adapter, process):
            self.pool.free(process.range, AddressRange.TAG)
            return False
        return True

    def DxgkDdiDestroyProcess(self, hAdapter: Handle, hKmdProcess: Handle) -> Pauses:
        """PRC-03: with its addresses."""
        self.release_addresses(self.pool.at(hKmdProcess, Process))
        return (yield from super().DxgkDdiDestroyProcess(hAdapter, hKmdProcess))

    def release_addresses(self, process: Process) -> None:
        """PRC-02: only the system process has any."""
        if process.range is not None:
            self.pool.free(process.range, AddressRange.TAG)
