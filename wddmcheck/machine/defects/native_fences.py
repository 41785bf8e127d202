"""Defects of native fences: the interrupt record, and what a waiting thread hears of."""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.event_structs import DXGKARG_DESTROYNATIVEFENCE
from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import GlobalFence
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle


class IgnoresSignalUnderWay(ReferenceMiniport):
    """UpdateMonitoredValues writes the monitored value, and does not look at signals under way."""

    def settle_signal(self, fence: GlobalFence) -> None:
        """Against NFN-05."""


class StaysInRecord(ReferenceMiniport):
    """DestroyNativeFence unregisters the fence, and leaves it in the interrupt record."""

    def leave_record(self, fence: GlobalFence) -> None:
        """Against NFN-04."""
        fence.gpu.registered = False


class UnregistersLate(ReferenceMiniport):
    """DestroyNativeFence takes the fence out of the record first, and unregisters it later."""

    def DxgkDdiDestroyNativeFence(self, hAdapter: Handle,
                                  pDestroyNativeFence: DXGKARG_DESTROYNATIVEFENCE) -> Pauses:
        """Against NFN-04: a signal in between puts it back."""
        fence = self.pool.at(pDestroyNativeFence.hGlobalNativeFence, GlobalFence)
        dxgk = self.dxgk(fence.adapter)
        dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.leave_record, fence))
        yield PREEMPT
        fence.gpu.registered = False
        self.free_fence(fence)
        return NtStatus.STATUS_SUCCESS

    def leave_record(self, fence: GlobalFence) -> None:
        """The fence stays registered."""
        super().leave_record(fence)
        fence.gpu.registered = True
