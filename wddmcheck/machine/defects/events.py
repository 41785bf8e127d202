"""Defects of events: who signals them, when, and how long."""

from __future__ import annotations

from wddmcheck.machine.miniport import Pauses
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, CpuEvent, Process, ProcessEvent
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.waits import Blocking


class IgnoresSignalInProgress(ReferenceMiniport):
    """DestroyCpuEvent does not wait for the signal that the DPC has begun."""

    def signals_done(self, item: CpuEvent) -> Blocking[None]:
        """Against EVT-02."""
        yield from ()


class ReadsDeviceOfEvent(ReferenceMiniport):
    """DestroyCpuEvent looks up the process of the event's device."""

    def DxgkDdiDestroyCpuEvent(self, hAdapter: Handle, hKmdCpuEvent: Handle) -> Pauses:
        """Against EVT-03: the device may be gone."""
        _ = self.pool.at(hKmdCpuEvent, CpuEvent).device.process
        return (yield from super().DxgkDdiDestroyCpuEvent(hAdapter, hKmdCpuEvent))


class DestroysProcessDuringSignal(ReferenceMiniport):
    """DestroyProcess does not wait for the thread that signals an event of the process."""

    def process_signals_done(self, adapter: Adapter, process: Process) -> Blocking[None]:
        """Against PRC-05."""
        yield from ()


class NeverSaysLastUse(ReferenceMiniport):
    """DestroyProcess frees what it keeps of an event, and does not say that it was the last use."""

    def last_use(self, adapter: Adapter, item: ProcessEvent) -> None:
        """Against PRC-05."""


class SignalsFromIsr(ReferenceMiniport):
    """The ISR signals a CPU event itself, instead of leaving that to the DPC."""

    def collect_events(self, adapter: Adapter) -> None:
        """Against EVT-02: the callback is for DISPATCH_LEVEL and below."""
        for item in adapter.cpu_events:
            if item.source.raised and item.listed:
                item.source.raised = False
                self.signal_cpu_event(item)
                return


class TakesFalseForFailure(ReferenceMiniport):
    """The ISR gives up what it has found where DxgkCbQueueDpc returns FALSE."""

    def collect_events(self, adapter: Adapter) -> None:
        """Later, when it is known whether the DPC could be queued."""

    def queue_dpc(self, adapter: Adapter) -> bool:
        """Against INT-04: the DPC that is queued already would see to it."""
        queued = super().queue_dpc(adapter)
        for item in adapter.cpu_events:
            if item.source.raised:
                item.source.raised, item.due = False, queued
        return queued
