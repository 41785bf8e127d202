"""Drives the native search: level by level, in pieces short enough for limits and Ctrl-C."""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass, field

from wddmcheck.engines.base import Limits, Pace, Progress, Watch
from wddmcheck.engines.memory import rss
from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.frame import BATCH, Run
from wddmcheck.engines.native.interrupts import Interrupts
from wddmcheck.engines.native.jit import FULL
from wddmcheck.engines.native.kernels import Task
from wddmcheck.engines.native.program import Compiler, Program, kept, normal
from wddmcheck.engines.native.sleep import Sleep
from wddmcheck.engines.native.table import Edges
from wddmcheck.engines.native.threads import Found, Team
from wddmcheck.ir.evaluate import initial_state
from wddmcheck.result.verdict import Stop

PIECE = 1 << 14
"""Transitions, or so, between two looks at the clock: a few milliseconds."""

WARM = 2e-6
"""Seconds that unoptimised code runs for each of its bytes before it is optimised: a part of what
that takes."""

FIRST = 1 << 16
"""Places in the hash table at first."""

FIRST_OF_MANY = 1 << 20
"""The same for several threads, which cannot let it grow in the middle of a round."""

LOAD = 5, 8
"""The part of the table that may be used before it grows."""

LAST = 9, 10
"""The same where memory does not allow the table to grow."""

BRIM = 19, 20
"""The part that several threads may fill before they stop."""

MOST_STATES = (1 << 32) - 2
NO_EDGE_LIMIT = 1 << 62


@dataclass(slots=True)
class Explored:
    """What a search saw. Arrays are native; `free` gives them back. `records` are those of
    `actions.Records`: the number of a state, or None."""

    task: Task
    program: Program
    states: Block                    # what is kept of them
    parents: Block
    count: int = 1
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    stopped_by: Stop | None = None
    records: list[int | None] = field(default_factory=list)
    starts: array[int] = field(default_factory=lambda: array("q", [0]))
    targets: array[int] = field(default_factory=lambda: array("I"))
    instances: array[int] = field(default_factory=lambda: array("I"))
    faulty: bytes = b""
    marks: array[int] = field(default_factory=lambda: array("B"))    # goals that hold, a bit each
    lost: list[int | None] = field(default_factory=list)
    unswept: Stop | None = None      # what kept it from finding all that is `lost`
    seconds: float = 0.0
    peak: int = 0

    def words(self, number: int) -> tuple[int, ...]:
        """What is kept of a state."""
        width = self.task.kept
        return tuple(self.states[number * width + i] for i in range(width))

    def free(self) -> None:
        """Give the memory back."""
        self.states.free()
        self.parents.free()


def explore(task: Task, limits: Limits, progress: Progress, threads: int = 1,
            doing: str = "") -> Explored:
    """Visit all reachable states that limits allow."""
    with Interrupts() as interrupts:
        run = _Search(task, limits, progress, threads, doing, interrupts)
        try:
            run.go()
        except KeyboardInterrupt:
            run.found.stopped_by = Stop.INTERRUPTED
        except MemoryError:
            run.found.stopped_by = Stop.MEMORY
        return run.finish()


