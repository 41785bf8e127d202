"""The GPU: nodes, one interrupt line, power, and what it does by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.machine.findings import BugCheck, Finding, Kind, OutOfReachError
from wddmcheck.machine.gpu.display import Display
from wddmcheck.machine.gpu.engine import Engine
from wddmcheck.machine.gpu.memory import VideoMemory
from wddmcheck.machine.gpu.node import Node
from wddmcheck.machine.gpu.notices import Notices

NODES = 2
"""A node for rendering and one for copies."""


@dataclass(slots=True)
class Gpu:
    """The device: nodes, which run packets, an engine that schedules by itself, notices, a display.
    `pending`: the nodes or the display raise the interrupt line. `healthy`: it comes up when the
    driver starts it; `copy_busy`: the copy engine takes no transfer now; `resettable`: a reset
    works; `post_display`: it can hand over the boot display. These are for the caller to set, to
    inject failures. `powered`: it is in D0; `programmed`: its registers are set up;
    `writes_status`: it writes its status to system memory by itself. Without power it forgets its
    registers, and what the CPU wrote into page tables (the run list of the engine is in memory).
    `low_power`: the driver has put it to sleep; `component_powered`: its power component is not in
    a lower F-state, and `component_changes` counts changes of its settings; `command_open`: a
    command is being written to the ring. `lazy_switch`: a node that is told to let go of a context
    does so when it next saves one, not at once; `in_order`: nodes run packets in the order of their
    fences. `halted`: the driver has stopped all nodes. `text_mode`: the driver has put the display
    into it."""

    memory: VideoMemory = field(default_factory=VideoMemory)
    nodes: list[Node] = field(default_factory=list)
    engine: Engine = field(init=False)
    notices: Notices = field(init=False)
    display: Display = field(init=False)
    interrupts_enabled: bool = False
    pending: bool = False
    present: bool = True
    healthy: bool = True
    copy_busy: bool = False
    resettable: bool = True
    post_display: bool = True
    component_powered: bool = True
    component_changes: int = 0
    low_power: bool = False
    command_open: bool = False
    powered: bool = True
    programmed: bool = False
    writes_status: bool = False
    lazy_switch: bool = False
    in_order: bool = False
    halted: bool = False
    text_mode: bool = False

    def __post_init__(self) -> None:
        self.nodes += [Node(ordinal, self.memory, in_order=self.in_order)
                       for ordinal in range(len(self.nodes), NODES)]
        self._anew()

    def _anew(self) -> None:
        """The engine, the notices and the display as they are at first."""
        self.engine, self.notices = Engine(self.memory), Notices()
        self.display = Display(self.memory.segment)

    @property
    def raised(self) -> bool:
        """Whether the interrupt line is raised, by whatever part of the device."""
        return self.pending or self.engine.messages or self.notices.raised

    @property
    def answers(self) -> bool:
        """Whether the device answers on the bus."""
        return self.present and self.powered

    def power_down(self) -> None:
        """To D3: registers, and the state of contexts that nodes hold, are lost."""
        self.powered = self.programmed = self.writes_status = False
        self.interrupts_enabled = self.pending = self.low_power = self.command_open = False
        self.engine.messages = self.notices.raised = False
        self.memory.written.clear()
        self.memory.show(None)
        self.memory.segment.dirty_bits.trackings.clear()
        self.display = Display(self.memory.segment)
        for node in self.nodes:
            node.current = None

    def power_up(self) -> None:
        """Back to D0. Nothing is set up yet."""
        self.powered = True

    def power_cycle(self) -> None:
        """The state after the bus has reset the device."""
        self.power_down()
        self.power_up()
        self._anew()
        self.halted = self.text_mode = False
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
        self._anew()

    def plug_in(self) -> None:
        """There is a device in the slot, another one if the last was pulled out."""
        if not self.present:
            self.power_cycle()
            self.present = True

    def working(self, node: int) -> Node:
        """A node that can do something by itself. Raises `OutOfReachError` if the device is gone or
        without power, or its nodes are halted."""
        if not self.answers or self.halted:
            why = "the nodes are halted" if self.answers else "the device is gone, or without power"
            raise OutOfReachError(why, driver=True)
        return self.nodes[node]

    def vsync(self) -> None:
        """An interrupt that has nothing to do with packets. Raises `OutOfReachError`."""
        if not self.answers or not self.interrupts_enabled or self.pending:
            raise OutOfReachError("vertical sync is disabled, or its interrupt is still pending",
                                  driver=True)
        self.pending = True

    def scan_out(self) -> None:
        """The overlay hardware reads a frame, and raises the interrupt. Raises `OutOfReachError`,
        `BugCheck`."""
        if not self.answers or self.raised or not self.display.on:
            raise OutOfReachError("the overlay shows nothing, or an interrupt is pending",
                                  driver=True)
        self.display.read_frame()
        self.pending = True

    def frame_time(self, ident: int) -> None:
        """It is the time before the vertical sync that a timer is set to. Raises
        `OutOfReachError`."""
        if not self.answers or not self.interrupts_enabled:
            raise OutOfReachError("the display raises no interrupts", driver=True)
        self.display.fire(ident)
        self.pending = True

    def run_paging(self, fence: int) -> None:
        """The node for rendering carries out a paging packet, and raises the interrupt."""
        self.working(0).run_paging(fence)
        self.pending = True

    def read_aperture(self) -> None:
        """Something reads ahead through the aperture, and raises the interrupt. Raises
        `OutOfReachError`, `BugCheck`."""
        if not self.answers or self.memory.aperture is None or self.pending:
            raise OutOfReachError("the aperture shows nothing, or an interrupt is pending",
                                  driver=True)
        if self.memory.aperture_is_stale():
            raise BugCheck(Finding(
                Kind.GPU_ACCESS, f"a read through the aperture finds page "
                f"{self.memory.aperture[0]}, which was given back", (self.memory.aperture[0],)))
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
