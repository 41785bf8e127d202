"""The threads of a search: what each has at hand, and how they share out a level.

Threads take chunks of states, as many as they like, and enter what they found in the order of the
chunks (turns.py): states are numbered, and things are seen first, as one thread alone would have
it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.frame import BATCH, RECENT, Ctx, Round
from wddmcheck.engines.native.kernels import Task
from wddmcheck.engines.native.table import Entry

if TYPE_CHECKING:
    from wddmcheck.engines.native.program import Program

SMALL = 2_000
"""States that are not worth more than one thread."""

CHUNK = 1 << 13
"""Successors that a chunk has at most, or so."""

HOLD = 4
"""Chunks for which a thread has room at least, while it is not their turn."""

ROUND = 1 << 24
"""Successors that a round has at most, or so: some ten milliseconds."""


class Found(NamedTuple):
    """How many states there are, and how many edges."""

    states: int
    edges: int


class Team:
    """The threads of a search; `free` it. `start` is the initial state, as it is kept."""

    def __init__(self, task: Task, start: tuple[int, ...], size: int) -> None:
        self.size = size
        self._records = task.records.count
        self._states = max(1, CHUNK // task.most)
        self._chunks = max(size, ROUND // (self._states * task.most))
        chunk = self._states * task.most + 1
        self._hold = HOLD * chunk
        room = self._hold if size > 1 else BATCH + task.most
        self._members = [_Member(task, start, room, room - chunk) for _ in range(size)]
        self._pool: ThreadPoolExecutor | None = None
        self._round = Block(8, max(Round) + 1)

    def ctx(self, thread: int) -> int:
        """The address of what a thread has at hand."""
        return self._members[thread].ctx.address

    @property
    def transitions(self) -> int:
        """What all took."""
        return sum(m.ctx[Ctx.TRANSITIONS] for m in self._members)

    def records(self) -> list[int | None]:
        """The state in which each thing was seen first, if it was."""
        seen = ([m.records[n] for m in self._members] for n in range(self._records))
        return [min((state - 1 for state in states if state), default=None) for states in seen]

    @property
    def surplus(self) -> int:
        """How many states, or edges, a round may enter beyond its limit."""
        return self.size * self._hold if self.size > 1 else 0

    def several(self, states: int) -> bool:
        """Whether so many states are worth more than one thread."""
        return self.size > 1 and states >= max(SMALL, 2 * self.size * self._states)

    def expand(self, code: Program, run: int, first: int, end: int, now: Found,
               limit: Found) -> tuple[int, Found]:
        """Expand states from `first`, up to `end` at most, until what is found, which is `now`,
        comes to the `limit`: where it stopped, and what is found then."""
        chunks = min(self._chunks, -(-(end - first) // self._states))
        for slot, value in (
                (Round.NEXT, 0), (Round.TURN, 0), (Round.STATES, now.states),
                (Round.EDGES, now.edges), (Round.COUNT, chunks), (Round.FIRST, first),
                (Round.SIZE, self._states), (Round.END, end), (Round.LIMIT, limit.states),
                (Round.EDGE_LIMIT, limit.edges)):
            self._round[slot] = value
        gather = code.gather

        def work(*call: int) -> None:
            while not gather(*call):
                _give_way()

        self._all(work, [(run, self._round.address, self.ctx(thread))
                         for thread in range(self.size)])
        return (min(first + self._round[Round.TURN] * self._states, end),
                Found(self._round[Round.STATES], self._round[Round.EDGES]))

    def rehash(self, code: Program, run: int, states: int) -> None:
        """Enter all states into the table, which is empty."""
        parts = self.size if states >= SMALL else 1
        ends = [states * part // parts for part in range(parts + 1)]
        self._all(code.rehash, [(run, *part) for part in pairwise(ends)])

    def _all(self, function: Callable[..., object], calls: list[tuple[int, ...]]) -> None:
        """Make calls at the same time, a thread each."""
        others: list[Future[object]] = []
        try:
            if len(calls) > 1:
                if self._pool is None:
                    self._pool = ThreadPoolExecutor(self.size - 1, "wddmcheck")
                others = [self._pool.submit(function, *call) for call in calls[1:]]
            function(*calls[0])
        finally:
            wait(others)

    def free(self) -> None:
        """Give memory and threads back."""
        if self._pool is not None:
            self._pool.shutdown()
        for member in self._members:
            member.free()
        self._round.free()


class _Member:
    """What one thread has at hand."""

    def __init__(self, task: Task, start: tuple[int, ...], room: int, brink: int) -> None:
        words = task.plan.words
        self.records = Block(8, task.records.count)
        self.scratch, self.enabled = Block(8, words), Block(8, task.row)
        self.seen, self.asleep = Block(8, task.row), Block(8, task.row)
        self.raw, self.recent = Block(8, RECENT * words), Block(8, RECENT * words)
        self.buffer = Block(8, (room + 1) * Entry(words).size)
        self.ctx = Block(8, Ctx.TWINS + len(task.plan.pools))
        self.ctx[Ctx.BRINK] = brink
        for block in (self.raw, self.recent):
            block.fill(start, RECENT)       # (what is remembered must have been entered)
        for slot, block in ((Ctx.SCRATCH, self.scratch), (Ctx.ENABLED, self.enabled),
                            (Ctx.SEEN, self.seen), (Ctx.ASLEEP, self.asleep),
                            (Ctx.RECORDS, self.records), (Ctx.RAW, self.raw),
                            (Ctx.RECENT, self.recent), (Ctx.BUFFER, self.buffer)):
            self.ctx[slot] = block.address

    def free(self) -> None:
        """Give the memory back."""
        for block in (self.records, self.scratch, self.enabled, self.seen, self.asleep, self.raw,
                      self.recent, self.buffer, self.ctx):
            block.free()


def _give_way() -> None:
    """Let other threads run."""
    if hasattr(os, "sched_yield"):
        os.sched_yield()
    else:
        time.sleep(0)
