"""What a driver tells an engine that schedules contexts by itself, and asks of it."""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.machine.gpu.engine import DOORBELL, Engine, EngineState, Entry, HwQueue
from wddmcheck.machine.gpu.node import HwContext


@dataclass(frozen=True, slots=True)
class EngineRegisters:
    """The registers and queues of an engine, as mapped into the driver's address space."""

    engine: Engine

    def add(self, context: HwContext) -> Entry:
        """Put a context on the run list, where it may run."""
        entry = Entry(context)
        self.engine.run_list.append(entry)
        return entry

    def remove(self, entry: Entry) -> None:
        """Take a context off the run list. The engine does not let go of it if it runs."""
        self.engine.run_list.remove(entry)

    def suspend(self, entry: Entry, fence: int) -> None:
        """Let the GPU leave a context, and acknowledge that with `fence`."""
        entry.runnable, entry.suspend = False, fence

    def hold(self, entry: Entry) -> None:
        """Do not let the context run again."""
        entry.runnable = False

    def schedule(self, entry: Entry) -> None:
        """Let the context run again."""
        entry.runnable = True

    @property
    def current(self) -> Entry | None:
        """The context that the engine runs."""
        return self.engine.running

    def stop(self) -> None:
        """Stop the engine, whatever it does."""
        self.engine.state = EngineState.STOPPED

    def resume(self) -> None:
        """Let it go on."""
        self.engine.state = EngineState.RUNS

    def drop_current(self) -> None:
        """Forget the context that a stopped engine ran; its state is not saved."""
        self.engine.running = None

    def drop_messages(self) -> None:
        """Lower the interrupt line; what the GPU wanted to say is lost."""
        self.engine.messages = False

    def add_queue(self, queue: HwQueue) -> None:
        """Tell the GPU of a hardware queue."""
        self.engine.queues.append(queue)

    def remove_queue(self, queue: HwQueue) -> None:
        """Let the GPU forget a hardware queue."""
        self.engine.queues.remove(queue)

    def submit(self, queue: HwQueue) -> None:
        """Tell the GPU that Dxgkrnl's work is in a queue."""
        queue.rung = True

    def wire(self, queue: HwQueue | None) -> int:
        """Let the physical doorbell wake a queue, or none; its kernel address."""
        self.engine.wired = queue
        return DOORBELL
