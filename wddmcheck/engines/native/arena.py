"""Memory outside Python's heap: arrays that grow, as native code sees them."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

_ORDER = sys.byteorder
_api = ctypes.pythonapi
_calloc = _api.PyMem_RawCalloc
_calloc.restype, _calloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t, ctypes.c_size_t]
_realloc = _api.PyMem_RawRealloc
_realloc.restype, _realloc.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t]
_free = _api.PyMem_RawFree
_free.restype, _free.argtypes = None, [ctypes.c_void_p]


SPARE = 1 if sys.platform == "win32" else 8
"""How much more than it was asked for an array takes when it moves: moving is what growing costs,
and so is the first touch of a page; pages that nobody touches cost nothing but on Windows."""

LARGE = 1 << 22
_PAGE = 1 << 12
_MADV_HUGEPAGE = 14


def _prefer_large_pages(address: int, size: int) -> None:
    """Ask Linux for large pages: the hash table is read at random, and a search of many states
    spends much of its time on address translation otherwise. Elsewhere nothing happens."""
    if size < LARGE or sys.platform != "linux":
        return
    start = (address + _PAGE - 1) & -_PAGE
    with suppress(OSError, AttributeError):
        advise = ctypes.CDLL(None).madvise
        advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        advise(start, (address + size - start) & -_PAGE, _MADV_HUGEPAGE)


@dataclass(slots=True)
class Block:
    """An array of `count` integers of `size` bytes (1, 2, 4 or 8), zero at first. Not given back by
    itself: `free` it."""

    size: int
    count: int
    address: int = field(init=False, default=0)
    _room: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._take(max(1, self.count))

    def _take(self, *rooms: int) -> None:
        """New memory, all zero, for as many integers as the first of `rooms` that can be had."""
        for room in rooms:
            self.address = _calloc(room, self.size) or 0
            if self.address:
                self._moved(room)
                return
        raise MemoryError

    def _moved(self, room: int) -> None:
        self._room = room
        _prefer_large_pages(self.address, room * self.size)

    @property
    def space(self) -> int:
        """How many bytes it has."""
        return self.size * self.count

    def grow(self, count: int) -> None:
        """Make room for `count` integers; what is new is not cleared. Raises `MemoryError`, and
        then the array is as it was."""
        if count > self._room:
            for room in (count * SPARE, count):
                address = _realloc(self.address, room * self.size)
                if address:
                    break
            else:
                raise MemoryError
            self.address = address
            self._moved(room)
        self.count = count

    def renew(self, count: int) -> None:
        """Be `count` integers, all zero; for an array that does not `grow` otherwise. Raises
        `MemoryError`, and then nothing is left of it."""
        if count <= self._room:      # (what is beyond its end was never written)
            ctypes.memset(self.address, 0, self.space)
        else:
            self.free()
            self._take(count * SPARE, count)
        self.count = count

    def __getitem__(self, index: int) -> int:
        """An integer without sign."""
        at = self.address + index * self.size
        return int.from_bytes(ctypes.string_at(at, self.size), _ORDER)

    def __setitem__(self, index: int, value: int) -> None:
        at = self.address + index * self.size
        ctypes.memmove(at, (value & ((1 << 8 * self.size) - 1)).to_bytes(self.size, _ORDER),
                       self.size)

    def fill(self, words: Sequence[int], times: int) -> None:
        """Begin with `words`, `times` over."""
        self.put(b"".join(w.to_bytes(self.size, _ORDER) for w in words) * times)

    def put(self, data: bytes) -> None:
        """Begin with these bytes."""
        ctypes.memmove(self.address, data, len(data))

    def content(self, count: int) -> bytes:
        """The first `count` integers, as bytes."""
        return ctypes.string_at(self.address, count * self.size)

    def shift(self, first: int, end: int) -> None:
        """Move the integers from `first` up to `end` to the beginning."""
        ctypes.memmove(self.address, self.address + first * self.size, (end - first) * self.size)

    def free(self) -> None:
        """Give the memory back."""
        _free(self.address)
        self.address = self.count = self._room = 0
