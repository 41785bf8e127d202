"""Memory that compiled code works on, straight from the operating system: pages that nothing was
written to cost nothing, and what is given back is gone at once."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os

HUGE = 2 << 20
"""A large page. Random access to many small ones spends its time on looking up where they are."""


class Pages:
    """Zeroed memory of `size` bytes at `address`; with large pages, if it has room for one."""

    def __init__(self, size: int) -> None:
        self.size = max(size, mmap.PAGESIZE)
        spare = HUGE if self.size >= HUGE else 0
        if os.name == "posix":
            self._map = mmap.mmap(-1, self.size + spare,
                                  flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        else:
            self._map = mmap.mmap(-1, self.size + spare)
        if spare and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):     # a kernel without them: only slower
                self._map.madvise(mmap.MADV_HUGEPAGE)
        self._view: ctypes.c_char | None = ctypes.c_char.from_buffer(self._map)
        self.address = ctypes.addressof(self._view)
        if spare:
            self.address = -(-self.address // HUGE) * HUGE

    def free(self) -> None:
        """Give it back."""
        self._view = None
        self._map.close()


class Arena:
    """Memory that is taken piece by piece, and given back at once."""

    def __init__(self, chunk: int) -> None:
        self.chunk = chunk
        self._pages: list[Pages] = []
        self._used = 0

    def take(self, size: int) -> int:
        """The address of `size` more bytes."""
        size = -(-size // 64) * 64
        if not self._pages or self._used + size > self._pages[-1].size:
            self._pages.append(Pages(max(size, self.chunk)))
            self._used = 0
        self._used += size
        return self._pages[-1].address + self._used - size

    def free(self) -> None:
        """Give it all back."""
        for pages in self._pages:
            pages.free()
        self._pages.clear()


Words = ctypes.Array[ctypes.c_uint64]


def words(count: int) -> Words:
    """A small array of 64-bit numbers."""
    return (ctypes.c_uint64 * max(count, 1))()


def words_at(address: int, count: int) -> Words:
    """The numbers that stand at an address."""
    return (ctypes.c_uint64 * count).from_address(address)
