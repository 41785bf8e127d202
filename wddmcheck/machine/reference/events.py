"""CPU events, which the DPC signals, and events of processes, which a thread signals."""

from __future__ import annotations

from wddmcheck.machine.event_structs import DXGKARG_CREATECPUEVENT, DXGKARGCB_SIGNALEVENT
from wddmcheck.machine.miniport import PREEMPT, Pauses, Wait
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS, Common
from wddmcheck.machine.reference.objects import Adapter, CpuEvent, Device, Process, ProcessEvent
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import NULL, Handle
from wddmcheck.machine.waits import Blocking


class EventDdis(Common):
    """CPU events and events of processes."""

    def DxgkDdiCreateCpuEvent(self, hAdapter: Handle,
                              pCreateCpuEvent: DXGKARG_CREATECPUEVENT) -> NtStatus:
        """EVT-01."""
        adapter = self.pool.at(hAdapter, Adapter)
        notices = self.registers(adapter).notices
        item = self.pool.allocate(CpuEvent, os_handle=pCreateCpuEvent.hDxgCpuEvent,
                                  adapter=adapter, source=notices.add_source(),
                                  device=self.pool.at(pCreateCpuEvent.hKmdDevice, Device))
        if item is None:
            notices.sources.pop()
            return NO_MEMORY
        adapter.cpu_events.append(item)
        pCreateCpuEvent.hKmdCpuEvent = self.pool.address(item)
        return SUCCESS

    def DxgkDdiDestroyCpuEvent(self, hAdapter: Handle, hKmdCpuEvent: Handle) -> Pauses:
        """EVT-02, EVT-03: out of reach of the DPC, then wait for the signal that it has begun. The
        device of the event may be gone."""
        item = self.pool.at(hKmdCpuEvent, CpuEvent)
        yield from self.unlist_event(item)
        yield from self.signals_done(item)
        item.adapter.cpu_events.remove(item)
        if item.adapter.registers is not None:
            item.adapter.registers.notices.sources.remove(item.source)
        self.pool.free(item, CpuEvent.TAG)
        return SUCCESS

    def unlist_event(self, item: CpuEvent) -> Blocking[None]:
        """EVT-02: with the lock under which the DPC looks for what it signals."""
        yield self.kernel.KeAcquireSpinLock(item.adapter.events_lock)
        item.listed = item.source.armed = False
        self.kernel.KeReleaseSpinLock(item.adapter.events_lock)

    def signals_done(self, item: CpuEvent) -> Blocking[None]:
        """EVT-02."""
        yield Wait("the signal in progress", lambda: item.signals == 0, parks=True)

    def collect_events(self, adapter: Adapter) -> None:
        """INT-01: what has happened is left to the DPC; at DIRQL."""
        for item in adapter.cpu_events:
            if item.source.raised:
                item.source.raised, item.due = False, True

    def due(self, adapter: Adapter) -> CpuEvent | None:
        """The event that the DPC signals next: the first in the GPU's list, if there is a GPU."""
        waiting = [e for e in adapter.cpu_events if e.due and e.listed]
        if adapter.registers is not None:
            sources = adapter.registers.notices.sources
            waiting.sort(key=lambda e: sources.index(e.source))
        return waiting[0] if waiting else None

    def next_due(self, adapter: Adapter) -> Blocking[CpuEvent | None]:
        """EVT-02: the event that is due next, if there is one: its signal has begun."""
        yield self.kernel.KeAcquireSpinLockAtDpcLevel(adapter.events_lock)
        item = self.due(adapter)
        if item is not None:
            item.due = False
            item.signals += 1
        self.kernel.KeReleaseSpinLockFromDpcLevel(adapter.events_lock)
        return item

    def signal_due(self, adapter: Adapter) -> Blocking[None]:
        """EVT-02: one event; if more are due, the DPC comes again. What is being signalled is not
        freed."""
        item = yield from self.next_due(adapter)
        if item is None:
            return
        yield PREEMPT
        self.signal_cpu_event(item)
        item.signals -= 1
        if self.due(adapter) is not None:
            self.dxgk(adapter).DxgkCbQueueDpc(self.dxgk(adapter).DeviceHandle)

    def signal_cpu_event(self, item: CpuEvent) -> None:
        """EVT-01: by Dxgkrnl's handle, and without a process."""
        self.dxgk(item.adapter).DxgkCbSignalEvent(
            DXGKARGCB_SIGNALEVENT(NULL, item.os_handle, CpuEventObject=True))

    # --- events of processes ----------------------------------------------------------------------

    def add_process_event(self, adapter: Adapter, process: Process, handle: Handle) -> NtStatus:
        """PRC-05: user mode wants an event of its process to be signalled."""
        item = self.pool.allocate(ProcessEvent, handle=handle, process=process)
        if item is None:
            return NO_MEMORY
        adapter.process_events.append(item)
        return SUCCESS

    def events_of(self, adapter: Adapter, process: Process) -> list[ProcessEvent]:
        """Those of a process."""
        return [e for e in adapter.process_events if e.process is process]

    def SignalProcessEvent(self, hAdapter: Handle, hEvent: Handle) -> Blocking[None]:
        """PRC-05: a thread of the driver signals an event, unless its process is on its way out."""
        adapter = self.pool.at(hAdapter, Adapter)
        for item in adapter.process_events:
            if item.handle == hEvent and not item.closing and not item.signals:
                item.signals += 1
                yield PREEMPT
                self.signal_process_event(adapter, item)
                item.signals -= 1

    def signal_process_event(self, adapter: Adapter, item: ProcessEvent, *,
                             last: bool = False) -> None:
        """PRC-05: by Dxgkrnl's handle of the process."""
        self.dxgk(adapter).DxgkCbSignalEvent(DXGKARGCB_SIGNALEVENT(
            item.process.os_handle, item.handle, LastUse=last))

    def run_down_events(self, adapter: Adapter, process: Process) -> Blocking[None]:
        """PRC-05: no new signals, none in progress; the last one says so."""
        for item in self.events_of(adapter, process):
            item.closing = True
        yield from self.process_signals_done(adapter, process)
        for item in self.events_of(adapter, process):
            self.last_use(adapter, item)
            adapter.process_events.remove(item)
            self.pool.free(item, ProcessEvent.TAG)

    def process_signals_done(self, adapter: Adapter, process: Process) -> Blocking[None]:
        """PRC-05: the process does not go while it is signalled."""
        yield Wait("the signals in progress", lambda: not any(
            e.signals for e in self.events_of(adapter, process)), parks=True)

    def last_use(self, adapter: Adapter, item: ProcessEvent) -> None:
        """PRC-05."""
        self.signal_process_event(adapter, item, last=True)
