"""Video memory: segments of real bytes, and the page tables through which the GPU sees them.

Freed pages are poisoned and can be handed out again, oldest first, so that whoever still has a
stale address reads poison or somebody else's bytes, as on hardware.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TypeAlias

from wddmcheck.machine.gpu.dirty_bits import DirtyBits

PAGE = 64
"""Bytes in a page: enough for a signature; nothing depends on the real size of 4096."""

POISON = 0xDE
FIRST_VA = 0x1_0000_0000

PageLife: TypeAlias = tuple[int, int]
"""A page, and in which of its lives."""


@dataclass(slots=True)
class Segment:
    """A memory segment of the adapter: `pages` pages of PAGE bytes. `lives` counts how often each
    was given back, `dirty_bits` what was written."""

    pages: int = 4096
    data: bytearray = field(default_factory=bytearray)
    free: deque[int] = field(default_factory=deque)
    used: int = 0
    lives: Counter[int] = field(default_factory=Counter)
    dirty_bits: DirtyBits = field(default_factory=DirtyBits)

    def take(self) -> int | None:
        """The number of a page that nobody uses, or None."""
        if self.used < self.pages and not self.free:
            self.free.append(self.used)
            self.used += 1
            self.data += bytes([POISON]) * PAGE
        return self.free.popleft() if self.free else None

    def give_back(self, page: int) -> None:
        """Poison a page; it may be handed out again."""
        self.write(page, bytes([POISON]) * PAGE)
        self.free.append(page)
        self.lives[page] += 1

    def read(self, page: int) -> bytes:
        """The bytes of a page."""
        return bytes(self.data[page * PAGE:(page + 1) * PAGE])

    def write(self, page: int, content: bytes) -> None:
        """Replace the bytes of a page."""
        self.data[page * PAGE:(page + 1) * PAGE] = content[:PAGE].ljust(PAGE, b"\0")
        self.dirty_bits.note(page)

    def alive(self, page: int) -> PageLife:
        """A page as it is now, for whoever goes on reading it."""
        return page, self.lives[page]

    def is_stale(self, seen: PageLife) -> bool:
        """Whether a page was given back since."""
        return self.lives[seen[0]] != seen[1]


@dataclass(slots=True)
class PageTable:
    """The GPU virtual address space of a process: page by page, where it is in the segment.
    Addresses are not used again, so a stale one is seen as unmapped."""

    entries: dict[int, int] = field(default_factory=dict)
    next_va: int = FIRST_VA

    def map(self, page: int | None) -> int:
        """Map a page (None: nothing, for now); returns its GPU virtual address."""
        va = self.next_va
        self.next_va += 0x1000
        self.move(va, page)
        return va

    def move(self, va: int, page: int | None) -> None:
        """Let `va` lead to another page, or to none."""
        if page is not None:
            self.entries[va] = page
        else:
            self.unmap(va)

    def unmap(self, va: int) -> None:
        """Forget a mapping."""
        self.entries.pop(va, None)

    def translate(self, va: int) -> int | None:
        """The page at `va`, or None where nothing is mapped."""
        return self.entries.get(va)


@dataclass(slots=True)
class VideoMemory:
    """All that the GPU can address: one segment, and page tables by the physical address of their
    root, which is what a context is given (NS:d3dkmddi._DXGKARG_SETROOTPAGETABLE). `written` are
    the entries of page tables that the CPU has written, by address and index. `aperture` is the
    page that the aperture shows, and in which of its lives; None is the dummy page. `areas` are the
    pages of context allocations, by Dxgkrnl's handle: for hardware that reaches them without an
    address in the space of an application, as DXGK_OPERATION_INIT_CONTEXT_RESOURCE shows them."""

    segment: Segment = field(default_factory=Segment)
    tables: dict[int, PageTable] = field(default_factory=dict)
    written: dict[tuple[int, int], int] = field(default_factory=dict)
    aperture: PageLife | None = None
    areas: dict[int, int] = field(default_factory=dict)

    def translate(self, root: int, va: int) -> int | None:
        """The page that the table at `root` has at `va`, or None."""
        table = self.tables.get(root)
        return table.translate(va) if table is not None else None

    def show(self, page: int | None) -> None:
        """Let the aperture show a page, or (None) the dummy page."""
        self.aperture = None if page is None else self.segment.alive(page)

    def aperture_is_stale(self) -> bool:
        """Whether the aperture shows a page that was given back since."""
        return self.aperture is not None and self.segment.is_stale(self.aperture)
