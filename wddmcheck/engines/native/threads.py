"""The threads of a search: what each has at hand, and how they share out a level.

A round has two parts. First all threads expand chunks of states, and put their claims to new
states into the table: a claim has the place that its successor has in the round, and of several to
the same state the first one stays. So it is known how many states each chunk has found, and which
numbers are theirs; then all threads make states of what was claimed. States are numbered, and
things are seen first, as one thread alone would have it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import pairwise
from typing import TYPE_CHECKING

from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.claims import AHEAD
from wddmcheck.engines.native.frame import BATCH, CHUNKS, RECENT, Ctx, Round
from wddmcheck.engines.native.kernels import Task
from wddmcheck.engines.native.table import Claim, Entry

if TYPE_CHECKING:
    from wddmcheck.engines.native.program import Program

SMALL = 2_000
"""States that are not worth more than one thread."""

CHUNK = 1 << 16
"""Successors that a chunk has at most, or so."""

LEAST = 16
"""States that it has at least."""


class Team:
    """The threads of a search; `free` it. `start` is the initial state, as it is kept."""

    def __init__(self, task: Task, start: tuple[int, ...], size: int) -> None:
        self.size = size
        words, room = task.plan.words, BATCH + task.most
        self._records = task.records.count
        self._members = [_Member(task, start, room) for _ in range(size)]
        self._pool: ThreadPoolExecutor | None = None
        self._states = max(LEAST, CHUNK // task.most)
        self._room = self._states * task.most
        self._claim = Claim(words, task.compact).size
        self._out: Block | None = None
        self._round = Block(8, Round.LOST + CHUNKS)

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
    def positions(self) -> int:
        """How many claims a round can have."""
        return CHUNKS * self._room if self.size > 1 else 0

    @property
    def new(self) -> int:
        """How many states the last round claimed."""
        words = array("Q", self._round.content(Round.LOST + CHUNKS))
        chunks = words[Round.COUNT]
        return (sum(words[Round.FOUND:Round.FOUND + chunks])
                - sum(words[Round.LOST:Round.LOST + chunks]))

    def chunks(self, states: int, room: int) -> int:
        """Into how many chunks a round divides so many states, if the table has room for `room`
        more; 0 if that is not worth it."""
        chunks = min(CHUNKS, -(-states // self._states), room // self._room)
        return chunks if self.size > 1 and states >= SMALL and chunks >= 2 * self.size else 0

    def gather(self, code: Program, run: int, first: int, end: int, chunks: int) -> int:
        """Expand states from `first`, up to `end` at most; where it stopped."""
        assert code.gather is not None
        if self._out is None:
            self._out = Block(8, (self.positions + AHEAD) * self._claim, sparse=True)
        end = min(end, first + chunks * self._states)
        for slot, value in ((Round.NEXT, 0), (Round.COUNT, chunks), (Round.FIRST, first),
                            (Round.SIZE, self._states), (Round.END, end),
                            (Round.OUT, self._out.address), (Round.ROOM, self._room)):
            self._round[slot] = value
        self._all(code.gather, [(run, self._round.address, self.ctx(thread))
                                for thread in range(self.size)])
        return end

    def enter(self, code: Program, run: int) -> None:
        """Make states of what the last round claimed."""
        assert code.enter is not None
        self._round[Round.NEXT] = 0
        self._all(code.enter, [(run, self._round.address)] * self.size)

    def rehash(self, code: Program, run: int, states: int) -> None:
        """Enter all states into the table, which is empty."""
        parts = self.size if states >= SMALL else 1
        ends = [states * part // parts for part in range(parts + 1)]
        self._all(code.rehash, [(run, *part) for part in pairwise(ends)])

    def _all(self, function: Callable[..., int], calls: list[tuple[int, ...]]) -> None:
        """Make calls at the same time, a thread each."""
        others: list[Future[int]] = []
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
        if self._out is not None:
            self._out.free()


class _Member:
    """What one thread has at hand."""

    def __init__(self, task: Task, start: tuple[int, ...], room: int) -> None:
        words = task.plan.words
        self.records = Block(8, task.records.count)
        self.scratch, self.enabled = Block(8, words), Block(8, task.row)
        self.seen, self.asleep = Block(8, task.row), Block(8, task.row)
        self.raw, self.recent = Block(8, RECENT * words), Block(8, RECENT * words)
        self.buffer = Block(8, (room + 1) * Entry(words).size)
        self.ctx = Block(8, Ctx.TWINS + len(task.plan.pools))
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
