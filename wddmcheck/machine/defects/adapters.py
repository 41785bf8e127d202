"""Defects of stopping an adapter."""

from __future__ import annotations

from wddmcheck.machine.miniport import PREEMPT
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, IsrState
from wddmcheck.machine.waits import Blocking


class FreesIsrStateFirst(ReferenceMiniport):
    """What the ISR works on goes before the interrupt is disabled."""

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """Against INT-06."""
        self.pool.free(adapter.isr, IsrState.TAG)
        yield PREEMPT
        self.enable_interrupts(adapter, False)
        yield self.kernel.KeFlushQueuedDpcs()
        adapter.isr = None


class LeaksIsrState(ReferenceMiniport):
    """What StartDevice allocated for the ISR is forgotten."""

    def quiesce(self, adapter: Adapter) -> Blocking[None]:
        """Against ADP-08."""
        self.enable_interrupts(adapter, False)
        yield PREEMPT
        yield self.kernel.KeFlushQueuedDpcs()
        adapter.isr = None
