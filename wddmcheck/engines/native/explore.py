"""Drives the native search: level by level, in pieces short enough for limits and Ctrl-C."""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass, field

from wddmcheck.engines.base import Limits, Progress, Tick
from wddmcheck.engines.base import Watch as Clock
from wddmcheck.engines.memory import rss
from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.jit import FULL, QUICK, compile_kernel
from wddmcheck.engines.native.kernel import Kernel, Watch
from wddmcheck.engines.native.loop import BATCH, FIELDS, RECENT, Slot
from wddmcheck.ir.evaluate import initial_state
from wddmcheck.result.verdict import Stop

PIECE = 1 << 14
"""States expanded between two looks at the clock: a few milliseconds."""

WARM = 500_000
"""Transitions after which a search is worth the time to optimise its code."""

TICK = 0.4
FIRST = 1 << 16
"""Places in the hash table at first."""

LOAD = 5, 8
"""The part of the table that may be used before it grows."""

MOST_STATES = (1 << 32) - 2
NO_EDGE_LIMIT = 1 << 62


@dataclass(slots=True)
class Explored:
    """What a search saw. Arrays are native; `free` gives them back."""

    kernel: Kernel
    watch: Watch
    states: Block
    parents: Block
    count: int = 1
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    stopped_by: Stop | None = None
    witnesses: tuple[tuple[int, int, int], ...] = ()
    starts: array[int] = field(default_factory=lambda: array("q", [0]))
    targets: array[int] = field(default_factory=lambda: array("I"))
    instances: array[int] = field(default_factory=lambda: array("I"))
    faulty: bytes = b""
    seconds: float = 0.0
    peak: int = 0

    def words(self, number: int) -> tuple[int, ...]:
        """A state, packed."""
        width = self.kernel.packing.words
        return tuple(self.states[number * width + i] for i in range(width))

    def free(self) -> None:
        """Give the memory back."""
        self.states.free()
        self.parents.free()


def explore(kernel: Kernel, watch: Watch, limits: Limits, progress: Progress,
            doing: str = "") -> Explored:
    """Visit all reachable states that limits allow."""
    run = _Run(kernel, watch, limits, progress, doing)
    try:
        run.go()
    except KeyboardInterrupt:
        run.found.stopped_by = Stop.INTERRUPTED
    except MemoryError:
        run.found.stopped_by = Stop.MEMORY
    return run.finish()


