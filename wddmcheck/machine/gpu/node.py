"""A node (engine) of the GPU: contexts take turns on it, and their state stays behind.

After its last packet a context is still *current*: the node saves its state into the context's
save area when it switches to another context, or when it idles, not before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn

from wddmcheck.machine.findings import BugCheck, Finding, Kind, OutOfReachError
from wddmcheck.machine.gpu.memory import VideoMemory


class PacketState(Enum):
    """How far the GPU has got with a packet."""

    QUEUED = "queued"
    RUNNING = "running"
    PREEMPTED = "preempted"
    DONE = "done"
    ABORTED = "aborted"


@dataclass(slots=True, eq=False)
class HwContext:
    """What the hardware knows of a context: the driver fills it in. `save_va` is where its state
    goes, in the address space whose page table has its root at `root`; or it goes to the context
    allocation `area`, which needs no address there. A context with neither keeps no state.
    `user_va` is where commands of the application find memory of their own, 0 if there is none."""

    ident: int
    save_va: int
    root: int = 0
    area: int = 0
    user_va: int = 0

    @property
    def keeps_state(self) -> bool:
        """Whether there is anything to load and to save."""
        return self.area != 0 or self.save_va != 0

    @property
    def where(self) -> str:
        """Where its state goes, for people."""
        return f"area {self.area:#x}" if self.area else f"{self.save_va:#x}"

    @property
    def signature(self) -> bytes:
        """The header of the state that the hardware keeps in the save area."""
        return b"CTX%05d" % (self.ident % 100_000)


class Opcode(Enum):
    """What a paging command does."""

    WRITE = "write"      # `content` into a page
    COPY_OUT = "copy"    # a page to system memory
    MAP = "map"          # let the aperture show a page
    UNMAP = "unmap"      # let it show the dummy page


@dataclass(frozen=True, slots=True)
class Command:
    """A paging command, about a page of the segment."""

    opcode: Opcode
    page: int
    content: bytes = b""


@dataclass(slots=True, eq=False)
class Packet:
    """A DMA packet: reads `inputs` (GPU virtual address, the bytes expected there) and then
    signals `fence`. One of paging has no context, and `commands` instead."""

    context: HwContext | None
    fence: int
    inputs: tuple[tuple[int, bytes], ...] = ()
    state: PacketState = PacketState.QUEUED
    commands: tuple[Command, ...] = ()

    def carry_out(self, memory: VideoMemory, on: str) -> None:
        """What it does, but for its fence. Raises `BugCheck`."""
        assert self.context is not None
        for va, expected in self.inputs:
            read_memory(memory, self.context.root, va, expected, f"packet {self.fence}", on)

    def runs_in(self, root: int) -> bool:
        """Whether it sees the address space at `root`."""
        return self.context is not None and self.context.root == root


class Preemption(Enum):
    """How far the node has got with a preemption that the driver has asked for."""

    NONE = "none"
    ASKED = "asked"
    SERVED = "served"


@dataclass(slots=True)
class Node:
    """One node. `packets` are those that the driver submitted and the GPU has not forgotten, by
    fence; `signalled` are the fences of those that it has completed, `fence` is the last one, in
    memory that the driver can write, too. `preemption` is that under way; `in_order`: packets run
    in the order of their fences."""

    ordinal: int
    memory: VideoMemory
    current: HwContext | None = None
    packets: dict[int, Packet] = field(default_factory=dict)
    hung: bool = False
    preemption: Preemption = Preemption.NONE
    signalled: set[int] = field(default_factory=set)
    fence: int = 0
    in_order: bool = False

    @property
    def running(self) -> Packet | None:
        """The packet on the node."""
        return next((p for p in self.packets.values() if p.state is PacketState.RUNNING), None)

    @property
    def _name(self) -> str:
        return f"node {self.ordinal}"

    def reads(self, root: int, va: int) -> bool:
        """Whether a packet that is not over reads `va` in the address space at `root`."""
        return any(p.state not in (PacketState.DONE, PacketState.ABORTED)
                   and p.runs_in(root) and any(at == va for at, _ in p.inputs)
                   for p in self.packets.values())

    def holds(self, root: int, va: int) -> bool:
        """Whether the node will save the state that it holds to `va` in the address space at
        `root`."""
        held = self.current
        return held is not None and held.save_va == va and held.root == root

    # --- what the hardware does by itself ---------------------------------------------------------

    def run(self, fence: int) -> None:
        """Start a queued packet. If the node holds another context, its state is saved first.
        Raises `OutOfReachError`, `BugCheck`."""
        packet = self.packets.get(fence)
        if packet is None or packet.state is not PacketState.QUEUED or packet.context is None:
            raise OutOfReachError(f"no packet with fence {fence} is queued on node {self.ordinal}",
                                  driver=True)
        if self.running is not None or self.hung:
            raise OutOfReachError(f"node {self.ordinal} is busy", driver=True)
        if self.in_order and any(p.fence < fence and p.state is PacketState.QUEUED
                                 for p in self.packets.values()):
            raise OutOfReachError(f"node {self.ordinal} has an earlier packet", driver=True)
        if self.current is not None and self.current is not packet.context:
            save_state(self.memory, self.current, self._name)
        load_state(self.memory, packet.context, self._name)
        self.current = packet.context
        packet.state = PacketState.RUNNING

    def complete(self, fence: int) -> None:
        """Finish the running packet: read its inputs, signal its fence.
        Raises `OutOfReachError`, `BugCheck`."""
        packet = self.packets.get(fence)
        if packet is None or packet.state is not PacketState.RUNNING or self.hung or (
                packet.context is None):
            raise OutOfReachError(f"the packet with fence {fence} is not running", driver=True)
        packet.carry_out(self.memory, f" on {self._name}")
        self._signal(packet)

    def run_paging(self, fence: int) -> None:
        """Carry out a paging packet, between others. Raises `OutOfReachError`."""
        packet = self.packets.get(fence)
        if packet is None or packet.state is not PacketState.QUEUED or packet.context is not None:
            raise OutOfReachError(f"no paging packet with fence {fence} is queued on node "
                                  f"{self.ordinal}", driver=True)
        if self.running is not None or self.hung:
            raise OutOfReachError(f"node {self.ordinal} is busy", driver=True)
        for command in packet.commands:
            self._carry_out(command)
        self._signal(packet)

    def _signal(self, packet: Packet) -> None:
        packet.state = PacketState.DONE
        self.signalled.add(packet.fence)
        self.fence = max(self.fence, packet.fence)

    def _carry_out(self, command: Command) -> None:
        match command.opcode:
            case Opcode.WRITE:
                self.memory.segment.write(command.page, command.content)
            case Opcode.COPY_OUT:
                self.memory.segment.read(command.page)
            case Opcode.MAP:
                self.memory.show(command.page)
            case Opcode.UNMAP:
                self.memory.show(None)

    def save_idle_context(self) -> None:
        """An idle node saves the state of the context that it still holds.
        Raises `OutOfReachError`, `BugCheck`."""
        if self.current is None or self.running is not None or self.hung:
            raise OutOfReachError(f"node {self.ordinal} has no idle context to save", driver=True)
        save_state(self.memory, self.current, self._name)
        self.current = None

    def preempt(self) -> None:
        """Serve a preemption: save the state of the context that the node holds, and take off what
        is not complete, to be submitted again later; paging stays. A node that hangs does not
        answer. Raises `OutOfReachError`, `BugCheck`."""
        if self.preemption is not Preemption.ASKED or self.hung:
            raise OutOfReachError(f"node {self.ordinal} has no preemption to serve", driver=True)
        if self.current is not None:
            save_state(self.memory, self.current, self._name)
        for packet in self.packets.values():
            if packet.context is not None and packet.state in (
                    PacketState.QUEUED, PacketState.RUNNING):
                packet.state = PacketState.PREEMPTED
        self.preemption = Preemption.SERVED

    # --- what the driver tells it to do -----------------------------------------------------------

    def submit(self, packet: Packet) -> None:
        """Put a packet into the node's queue."""
        self.packets[packet.fence] = packet

    def forget(self, fence: int) -> None:
        """The driver has retired the packet; its entry in the ring can be used again."""
        self.packets.pop(fence, None)

    def abandon(self, context: HwContext) -> None:
        """Switch to the null context if `context` is current; its state is not saved."""
        if self.current is context:
            self.current = None

    def hang(self) -> None:
        """The running packet never ends. Raises `OutOfReachError`."""
        if self.running is None:
            raise OutOfReachError(f"node {self.ordinal} runs nothing", driver=True)
        self.hung = True

    def reset(self) -> tuple[Packet, ...]:
        """Reset the node: nothing runs, nothing is queued, no context is current. Returns the
        packets that were aborted."""
        aborted = tuple(p for p in self.packets.values()
                        if p.state not in (PacketState.DONE, PacketState.ABORTED))
        for packet in aborted:
            packet.state = PacketState.ABORTED
        self.current, self.hung, self.preemption = None, False, Preemption.NONE
        return aborted

    def abort(self) -> None:
        """Break off the running packet; what is queued stays."""
        if self.running is not None:
            self.running.state = PacketState.ABORTED
        self.current, self.hung = None, False

