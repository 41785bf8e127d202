"""What applications do without a call of the driver: ring a doorbell, and end."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import (
    DeviceState,
    DoorbellStatus,
    OsDevice,
    OsDoorbell,
    OsProcess,
)
from wddmcheck.machine.dxgkrnl.registry import event
from wddmcheck.machine.dxgkrnl.state import present
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.gpu.engine import DOORBELL, ring_written
from wddmcheck.machine.machine import Machine


@event
def ring_doorbell(m: Machine, doorbell: OsDoorbell) -> None:
    """User mode puts commands into its ring buffer and writes where its doorbell leads (DBL-05):
    the GPU wakes the queue of that doorbell, or the location was given away too early."""
    queue = doorbell.queue
    present(m)
    m.require(doorbell.status is DoorbellStatus.CONNECTED, f"{doorbell!r} is not connected")
    m.require(queue.context.device.state is not DeviceState.KILLED, "the process has ended")
    memory, page = m.gpu.memory, doorbell.ring.page
    assert page is not None, "a ring buffer stays resident"
    memory.segment.write(page, ring_written(memory.segment.read(page)))
    queue.progress.queued += 1
    woken = m.gpu.engine.ring() if doorbell.location == DOORBELL else None
    if woken is not None and woken.progress is not queue.progress:
        m.report(Finding(Kind.CONTRACT, f"{doorbell!r} is rung, and the GPU wakes the queue of "
                         "another: the physical doorbell was given away while user mode still had "
                         "it", (doorbell.kmd,)))


@event
def terminate_process(m: Machine, process: OsProcess) -> None:
    """A process is ended from outside: its devices are in error, and it gets no others (DEV-07)."""
    m.require(process.open and not process.killed, f"{process!r} is gone, or ends already")
    process.killed = True
    _kill(m, process)


@event
def close_adapter(m: Machine, process: OsProcess) -> None:
    """PRC-03: D3DKMTCloseAdapter, of the last handle that a process has to the adapter."""
    m.require(process.open and not process.closed, f"{process!r} is gone, or has none")
    process.closed = True


@event
def kill_devices(m: Machine, process: OsProcess) -> None:
    """The devices that a process has end abnormally, as when it is terminated: what they have is to
    be suspended, disconnected and destroyed (HWQ-09)."""
    m.require(m.adapter.awake, "the adapter is not started, or sleeps")
    devices = [d for d in m.handles.all(OsDevice) if d.process is process]
    m.require(process.open and any(d.state is not DeviceState.KILLED for d in devices),
              f"{process!r} is gone, or has no device that works")
    _kill(m, process)


def _kill(m: Machine, process: OsProcess) -> None:
    for device in m.handles.all(OsDevice):
        if device.process is process:
            device.state = DeviceState.KILLED