class _Run:
    def __init__(self, kernel: Kernel, watch: Watch, limits: Limits, progress: Progress,
                 doing: str) -> None:
        self.kernel, self.watch = kernel, watch
        self.code, self.level_of_code = compile_kernel(kernel, QUICK), QUICK
        self.limits, self.progress, self.doing = limits, progress, doing
        self.clock = Clock(limits, rss)
        self.width = kernel.packing.words
        self.ticked = 0.0
        places = FIRST
        while places * LOAD[0] // LOAD[1] < 4 * (BATCH + kernel.most):
            places *= 2
        capacity = places * LOAD[0] // LOAD[1]
        edges = 4 * capacity if watch.edges else 1
        self.states, self.parents = Block(8, capacity * self.width), Block(4, capacity)
        self.table = Block(4, places)
        room = BATCH + kernel.most
        self.buffer, self.meta = Block(8, room * (self.width + 1)), Block(4, room * 2)
        self.notes = Block(8, 3 * watch.witnesses)
        self.recent = Block(8, RECENT * self.width)
        self.targets, self.instances = Block(4, edges), Block(4, edges)
        self.starts = Block(8, capacity + 1 if watch.edges else 1)
        self.faulty = Block(1, capacity if watch.edges else 1)
        self.ctx = Block(8, FIELDS)
        for i in range(3 * watch.witnesses):
            self.notes[i] = -1
        start = kernel.packing.pack(initial_state(kernel.packing.layout))
        self.states.fill(start, 1)
        self.recent.fill(start, RECENT)     # (what is remembered must have been entered)
        self.parents[0] = MOST_STATES + 1
        self.ctx[Slot.COUNT] = 1
        self.found = Explored(kernel, watch, self.states, self.parents)
        self.bind()
        self.code.rehash(self.ctx.address)
        self.looked = 0

    @property
    def count(self) -> int:
        return self.ctx[Slot.COUNT]

    def bind(self) -> None:
        """Tell native code where its arrays are."""
        ctx = self.ctx
        for slot, block in ((Slot.STATES, self.states), (Slot.PARENTS, self.parents),
                            (Slot.TABLE, self.table), (Slot.BUFFER, self.buffer),
                            (Slot.BUFFER_META, self.meta), (Slot.WITNESSES, self.notes),
                            (Slot.TARGETS, self.targets), (Slot.INSTANCES, self.instances),
                            (Slot.STARTS, self.starts), (Slot.FAULTY, self.faulty),
                            (Slot.RECENT, self.recent)):
            ctx[slot] = block.address
        ctx[Slot.MASK] = self.table.count - 1
        ctx[Slot.NUMBERS] = (1 << self.parents.count.bit_length()) - 1
        ctx[Slot.CAPACITY] = min(self.parents.count, self.table.count * LOAD[0] // LOAD[1])
        ctx[Slot.EDGE_CAPACITY] = self.targets.count if self.watch.edges else NO_EDGE_LIMIT

    # --- the search -------------------------------------------------------------------------------

    def go(self) -> None:
        found = self.found
        start, depth, before = 0, 0, 1
        while start < self.count:
            if self.limits.depth is not None and depth >= self.limits.depth:
                found.stopped_by = Stop.DEPTH
                self.look()
                return
            end = self.count
            if not self.level(start, end, depth, before):
                return
            before, start = end - start, end
            if start < self.count:
                depth += 1
            found.depth = depth
        found.complete = True

    def level(self, start: int, end: int, depth: int, before: int) -> bool:
        """Expand the states of a level; whether all were."""
        at = start
        while at < end:
            self.look()
            if self.limited(depth, end - start, before):
                return False
            if self.level_of_code == QUICK and self.ctx[Slot.TRANSITIONS] > WARM:
                self.code, self.level_of_code = compile_kernel(self.kernel, FULL), FULL
            reached = self.code.expand(self.ctx.address, at, min(at + PIECE, end))
            if reached == at and not self.grow():
                self.look()
                return False
            at = reached
        self.look()
        return True

    def look(self) -> None:
        """Evaluate the formulas on states that are new."""
        if self.watch.formulas:
            self.code.look(self.ctx.address, self.looked, self.count)
        self.looked = self.count

    def limited(self, depth: int, frontier: int, before: int) -> bool:
        """Whether a limit is reached; reports progress on the way."""
        stop = self.clock.stop()
        if stop is None and self.limits.states is not None and self.count > self.limits.states:
            stop = Stop.STATES
        now = time.monotonic()
        if now - self.ticked >= TICK:
            self.ticked = now
            memory = rss()
            self.found.peak = max(self.found.peak, memory)
            self.progress(Tick("native", depth, self.count,
                               self.count / max(self.clock.elapsed, 1e-3), frontier,
                               frontier / max(before, 1), memory, self.doing))
        if stop is None:
            return False
        self.found.stopped_by = stop
        return True

    def grow(self) -> bool:
        """Double what is full; False if that would be more memory than is allowed."""
        count, most = self.count, self.kernel.most + BATCH
        if count + most >= MOST_STATES:
            self.found.stopped_by = Stop.STATES
            return False
        places = self.table.count
        full = count + most > places * LOAD[0] // LOAD[1]
        more = self.table.space if full else 0
        if self.watch.edges:
            more += self.targets.space * 2
        if self.limits.memory is not None and rss() + more > self.limits.memory:
            self.found.stopped_by = Stop.MEMORY
            return False
        if full:
            self.table.free()
            self.table = Block(4, places * 2)
            capacity = places * 2 * LOAD[0] // LOAD[1]
            self.states.grow(capacity * self.width)
            self.parents.grow(capacity)
            if self.watch.edges:
                self.starts.grow(capacity + 1)
                self.faulty.grow(capacity)
        if self.watch.edges and self.ctx[Slot.EDGES] + most > self.targets.count:
            self.targets.grow(self.targets.count * 2)
            self.instances.grow(self.instances.count * 2)
        self.bind()
        if full:
            self.code.rehash(self.ctx.address)
        return True

    # --- the end ----------------------------------------------------------------------------------

    def finish(self) -> Explored:
        """The result; all other memory is given back."""
        found = self.found
        found.count, found.transitions = self.count, self.ctx[Slot.TRANSITIONS]
        notes = array("q", self.notes.content(3 * self.watch.witnesses))
        found.witnesses = tuple(zip(*[iter(notes)] * 3, strict=True))
        if self.watch.edges and found.complete:
            edges = self.ctx[Slot.EDGES]
            found.starts = array("q", self.starts.content(found.count + 1))
            found.targets = array("I", self.targets.content(edges))
            found.instances = array("I", self.instances.content(edges))
            found.faulty = self.faulty.content(found.count)
        found.seconds = self.clock.elapsed
        found.peak = max(found.peak, rss())
        for block in (self.table, self.buffer, self.meta, self.notes, self.targets,
                      self.instances, self.starts, self.faulty, self.recent, self.ctx):
            block.free()
        return found
