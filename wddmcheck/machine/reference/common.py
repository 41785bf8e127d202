"""What all parts of the reference miniport need."""

from __future__ import annotations

from wddmcheck.machine.gpu.registers import Registers
from wddmcheck.machine.locks import PushLock
from wddmcheck.machine.miniport import Kernel
from wddmcheck.machine.reference.objects import Adapter, Context, Packet
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKRNL_INTERFACE, INTERFACE_VERSION, Handle, PrivateData
from wddmcheck.machine.waits import Blocking

SUCCESS = NtStatus.STATUS_SUCCESS
NO_MEMORY = NtStatus.STATUS_NO_MEMORY


class Common:
    """The driver's own globals: its kernel and its pool."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.pool = kernel.pool

    def registers(self, adapter: Adapter) -> Registers:
        """The registers of a started adapter."""
        assert adapter.registers is not None
        return adapter.registers

    def dxgk(self, adapter: Adapter) -> DXGKRNL_INTERFACE:
        """The callbacks of a started adapter."""
        assert adapter.dxgk is not None
        return adapter.dxgk

    def lock(self, wanted: PushLock) -> Blocking[None]:
        """Take a push lock, in a critical region."""
        self.kernel.KeEnterCriticalRegion()
        yield self.kernel.ExAcquirePushLockExclusive(wanted)

    def unlock(self, held: PushLock) -> None:
        """Give it back."""
        self.kernel.ExReleasePushLockExclusive(held)
        self.kernel.KeLeaveCriticalRegion()

    def free_areas(self, adapter: Adapter, areas: list[Handle]) -> None:
        """CAL-06: each context allocation once."""
        dxgk = self.dxgk(adapter)
        for area in areas:
            dxgk.DxgkCbDestroyContextAllocation(dxgk.DeviceHandle, area)

    def enable_interrupts(self, adapter: Adapter, enabled: bool) -> None:
        """Let the device raise its interrupt, or not. A device that is gone is not told."""
        adapter.interrupts = enabled
        if adapter.registers is not None:
            adapter.registers.enable_interrupts(enabled)

    def free_packet(self, context: Context) -> None:
        """SUB-11, INT-05: what DxgkDdiRender has built goes once, whatever became of it."""
        if context.packet is not None:
            self.pool.free(context.packet, Packet.TAG)
            context.packet = None


def same_version(data: PrivateData | None) -> bool:
    """Whether the user-mode driver and this one belong together."""
    return data is not None and data.version == INTERFACE_VERSION
