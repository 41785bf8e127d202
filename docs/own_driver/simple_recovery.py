"""Preemption, timeouts and removal, for simple_miniport.py."""

from functools import partial

from simple_structures import Adapter

from wddmcheck.machine.miniport import PREEMPT
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGK_INTERRUPT_TYPE, DXGKARGCB_NOTIFY_INTERRUPT_DATA

OK = NtStatus.STATUS_SUCCESS


class Recovery:
    """`self.report` reports what is complete, `self.take_off` forgets the packet of a context."""

    def DxgkDdiPreemptCommand(self, hAdapter, pPreemptCommand):
        adapter = self.pool.at(hAdapter, Adapter)
        adapter.preempting = pPreemptCommand.PreemptionFenceId
        if any(c.fence and not c.reported for c in adapter.contexts):
            adapter.registers.preempt(0)
            return OK
        dxgk = adapter.dxgk                                    # else the node would not answer
        dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.report_preempted, adapter))
        dxgk.DxgkCbQueueDpc(dxgk.DeviceHandle)
        return OK

    def report_preempted(self, adapter):
        for context in adapter.contexts:
            if not context.reported:
                self.take_off(context)                         # Dxgkrnl submits it again
        adapter.dxgk.DxgkCbNotifyInterrupt(
            adapter.dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
                DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_DMA_PREEMPTED,
                PreemptionFenceId=adapter.preempting, LastCompletedFenceId=adapter.completed))

    def DxgkDdiQueryDependentEngineGroup(self, hAdapter, pQueryDependentEngineGroup):
        self.pool.at(hAdapter, Adapter).silent = True
        pQueryDependentEngineGroup.DependentNodeOrdinalMask = 1
        return OK

    def DxgkDdiResetEngine(self, hAdapter, pResetEngine):
        adapter = self.pool.at(hAdapter, Adapter)
        running = adapter.registers.running_fence(0)
        aborted = adapter.registers.reset(pResetEngine.NodeOrdinal)
        if aborted is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        if adapter.silent:
            self.all_over(adapter, running or adapter.registers.last_fence(0))
            pResetEngine.LastAbortedFenceId = adapter.completed
            return OK
        pResetEngine.LastAbortedFenceId = max(aborted, default=0)
        adapter.dxgk.DxgkCbSynchronizeExecution(
            adapter.dxgk.DeviceHandle, partial(self.report, adapter))
        adapter.dxgk.DxgkCbQueueDpc(adapter.dxgk.DeviceHandle)
        return OK

    def all_over(self, adapter, fence):
        """The node is empty, and everything up to `fence` counts as complete."""
        adapter.silent, adapter.completed = False, fence
        adapter.registers.write_fence(0, fence)
        for context in adapter.contexts:
            self.take_off(context)

    def DxgkDdiResetFromTimeout(self, hAdapter):
        adapter = self.pool.at(hAdapter, Adapter)
        adapter.registers.halt(True)
        yield PREEMPT
        if adapter.registers.reset(0) is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        self.all_over(adapter, adapter.submitted)
        return OK

    def DxgkDdiRestartFromTimeout(self, hAdapter):
        self.pool.at(hAdapter, Adapter).registers.halt(False)
        return OK

    def DxgkDdiNotifySurpriseRemoval(self, MiniportDeviceContext, RemovalType):
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        adapter.registers = None                               # hands off from now on
        for context in adapter.contexts:
            self.take_off(context)
        return OK
