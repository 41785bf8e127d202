"""Contexts that the GPU schedules: suspension, the reset of their engine."""

from __future__ import annotations

from wddmcheck.machine.miniport import PREEMPT, Pauses
from wddmcheck.machine.queue_structs import (
    DXGKARG_RESETHWENGINE,
    DXGKARG_RESUMECONTEXT,
    DXGKARG_RESUMEHWENGINE,
    DXGKARG_SUSPENDCONTEXT,
    DXGKARGCB_INVALIDATEHWCONTEXT,
)
from wddmcheck.machine.reference.common import SUCCESS, Common
from wddmcheck.machine.reference.objects import Adapter, Context
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_INTERRUPT_TYPE,
    DXGKARGCB_NOTIFY_INTERRUPT_DATA,
    Handle,
)


class SuspensionDdis(Common):
    """Suspension, the reset of an engine."""

    def join_engine(self, context: Context) -> None:
        """HWQ-08: a context is created resumed."""
        assert context.hardware is not None
        context.entry = self.registers(context.adapter).engine.add(context.hardware)
        context.adapter.contexts.append(context)

    def leave_engine(self, context: Context) -> None:
        """HWQ-07: the GPU holds no reference to a suspended context, so its entry can go."""
        assert context.entry is not None
        context.adapter.contexts.remove(context)
        if context.adapter.registers is not None:
            context.adapter.registers.engine.remove(context.entry)

    def DxgkDdiSuspendContext(self, hAdapter: Handle,
                              pSuspendContext: DXGKARG_SUSPENDCONTEXT) -> NtStatus:
        """HWQ-06: success only if the GPU has let go of it already, or is gone (ADP-13)."""
        context = self.pool.at(pSuspendContext.hContext, Context)
        entry, registers = context.entry, context.adapter.registers
        assert entry is not None
        if registers is None or not (entry.runnable or entry.suspend or entry.acknowledged):
            return SUCCESS
        registers.engine.suspend(entry, pSuspendContext.contextSuspendFence)
        return NtStatus.STATUS_PENDING

    def DxgkDdiResumeContext(self, hAdapter: Handle,
                             pResumeContext: DXGKARG_RESUMECONTEXT) -> NtStatus:
        """HWQ-08."""
        context = self.pool.at(pResumeContext.hContext, Context)
        assert context.entry is not None
        self.registers(context.adapter).engine.schedule(context.entry)
        return SUCCESS

    def report_suspensions(self, adapter: Adapter) -> None:
        """HWQ-06: each acknowledgement with the fence that the GPU gives; at DIRQL."""
        for context in adapter.contexts:
            assert context.entry is not None
            if context.entry.acknowledged:
                self.report_suspended(context, context.entry.acknowledged)

    def report_suspended(self, context: Context, fence: int) -> None:
        """Once; at DIRQL."""
        assert context.entry is not None
        dxgk = self.dxgk(context.adapter)
        dxgk.DxgkCbNotifyInterrupt(dxgk.DeviceHandle, DXGKARGCB_NOTIFY_INTERRUPT_DATA(
            DXGK_INTERRUPT_TYPE.DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED,
            hContext=context.os_handle, ContextSuspendFence=fence))
        context.entry.acknowledged = 0

    def DxgkDdiResetHwEngine(self, hAdapter: Handle,
                             pResetHwEngine: DXGKARG_RESETHWENGINE) -> Pauses:
        """TDR-12: what ran is invalidated; what the engine had to acknowledge, it never will, and
        nothing is left for the ISR to report."""
        adapter = self.pool.at(hAdapter, Adapter)
        self.registers(adapter).engine.stop()
        yield PREEMPT
        self.invalidate_current(adapter)
        self.forget_suspensions(adapter)
        return SUCCESS

    def invalidate_current(self, adapter: Adapter) -> None:
        """TDR-12: the context that the engine ran is off the run list, and lost; by Dxgkrnl's
        handle."""
        engine = self.registers(adapter).engine
        for context in adapter.contexts:
            if context.entry is not None and context.entry is engine.current:
                engine.hold(context.entry)
                self.invalidate(context)
        engine.drop_current()

    def invalidate(self, context: Context) -> None:
        """Dxgkrnl puts the device of the context in error."""
        dxgk = self.dxgk(context.adapter)
        dxgk.DxgkCbInvalidateHwContext(DXGKARGCB_INVALIDATEHWCONTEXT(
            dxgk.DeviceHandle, context.os_handle))

    def forget_suspensions(self, adapter: Adapter) -> None:
        """TDR-12: no interrupt of the engine is to come before it is resumed."""
        for context in adapter.contexts:
            assert context.entry is not None
            context.entry.suspend = context.entry.acknowledged = 0
        self.registers(adapter).engine.drop_messages()

    def DxgkDdiResumeHwEngine(self, hAdapter: Handle,
                              pResumeHwEngine: DXGKARG_RESUMEHWENGINE) -> NtStatus:
        """TDR-12."""
        self.registers(self.pool.at(hAdapter, Adapter)).engine.resume()
        return SUCCESS
