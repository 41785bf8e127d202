"""Native fences: what the interrupt record may name, and what a waiting thread has to hear of."""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.event_structs import (
    DXGKARG_CLOSENATIVEFENCE,
    DXGKARG_CREATENATIVEFENCE,
    DXGKARG_DESTROYNATIVEFENCE,
    DXGKARG_OPENNATIVEFENCE,
    DXGKARG_UPDATEMONITOREDVALUES,
)
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS, Common
from wddmcheck.machine.reference.objects import Adapter, Device, GlobalFence, LocalFence
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_INTERRUPT_TYPE,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    Handle,
)


class NativeFenceDdis(Common):
    """Native fences."""

    def DxgkDdiCreateNativeFence(self, hAdapter: Handle,
                                 pCreateNativeFence: DXGKARG_CREATENATIVEFENCE) -> NtStatus:
        """NFN-01."""
        adapter = self.pool.at(hAdapter, Adapter)
        notices = self.registers(adapter).notices
        fence = self.pool.allocate(GlobalFence, os_handle=pCreateNativeFence.hGlobalNativeFence,
                                   adapter=adapter,
                                   gpu=notices.add_fence(pCreateNativeFence.values))
        if fence is None:
            notices.fences.pop()
            return NO_MEMORY
        adapter.fences.append(fence)
        pCreateNativeFence.hGlobalNativeFence = self.pool.address(fence)
        return SUCCESS

    def DxgkDdiOpenNativeFence(self, hAdapter: Handle,
                               pOpenNativeFence: DXGKARG_OPENNATIVEFENCE) -> NtStatus:
        """NFN-01."""
        local = self.pool.allocate(
            LocalFence, os_handle=pOpenNativeFence.hLocalNativeFence,
            device=self.pool.at(pOpenNativeFence.hDevice, Device),
            fence=self.pool.at(pOpenNativeFence.hGlobalNativeFence, GlobalFence))
        if local is None:
            return NO_MEMORY
        pOpenNativeFence.hLocalNativeFence = self.pool.address(local)
        return SUCCESS

    def DxgkDdiCloseNativeFence(self, hAdapter: Handle,
                                pCloseNativeFence: DXGKARG_CLOSENATIVEFENCE) -> NtStatus:
        """NFN-02: only the local one."""
        self.pool.free(self.pool.at(pCloseNativeFence.hLocalNativeFence, LocalFence),
                       LocalFence.TAG)
        return SUCCESS

    def DxgkDdiDestroyNativeFence(self, hAdapter: Handle,
                                  pDestroyNativeFence: DXGKARG_DESTROYNATIVEFENCE) -> Pauses:
        """NFN-02, NFN-04: the interrupt record must not name it any more, and then it goes."""
        fence = self.pool.at(pDestroyNativeFence.hGlobalNativeFence, GlobalFence)
        dxgk = self.dxgk(fence.adapter)
        dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.leave_record, fence))
        yield PREEMPT
        self.free_fence(fence)
        return SUCCESS

    def leave_record(self, fence: GlobalFence) -> None:
        """NFN-04: unregistered, and taken out of the record in one go; whoever shared the record is
        found by a scan of all fences. At DIRQL, so that the ISR does not come between."""
        fence.gpu.registered = False
        if fence.adapter.registers is not None:
            notices = fence.adapter.registers.notices
            if notices.signalled is fence.gpu:
                notices.signalled, notices.collapsed = None, True

    def free_fence(self, fence: GlobalFence) -> None:
        """What the driver and the GPU keep of a fence."""
        fence.adapter.fences.remove(fence)
        if fence.adapter.registers is not None:
            fence.adapter.registers.notices.fences.remove(fence.gpu)
        self.pool.free(fence, GlobalFence.TAG)

    def DxgkDdiUpdateMonitoredValues(
            self, hAdapter: Handle,
            pUpdateMonitoredValues: DXGKARG_UPDATEMONITOREDVALUES) -> NtStatus:
        """NFN-05: at DIRQL."""
        fence = self.pool.at(pUpdateMonitoredValues.hGlobalNativeFence, GlobalFence)
        fence.gpu.values.monitored = pUpdateMonitoredValues.MonitoredValue
        self.settle_signal(fence)
        return SUCCESS

    def settle_signal(self, fence: GlobalFence) -> None:
        """NFN-05: a signal that is under way must not go by the old monitored value."""
        self.registers(fence.adapter).notices.barrier(fence.gpu)

    def report_fences(self, adapter: Adapter) -> None:
        """NFN-04: the fence that the record names, or none if there were several; at DIRQL."""
        notices = self.registers(adapter).notices
        if notices.collapsed:
            self.report_signalled(adapter, None)
        elif notices.signalled is not None:
            (named,) = (f for f in adapter.fences if f.gpu is notices.signalled)
            self.report_signalled(adapter, (named.os_handle,))
        notices.clear_record()

    def report_signalled(self, adapter: Adapter, array: tuple[Handle, ...] | None) -> None:
        """At DIRQL, by Dxgkrnl's handles."""
        dxgk = self.dxgk(adapter)
        dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
            DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED,
            pSignaledNativeFenceArray=array))
