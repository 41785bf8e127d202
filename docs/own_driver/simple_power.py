"""Power and exclusive access, for simple_miniport.py."""

from simple_structures import Adapter

from wddmcheck.machine.miniport import PREEMPT
from wddmcheck.machine.power_structs import DEVICE_POWER_STATE
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.system_structs import (
    DXGK_DRIVERCAPS,
    DXGK_QUERYADAPTERINFOTYPE,
    DXGK_QUERYSEGMENTOUT,
)

OK = NtStatus.STATUS_SUCCESS


class Power:
    """`self.enable` lets the device interrupt, or not."""

    def DxgkDdiSetPowerState(self, MiniportDeviceContext, DeviceUid, DevicePowerState, ActionType):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        if DevicePowerState == DEVICE_POWER_STATE.PowerDeviceD3:
            adapter.asleep = True                              # queries leave the device alone
            self.enable(adapter, False)
            yield PREEMPT
            yield self.kernel.KeFlushQueuedDpcs()
            adapter.registers.switch_away(0)
        else:
            adapter.registers.initialize()
            self.enable(adapter, True)
            adapter.asleep = False
        return OK

    def DxgkDdiQueryAdapterInfo(self, hAdapter, pQueryAdapterInfo):
        answer = pQueryAdapterInfo.pOutputData
        match pQueryAdapterInfo.Type:
            case DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_DRIVERCAPS:
                answer.value = DXGK_DRIVERCAPS(MaxAllocationListSlotId=16, WDDMVersion=0x2000)
            case DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_QUERYSEGMENT:
                answer.value = DXGK_QUERYSEGMENTOUT(NbSegment=1, PagingBufferSize=4096)
            case _:                                            # our user-mode driver: the clock
                adapter = self.pool.at(hAdapter, Adapter)
                if not adapter.asleep:
                    answer.value = adapter.registers.clock
        return OK

    def DxgkDdiSetPowerComponentFState(self, DriverContext, ComponentIndex, State):
        self.pool.at(DriverContext, Adapter).registers.power_component(State == 0)
        return OK

    def DxgkDdiBeginExclusiveAccess(self, hAdapter, pBeginExclusiveAccess):
        adapter = self.pool.at(hAdapter, Adapter)
        self.enable(adapter, False)
        adapter.registers.switch_away(0)
        return OK

    def DxgkDdiEndExclusiveAccess(self, hAdapter, pEndExclusiveAccess):
        self.enable(self.pool.at(hAdapter, Adapter), True)
        return OK
