"""The GPU as its driver sees it: the registers that DxgkCbMapMemory maps. After a surprise removal
the device is gone: reads give all ones, writes go nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.gpu.dirty_bits import DirtyBits
from wddmcheck.machine.gpu.display import Display
from wddmcheck.machine.gpu.engine_registers import EngineRegisters
from wddmcheck.machine.gpu.node import HwContext, Packet, PacketState, Preemption
from wddmcheck.machine.gpu.notices import Notices

GONE = 0xFFFF_FFFF
"""What a register reads as where no device is."""


@dataclass(slots=True)
class Registers:
    """The register file of a GPU, as mapped into the driver's address space. `touched` is told of
    each access (but for what is in memory, where the nodes write to), `read` of each read of what
    has to be set up before, `unpowered` of an access to what has no power, `torn` of a command that
    another one runs into."""

    gpu: Gpu
    touched: Callable[[], None] = lambda: None
    read: Callable[[], None] = lambda: None
    unpowered: Callable[[], None] = lambda: None
    torn: Callable[[], None] = lambda: None

    @property
    def engine(self) -> EngineRegisters:
        """Those of the engine that schedules by itself."""
        self.touched()
        return EngineRegisters(self.gpu.engine)

    @property
    def notices(self) -> Notices:
        """What the GPU has noticed for the CPU."""
        self.touched()
        return self.gpu.notices

    @property
    def display(self) -> Display:
        """The overlay and the timers of frames."""
        self.touched()
        return self.gpu.display

    @property
    def dirty_bits(self) -> DirtyBits:
        """The tracking of writes to the segment."""
        self.touched()
        return self.gpu.memory.segment.dirty_bits

    @property
    def interrupt_status(self) -> int:
        """1 while the interrupt line is raised; all ones where no device is."""
        self.touched()
        self.read()
        return int(self.gpu.raised) if self.gpu.answers else GONE

    def acknowledge_interrupt(self) -> None:
        """Lower the interrupt line."""
        self.touched()
        if self.gpu.answers:
            self.gpu.pending = self.gpu.engine.messages = self.gpu.notices.raised = False

    def enable_interrupts(self, enabled: bool) -> None:
        """Let the device raise its interrupt, or not."""
        self.touched()
        if self.gpu.answers:
            self.gpu.interrupts_enabled = enabled

    def sleep(self, asleep: bool) -> None:
        """Put the device to sleep, or wake it: this register always answers."""
        if self.gpu.present:
            self.gpu.low_power = asleep

    def begin_command(self) -> None:
        """Write a command behind the tail of the ring; the tail moves with `end_command`."""
        self.touched()
        if self.gpu.command_open:
            self.torn()
        self.gpu.command_open = True

    def end_command(self) -> None:
        """Move the tail behind the command."""
        self.touched()
        self.gpu.command_open = False

    def power_component(self, powered: bool) -> None:
        """Switch the power component on or off."""
        self.touched()
        if self.gpu.answers:
            self.gpu.component_powered = powered

    def change_component(self) -> None:
        """Change a setting of the power component; it is lost where the component has no power."""
        self.touched()
        if self.gpu.answers:
            self.gpu.component_changes += self.gpu.component_powered
            if not self.gpu.component_powered:
                self.unpowered()

    def initialize(self) -> bool:
        """Bring the device up; False if it does not come up."""
        self.touched()
        if not self.gpu.answers or not self.gpu.healthy:
            return False
        self.gpu.programmed, self.gpu.text_mode = True, False
        return True

    def enter_text_mode(self) -> None:
        """Let the display show plain text."""
        self.touched()
        if self.gpu.answers:
            self.gpu.text_mode = True

    @property
    def clock(self) -> int:
        """The clock of the device in MHz; all ones where no device is."""
        self.touched()
        self.read()
        return 1000 if self.gpu.answers and not self.gpu.low_power else GONE

    def write_status(self, enabled: bool) -> None:
        """Let the device write its status to system memory by itself, or not."""
        self.touched()
        if self.gpu.answers:
            self.gpu.writes_status = enabled

    def write_page_table(self, address: int, start: int, entries: tuple[int, ...]) -> None:
        """Write entries of a page table, by the CPU's address of it."""
        self.touched()
        if self.gpu.answers:
            self.gpu.memory.written |= {(address, start + i): e for i, e in enumerate(entries)}

    def lazy_switch(self) -> bool:
        """Whether a node that is told to let go of a context does so only when it saves one."""
        self.touched()
        return self.gpu.lazy_switch

    def release_post_display(self) -> bool:
        """Hand over the display that the firmware set up; False if that cannot be done."""
        self.touched()
        return self.gpu.post_display

    def copy_engine_ready(self) -> bool:
        """Whether the copy engine takes a transfer."""
        self.touched()
        return not self.gpu.copy_busy

    def submit(self, node: int, packet: Packet) -> None:
        """Ring the doorbell of a node."""
        self.touched()
        if self.gpu.answers:
            self.gpu.nodes[node].submit(packet)

    def retire(self, node: int, fence: int) -> None:
        """Free the ring entry of a packet."""
        self.touched()
        if self.gpu.answers:
            self.gpu.nodes[node].forget(fence)

    def is_complete(self, node: int, fence: int) -> bool:
        """Whether the node has signalled `fence` (fence memory, not a register)."""
        packet = self.gpu.nodes[node].packets.get(fence)
        return packet is not None and packet.state in (PacketState.DONE, PacketState.ABORTED)

    def is_current(self, node: int, context: HwContext) -> bool:
        """Whether the node still holds the state of `context` (it says so in memory, as it does of
        fences, and for the last time before it is pulled out)."""
        return self.gpu.nodes[node].current is context

    def switch_to_null(self, node: int, context: HwContext) -> None:
        """Make the node let go of `context`."""
        self.touched()
        if self.gpu.answers and not self.gpu.lazy_switch:
            self.gpu.nodes[node].abandon(context)

    def switch_away(self, node: int) -> None:
        """Make an idle node save the context that it holds, if it holds one. Raises `BugCheck`."""
        self.touched()
        if self.gpu.answers and self.gpu.nodes[node].current is not None:
            self.gpu.nodes[node].save_idle_context()

    def preempt(self, node: int) -> None:
        """Ask a node to preempt what it has; it raises an interrupt when it has."""
        self.touched()
        if self.gpu.answers:
            self.gpu.nodes[node].preemption = Preemption.ASKED

    def preempt_at_once(self, node: int) -> None:
        """Make a node give up what it has not completed, and save the state that it holds: when
        this returns, it has. Raises `BugCheck`."""
        self.touched()
        if self.gpu.answers:
            state = self.gpu.nodes[node]
            state.preemption = Preemption.ASKED
            state.preempt()
            state.preemption = Preemption.NONE

    def take_preemption(self, node: int) -> bool:
        """Whether the node has served a preemption since this was asked last."""
        self.touched()
        state = self.gpu.nodes[node]
        served = self.gpu.answers and state.preemption is Preemption.SERVED
        if served:
            state.preemption = Preemption.NONE
        return served

    def halt(self, halted: bool) -> None:
        """Stop all nodes, or let them go on."""
        self.touched()
        if self.gpu.answers:
            self.gpu.halted = halted

    def running_fence(self, node: int) -> int:
        """The fence of the packet that runs on a node, 0 if none does."""
        self.touched()
        running = self.gpu.nodes[node].running
        return running.fence if self.gpu.answers and running is not None else 0

    def last_fence(self, node: int) -> int:
        """The last fence of the node that is complete (fence memory, not a register)."""
        return self.gpu.nodes[node].fence

    def write_fence(self, node: int, fence: int) -> None:
        """Count all up to `fence` as complete (fence memory, not a register)."""
        self.gpu.nodes[node].fence = fence

    def abort(self, node: int) -> None:
        """Break off the packet that runs on a node, and none of those that are queued."""
        self.touched()
        if self.gpu.answers:
            self.gpu.nodes[node].abort()

    def reset(self, node: int) -> tuple[int, ...] | None:
        """Reset a node; the fences of the packets that this aborts. None if it does not work."""
        self.touched()
        if not self.gpu.answers or not self.gpu.resettable:
            return None
        return tuple(p.fence for p in self.gpu.nodes[node].reset())
