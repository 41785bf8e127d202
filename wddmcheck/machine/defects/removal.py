"""Defects of starting and stopping, and of a device that is gone."""

from __future__ import annotations

from collections.abc import Generator

from wddmcheck.machine.gpu.registers import Registers
from wddmcheck.machine.miniport import PREEMPT, Pauses, Preempt, Wait
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, Config, Context, IsrState
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGK_SURPRISE_REMOVAL_TYPE, Handle

SUCCESS = NtStatus.STATUS_SUCCESS


class ChecksGoneTooEarly(ReferenceMiniport):
    """DestroyContext looks whether the device is gone, and writes to it later."""

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """Against ADP-13."""
        context = self.pool.at(hContext, Context)
        assert context.hardware is not None
        self.leave_submissions(context)
        registers = context.adapter.registers
        if registers is not None and not self.has_left(context):
            yield PREEMPT
            registers.switch_to_null(context.node, context.hardware)
        yield self.until_left(context)
        context.device.contexts.remove(context)
        yield from self.free_context_areas(context)
        self.free_context(context)
        return SUCCESS


class PollsTheNode(ReferenceMiniport):
    """DestroyContext polls until the node has let go, which a device that is gone never does."""

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """Against ADP-13."""
        context = self.pool.at(hContext, Context)
        assert context.hardware is not None
        self.leave_submissions(context)
        self.leave_node(context)
        if context.adapter.registers is not None:
            polled = context.adapter.registers
            while polled.is_current(context.node, context.hardware):
                yield PREEMPT
        context.device.contexts.remove(context)
        yield from self.free_context_areas(context)
        self.free_context(context)
        return SUCCESS


class WritesWhenGone(ReferenceMiniport):
    """DestroyContext switches the node away whether or not the device is there."""

    mapped: Registers | None = None

    def DxgkDdiNotifySurpriseRemoval(self, MiniportDeviceContext: Handle,
                                     RemovalType: DXGK_SURPRISE_REMOVAL_TYPE) -> NtStatus:
        """Against ADP-13."""
        self.mapped = self.pool.at(MiniportDeviceContext, Adapter).registers
        return super().DxgkDdiNotifySurpriseRemoval(MiniportDeviceContext, RemovalType)

    def leave_node(self, context: Context) -> None:
        """The registers stay mapped."""
        super().leave_node(context)
        assert context.hardware is not None
        if self.mapped is not None and self.mapped.is_current(context.node, context.hardware):
            self.mapped.switch_to_null(context.node, context.hardware)


class FailedStartLeavesIsrState(ReferenceMiniport):
    """A start that fails half way leaves what it had allocated."""

    def undo_start(self, adapter: Adapter) -> None:
        """Against ADP-05."""


class StopFreesAddState(ReferenceMiniport):
    """StopDevice frees what AddDevice allocated, too."""

    def DxgkDdiStopDevice(self, MiniportDeviceContext: Handle) -> Pauses:
        """Against ADP-08."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        yield from self.quiesce(adapter)
        self.pool.free(adapter.config, Config.TAG)
        return SUCCESS


class StopFreesBeforeDpc(ReferenceMiniport):
    """What the DPC works on goes before the DPC that is queued has run."""

    def quiesce(self, adapter: Adapter) -> Generator[Preempt | Wait, None, None]:
        """Against INT-07."""
        self.enable_interrupts(adapter, False)
        self.pool.free(adapter.isr, IsrState.TAG)
        yield PREEMPT
        yield self.kernel.KeFlushQueuedDpcs()
        adapter.isr = None


class SkipsCleanUpWhenGone(ReferenceMiniport):
    """StopDevice does nothing for a device that is gone."""

    def DxgkDdiStopDevice(self, MiniportDeviceContext: Handle) -> Pauses:
        """Against ADP-13."""
        adapter = self.pool.at(MiniportDeviceContext, Adapter)
        if not adapter.gone:
            yield from self.quiesce(adapter)
        return SUCCESS
