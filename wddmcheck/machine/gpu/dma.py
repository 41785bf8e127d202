"""DMA buffers as the GPU sees them: commands in a page of memory, by its physical address or one in
the address space of a context.

The commands refer to data that is in the buffer as well, by its address: one that was not put right
after the buffer has moved finds what is there now.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from wddmcheck.machine.gpu.memory import PAGE, VideoMemory
from wddmcheck.machine.gpu.node import Packet, fault, read_memory

FIRST_PHYSICAL = 0x8000_0000
_LAYOUT = struct.Struct("<8sQQQ?")


def physical_address(page: int) -> int:
    """The physical address of a page of the segment."""
    return FIRST_PHYSICAL + page * PAGE


@dataclass(frozen=True, slots=True)
class Commands:
    """What is in a DMA buffer: `data`, the address at which the commands read it, the address at
    which they write a fence (0: nowhere) and its value. `hostile`: they write wherever they can."""

    data: bytes
    reads: int = 0
    fence_va: int = 0
    fence_value: int = 0
    hostile: bool = False

    def encode(self) -> bytes:
        """As bytes in memory."""
        return _LAYOUT.pack(self.data, self.reads, self.fence_va, self.fence_value, self.hostile)

    @staticmethod
    def decode(found: bytes) -> Commands:
        """From bytes in memory."""
        return Commands(*_LAYOUT.unpack_from(found))


@dataclass(slots=True, eq=False)
class DmaPacket(Packet):
    """A DMA buffer on a node, which is at `address`. `physical`: so it is, and all addresses in its
    commands but that of a fence are too."""

    address: int = 0
    physical: bool = False

    def carry_out(self, memory: VideoMemory, on: str) -> None:
        """Fetch the commands, read what they refer to, write the fence. Raises `BugCheck`."""
        who = f"packet {self.fence}"
        commands = Commands.decode(self._read(memory, self.address, f"{who} fetches commands", on))
        found = self._read(memory, commands.reads, f"{who} reads", on)
        if not found.startswith(commands.data):
            fault(f"{who} reads {commands.reads:#x}{on} and finds {found[:8]!r}, not "
                  f"{commands.data!r}", commands.reads)
        assert self.context is not None
        root = self.context.root
        if self.context.user_va:
            read_memory(memory, root, self.context.user_va, b"", who, on)
        if commands.hostile:
            for mapped in memory.tables[root].entries.values():
                memory.segment.write(mapped, b"\xff" * PAGE)
        if commands.fence_va:
            page = memory.translate(root, commands.fence_va)
            if page is None:
                fault(f"{who} writes a fence at {commands.fence_va:#x}{on}, where nothing is any "
                      "more", commands.fence_va)
            memory.segment.write(page, commands.fence_value.to_bytes(8, "little"))

    def _read(self, memory: VideoMemory, address: int, what: str, on: str) -> bytes:
        """The page at an address of the kind that the buffer has."""
        assert self.context is not None
        page = None
        if not self.physical:
            page = memory.translate(self.context.root, address)
        elif 0 <= address - FIRST_PHYSICAL < memory.segment.used * PAGE:
            page = (address - FIRST_PHYSICAL) // PAGE
        if page is None:
            fault(f"{what} at {address:#x}{on}, where nothing is", address)
        return memory.segment.read(page)
