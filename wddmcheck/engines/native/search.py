"""Breadth-first search in compiled code, with what is needed to say how a state was reached.

One pass looks at everything. States are numbered in an order that depends on the system alone; the
first record of anything, in the order of levels, blocks and states, is a shortest witness, and the
same on every run.

All states of a level are looked at when they are expanded. If a limit ends the search, those that
were not expanded are looked at on their own, so that what is claimed up to the depth holds.
"""

from __future__ import annotations

import ctypes
import os
import time
from dataclasses import dataclass, field

from wddmcheck.engines.base import Limits, Progress, Tick, Watch
from wddmcheck.engines.memory import rss
from wddmcheck.engines.native.frame import INDEX_BITS
from wddmcheck.engines.native.program import Program
from wddmcheck.engines.native.rounds import BLOCK_ENTRIES, BLOCKS, Hit, Rounds, Span
from wddmcheck.engines.native.store import FullError, Store
from wddmcheck.ir.evaluate import initial_state
from wddmcheck.result.verdict import Stop

TICK = 0.4
"""Seconds between progress reports."""

FIRST_BLOCK = 64
"""States of a block while it is not known how many successors they have."""


@dataclass(slots=True)
class Found:
    """What a search saw. `hits` has the first record of each kind."""

    hits: dict[int, Hit] = field(default_factory=dict)
    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    stopped_by: Stop | None = None
    seconds: float = 0.0
    peak: int = 0


