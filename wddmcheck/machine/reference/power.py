"""Power, queries that may come meanwhile, and exclusive access."""

from __future__ import annotations

from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.power_structs import (
    DEVICE_POWER_STATE,
    DXGKARG_BEGINEXCLUSIVEACCESS,
    DXGKARG_ENDEXCLUSIVEACCESS,
    POWER_ACTION,
)
from wddmcheck.machine.reference.common import SUCCESS, Common
from wddmcheck.machine.reference.objects import Adapter
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.system_structs import (
    DXGK_DRIVERCAPS,
    DXGK_QUERYADAPTERINFOTYPE,
    DXGK_QUERYSEGMENTOUT,
    DXGKARG_QUERYADAPTERINFO,
)
from wddmcheck.machine.waits import Blocking

D0, D3 = DEVICE_POWER_STATE.PowerDeviceD0, DEVICE_POWER_STATE.PowerDeviceD3


class PowerDdis(Common):
    """Power, queries that may come meanwhile, and exclusive access."""

    def DxgkDdiSetPowerState(self, MiniportDeviceContext: Handle, DeviceUid: int,
                             DevicePowerState: DEVICE_POWER_STATE,
                             ActionType: POWER_ACTION) -> Pauses:
        """PWR-01, GEN-02: under the lock that QueryAdapterInfo takes as well."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        yield from self.lock(adapter.power_lock)
        if DevicePowerState == D3:
            yield from self.power_down(adapter)
        else:
            yield from self.power_up(adapter)
        self.unlock(adapter.power_lock)
        return SUCCESS

    def power_down(self, adapter: Adapter) -> Blocking[None]:
        """INT-06, CTX-13: silence the source, drain the DPC, save what the nodes hold; nothing is
        left then that could be lost."""
        self.enable_interrupts(adapter, False)
        yield PREEMPT
        yield self.kernel.KeFlushQueuedDpcs()
        self.drop_messages(adapter)
        self.leave_nodes(adapter)
        adapter.power = D3

    def drop_messages(self, adapter: Adapter) -> None:
        """INT-06: what the GPU wanted to say is lost, and raises no interrupt later."""
        if adapter.registers is not None:
            adapter.registers.engine.drop_messages()
            adapter.registers.notices.drop()

    def leave_nodes(self, adapter: Adapter) -> None:
        """CTX-13: the state of the contexts that the nodes still hold is saved."""
        for ordinal in range(len(adapter.nodes)):
            self.registers(adapter).switch_away(ordinal)

    def power_up(self, adapter: Adapter) -> Blocking[None]:
        """PWR-01: the device has forgotten its registers."""
        adapter.power = D0
        yield PREEMPT
        self.registers(adapter).initialize()
        self.wake(adapter)

    def wake(self, adapter: Adapter) -> None:
        """PWR-03: contexts stay suspended until Dxgkrnl resumes them."""
        self.start_up(adapter)

    def start_up(self, adapter: Adapter) -> None:
        """The device is set up: it may write and interrupt."""
        self.registers(adapter).write_status(True)
        self.enable_interrupts(adapter, True)

    def DxgkDdiQueryAdapterInfo(self, hAdapter: Handle,
                                pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> Pauses:
        """ADP-15: capabilities, segments, and what the user-mode driver asks for."""
        match pQueryAdapterInfo.Type:
            case DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_DRIVERCAPS:
                pQueryAdapterInfo.pOutputData.value = DXGK_DRIVERCAPS(
                    MaxAllocationListSlotId=256, WDDMVersion=0x3200)
            case DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_QUERYSEGMENT:
                pQueryAdapterInfo.pOutputData.value = DXGK_QUERYSEGMENTOUT(
                    NbSegment=1, PagingBufferSize=4096)
            case DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_UMDRIVERPRIVATE:
                return (yield from self.query_clock(
                    self.pool.at(hAdapter, Adapter), pQueryAdapterInfo))
        return SUCCESS

    def query_clock(self, adapter: Adapter, pQueryAdapterInfo: DXGKARG_QUERYADAPTERINFO) -> Pauses:
        """GEN-02: asks the device if it can answer, and says what it last knew otherwise."""
        yield from self.lock(adapter.power_lock)
        if adapter.power == D0:
            yield PREEMPT
            adapter.clock = self.registers(adapter).clock
        pQueryAdapterInfo.pOutputData.value = adapter.clock
        self.unlock(adapter.power_lock)
        return SUCCESS

    def DxgkDdiBeginExclusiveAccess(
            self, hAdapter: Handle,
            pBeginExclusiveAccess: DXGKARG_BEGINEXCLUSIVEACCESS) -> NtStatus:
        """PWR-07: the device neither reads nor writes system memory from here on."""
        adapter = self.pool.at(hAdapter, Adapter)
        self.enable_interrupts(adapter, False)
        self.registers(adapter).write_status(False)
        self.leave_nodes(adapter)
        return SUCCESS

    def DxgkDdiEndExclusiveAccess(
            self, hAdapter: Handle, pEndExclusiveAccess: DXGKARG_ENDEXCLUSIVEACCESS) -> NtStatus:
        """PWR-07."""
        self.start_up(self.pool.at(hAdapter, Adapter))
        return SUCCESS
