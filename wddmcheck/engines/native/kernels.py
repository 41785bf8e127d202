"""The loops over states as LLVM code, and the module as a whole.

    expand(run, c, from, to)    take all enabled instances of states, enter what is new; the first
                                state that was not got to, for lack of room
    gather(run, round, c)       expand chunks of states and enter what is new, beside other threads;
                                whether this thread has nothing left to do
    looks(run, c, from, to)     only look at states
    rehash(run, first, end)     enter states into an empty table
    normal(s, to)               the canonical form of a state
    hash(s)                     what is kept of it in a compact search
    sweep(run)                  what can still be reached, backwards, one step further
    lost(run, goal, needs)      the first state from which a goal cannot be reached

Numbers of states do not depend on the number of threads: chunks are entered in their order, and
what a thread drops is a state, or waits in a chunk before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from wddmcheck.engines.explicit.size import count_instances
from wddmcheck.engines.native import cache, look, table, turns
from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.canonical import Canonical
from wddmcheck.engines.native.enabled import Enabled
from wddmcheck.engines.native.frame import BATCH, RECENT, Ctx, Run
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.records import Records
from wddmcheck.engines.native.steps import Steps, first
from wddmcheck.engines.native.table import Edges, Entry
from wddmcheck.ir.expr import TRUE, Expr
from wddmcheck.ir.quiet import Quiet

_PRELUDE = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.ctpop.i64(i64)
!0 = !{!"branch_weights", i32 1, i32 1000}
!1 = !{!"branch_weights", i32 1000, i32 1}
"""


MOST_SLEEPING = 1 << 12
"""Instances of the largest system of which some sleep: their numbers fit into 16 bits."""