class Search:
    """A search, and after it the states that it found. `close` gives their memory back."""

    def __init__(self, program: Program, limits: Limits, progress: Progress,
                 threads: int | None) -> None:
        self.program, self.limits, self.progress = program, limits, progress
        self.watch = Watch(limits, rss)
        self.found = Found()
        self.store = Store(program.plan.words, program.rehash, self._room)
        self.rounds = Rounds(program, self.store, threads or _cores())
        self.level: list[tuple[int, int]] = []      # of each partition: first and end
        self.block = FIRST_BLOCK
        self.ticked = self.watch.started
        start = program.normal(program.plan.pack(initial_state(program.plan.layout)))
        self.store.add(start, program.hash(start))

    def close(self) -> None:
        """Give the memory back."""
        self.rounds.free()
        self.store.free()

    def _room(self, size: int) -> None:
        """Raise `FullError` if `size` more bytes are not to be had."""
        memory = self.limits.memory
        if memory is not None and rss() + size > memory:
            raise FullError

    # --- the search --------------------------------------------------------------------------

    def go(self) -> Found:
        """Search until all is found or a limit is reached."""
        found = self.found
        try:
            self._levels()
        except KeyboardInterrupt:
            found.stopped_by = Stop.INTERRUPTED
        except (FullError, MemoryError):
            found.stopped_by = Stop.MEMORY
        if not found.complete:
            self._look_at_the_rest()
        found.states = sum(self.store.counts())
        found.seconds = self.watch.elapsed
        found.peak = max(found.peak, rss())
        return found

    def _levels(self) -> None:
        found, before = self.found, 1
        self.level = [(0, n) for n in self.store.counts()]
        while True:
            if self.limits.depth is not None and found.depth >= self.limits.depth:
                found.stopped_by = Stop.DEPTH
                return
            size = sum(end - first for first, end in self.level)
            work = self._spans(self.level)
            while work:
                if self._limited(size, before):
                    return
                now, work = self._cut(work)
                hits, transitions, left = self.rounds.expand(now)
                self._keep(hits)
                found.transitions += transitions
                self._adapt(now, left, transitions)
                self.rounds.insert()
                work = left + work
            following = [(end, count) for (_, end), count in zip(
                self.level, self.store.counts(), strict=True)]
            if all(first == end for first, end in following):
                found.complete = True
                return
            before, self.level = size, following
            found.depth += 1

    def _spans(self, ranges: list[tuple[int, int]]) -> list[Span]:
        return [Span(p, first, end - first) for p, (first, end) in enumerate(ranges) if end > first]

    def _cut(self, work: list[Span]) -> tuple[list[Span], list[Span]]:
        """The next blocks, and what is left."""
        now: list[Span] = []
        work = list(work)
        while work and len(now) < BLOCKS:
            span = work[0]
            count = min(span.count, self.block)
            now.append(Span(span.part, span.first, count))
            if count == span.count:
                work.pop(0)
            else:
                work[0] = Span(span.part, span.first + count, span.count - count)
        return now, work

    def _adapt(self, now: list[Span], left: list[Span], transitions: int) -> None:
        """Choose the size of blocks by how many successors states have."""
        expanded = sum(s.count for s in now) - sum(s.count for s in left)
        if expanded >= FIRST_BLOCK:
            each = max(transitions // expanded, 1)
            self.block = max(BLOCK_ENTRIES // each, 16)

    def _keep(self, hits: list[Hit]) -> None:
        for hit in hits:
            self.found.hits.setdefault(hit.record, hit)

    def _limited(self, frontier: int, before: int) -> bool:
        """Whether a limit is reached; reports progress on the way."""
        found = self.found
        stop = self.watch.stop()
        if self.limits.states is not None and sum(self.store.counts()) > self.limits.states:
            stop = stop or Stop.STATES
        now = time.monotonic()
        if now - self.ticked >= TICK:
            self.ticked = now
            memory = rss()
            found.peak = max(found.peak, memory)
            states = sum(self.store.counts())
            self.progress(Tick("native", found.depth, states,
                               states / max(self.watch.elapsed, 1e-3), frontier,
                               frontier / max(before, 1), memory))
        if stop is not None:
            found.stopped_by = stop
        return stop is not None

    def _look_at_the_rest(self) -> None:
        """Look at the states of this level, and at those found after it. Whoever interrupts that
        as well gets to hear of a level less."""
        try:
            ends = self.store.counts()
            for ranges in (self.level, [(end, n) for (_, end), n in zip(
                    self.level, ends, strict=True)]):
                work = self._spans(ranges)
                while work:
                    now, work = self._cut(work)
                    self._keep(self.rounds.look(now))
        except KeyboardInterrupt:
            self.found.stopped_by = Stop.INTERRUPTED
            self.found.depth = max(self.found.depth - 1, 0)

    # --- what can still be reached -----------------------------------------------------------

    def lost(self, goals: int) -> list[int | None]:
        """Of each `always possible` goal, the number of a nearest state from which no run reaches
        it or ends in a fault. Raises `FullError` or `KeyboardInterrupt`, or `TimeoutError`."""
        result: list[int | None] = []
        for first in range(0, goals, 8):
            result += self._sweeps(first, min(goals - first, 8))
        return result

    def _sweeps(self, first: int, goals: int) -> list[int | None]:
        alive = self.store.alive()
        ranges = [(0, n) for n in self.store.counts()]
        full = (1 << goals) - 1
        for work in self._chunks(ranges):
            self.rounds.begin(work, first, full)
        down = False
        while True:
            changed = 0
            for work in self._chunks(ranges, down):
                changed += self.rounds.sweep(work, down)
                self._tick_sweep()
            if not changed:
                break
            down = not down
        known = [ctypes.string_at(alive[p].address, n) for p, (_, n) in enumerate(ranges)]
        return [self._nearest(known, 1 << bit) for bit in range(goals)]

    def _chunks(self, ranges: list[tuple[int, int]], down: bool = False) -> list[list[Span]]:
        work, chunks = self._spans(ranges), []
        while work:
            now, work = self._cut(work)
            chunks.append(now)
        return chunks[::-1] if down else chunks

    def _tick_sweep(self) -> None:
        stop = self.watch.stop()
        if stop is Stop.TIME:
            raise TimeoutError
        if stop is Stop.MEMORY:
            raise FullError
        now = time.monotonic()
        if now - self.ticked >= TICK:
            self.ticked = now
            self.progress(Tick("native", self.found.depth, self.found.states, memory=rss(),
                               doing="what can still be reached"))

    def _nearest(self, alive: list[bytes], bit: int) -> int | None:
        """The first state, by distance and number, whose bit is not set."""
        lost = [p << INDEX_BITS | i for p, own in enumerate(alive) for i in _without(own, bit)]
        if not lost:
            return None
        return min(lost, key=lambda n: (len(self.store.chain(n)), n))


def _without(alive: bytes, bit: int) -> list[int]:
    """The first state of a partition without the bit: states of a partition are in the order of
    their distance."""
    others = bytes(b for b in range(256) if not b & bit)
    at = min((i for i in (alive.find(bytes([b])) for b in others) if i >= 0), default=-1)
    return [at] if at >= 0 else []


def _cores() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

