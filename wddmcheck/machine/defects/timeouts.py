"""Defects of recovery from a timeout."""

from __future__ import annotations

from functools import partial

from wddmcheck.machine.miniport import Pauses
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, IsrState, Node
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKARG_RESETENGINE, Handle

SUCCESS = NtStatus.STATUS_SUCCESS


class GivesLastCompletedFence(ReferenceMiniport):
    """ResetEngine gives the last completed fence also where it broke off the packet after it."""

    def reset_timed_out(self, adapter: Adapter, arg: DXGKARG_RESETENGINE) -> NtStatus:
        """Against TDR-02."""
        registers = self.registers(adapter)
        completed = registers.last_fence(arg.NodeOrdinal)
        status = super().reset_timed_out(adapter, arg)
        if status.succeeds:
            registers.write_fence(arg.NodeOrdinal, completed)
            arg.LastAbortedFenceId = completed
        return status


class GivesNoAbortedFence(ReferenceMiniport):
    """ResetEngine leaves LastAbortedFenceId zero where the node has just finished by itself."""

    def reset_timed_out(self, adapter: Adapter, arg: DXGKARG_RESETENGINE) -> NtStatus:
        """Against TDR-02."""
        running = self.registers(adapter).running_fence(arg.NodeOrdinal)
        status = super().reset_timed_out(adapter, arg)
        if not running:
            arg.LastAbortedFenceId = 0
        return status


class LeavesPackets(ReferenceMiniport):
    """ResetEngine takes the running packet off the node, and leaves the others."""

    def reset_timed_out(self, adapter: Adapter, arg: DXGKARG_RESETENGINE) -> NtStatus:
        """Against TDR-02."""
        registers, node = self.registers(adapter), adapter.nodes[arg.NodeOrdinal]
        running = registers.running_fence(arg.NodeOrdinal)
        registers.abort(arg.NodeOrdinal)
        for context in tuple(node.submissions):
            if context.fence == running:
                registers.write_fence(arg.NodeOrdinal, running)
                self.retire(context)
        arg.LastAbortedFenceId = registers.last_fence(arg.NodeOrdinal)
        node.timed_out = False
        return SUCCESS


class LetsTheGpuRun(ReferenceMiniport):
    """ResetFromTimeout drops what was submitted, and does not halt the GPU."""

    def halt(self, adapter: Adapter) -> None:
        """Against TDR-03."""


class MakesIsrStateAnew(ReferenceMiniport):
    """ResetFromTimeout makes the ISR's state anew as if nothing else could run."""

    def DxgkDdiResetFromTimeout(self, hAdapter: Handle) -> Pauses:
        """Against TDR-03."""
        status = yield from super().DxgkDdiResetFromTimeout(hAdapter)
        self.pool.at(hAdapter, Adapter).isr = self.pool.allocate(IsrState)
        return status

    def halt(self, adapter: Adapter) -> None:
        """The old state goes with the first half of the call."""
        super().halt(adapter)
        self.pool.free(adapter.isr, IsrState.TAG)


class ReportsAtRestart(ReferenceMiniport):
    """The driver keeps its list over the reset, and reports it when the adapter restarts."""

    def forget_work(self, node: Node) -> None:
        """Against TDR-10."""

    def DxgkDdiRestartFromTimeout(self, hAdapter: Handle) -> NtStatus:
        """Against FEN-01."""
        adapter = self.pool.at(hAdapter, Adapter)
        dxgk = self.dxgk(adapter)
        for node in adapter.nodes:
            dxgk.DxgkCbSynchronizeExecution(dxgk.DeviceHandle, partial(self.report_all, node))
            super().forget_work(node)
        return super().DxgkDdiRestartFromTimeout(hAdapter)