# --- memory ---------------------------------------------------------------------------------------


def _save_page(memory: VideoMemory, context: HwContext) -> int | None:
    """Where the state of a context is."""
    if context.area:
        return memory.areas.get(context.area)
    return memory.translate(context.root, context.save_va)


def load_state(memory: VideoMemory, context: HwContext, who: str) -> None:
    """Load the state of a context from its save area. Raises `BugCheck`."""
    if not context.keeps_state:
        return
    page = _save_page(memory, context)
    if page is None:
        fault(f"{who} loads hardware context {context.ident} from {context.where}, where "
               "nothing is mapped", context.save_va)
    memory.segment.write(page, context.signature)


def save_state(memory: VideoMemory, context: HwContext, who: str) -> None:
    """Save the state of a context into its save area. Raises `BugCheck`."""
    if not context.keeps_state:
        return
    what = f"{who} saves the state of hardware context {context.ident}"
    page = _save_page(memory, context)
    if page is None:
        fault(f"{what} at {context.where}, where nothing is mapped any more",
               context.save_va)
    found = memory.segment.read(page)
    if not found.startswith(context.signature):
        fault(f"{what} at {context.where}, into memory that is something else's now "
               f"({found[:8]!r})", context.save_va)
    memory.segment.write(page, context.signature + b" saved")


def read_memory(memory: VideoMemory, root: int, va: int, expected: bytes, who: str,
                on: str = "") -> int:
    """Read at `va` in the address space at `root`; the page that was read. Raises `BugCheck` if
    nothing is there, or something else."""
    page = memory.translate(root, va)
    if page is None:
        fault(f"{who} reads {va:#x}{on}, where nothing is mapped any more", va)
    found = memory.segment.read(page)
    if not found.startswith(expected):
        fault(f"{who} reads {va:#x}{on} and finds {found[:8]!r}, not {expected[:8]!r}", va)
    return page


def fault(message: str, va: int) -> NoReturn:
    """A GPU page fault, or a read of what is no longer there: the machine stops here to show it
    (Windows would put the device into error and reset the engine)."""
    raise BugCheck(Finding(Kind.GPU_ACCESS, message, (va,)))
