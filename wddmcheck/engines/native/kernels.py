"""The loops over states as LLVM code, and the module as a whole.

    expand(run, c, from, to)    take all enabled instances of states, enter what is new; the first
                                state that was not got to, for lack of room
    gather(run, round, c)       expand chunks of states, and claim what the table does not have
    enter(run, round)           make states of the claims
    looks(run, c, from, to)     only look at states
    rehash(run, first, end)     enter states into an empty table
    normal(s, to)               the canonical form of a state
    hash(s)                     what is kept of it in a compact search
    sweep(run)                  what can still be reached, backwards, one step further
    lost(run, goal)             the first state from which a goal cannot be reached

Numbers of states do not depend on the number of threads: `gather` drops only what is a state, or
what the same chunk, or one before it, has claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from wddmcheck.engines.explicit.size import count_instances
from wddmcheck.engines.native import look, table
from wddmcheck.engines.native.actions import Records, Successors, first
from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.canonical import Canonical
from wddmcheck.engines.native.frame import BATCH, RECENT, Ctx, Round, Run
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.table import Claim, Edges, Entry
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.quiet import Quiet

_PRELUDE = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
!0 = !{!"branch_weights", i32 1, i32 1000}
!1 = !{!"branch_weights", i32 1000, i32 1}
"""


@dataclass(frozen=True)
class Task:
    """What is compiled: a system at a scope, with what to look out for. With `quotient`, states are
    canonical. `goals` are formulas, at most 64, of which it is noted where they hold: those of
    *always possible* claims, or, where instances are kept, those of `leads to` claims. With
    `compact`, states are told apart by hashes. `quiet` are actions that are taken before all
    others."""

    plan: Plan
    records: Records
    goals: tuple[Expr, ...]
    quotient: bool
    edges: Edges
    deadlock: bool
    compact: bool = False
    quiet: tuple[Quiet, ...] = ()

    @property
    def kept(self) -> int:
        """Words that are kept of a state."""
        return 1 if self.compact else self.plan.words

    @property
    def sweeps(self) -> bool:
        """Whether it is to be found out where goals can still be reached."""
        return bool(self.goals) and self.edges is Edges.TARGETS

    @property
    def goal_bytes(self) -> int:
        """Bytes that hold a bit for each goal."""
        return next(n for n in (1, 2, 4, 8) if len(self.goals) <= 8 * n)

    @cached_property
    def most(self) -> int:
        """How many successors a state can have, at least 1."""
        layout = self.plan.layout
        return max(1, sum(count_instances(layout, a) for a in layout.system.actions))


def module(task: Task) -> str:
    """The whole module as text."""
    plan, words = task.plan, task.plan.words
    loops = _Loops(task)
    parts = [_PRELUDE, look.hit(), look.look(plan, task.records), *loops.acts,
             *(Canonical(plan).all() if task.quotient else []),
             table.insert(words, task.edges, task.compact), table.rehash(words, task.compact),
             loops.expand(), loops.looks(), loops.normal(), loops.hash()]
    if task.edges is Edges.NONE:
        parts += [table.claim(words, task.compact), loops.gather(),
                  table.enter(words, task.compact)]
    if task.quiet:
        parts.append(first(plan, task.quiet))
    if task.goals:
        parts.append(look.goals(plan, task.goals))
    if task.sweeps:
        parts += [loops.sweep(), loops.lost()]
    return "\n".join(parts)


