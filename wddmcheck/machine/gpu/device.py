"""The GPU as its driver sees it: registers, nodes, one interrupt line.

The registers are what DxgkCbMapMemory maps. After a surprise removal the device is gone: reads give
all ones, writes go nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wddmcheck.machine.findings import OutOfReachError
from wddmcheck.machine.gpu.memory import VideoMemory
from wddmcheck.machine.gpu.node import HwContext, Node, Packet, PacketState, Preemption

GONE = 0xFFFF_FFFF
NODES = 2
"""A node for rendering and one for copies."""


@dataclass(slots=True)
class Gpu:
    """The device. `pending`: it raises its interrupt line. `healthy`: it comes up when the driver
    starts it; `copy_busy`: the copy engine takes no transfer now; `resettable`: a reset works;
    `post_display`: it can hand over the boot display. These are for the caller to set,
    to inject failures. `lazy_switch`: a node that is told to let go of a context does so when it
    next saves one, not at once; `in_order`: nodes run packets in the order of their fences.
    `halted`: the driver has stopped all nodes."""

    memory: VideoMemory = field(default_factory=VideoMemory)
    nodes: list[Node] = field(default_factory=list)
    interrupts_enabled: bool = False
    pending: bool = False
    present: bool = True
    healthy: bool = True
    copy_busy: bool = False
    resettable: bool = True
    post_display: bool = True
    lazy_switch: bool = False
    in_order: bool = False
    halted: bool = False

    def __post_init__(self) -> None:
        self.nodes += [Node(ordinal, self.memory, in_order=self.in_order)
                       for ordinal in range(len(self.nodes), NODES)]

    def power_cycle(self) -> None:
        """The state after the bus has reset the device."""
        self.interrupts_enabled = self.pending = self.halted = False
        for node in self.nodes:
            node.reset()
            node.packets.clear()
            node.signalled.clear()
            node.fence = 0

    def unplug(self) -> None:
        """The device is gone: nothing runs any more, and nothing answers."""
        if not self.present:
            raise OutOfReachError("the device is gone already")
        self.present = self.pending = False

    def plug_in(self) -> None:
        """There is a device in the slot, another one if the last was pulled out."""
        if not self.present:
            self.power_cycle()
            self.present = True

    def working(self, node: int) -> Node:
        """A node that can do something by itself. Raises `OutOfReachError` if the device is gone,
        or its nodes are halted."""
        if not self.present or self.halted:
            why = "the device is gone" if not self.present else "the nodes are halted"
            raise OutOfReachError(why, driver=True)
        return self.nodes[node]

    def vsync(self) -> None:
        """An interrupt that has nothing to do with packets. Raises `OutOfReachError`."""
        if not self.present or not self.interrupts_enabled or self.pending:
            raise OutOfReachError("vertical sync is disabled, or its interrupt is still pending",
                                  driver=True)
        self.pending = True

    def run_packet(self, node: int, fence: int) -> None:
        """The node starts a packet."""
        self.working(node).run(fence)

    def complete_packet(self, node: int, fence: int) -> None:
        """The node finishes a packet and raises the interrupt."""
        self.working(node).complete(fence)
        self.pending = True

    def preempt(self, node: int) -> None:
        """The node serves the preemption that it was asked for and raises the interrupt."""
        self.working(node).preempt()
        self.pending = True


@dataclass(slots=True)
class Registers:
    """The register file of a GPU, as mapped into the driver's address space. `touched` is told of
    each access (but for what the nodes write to memory)."""

    gpu: Gpu
    touched: Callable[[], None] = lambda: None

    @property
    def interrupt_status(self) -> int:
        """1 while the interrupt line is raised; all ones where no device is."""
        self.touched()
        return int(self.gpu.pending) if self.gpu.present else GONE

    def acknowledge_interrupt(self) -> None:
        """Lower the interrupt line."""
        self.touched()
        if self.gpu.present:
            self.gpu.pending = False

    def enable_interrupts(self, enabled: bool) -> None:
        """Let the device raise its interrupt, or not."""
        self.touched()
        if self.gpu.present:
            self.gpu.interrupts_enabled = enabled

    def initialize(self) -> bool:
        """Bring the device up; False if it does not come up."""
        self.touched()
        return self.gpu.present and self.gpu.healthy

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
        if self.gpu.present:
            self.gpu.nodes[node].submit(packet)

    def retire(self, node: int, fence: int) -> None:
        """Free the ring entry of a packet."""
        self.touched()
        if self.gpu.present:
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
        if self.gpu.present and not self.gpu.lazy_switch:
            self.gpu.nodes[node].abandon(context)

    def preempt(self, node: int) -> None:
        """Ask a node to preempt what it has; it raises an interrupt when it has."""
        self.touched()
        if self.gpu.present:
            self.gpu.nodes[node].preemption = Preemption.ASKED

    def take_preemption(self, node: int) -> bool:
        """Whether the node has served a preemption since this was asked last."""
        self.touched()
        state = self.gpu.nodes[node]
        served = self.gpu.present and state.preemption is Preemption.SERVED
        if served:
            state.preemption = Preemption.NONE
        return served

    def halt(self, halted: bool) -> None:
        """Stop all nodes, or let them go on."""
        self.touched()
        if self.gpu.present:
            self.gpu.halted = halted

    def running_fence(self, node: int) -> int:
        """The fence of the packet that runs on a node, 0 if none does."""
        self.touched()
        running = self.gpu.nodes[node].running
        return running.fence if self.gpu.present and running is not None else 0

    def last_fence(self, node: int) -> int:
        """The last fence of the node that is complete (fence memory, not a register)."""
        return self.gpu.nodes[node].fence

    def write_fence(self, node: int, fence: int) -> None:
        """Count all up to `fence` as complete (fence memory, not a register)."""
        self.gpu.nodes[node].fence = fence

    def abort(self, node: int) -> None:
        """Break off the packet that runs on a node, and none of those that are queued."""
        self.touched()
        if self.gpu.present:
            self.gpu.nodes[node].abort()

    def reset(self, node: int) -> tuple[int, ...] | None:
        """Reset a node; the fences of the packets that this aborts. None if it does not work."""
        self.touched()
        if not self.gpu.present or not self.gpu.resettable:
            return None
        return tuple(p.fence for p in self.gpu.nodes[node].reset())
