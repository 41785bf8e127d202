"""Defects of power, of queries beside it, and of exclusive access."""

from __future__ import annotations

from collections.abc import Generator

from wddmcheck.machine.miniport import PREEMPT, Pauses, Preempt, Wait
from wddmcheck.machine.paging_structs import DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DXGKARG_BEGINEXCLUSIVEACCESS,
)
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.system_structs import DXGKARG_QUERYADAPTERINFO

D0, D3 = DEVICE_POWER_STATE.PowerDeviceD0, DEVICE_POWER_STATE.PowerDeviceD3
SUCCESS = NtStatus.STATUS_SUCCESS


class ForgetsInterrupts(ReferenceMiniport):
    """The way back to D0 restores all but the interrupts."""

    def power_up(self, adapter: Adapter) -> Generator[Preempt | Wait, None, None]:
        """Against PWR-01."""
        yield from super().power_up(adapter)
        self.enable_interrupts(adapter, False)


class LeavesDpc(ReferenceMiniport):
    """The interrupt is disabled, and the DPC that it queued is not waited for."""

    def power_down(self, adapter: Adapter) -> Generator[Preempt | Wait, None, None]:
        """Against INT-06."""
        self.enable_interrupts(adapter, False)
        yield PREEMPT
        self.leave_nodes(adapter)
        adapter.power = D3


class LosesLazyContext(ReferenceMiniport):
    """The device goes to D3 while a node still holds a context, whose packets are all done."""

    def power_down(self, adapter: Adapter) -> Generator[Preempt | Wait, None, None]:
        """Against CTX-13."""
        self.enable_interrupts(adapter, False)
        yield PREEMPT
        yield self.kernel.KeFlushQueuedDpcs()
        adapter.power = D3


class KeepsWritingStatus(ReferenceMiniport):
    """Exclusive access begins, and the device goes on writing its status to system memory."""

    def DxgkDdiBeginExclusiveAccess(
            self, hAdapter: Handle,
            pBeginExclusiveAccess: DXGKARG_BEGINEXCLUSIVEACCESS) -> NtStatus:
        """Against PWR-07."""
        adapter = self.pool.at(hAdapter, Adapter)
        self.enable_interrupts(adapter, False)
        self.leave_nodes(adapter)
        return SUCCESS


class DefersPageTables(ReferenceMiniport):
    """Page tables of the paging process are taken for commands of a paging buffer."""

    def update_page_table(self, adapter: Adapter,
                          update: DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE) -> NtStatus:
        """Against PWR-04: there is no buffer, and no command."""
        return SUCCESS


class QueriesBeforeRestore(ReferenceMiniport):
    """A query looks at the power state, while SetPowerState is setting the registers up."""

    def DxgkDdiQueryAdapterInfo(self, hAdapter: Handle,
                                pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> Pauses:
        """Against GEN-02."""
        adapter = self.pool.at(hAdapter, Adapter)
        if adapter.power == D0:
            adapter.clock = self.registers(adapter).clock
        pQueryAdapterInfo.pOutputData.value = adapter.clock
        yield from ()     # nothing in it waits
        return SUCCESS


class QueriesWithoutLock(ReferenceMiniport):
    """A query looks at the state, and then at the device."""

    def DxgkDdiQueryAdapterInfo(self, hAdapter: Handle,
                                pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> Pauses:
        """Against GEN-02: SetPowerState may come between."""
        adapter = self.pool.at(hAdapter, Adapter)
        if adapter.power == D0:
            yield PREEMPT
            adapter.clock = self.registers(adapter).clock
        pQueryAdapterInfo.pOutputData.value = adapter.clock
        return SUCCESS