@dataclass(frozen=True)
class Task:
    """What is compiled: a system at a scope, with what to look out for. With `quotient`, states are
    canonical. `goals` are formulas, at most 64, of which it is noted where they hold: those of
    *always possible* claims, or, where instances are kept, those of `leads to` claims; `premises`
    say of the former in which states they matter. With `compact`, states are told apart by hashes.
    `quiet` are actions that are taken before all others."""

    plan: Plan
    records: Records
    goals: tuple[Expr, ...]
    quotient: bool
    edges: Edges
    deadlock: bool
    compact: bool = False
    quiet: tuple[Quiet, ...] = ()
    premises: tuple[Expr, ...] = ()

    @property
    def sleeps(self) -> bool:
        """Whether instances sleep where another order of what led there takes them."""
        return self.edges is Edges.NONE and not self.quiet and self.most <= MOST_SLEEPING

    @property
    def row(self) -> int:
        """Words of 64 bits that have a bit for each instance."""
        return -(-self.most // 64)

    @property
    def kept(self) -> int:
        """Words that are kept of a state."""
        return 1 if self.compact else self.plan.words

    @property
    def sweeps(self) -> bool:
        """Whether it is to be found out where goals can still be reached."""
        return bool(self.goals) and self.edges is Edges.TARGETS

    @cached_property
    def noted(self) -> tuple[Expr, ...]:
        """What is noted of each state, a bit each: the goals, then premises that are not true
        everywhere."""
        return (*self.goals, *dict.fromkeys(p for p in self.premises if p != TRUE))

    def needs(self, goal: int) -> int:
        """The bits of what is noted where a goal matters."""
        premise = self.premises[goal] if self.premises else TRUE
        return 0 if premise == TRUE else 1 << self.noted.index(premise, len(self.goals))

    @property
    def goal_bytes(self) -> int:
        """Bytes that hold a bit for all that is noted."""
        return next(n for n in (1, 2, 4, 8) if len(self.noted) <= 8 * n)

    @cached_property
    def model(self) -> str:
        """A digest of the system and its sizes, whatever is looked for."""
        return cache.model(self.plan.layout)

    @cached_property
    def most(self) -> int:
        """How many successors a state can have, at least 1."""
        layout = self.plan.layout
        return max(1, sum(count_instances(layout, a) for a in layout.system.actions))


def module(task: Task) -> str:
    """The whole module as text."""
    plan, words = task.plan, task.plan.words
    loops = _Loops(task)
    parts = [_PRELUDE, look.hit(), look.look(plan, task.records),
             loops.guards.lanes.text(task.row),
             *loops.guards.texts,
             *loops.steps.tables(), *loops.steps.functions(), loops.steps.fired(),
             *(loops.quotient() if task.quotient else []),
             table.lookup(words, task.compact), turns.sift(words, task.edges, task.compact),
             turns.drain(words, task.edges),
             table.insert(words, task.edges, task.compact, task.sleeps),
             table.rehash(words, task.compact), loops.expand(),
             turns.gather(words, task.edges, loops.successors), loops.looks(),
             loops.normal(), loops.hash()]
    if task.quiet:
        parts.append(first(plan, task.quiet))
    if task.goals:
        parts.append(look.goals(plan, task.noted))
    if task.sweeps:
        parts += [loops.sweep(), loops.lost()]
    return "\n".join(parts)


class _Loops:
    def __init__(self, task: Task) -> None:
        self.task, self.plan, self.words = task, task.plan, task.plan.words
        self.bits = f"i{8 * task.goal_bytes}"
        self.guards = Enabled(task.plan)
        self.steps = Steps(task.plan, task.records, self.guards.instances, task.row)

    def quotient(self) -> list[str]:
        """What canonical forms need."""
        canonical = Canonical(self.plan)
        return [*canonical.all(), self.steps.twins(),
                self.steps.renamed(canonical.room, self.task.sleeps)]

    # --- one state ---------------------------------------------------------------------------

    def successors(self, body: Body, number: Value, state: str) -> None:
        """Put all successors of a state, in the form in which states are kept, among those that
        wait, but for those that waited just before."""
        body.put(body.add(number, 1), "%c", Ctx.STATE)
        before = body.get("%c", Ctx.TRANSITIONS)
        body.put(0, "%c", Ctx.STOPPED)
        body.line(f"call void @look(ptr {state}, ptr %c)")
        row = body.pointer("%run", Run.ASLEEP)
        if self.task.sleeps:
            at = body.sub(number, body.get("%run", Run.VIA_BASE))
            via = body.load(body.at(body.pointer("%run", Run.VIA), at, "i16"), "i16")
            row = body.at(row, body.mul(via, self.task.row))
        if self.task.quotient:
            body.line(f"call void @twins(ptr {state}, ptr %c)")
            body.line(f"call void @exchanged(ptr %c, ptr {row})")
        elif self.task.sleeps:
            body.line(f"store ptr {row}, ptr {body.at('%c', Ctx.ASLEEP)}")
        if self.task.quiet:
            taken = body.fresh(f"call i64 @quiet(ptr {state}, ptr %c)")
            with body.when(body.compare("ne", taken, 0)):
                self.keep(body, number, table.load(
                    body, body.pointer("%c", Ctx.SCRATCH), self.words), 0)
            with body.when(body.eq(taken, 0)):
                self._all(body, number, state)
        else:
            self._all(body, number, state)
        stopped = body.get("%c", Ctx.STOPPED)
        if self.task.deadlock:
            idle = body.both(body.eq(body.get("%c", Ctx.TRANSITIONS), before),
                             body.eq(stopped, 0))
            with body.when(idle, likely=False):
                body.line(f"call void @hit(ptr %c, i64 {self.task.records.deadlock})")
        bad = body.compare("ne", stopped, 0)
        if self.task.edges is Edges.INSTANCES:
            to = body.at(body.pointer("%run", Run.FAULTY), number, "i8")
            body.store(body.number(bad), to, "i8")
        if self.task.goals:
            got: Value = body.fresh(f"call i64 @goals(ptr {state})")
            if self.task.sweeps:    # (a run that can end in a fault has all of them in reach)
                got = body.select(bad, -1, got)
            to = body.at(body.pointer("%run", Run.ALIVE), number, self.bits)
            body.store(got, to, self.bits)

    def _all(self, body: Body, number: Value, state: str) -> None:
        """Everything that is enabled in a state."""
        odd = any(i.flat is not None and i.flat.unless for i in self.guards.instances)
        if odd:
            body.put(0, "%c", Ctx.ODD)
        body.line(f"call void @matched(ptr {state}, ptr %c)")
        for part in range(len(self.guards.texts)):
            body.line(f"call void @enabled{part}(ptr {state}, ptr %c)")
        enabled, seen = body.pointer("%c", Ctx.ENABLED), body.pointer("%c", Ctx.SEEN)
        asleep = body.pointer("%c", Ctx.ASLEEP)
        with body.upto(self.task.row) as k:
            able: Value = body.get(enabled, k)
            body.bump(body.at("%c", Ctx.TRANSITIONS),
                      body.pure(f"call i64 @llvm.ctpop.i64(i64 {able})"))
            known = body.get(seen, k)
            new = body.and_(body.and_(able, body.get("@fires", k)), body.xor(known, -1))
            with body.when(body.compare("ne", new, 0), likely=False):
                body.line(f"call void @fired(ptr %c, i64 {k}, i64 {new})")
                body.put(body.or_(known, new), seen, k)
            if self.task.sleeps or self.task.quotient:
                off = body.and_(body.get(asleep, k), body.get("@sleeps", k))
                able = body.and_(able, body.xor(off, -1))
            special: Value = body.get("@special", k) if any(
                i.flat is None for i in self.guards.instances) else 0
            if odd:
                more = body.select(body.eq(body.get("%c", Ctx.ODD), 0), 0, body.get("@odd", k))
                special = body.or_(special, more)
            with body.each_bit(able) as bit:
                self._take(body, number, state, body.or_(body.shl(k, 6), bit),
                           body.and_(body.lshr(special, bit), 1) if special != 0 else 0)

    def _take(self, body: Body, number: Value, state: str, instance: Value, special: Value) -> None:
        """The successor of a state by an instance."""
        base = body.mul(instance, self.words)
        new: list[Value] = [
            body.or_(body.and_(body.get(state, i), body.get("@keep", body.add(base, i))),
                     body.get("@put", body.add(base, i))) for i in range(self.words)]
        if special == 0:
            self.keep(body, number, new, instance)
            return
        variables = [body.variable(word) for word in new]
        there, scratch = body.variable(1), body.pointer("%c", Ctx.SCRATCH)
        with body.when(body.compare("ne", special, 0)):
            body.store(body.fresh(f"call i64 @step(ptr {state}, ptr %c, ptr {scratch}, "
                                  f"i64 {instance})"), there)
            for i, variable in enumerate(variables):
                body.store(body.get(scratch, i), variable)
        with body.when(body.compare("ne", body.load(there), 0)):
            self.keep(body, number, [body.load(v) for v in variables], instance)

    def keep(self, body: Body, number: Value, new: list[Value], instance: Value) -> None:
        """Let a successor of a state wait, if it did not wait just before."""
        if not self.task.quotient:
            self._wait(body, number, new, instance)
        elif self.task.edges is not Edges.NONE:
            self._wait_canonical(body, number, new, instance)
        else:
            with body.when(self._unseen(body, Ctx.RAW, new, table.hashed(body, new))):
                self._wait_canonical(body, number, new, instance)

    def _wait_canonical(self, body: Body, number: Value, new: list[Value], instance: Value) -> None:
        """The same for its canonical form; if some instances sleep, it is noted what the instance
        is there."""
        scratch = body.pointer("%c", Ctx.SCRATCH)
        for i, word in enumerate(new):
            body.put(word, scratch, i)
        there = body.fresh(f"call i64 @canonical(ptr {scratch}, ptr {scratch}, i64 {instance})")
        self._wait(body, number, table.load(body, scratch, self.words),
                   there if self.task.sleeps else instance)

    def _wait(self, body: Body, number: Value, state: list[Value], instance: Value) -> None:
        entry, origin = Entry(self.words), number
        if self.task.edges is Edges.INSTANCES or self.task.sleeps:
            origin = body.or_(number, body.shl(instance, 32))
        whole = table.hashed(body, state)
        place = body.and_(whole, body.get("%run", Run.MASK))
        body.prefetch(body.at(body.pointer("%run", Run.TABLE), place, "i32"))
        at = body.get("%c", Ctx.BUFFERED)
        to = body.at(body.pointer("%c", Ctx.BUFFER), body.mul(at, entry.size))
        for i, word in enumerate([*state, whole, origin]):
            body.put(word, to, i)
        # Written in any case and then not counted: a branch would be mispredicted half of the time.
        kept = (body.number(self._unseen(body, Ctx.RECENT, state, whole))
                if self.task.edges is Edges.NONE else 1)
        body.put(body.add(at, kept), "%c", Ctx.BUFFERED)

    def _unseen(self, body: Body, where: Ctx, state: list[Value], whole: Value) -> Value:
        """Whether a successor is not among those that are remembered; it is now."""
        place = body.and_(body.lshr(whole, 40), RECENT - 1)
        own = body.at(body.pointer("%c", where), body.mul(place, self.words))
        differs = body.not_(table.equal(body, own, state))
        for i, word in enumerate(state):
            body.put(word, own, i)
        return differs

    # --- loops -------------------------------------------------------------------------------

    def expand(self) -> str:
        """Expand states and enter their successors."""
        body = Body("expand", "ptr noalias %run, ptr noalias %c, i64 %from, i64 %to", "i64",
                    exported=True)
        capacity = body.get("%run", Run.CAPACITY)
        edges = body.get("%run", Run.EDGE_CAPACITY)
        done = body.variable()
        body.store("%from", done)
        with body.loop() as (_, leave):
            n = body.load(done)
            body.exit_if(body.not_(body.compare("ult", n, "%to")), leave)
            waiting = body.add(body.get("%c", Ctx.BUFFERED), self.task.most)
            need = body.add(body.get("%run", Run.COUNT), waiting)
            body.exit_if(body.compare("ult", capacity, need), leave)
            if self.task.edges is not Edges.NONE:
                need = body.add(body.get("%run", Run.EDGES), waiting)
                body.exit_if(body.compare("ult", edges, need), leave)
            self.successors(body, n, table.whole_state(body, n, self.words))
            body.store(body.add(n, 1), done)
            waiting = body.get("%c", Ctx.BUFFERED)
            if self.task.edges is not Edges.NONE:
                first = body.add(body.get("%run", Run.EDGES), waiting)
                body.put(first, body.pointer("%run", Run.STARTS), body.load(done))
            with body.when(body.not_(body.compare("ult", waiting, BATCH))):
                self._insert(body)
        self._insert(body)
        body.ret(body.load(done))
        return body.text()

    def _insert(self, body: Body) -> None:
        entries, total = body.pointer("%c", Ctx.BUFFER), body.get("%c", Ctx.BUFFERED)
        body.line(f"call void @lookup(ptr %run, ptr {entries}, i64 {total})")
        count = body.get("%run", Run.COUNT)
        body.put(body.fresh(f"call i64 @insert(ptr %run, ptr {entries}, i64 {total}, i64 {count}, "
                            f"ptr {body.at('%run', Run.EDGES)})"), "%run", Run.COUNT)
        body.put(0, "%c", Ctx.BUFFERED)

    def looks(self) -> str:
        """Evaluate formulas on states."""
        body = Body("looks", "ptr noalias %run, ptr noalias %c, i64 %from, i64 %to", exported=True)
        with body.upto("%to", "%from") as n:
            body.put(body.add(n, 1), "%c", Ctx.STATE)
            state = table.whole_state(body, n, self.words)
            body.line(f"call void @look(ptr {state}, ptr %c)")
        body.ret()
        return body.text()

    def normal(self) -> str:
        """The canonical form of a state."""
        body = Body("normal", "ptr %s, ptr %to", exported=True)
        for i in range(self.words):
            body.put(body.get("%s", i), "%to", i)
        if self.task.quotient:
            body.fresh("call i64 @canonical(ptr %to, ptr %to, i64 0)")
        body.ret()
        return body.text()

    def hash(self) -> str:
        """The hash of a state."""
        body = Body("hash", "ptr %s", "i64", exported=True)
        body.ret(table.hashed(body, table.load(body, "%s", self.words)))
        return body.text()

    # --- what can still be reached -----------------------------------------------------------

    def sweep(self) -> str:
        """From the last state to the first, add to what each has in reach what its successors
        have; how many states have more now."""
        body = Body("sweep", "ptr noalias %run", "i64", exported=True)
        starts, targets = body.pointer("%run", Run.STARTS), body.pointer("%run", Run.TARGETS)
        alive, count = body.pointer("%run", Run.ALIVE), body.get("%run", Run.COUNT)
        changed, know = body.variable(0), body.variable()
        with body.upto(count) as i:
            n = body.sub(body.sub(count, 1), i)
            own = body.at(alive, n, self.bits)
            old = body.load(own, self.bits)
            body.store(old, know)
            with body.upto(body.get(starts, body.add(n, 1)), body.get(starts, n)) as edge:
                to = body.load(body.at(targets, edge, "i32"), "i32")
                there = body.load(body.at(alive, to, self.bits), self.bits)
                goals = body.and_(there, (1 << len(self.task.goals)) - 1)
                body.store(body.or_(body.load(know), goals), know)
            now = body.load(know)
            body.store(now, own, self.bits)
            body.bump(changed, body.number(body.compare("ne", now, old)))
        body.ret(body.load(changed))
        return body.text()

    def lost(self) -> str:
        """The first state in which all of `needs` was noted, and that does not have a goal in
        reach; as many as there are states, if there is none."""
        body = Body("lost", "ptr noalias %run, i64 %goal, i64 %needs", "i64", exported=True)
        alive, count = body.pointer("%run", Run.ALIVE), body.get("%run", Run.COUNT)
        at = body.variable(0)
        with body.loop() as (_, leave):
            n = body.load(at)
            body.exit_if(body.eq(n, count), leave)
            bits = body.load(body.at(alive, n, self.bits), self.bits)
            matters = body.eq(body.and_(bits, "%needs"), "%needs")
            body.exit_if(body.both(matters, body.eq(body.and_(body.lshr(bits, "%goal"), 1), 0)),
                         leave)
            body.store(body.add(n, 1), at)
        body.ret(body.load(at))
        return body.text()
