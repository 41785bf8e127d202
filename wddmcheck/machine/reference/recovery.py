"""Preemption and surprise removal."""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.objects import Adapter
from wddmcheck.machine.reference.work import WorkDdis
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_SURPRISE_REMOVAL_TYPE,
    DXGKARG_PREEMPTCOMMAND,
    Handle,
)


class RecoveryDdis(WorkDdis):
    """Preemption and surprise removal."""

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
