"""Rounds of compiled work: blocks of states are handed to threads, and what they report is read.

The cutting into blocks does not depend on the number of threads, and what a block finds does not
depend on who works on it; so neither do the results.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.native.frame import INDEX_BITS, PARTITIONS, Block, Part, Round
from wddmcheck.engines.native.memory import Pages, Words, words, words_at
from wddmcheck.engines.native.program import Program
from wddmcheck.engines.native.store import Store

BLOCKS = 16
"""Blocks of a round."""

BLOCK_ENTRIES = 16384
"""Successors that a block should find: together they should fit a processor's cache."""

SMALL = 512
"""States of a round that are not worth more than one thread."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of states of one partition."""

    part: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A record: which one, in which state, by which instance of its action."""

    record: int
    state: int
    instance: int


@dataclass
class Rounds:
    """The blocks of a round, and the threads that work on them."""

    program: Program
    store: Store
    threads: int
    _round: Words = field(default_factory=lambda: words(Round.SIZE))
    _blocks: Words = field(default_factory=lambda: words(BLOCKS * Block.SIZE))
    _pool: ThreadPoolExecutor | None = None

    def __post_init__(self) -> None:
        program = self.program
        self.records = program.records.count
        self.seen = (ctypes.c_uint8 * self.records)()
        self.capacity = 2 * BLOCK_ENTRIES // PARTITIONS + program.most
        entry = 8 * (program.plan.words + 1)
        self._buffers = [Pages(PARTITIONS * self.capacity * entry) for _ in range(BLOCKS)]
        self._filled = words(BLOCKS * PARTITIONS)
        self._hits = words(BLOCKS * self.records)
        self._scratch = [Pages(program.scratch_bytes) for _ in range(self.threads)]
        for field_, value in ((Round.BLOCK, ctypes.addressof(self._blocks)),
                              (Round.PARTS, self.store.address),
                              (Round.SEEN, ctypes.addressof(self.seen)),
                              (Round.CAPACITY, self.capacity)):
            self._round[field_] = value
        for b in range(BLOCKS):
            self._put(b, Block.BUFFERS, self._buffers[b].address)
            self._put(b, Block.FILLED, ctypes.addressof(self._filled) + 8 * b * PARTITIONS)
            self._put(b, Block.RECORDS, ctypes.addressof(self._hits) + 8 * b * self.records)

    def _put(self, block: int, at: Block, value: int) -> None:
        self._blocks[block * Block.SIZE + at] = value

    def _get(self, block: int, at: Block) -> int:
        return int(self._blocks[block * Block.SIZE + at])

    # --- what a round does -------------------------------------------------------------------

    def expand(self, spans: list[Span]) -> tuple[list[Hit], int, list[Span]]:
        """Expand states, as far as buffers allow: (what was seen, transitions, what is left)."""
        self._work(spans, self.program.expand, scratch=True)
        hits = list(self._read(spans))
        left, transitions = [], 0
        for b, span in enumerate(spans):
            transitions += self._get(b, Block.TRANSITIONS)
            done = self._get(b, Block.DONE)
            if done < span.count:
                left.append(Span(span.part, span.first + done, span.count - done))
        return hits, transitions, left

    def insert(self) -> None:
        """Insert what was found. Raises `FullError` if it does not fit."""
        store, blocks = self.store, int(self._round[Round.BLOCKS])
        for p in range(PARTITIONS):
            store.put(p, Part.BLOCK, 0)
            store.put(p, Part.ENTRY, 0)
        while True:
            self._run(self.program.insert, scratch=False, many=self._many)
            waiting = [p for p in range(PARTITIONS) if store.get(p, Part.BLOCK) < blocks]
            if not waiting:
                return
            for p in waiting:
                store.grow(p)

    def look(self, spans: list[Span]) -> list[Hit]:
        """Look at states without expanding them."""
        self._work(spans, self.program.looks, scratch=False)
        return list(self._read(spans))

    def begin(self, spans: list[Span], first: int, full: int) -> None:
        """Which of the goals from `first` on hold in states; `full` has a bit for each."""
        self._round[Round.SHIFT], self._round[Round.FULL] = first, full
        self._work(spans, self.program.begin, scratch=False)

    def sweep(self, spans: list[Span], down: bool) -> int:
        """Pass on which goals are in reach; of how many states more is known now."""
        self._round[Round.DOWN] = down
        self._work(spans, self.program.sweep, scratch=True)
        for _ in self._read(spans):
            pass
        return sum(self._get(b, Block.CHANGED) for b in range(len(spans)))

    # --- threads -----------------------------------------------------------------------------

    def _work(self, spans: list[Span], function: Callable[..., int], scratch: bool) -> None:
        self._round[Round.BLOCKS] = len(spans)
        for b, span in enumerate(spans):
            self._put(b, Block.PARTITION, span.part)
            self._put(b, Block.FIRST, span.first)
            self._put(b, Block.COUNT, span.count)
            self._put(b, Block.HITS, 0)
            self._put(b, Block.WRONG, 0)
        self._many = sum(s.count for s in spans) >= SMALL
        self._run(function, scratch, self._many)

    _many: bool = False

    def _run(self, function: Callable[..., int], scratch: bool, many: bool) -> None:
        """`function` in all threads; the last one is this one, so that Ctrl-C gets through."""
        self._round[Round.NEXT] = 0
        address = ctypes.addressof(self._round)

        def arguments(thread: int) -> tuple[int, ...]:
            return (address, self._scratch[thread].address) if scratch else (address,)

        if self.threads == 1 or not many:
            function(*arguments(0))
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads - 1, "wddmcheck")
        others = []
        try:
            for t in range(1, self.threads):
                others.append(self._pool.submit(function, *arguments(t)))
            function(*arguments(0))
        finally:
            wait(others)

    def _read(self, spans: list[Span]) -> Iterator[Hit]:
        """What was recorded for the first time, in the order of blocks, states and records."""
        for b, span in enumerate(spans):
            if self._get(b, Block.WRONG):
                raise InternalError("the native engine wrote a value outside its sort, or lost a "
                                    "state")
            if not self._get(b, Block.HITS):
                continue
            own = words_at(ctypes.addressof(self._hits) + 8 * b * self.records, self.records)
            found = sorted((word & 0xFFFFFFFF, record, word >> 32)
                           for record, word in enumerate(own) if word)
            base = (span.part << INDEX_BITS) + span.first - 1
            for state, record, instance in found:
                if not self.seen[record]:
                    self.seen[record] = 1
                    yield Hit(record, base + state, instance)

    def free(self) -> None:
        """Give memory and threads back."""
        if self._pool is not None:
            self._pool.shutdown()
        for pages in (*self._buffers, *self._scratch):
            pages.free()
