"""The states that were found: partitions of segments and tables (frame.py says how they look)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field

from wddmcheck.engines.native.frame import (
    INDEX_BITS,
    LOAD,
    PARTITIONS,
    SEGMENT_BITS,
    Part,
)
from wddmcheck.engines.native.memory import Arena, Pages, Words, words, words_at

MOST = (1 << INDEX_BITS) - 1
"""States of a partition, at most: a table's entry holds the index + 1."""

SEGMENTS = 1 << INDEX_BITS - SEGMENT_BITS

FIRST_BITS = 8
"""log2 of the entries of a table at first."""

QUICK_BITS = 14
"""Up to this size tables grow fourfold, then twofold."""

CHUNK = 32 << 20
"""Bytes that segments are cut from."""

NO_PARENT = (1 << 32) - 1


class FullError(Exception):
    """No more states can be stored."""


@dataclass
class Store:
    """All states of a search. `room(bytes)` is asked before memory is taken, and raises `FullError`
    if there is none; `rehash` is the compiled function."""

    width: int                                  # words of a state
    rehash: Callable[[int], int]
    room: Callable[[int], None]
    parts: Words = field(default_factory=lambda: words(PARTITIONS * Part.SIZE))
    _states: list[Words] = field(default_factory=list)      # addresses of segments
    _parents: list[Words] = field(default_factory=list)
    _segments: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    _arena: Arena = field(default_factory=lambda: Arena(CHUNK))
    _tables: Pages | None = None
    _alive: list[Pages] = field(default_factory=list)

    def __post_init__(self) -> None:
        for p in range(PARTITIONS):
            self._states.append(words(SEGMENTS))
            self._parents.append(words(SEGMENTS))
            self.put(p, Part.STATES, ctypes.addressof(self._states[p]))
            self.put(p, Part.PARENTS, ctypes.addressof(self._parents[p]))
            self._segment(p)
        self._enlarge(FIRST_BITS)

    @property
    def address(self) -> int:
        """Where the partitions stand."""
        return ctypes.addressof(self.parts)

    def get(self, part: int, at: Part) -> int:
        """A field of a partition."""
        return int(self.parts[part * Part.SIZE + at])

    def put(self, part: int, at: Part, value: int) -> None:
        """Set a field of a partition."""
        self.parts[part * Part.SIZE + at] = value

    def counts(self) -> list[int]:
        """How many states each partition has."""
        return [self.get(p, Part.COUNT) for p in range(PARTITIONS)]

    # --- growth ------------------------------------------------------------------------------

    def grow(self, part: int) -> None:
        """Make room for another state in a partition. Raises `FullError`."""
        count = self.get(part, Part.COUNT)
        if count >= MOST:
            raise FullError
        if count == self._segments[part] << SEGMENT_BITS:
            self._segment(part)
        bits = self.get(part, Part.BITS)
        if count >= int(LOAD * (1 << bits)):
            self._enlarge(bits + (2 if bits < QUICK_BITS else 1))
        self._limit(part)

    def _limit(self, part: int) -> None:
        bits = self.get(part, Part.BITS)
        self.put(part, Part.LIMIT, min(int(LOAD * (1 << bits)),
                                       self._segments[part] << SEGMENT_BITS, MOST))

    def _segment(self, part: int) -> None:
        number = self._segments[part]
        if number:
            self.room((self.width * 8 + 4) << SEGMENT_BITS)
        self._states[part][number] = self._arena.take((self.width * 8) << SEGMENT_BITS)
        self._parents[part][number] = self._arena.take(4 << SEGMENT_BITS)
        self._segments[part] += 1

    def _enlarge(self, bits: int) -> None:
        """Larger tables, for all partitions at once: they fill alike. The old ones go first; all
        that they knew is in the states."""
        each = 4 << bits
        if self._tables is not None:
            self.room(PARTITIONS * each - self._tables.size)
            self._tables.free()
        self._tables = Pages(PARTITIONS * each)
        for p in range(PARTITIONS):
            self.put(p, Part.TABLE, self._tables.address + p * each)
            self.put(p, Part.BITS, bits)
            self._limit(p)
            self.rehash(self.address + 8 * p * Part.SIZE)

    # --- states ------------------------------------------------------------------------------

    def add(self, state: tuple[int, ...], hashed: int) -> int:
        """Store the initial state; its number."""
        part = hashed & PARTITIONS - 1
        self._write(part, 0, state)
        words32 = ctypes.c_uint32.from_address(self._parents[part][0])
        words32.value = NO_PARENT
        self.put(part, Part.COUNT, 1)
        self.rehash(self.address + 8 * part * Part.SIZE)
        return part << INDEX_BITS

    def _write(self, part: int, index: int, state: tuple[int, ...]) -> None:
        at = self._states[part][index >> SEGMENT_BITS]
        low = index & (1 << SEGMENT_BITS) - 1
        words_at(at + low * self.width * 8, self.width)[:] = list(state)

    def state(self, number: int) -> tuple[int, ...]:
        """The words of a state."""
        part, index = number >> INDEX_BITS, number & (1 << INDEX_BITS) - 1
        low = index & (1 << SEGMENT_BITS) - 1
        at = self._states[part][index >> SEGMENT_BITS] + low * self.width * 8
        return tuple(words_at(at, self.width))

    def parent(self, number: int) -> int:
        """The number of the state that one was found from, or `NO_PARENT`."""
        part, index = number >> INDEX_BITS, number & (1 << INDEX_BITS) - 1
        low = index & (1 << SEGMENT_BITS) - 1
        at = self._parents[part][index >> SEGMENT_BITS] + low * 4
        return ctypes.c_uint32.from_address(at).value

    def chain(self, number: int) -> list[int]:
        """The states on the way to a state, the initial one first."""
        numbers = []
        while number != NO_PARENT:
            numbers.append(number)
            number = self.parent(number)
        return numbers[::-1]

    def alive(self) -> list[Pages]:
        """One byte a state of each partition, for a sweep."""
        for pages in self._alive:
            pages.free()
        self.room(sum(self.counts()))
        self._alive = [Pages(count) for count in self.counts()]
        for p, pages in enumerate(self._alive):
            self.put(p, Part.ALIVE, pages.address)
        return self._alive

    def free(self) -> None:
        """Give all memory back."""
        self._arena.free()
        for pages in (*self._alive, *([self._tables] if self._tables else [])):
            pages.free()
        self._alive.clear()
        self._tables = None