class _Loops:
    def __init__(self, task: Task) -> None:
        self.task, self.plan, self.words = task, task.plan, task.plan.words
        self.bits = f"i{8 * task.goal_bytes}"
        self.acts = Successors(task.plan, task.records, task.quotient,
                               task.edges is Edges.INSTANCES).all()

    # --- one state ---------------------------------------------------------------------------

    def successors(self, body: Body, number: Value, state: str) -> None:
        """All successors of a state into the scratch area."""
        body.put(body.add(number, 1), "%c", Ctx.STATE)
        before = body.get("%c", Ctx.TRANSITIONS)
        body.put(0, "%c", Ctx.COUNT)
        body.put(0, "%c", Ctx.STOPPED)
        body.line(f"call void @look(ptr {state}, ptr %c)")
        if self.task.quotient:
            body.line(f"call void @twins(ptr {state}, ptr %c)")
        if self.task.quiet:
            body.line(f"call void @quiet(ptr {state}, ptr %c)")
            with body.when(body.eq(body.get("%c", Ctx.COUNT), 0)):
                self._all(body, state)
        else:
            self._all(body, state)
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

    def _all(self, body: Body, state: str) -> None:
        """Everything that is enabled in a state."""
        for act in range(len(self.acts)):
            body.line(f"call void @act{act}(ptr {state}, ptr %c)")

    def keep(self, body: Body, number: Value) -> None:
        """Put the successors in the scratch area, in the form in which states are kept, among those
        that wait, but for those that waited just before."""
        scratch = body.pointer("%c", Ctx.SCRATCH)
        with body.upto(body.get("%c", Ctx.COUNT)) as i:
            new = body.at(scratch, body.mul(i, self.words))
            origin: Value = number
            if self.task.edges is Edges.INSTANCES:
                instance = body.get(body.pointer("%c", Ctx.ORIGINS), i)
                origin = body.or_(number, body.shl(instance, 32))
            if not self.task.quotient:
                self._wait(body, new, origin)
            elif self.task.edges is not Edges.NONE:
                body.line(f"call void @canonical(ptr {new}, ptr {new})")
                self._wait(body, new, origin)
            else:
                state = table.load(body, new, self.words)
                fresh = self._unseen(body, Ctx.RAW, state, table.hashed(body, state))
                with body.when(fresh):
                    body.line(f"call void @canonical(ptr {new}, ptr {new})")
                    self._wait(body, new, origin)

    def _wait(self, body: Body, new: str, origin: Value) -> None:
        entry = Entry(self.words)
        state = table.load(body, new, self.words)
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
            self.keep(body, n)
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
        body.line(f"call void @insert(ptr %run, ptr {entries}, i64 {total})")
        body.put(0, "%c", Ctx.BUFFERED)

    def gather(self) -> str:
        """Expand chunks of states, and claim what is new."""
        body = Body("gather", "ptr noalias %run, ptr %round, ptr noalias %c", exported=True)
        size, end = body.get("%round", Round.SIZE), body.get("%round", Round.END)
        out, room = body.pointer("%round", Round.OUT), body.get("%round", Round.ROOM)
        with table.chunks(body) as chunk:
            body.put(0, "%round", body.add(chunk, Round.LOST))
            claims = body.mul(chunk, room)
            own = body.at(out, body.mul(claims, Claim(self.words, self.task.compact).size))
            body.line(f"store ptr {own}, ptr {body.at('%c', Ctx.OUT)}")
            body.put(claims, "%c", Ctx.OUT_FIRST)
            body.put(0, "%c", Ctx.OUT_COUNT)
            first = body.add(body.get("%round", Round.FIRST), body.mul(chunk, size))
            last = body.add(first, size)
            last = body.select(body.compare("ult", last, end), last, end)
            with body.upto(last, first) as n:
                self.successors(body, n, table.whole_state(body, n, self.words))
                self.keep(body, n)
                waiting = body.get("%c", Ctx.BUFFERED)
                with body.when(body.not_(body.compare("ult", waiting, BATCH))):
                    body.line("call void @claim(ptr %run, ptr %round, ptr %c)")
            body.line("call void @claim(ptr %run, ptr %round, ptr %c)")
            body.put(body.get("%c", Ctx.OUT_COUNT), "%round", body.add(chunk, Round.FOUND))
        body.ret()
        return body.text()

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
            body.line("call void @canonical(ptr %to, ptr %to)")
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
                body.store(body.or_(body.load(know), there), know)
            now = body.load(know)
            body.store(now, own, self.bits)
            body.bump(changed, body.number(body.compare("ne", now, old)))
        body.ret(body.load(changed))
        return body.text()

    def lost(self) -> str:
        """The first state that does not have a goal in reach; as many as there are states, if all
        have."""
        body = Body("lost", "ptr noalias %run, i64 %goal", "i64", exported=True)
        alive, count = body.pointer("%run", Run.ALIVE), body.get("%run", Run.COUNT)
        at = body.variable(0)
        with body.loop() as (_, leave):
            n = body.load(at)
            body.exit_if(body.eq(n, count), leave)
            bits = body.load(body.at(alive, n, self.bits), self.bits)
            body.exit_if(body.eq(body.and_(body.lshr(bits, "%goal"), 1), 0), leave)
            body.store(body.add(n, 1), at)
        body.ret(body.load(at))
        return body.text()
