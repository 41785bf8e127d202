"""Defects of contexts that the GPU schedules: suspension, reset, sleep."""

from __future__ import annotations

from wddmcheck.machine.miniport import Pauses
from wddmcheck.machine.queue_structs import DXGKARG_RESETHWENGINE, DXGKARG_SUSPENDCONTEXT
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, Context
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle


class ResetsInOneGo(ReferenceMiniport):
    """The reset does not let others run between its steps, which is no defect."""

    def DxgkDdiResetHwEngine(self, hAdapter: Handle,
                             pResetHwEngine: DXGKARG_RESETHWENGINE) -> Pauses:
        """TDR-12."""
        adapter = self.pool.at(hAdapter, Adapter)
        self.registers(adapter).engine.stop()
        self.invalidate_current(adapter)
        self.forget_suspensions(adapter)
        yield from ()
        return NtStatus.STATUS_SUCCESS


class LeavesAcknowledgement(ResetsInOneGo):
    """The reset forgets what is to be acknowledged, and not what was."""

    def forget_suspensions(self, adapter: Adapter) -> None:
        """Against TDR-12: the ISR will report it before the engine is resumed."""
        for context in adapter.contexts:
            assert context.entry is not None
            context.entry.suspend = 0


class LeavesContextRunning(ResetsInOneGo):
    """The reset reports the context that it hit, and leaves it on the engine."""

    def invalidate_current(self, adapter: Adapter) -> None:
        """Against HWQ-07."""
        engine = self.registers(adapter).engine
        for context in adapter.contexts:
            if context.entry is not None and context.entry is engine.current:
                self.invalidate(context)


class ReportsAllThatWait(ReferenceMiniport):
    """The ISR reports every context that is to be suspended, acknowledged or not."""

    def report_suspensions(self, adapter: Adapter) -> None:
        """Against HWQ-06."""
        for context in adapter.contexts:
            if context.entry is not None and not context.entry.runnable:
                self.report_suspended(context, context.entry.acknowledged)


class ReportsLatestFence(ReferenceMiniport):
    """The ISR reports the fence of the latest suspension, whichever one was acknowledged."""

    def report_suspended(self, context: Context, fence: int) -> None:
        """Against HWQ-06."""
        assert context.entry is not None
        super().report_suspended(context, context.entry.suspend or fence)


class SuspendsAtOnce(ReferenceMiniport):
    """SuspendContext takes the context off the run list, and does not wait for the engine."""

    def DxgkDdiSuspendContext(self, hAdapter: Handle,
                              pSuspendContext: DXGKARG_SUSPENDCONTEXT) -> NtStatus:
        """Against HWQ-06 and HWQ-07."""
        context = self.pool.at(pSuspendContext.hContext, Context)
        assert context.entry is not None
        self.registers(context.adapter).engine.hold(context.entry)
        return NtStatus.STATUS_SUCCESS


class WakesContexts(ReferenceMiniport):
    """On the way back to D0 all contexts may run."""

    def wake(self, adapter: Adapter) -> None:
        """Against PWR-03: Dxgkrnl takes them for suspended."""
        for context in adapter.contexts:
            if context.entry is not None:
                self.registers(adapter).engine.schedule(context.entry)
        super().wake(adapter)