class _Search:
    def __init__(self, task: Task, limits: Limits, progress: Progress, threads: int,
                 doing: str, interrupts: Interrupts) -> None:
        self.task, self.limits, self.interrupts = task, limits, interrupts
        self.clock = Watch(limits, rss)
        self.pace = Pace("native", self.clock, progress, doing)
        self.compiler = Compiler(task)
        self.code = self.compiler.first()
        self.keeps = task.edges is not Edges.NONE
        self.running = 0.0
        self.most = task.most + BATCH
        places = FIRST if threads == 1 else FIRST_OF_MANY
        while places * LOAD[0] // LOAD[1] < 4 * self.most:
            places *= 2
        first = task.plan.pack(initial_state(task.plan.layout))
        start = normal(self.code, first)
        self.team = Team(task, start, threads)
        self.table = Block(4, places)
        self.load = self.table_of(LOAD)
        capacity = self.capacity
        edges = 4 * capacity + self.team.surplus if self.keeps else 1
        self.states, self.parents = Block(8, capacity * task.kept), Block(4, capacity)
        self.whole = (Block(8, (capacity + self.team.surplus) * task.plan.words) if task.compact
                      else self.states)
        self.base = 0
        self.targets = Block(4, edges)
        self.instances = Block(4, edges if task.edges is Edges.INSTANCES else 1)
        self.starts = Block(8, capacity + 1 if self.keeps else 1)
        self.faulty = Block(1, capacity if task.edges is Edges.INSTANCES else 1)
        self.via = Block(2, capacity if task.sleeps else 1)
        self.via_base = 0
        self.sleep = Sleep(task)
        self.alive = Block(task.goal_bytes, capacity if task.goals else 1)
        self.ctx = Block(8, len(Run))
        self.states.fill(kept(self.code, task, first), 1)
        self.whole.fill(start, 1)
        self.parents[0] = MOST_STATES + 1
        self.ctx[Run.COUNT] = 1
        self.found = Explored(task, self.code, self.states, self.parents)
        self.bind()
        self.team.rehash(self.code, self.ctx.address, self.count)
        self.at = 0

    @property
    def count(self) -> int:
        return self.ctx[Run.COUNT]

    @property
    def room(self) -> int:
        """States after which there is no room, for a surplus aside."""
        if not self.task.compact:
            return self.load
        return self.base + self.whole.count // self.task.plan.words - self.team.surplus

    @property
    def edge_room(self) -> int:
        """Edges after which there is no room, for a surplus aside."""
        return self.targets.count - self.team.surplus if self.keeps else NO_EDGE_LIMIT

    @property
    def capacity(self) -> int:
        """States that the table takes, a surplus included."""
        return min(self.load + self.team.surplus, self.table_of(BRIM))

    def bind(self) -> None:
        """Tell native code where its arrays are."""
        ctx = self.ctx
        for slot, block in ((Run.KEPT, self.states), (Run.PARENTS, self.parents),
                            (Run.TABLE, self.table), (Run.TARGETS, self.targets),
                            (Run.INSTANCES, self.instances), (Run.STARTS, self.starts),
                            (Run.FAULTY, self.faulty), (Run.ALIVE, self.alive),
                            (Run.WHOLE, self.whole), (Run.VIA, self.via),
                            (Run.ASLEEP, self.sleep.rows)):
            ctx[slot] = block.address
        ctx[Run.BASE] = self.base
        ctx[Run.VIA_BASE] = self.via_base
        ctx[Run.MASK] = self.table.count - 1
        ctx[Run.CAPACITY] = min(self.load, self.room)
        ctx[Run.EDGE_CAPACITY] = self.edge_room

    # --- the search -------------------------------------------------------------------------------

    def go(self) -> None:
        found = self.found
        depth, before = 0, 1
        while self.at < self.count:
            if self.limits.depth is not None and depth >= self.limits.depth:
                found.stopped_by = Stop.DEPTH
                return
            start, end = self.at, self.count
            if not self.level(end, depth, before):
                return
            before = end - start
            if end < self.count:
                depth += 1
            found.depth = depth
        found.complete = True
        if self.task.sweeps:
            found.unswept = self.sweep()

    def level(self, end: int, depth: int, before: int) -> bool:
        """Expand the states of a level; whether all were."""
        first = self.at
        piece = max(16, PIECE // self.most)
        while self.at < end:
            if self.limited(depth, end - first, before):
                return False
            self.warm()
            started = time.perf_counter()
            if self.team.several(end - self.at) and self.round(end):
                done = True
            else:
                reached = self.code.expand(self.ctx.address, self.team.ctx(0), self.at,
                                           min(self.at + piece, end))
                stuck = reached == self.at
                piece = min(piece * 2, PIECE) if reached - self.at == piece else piece
                self.at = reached
                done = not stuck or self.grow(self.most)
            self.running += time.perf_counter() - started
            self.sleep.improve(self.running)
            if not done:
                return False
        return True

    def round(self, end: int) -> bool:
        """Let all threads expand states, where there is room for what they find."""
        ctx = self.ctx
        now = Found(self.count, ctx[Run.EDGES])
        limit = Found(min(self.load, self.room, self.capacity - self.team.surplus), self.edge_room)
        if now.states >= limit.states or now.edges >= limit.edges:
            return False
        self.at, now = self.team.expand(self.code, ctx.address, self.at, end, now, limit)
        ctx[Run.COUNT], ctx[Run.EDGES] = now
        return True

    def warm(self) -> None:
        """Optimise the code once that is worth it, and take it once it is there."""
        if self.code.level < FULL and self.running > WARM * self.code.size:
            better = self.compiler.better()
            if better is not None:
                self.code = self.found.program = better

    def limited(self, depth: int, frontier: int, before: int) -> bool:
        """Whether a limit is reached; reports progress on the way."""
        self.interrupts.check()
        stop = self.pace.stop(depth, self.count, frontier, before)
        if stop is None:
            return False
        self.found.stopped_by = stop
        return True

    def grow(self, need: int) -> bool:
        """Make room where there is none for `need` more states, or edges; False if that would be
        more memory than is allowed."""
        if self.count + need >= MOST_STATES:
            self.found.stopped_by = Stop.STATES
            return False
        if self.task.compact:
            self.drop()
        wide = self.task.compact and self.count + need > self.room
        full = self.count + need > self.load
        edges = self.ctx[Run.EDGES] + need > self.edge_room
        more = (self.table.space * full + self.whole.space * wide
                + (self.targets.space + self.instances.space) * edges)
        if self.limits.memory is not None and rss() + more > self.limits.memory:
            # The table is what would take memory at once: let it become fuller first.
            if full and not (wide or edges) and self.table_of(LAST) > self.load:
                self.load = self.table_of(LAST)
                self.make_room(self.capacity)
                self.bind()
                return self.count + need <= self.load or self.no_memory()
            return self.no_memory()
        if wide:
            self.whole.grow(self.whole.count * 2)
        if full and self.task.sleeps:
            self.via.shift(self.at - self.via_base, self.count - self.via_base)
            self.via_base = self.at
        if full:
            places = self.table.count * 2
            self.table.renew(places)
            self.load = self.table_of(LOAD)
            self.make_room(self.capacity)
        if edges:
            self.targets.grow(self.targets.count * 2)
            if self.task.edges is Edges.INSTANCES:
                self.instances.grow(self.instances.count * 2)
        self.bind()
        if full:
            self.team.rehash(self.code, self.ctx.address, self.count)
        return True

    def table_of(self, load: tuple[int, int]) -> int:
        """States that the table takes at a load."""
        return min(self.table.count * load[0] // load[1], MOST_STATES)

    def make_room(self, capacity: int) -> None:
        """Room for so many states. Memory is taken when they come."""
        self.states.grow(capacity * self.task.kept)
        self.parents.grow(capacity)
        if self.task.sleeps:
            self.via.grow(capacity - self.via_base)
        if not self.task.compact:
            self.whole = self.states
        if self.keeps:
            self.starts.grow(capacity + 1)
        if self.task.edges is Edges.INSTANCES:
            self.faulty.grow(capacity)
        if self.task.goals:
            self.alive.grow(capacity)

    def no_memory(self) -> bool:
        """Stop for lack of memory."""
        self.found.stopped_by = Stop.MEMORY
        return False

    def drop(self) -> None:
        """Give up the whole states that were expanded."""
        words = self.task.plan.words
        self.whole.shift((self.at - self.base) * words, (self.count - self.base) * words)
        self.base = self.at
        self.bind()

    # --- what can still be reached ----------------------------------------------------------------

    def sweep(self) -> Stop | None:
        """Find, for each goal, the first state from which no run reaches it, nor ends in a
        fault; or what ended the search for it."""
        assert self.code.sweep is not None
        assert self.code.lost is not None
        try:
            while self.code.sweep(self.ctx.address):
                self.interrupts.check()
                stop = self.clock.stop()
                if stop is not None:
                    return stop
        except KeyboardInterrupt:
            return Stop.INTERRUPTED
        for goal in range(len(self.task.goals)):
            first = self.code.lost(self.ctx.address, goal, self.task.needs(goal))
            self.found.lost.append(first if first < self.count else None)
        return None

    # --- the end ----------------------------------------------------------------------------------

    def finish(self) -> Explored:
        """The result; all other memory is given back."""
        found, team = self.found, self.team
        self.bind()                  # (a failed allocation may have left some arrays moved)
        self.code.looks(self.ctx.address, team.ctx(0), self.at, self.count)
        found.count, found.transitions = self.count, team.transitions
        found.records = team.records()
        if self.keeps and found.complete:
            edges = self.ctx[Run.EDGES]
            if self.task.edges is Edges.INSTANCES:
                found.starts = array("q", self.starts.content(found.count + 1))
                found.targets = array("I", self.targets.content(edges))
                found.instances = array("I", self.instances.content(edges))
                found.faulty = self.faulty.content(found.count)
                code = {1: "B", 2: "H", 4: "I", 8: "Q"}[self.task.goal_bytes]
                found.marks = array(code, self.alive.content(found.count))
        found.seconds = self.clock.elapsed
        found.peak = max(self.pace.peak, rss())
        team.free()
        self.compiler.close()
        for block in (self.table, self.targets, self.instances, self.starts, self.faulty,
                      self.alive, self.ctx, self.via, self.sleep):
            block.free()
        if self.task.compact:
            self.whole.free()
        return found
