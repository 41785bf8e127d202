"""An engine whose contexts the GPU schedules by itself: a run list, suspension, hardware queues and
the one physical doorbell that wakes them.

The GPU tells the driver of what it did in messages, which raise the interrupt line until they are
taken. Its own view of a context stays on the run list as long as the driver leaves it there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.gpu.memory import VideoMemory
from wddmcheck.machine.gpu.node import HwContext, load_state, read_memory, save_state

DOORBELL = 0xFFFF_F900_0000_0000
"""The kernel address of the physical doorbell."""


class EngineState(Enum):
    """What the engine does. STOPPED: it was reset, and not told to go on."""

    RUNS = "runs"
    HANGS = "hangs"
    STOPPED = "stopped"


@dataclass(slots=True)
class ProgressFence:
    """The progress fence of a queue, in memory: the value that its last work will signal, and the
    last one that the GPU has signalled."""

    queued: int = 0
    done: int = 0

    @property
    def behind(self) -> bool:
        """Whether there is work that the GPU has not done."""
        return self.done < self.queued


@dataclass(slots=True, eq=False)
class Entry:
    """A context on the run list. `runnable`: the GPU may switch to it; `suspend`: the fence of a
    suspension that it has yet to acknowledge; `acknowledged`: one that it has, for the driver to
    report; 0 is none."""

    context: HwContext
    runnable: bool = True
    suspend: int = 0
    acknowledged: int = 0


@dataclass(slots=True, eq=False)
class HwQueue:
    """A hardware queue. `ring` is where the GPU reads the commands of user mode, with the bytes
    that are expected there: None if Dxgkrnl submits. `rung`: the GPU was told of work."""

    entry: Entry
    progress: ProgressFence
    ring: tuple[int, bytes] | None = None
    rung: bool = False


_WRITE, _READ = 8, 9
"""Where a ring buffer has its write and its read pointer, of one byte each."""


def ring_filled(content: bytes) -> bool:
    """Whether a ring buffer has commands that were not read."""
    return content[_WRITE] != content[_READ]


def ring_written(content: bytes) -> bytes:
    """A ring buffer after user mode has put a command into it."""
    changed = bytearray(content)
    changed[_WRITE] = (changed[_WRITE] + 1) % 256
    return bytes(changed)


def _ring_read(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[_READ] = changed[_WRITE]
    return bytes(changed)


@dataclass(slots=True)
class Engine:
    """The engine. `running` is the context whose state it holds; `queues` are those that it was
    told of; `wired` is the one that the physical doorbell wakes; `messages`: the driver has not
    taken all messages."""

    memory: VideoMemory
    state: EngineState = EngineState.RUNS
    run_list: list[Entry] = field(default_factory=list)
    running: Entry | None = None
    queues: list[HwQueue] = field(default_factory=list)
    wired: HwQueue | None = None
    messages: bool = False

    # --- what the hardware does by itself ---------------------------------------------------------

    def switch_to(self, entry: Entry) -> None:
        """Load the state of a context that may run. Raises `OutOfReachError`, `BugCheck`."""
        self._runs()
        if entry not in self.run_list or not entry.runnable or self.running is not None:
            raise OutOfReachError("the engine is busy, or the context may not run", driver=True)
        load_state(self.memory, entry.context, "the engine")
        self.running = entry

    def switch_away(self) -> None:
        """Save the state of the context that runs. Raises `OutOfReachError`, `BugCheck`."""
        self._runs()
        save_state(self.memory, self._busy().context, "the engine")
        self.running = None

    def hang(self) -> None:
        """The context that runs never ends. Raises `OutOfReachError`."""
        self._runs()
        self._busy()
        self.state = EngineState.HANGS

    def acknowledge(self, entry: Entry) -> None:
        """Acknowledge a suspension: the engine has left the context. Raises `OutOfReachError`."""
        self._runs()
        if entry.suspend == 0 or self.running is entry:
            raise OutOfReachError("there is no suspension to acknowledge, or the engine runs the "
                                  "context", driver=True)
        entry.acknowledged, entry.suspend = entry.suspend, 0
        self.messages = True

    def run_queue(self, queue: HwQueue) -> None:
        """Do what is in a queue of the context that runs. Raises `OutOfReachError`, `BugCheck`."""
        self._runs()
        if self.running is not queue.entry or not queue.rung:
            raise OutOfReachError("the queue has no work, or its context does not run",
                                  driver=True)
        if queue.ring is not None:
            va, expected = queue.ring
            page = read_memory(self.memory, queue.entry.context.root, va, expected,
                               "the engine")
            self.memory.segment.write(page, _ring_read(self.memory.segment.read(page)))
        queue.progress.done, queue.rung = queue.progress.queued, False

    def ring(self) -> HwQueue | None:
        """The physical doorbell is written; the queue that this wakes, if any."""
        if self.wired is not None:
            self.wired.rung = True
        return self.wired

    def _runs(self) -> None:
        if self.state is not EngineState.RUNS:
            raise OutOfReachError(f"the engine is {self.state.value}", driver=True)

    def _busy(self) -> Entry:
        if self.running is None:
            raise OutOfReachError("the engine runs nothing", driver=True)
        return self.running
