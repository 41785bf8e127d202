"""Timeouts: the reset of an engine, and of the adapter."""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.objects import Adapter, Node
from wddmcheck.machine.reference.recovery import RecoveryDdis
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGKARG_COLLECTDBGINFO,
    DXGKARG_QUERYDEPENDENTENGINEGROUP,
    DXGKARG_RESETENGINE,
    Handle,
)


class TimeoutDdis(RecoveryDdis):
    """Timeouts: the reset of an engine, and of the adapter."""

    def DxgkDdiCollectDbgInfo(self, hAdapter: Handle,
                              pCollectDbgInfo: DXGKARG_COLLECTDBGINFO) -> NtStatus:
        """TDR-07: what is outstanding, as much as fits."""
        adapter = self.pool.at(hAdapter, Adapter)
        node = adapter.nodes[0]
        text = f"completed {node.last_completed} of {node.last_submitted}".encode()
        pCollectDbgInfo.pBuffer[:] = text[:pCollectDbgInfo.BufferSize]
        return SUCCESS

    # --- an engine --------------------------------------------------------------------------------

    def DxgkDdiQueryDependentEngineGroup(
            self, hAdapter: Handle,
            pQueryDependentEngineGroup: DXGKARG_QUERYDEPENDENTENGINEGROUP) -> NtStatus:
        """TDR-06: a node is reset alone. TDR-01: it is reported on no more until then."""
        ordinal = pQueryDependentEngineGroup.NodeOrdinal
        self.pool.at(hAdapter, Adapter).nodes[ordinal].timed_out = True
        pQueryDependentEngineGroup.DependentNodeOrdinalMask = 1 << ordinal
        return SUCCESS

    def DxgkDdiResetEngine(self, hAdapter: Handle, pResetEngine: DXGKARG_RESETENGINE) -> NtStatus:
        """TDR-02: nothing is left on the node."""
        adapter = self.pool.at(hAdapter, Adapter)
        if adapter.nodes[pResetEngine.NodeOrdinal].timed_out:
            return self.reset_timed_out(adapter, pResetEngine)
        return self.reset_and_report(adapter, pResetEngine)

    def reset_timed_out(self, adapter: Adapter, arg: DXGKARG_RESETENGINE) -> NtStatus:
        """FEN-02, TDR-09: the packet that ran counts as complete, or if none did, the last one that
        was; what comes after it was not begun, and is Dxgkrnl's again."""
        registers, node = self.registers(adapter), adapter.nodes[arg.NodeOrdinal]
        running = registers.running_fence(arg.NodeOrdinal)
        if registers.reset(arg.NodeOrdinal) is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        if running:
            registers.write_fence(arg.NodeOrdinal, running)
        node.timed_out = False
        arg.LastAbortedFenceId = registers.last_fence(arg.NodeOrdinal)
        node.last_completed = arg.LastAbortedFenceId
        for context in tuple(node.submissions):
            if context.fence <= arg.LastAbortedFenceId:
                self.retire(context)
            else:
                self.give_back(context)
        return SUCCESS

    def reset_and_report(self, adapter: Adapter, arg: DXGKARG_RESETENGINE) -> NtStatus:
        """FEN-02: a scheduler that goes on listening is told of what was aborted."""
        aborted = self.registers(adapter).reset(arg.NodeOrdinal)
        if aborted is None:
            return NtStatus.STATUS_UNSUCCESSFUL
        node = adapter.nodes[arg.NodeOrdinal]
        arg.LastAbortedFenceId = max(aborted, default=0)
        dxgk = self.dxgk(adapter)
        dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.report_all, node))
        dxgk.DxgkCbQueueDpc(dxgk.DeviceHandle)
        return SUCCESS

    def report_all(self, node: Node) -> None:
        """After a reset every packet on the list is over; at DIRQL."""
        for context in node.submissions:
            if not context.reported:
                self.report(context)

    # --- the adapter ------------------------------------------------------------------------------

    def DxgkDdiResetFromTimeout(self, hAdapter: Handle) -> Pauses:
        """TDR-03, FEN-02: when this returns the GPU touches no memory, and all that was submitted
        counts as complete. ISR and DPC go on meanwhile."""
        adapter = self.pool.at(hAdapter, Adapter)
        self.halt(adapter)
        for node in adapter.nodes:
            node.timed_out = False
        yield PREEMPT
        for ordinal, node in enumerate(adapter.nodes):
            if self.registers(adapter).reset(ordinal) is None:
                return NtStatus.STATUS_UNSUCCESSFUL
            self.forget_work(node)
            self.registers(adapter).write_fence(ordinal, node.last_submitted)
            node.last_completed = node.last_submitted
        return SUCCESS

    def halt(self, adapter: Adapter) -> None:
        """TDR-03: the GPU reads and writes no memory from now on."""
        self.registers(adapter).halt(True)

    def forget_work(self, node: Node) -> None:
        """TDR-10: what was on the node is over."""
        for context in tuple(node.submissions):
            self.retire(context)

    def DxgkDdiRestartFromTimeout(self, hAdapter: Handle) -> NtStatus:
        """TDR-05: the GPU can be used again."""
        self.registers(self.pool.at(hAdapter, Adapter)).halt(False)
        return SUCCESS
