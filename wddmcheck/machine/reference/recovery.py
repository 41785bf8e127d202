"""Preemption, timeout recovery, surprise removal."""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.objects import Adapter, Context, Node
from wddmcheck.machine.reference.work import WorkDdis
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_SURPRISE_REMOVAL_TYPE,
    DXGKARG_CANCELCOMMAND,
    DXGKARG_COLLECTDBGINFO,
    DXGKARG_PREEMPTCOMMAND,
    DXGKARG_RESETENGINE,
    NULL,
    Handle,
)


class RecoveryDdis(WorkDdis):
    """Preemption, timeout recovery, surprise removal."""

    def DxgkDdiPreemptCommand(self, hAdapter: Handle,
                              pPreemptCommand: DXGKARG_PREEMPTCOMMAND) -> NtStatus:
        """SUB-09: at DISPATCH_LEVEL; where nothing is left to preempt, the report is made here."""
        adapter = self.pool.at(hAdapter, Adapter)
        ordinal = pPreemptCommand.NodeOrdinal
        node = adapter.nodes[ordinal]
        node.preempting = pPreemptCommand.PreemptionFenceId
        if all(c.reported for c in node.submissions):
            self.answer_preemption(adapter, ordinal)
        else:
            self.registers(adapter).preempt(ordinal)
        return SUCCESS

    def answer_preemption(self, adapter: Adapter, ordinal: int) -> None:
        """SUB-09: the node would never answer."""
        dxgk = self.dxgk(adapter)
        dxgk.DxgkCbSynchronizeExecution(
            dxgk.DeviceHandle, partial(self.report_preempted, adapter, ordinal))
        dxgk.DxgkCbQueueDpc(dxgk.DeviceHandle)

    def DxgkDdiCancelCommand(self, hAdapter: Handle,
                             pCancelCommand: DXGKARG_CANCELCOMMAND) -> NtStatus:
        """SUB-11: what was kept of a packet for its next submission."""
        context = self.pool.at(pCancelCommand.hContext, Context)
        context.uses, context.reads = None, NULL
        return SUCCESS

    def DxgkDdiResetEngine(self, hAdapter: Handle, pResetEngine: DXGKARG_RESETENGINE) -> NtStatus:
        """TDR-02, FEN-02: nothing is left on the node; what was not reported is reported now."""
        adapter = self.pool.at(hAdapter, Adapter)
        aborted = self.registers(adapter).reset(pResetEngine.NodeOrdinal)
        if aborted is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        node = adapter.nodes[pResetEngine.NodeOrdinal]
        node.preempting = 0
        pResetEngine.LastAbortedFenceId = max(aborted, default=0)
        dxgk = self.dxgk(adapter)
        dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.report_all, node))
        dxgk.DxgkCbQueueDpc(dxgk.DeviceHandle)
        return SUCCESS

    def report_all(self, node: Node) -> None:
        """After a reset every packet on the list is over; at DIRQL."""
        for context in node.submissions:
            if not context.reported:
                self.report(context)

    def DxgkDdiCollectDbgInfo(self, hAdapter: Handle,
                              pCollectDbgInfo: DXGKARG_COLLECTDBGINFO) -> NtStatus:
        """TDR-07: what is outstanding, as much as fits."""
        adapter = self.pool.at(hAdapter, Adapter)
        node = adapter.nodes[0]
        text = f"completed {node.last_completed} of {node.last_submitted}".encode()
        pCollectDbgInfo.pBuffer[:] = text[:pCollectDbgInfo.BufferSize]
        return SUCCESS

    def DxgkDdiResetFromTimeout(self, hAdapter: Handle) -> NtStatus:
        """TDR-03, FEN-02: when this returns the GPU touches no memory, and all that was submitted
        counts as complete."""
        adapter = self.pool.at(hAdapter, Adapter)
        for ordinal, node in enumerate(adapter.nodes):
            if self.registers(adapter).reset(ordinal) is None:
                return NtStatus.STATUS_UNSUCCESSFUL
            for context in tuple(node.submissions):
                self.retire(context)
            node.preempting, node.last_completed = 0, node.last_submitted
        return SUCCESS

    def DxgkDdiRestartFromTimeout(self, hAdapter: Handle) -> NtStatus:
        """TDR-05: the GPU can be used again; there is nothing to do."""
        return SUCCESS

    def DxgkDdiNotifySurpriseRemoval(self, MiniportDeviceContext: Handle,
                                     RemovalType: DXGK_SURPRISE_REMOVAL_TYPE) -> NtStatus:
        """ADP-12, ADP-13: from now on the hardware is not touched, and what it had is Dxgkrnl's to
        end."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        adapter.registers = None
        for node in adapter.nodes:
            for context in node.submissions:
                context.fence, context.reported = 0, False
        return SUCCESS
