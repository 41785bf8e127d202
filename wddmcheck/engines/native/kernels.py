"""The loops over states as LLVM code, and the module as a whole.

    expand(round, scratch)   expand the states of blocks into buffers
    insert(round)            insert buffers into partitions (table.py)
    looks(round)             only look at the states of blocks
    begin(round)             which goals hold in the states of blocks
    sweep(round, scratch)    which goals can be reached from them in a step more
    rehash(part), find(parts, s), normal(s, to), hash(s)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wddmcheck.engines.native import look, table
from wddmcheck.engines.native.actions import Records, Successors
from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.canonical import Canonical
from wddmcheck.engines.native.frame import (
    INDEX_BITS,
    PARTITIONS,
    Block,
    Ctx,
    Part,
    Round,
)
from wddmcheck.engines.native.plan import Plan
from wddmcheck.ir.expr import Expr

PRELUDE = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
!0 = !{!"branch_weights", i32 1, i32 1000}
!1 = !{!"branch_weights", i32 1000, i32 1}
"""


def module(plan: Plan, records: Records, goals: tuple[Expr, ...], quotient: bool) -> str:
    """The whole module as text. With `quotient`, states are canonical."""
    writer = _Kernels(plan, records, quotient)
    acts = Successors(plan, records, quotient).all()
    canonical = Canonical(plan).all() if quotient else []
    return "\n".join([
        PRELUDE, look.hit(), look.look(plan, records), look.goals(plan, goals), *acts, *canonical,
        writer.expand(), writer.looks(), writer.begin(), writer.sweep(), writer.normal(),
        writer.hash(), table.insert(plan.words), table.rehash(plan.words), table.find(plan.words)])


class _Kernels:
    def __init__(self, plan: Plan, records: Records, quotient: bool) -> None:
        self.plan, self.records, self.quotient = plan, records, quotient

    # --- parts -------------------------------------------------------------------------------

    @contextmanager
    def blocks(self, body: Body) -> Iterator[tuple[str, str, Value]]:
        """Take one block after another: (block, its partition, its first state)."""
        parts = body.pointer("%round", Round.PARTS)
        end = body.label()
        with body.loop():
            number = body.fresh("atomicrmw add ptr %round, i64 1 seq_cst")
            body.exit_if(body.not_(body.compare("ult", number, body.get(
                "%round", Round.BLOCKS))), end)
            block = body.at(body.pointer("%round", Round.BLOCK), body.mul(number, Block.SIZE))
            part = body.at(parts, body.mul(body.get(block, Block.PARTITION), Part.SIZE))
            yield block, part, body.get(block, Block.FIRST)
        body.line(f"br label %{end}")
        body.open(end)
        body.ret()

    def start(self, body: Body, block: str, ctx: str) -> None:
        """What is known before the first state of a block."""
        for f in (Ctx.TRANSITIONS, Ctx.HITS, Ctx.WRONG):
            body.put(0, ctx, f)
        body.put(body.get(block, Block.RECORDS), ctx, Ctx.RECORDS)
        records = body.pointer(block, Block.RECORDS)
        with body.upto(self.records.count) as i:
            body.put(0, records, i)
        body.put(body.get("%round", Round.SEEN), ctx, Ctx.SEEN)

    def finish(self, body: Body, block: str, ctx: str) -> None:
        """What is known after its last state."""
        for here, there in ((Ctx.TRANSITIONS, Block.TRANSITIONS), (Ctx.HITS, Block.HITS),
                            (Ctx.WRONG, Block.WRONG)):
            body.put(body.get(ctx, here), block, there)

    def successors(self, body: Body, state: str, ctx: str) -> Value:
        """All successors of a state into the scratch area; how many."""
        body.put(0, ctx, Ctx.COUNT)
        body.put(0, ctx, Ctx.STOPPED)
        if self.quotient:
            body.line(f"call void @twins(ptr {state}, ptr {ctx})")
        for number in range(len(self.plan.layout.system.actions)):
            body.line(f"call void @act{number}(ptr {state}, ptr {ctx})")
        return body.get(ctx, Ctx.COUNT)

    def canonical(self, body: Body, state: str) -> None:
        """Replace a state by the canonical one of its orbit."""
        if self.quotient:
            body.line(f"call void @canonical(ptr {state}, ptr {state})")

    # --- functions ---------------------------------------------------------------------------

    def expand(self) -> str:
        plan, words = self.plan, self.plan.words
        stride = words + 1
        body = Body("expand", "ptr %round, ptr %scratch", attrs="nounwind")
        ctx = body.array(Ctx.SIZE)
        body.line(f"store ptr %scratch, ptr {body.at(ctx, Ctx.SCRATCH)}")
        capacity = body.get("%round", Round.CAPACITY)
        most = sum(_instances(plan))
        with self.blocks(body) as (block, part, first):
            self.start(body, block, ctx)
            filled = body.pointer(block, Block.FILLED)
            buffers = body.pointer(block, Block.BUFFERS)
            for p in range(PARTITIONS):
                body.put(0, filled, p)
            states = body.pointer(part, Part.STATES)
            here = body.shl(body.get(block, Block.PARTITION), INDEX_BITS)
            room = body.sub(capacity, most)
            late = body.variable(0)
            done = body.variable(0)
            before = body.variable(0)
            count = body.get(block, Block.COUNT)
            body.store(0, done)
            body.store(0, late)
            with body.loop() as (_, leave):
                j = body.load(done)
                body.exit_if(body.not_(body.compare("ult", j, count)), leave)
                body.exit_if(body.compare("ne", body.load(late), 0), leave)
                index = body.add(first, j)
                body.put(body.add(j, 1), ctx, Ctx.STATE)
                state = table.state_address(body, states, index, words)
                body.line(f"call void @look(ptr {state}, ptr {ctx})")
                body.store(body.get(ctx, Ctx.TRANSITIONS), before)
                found = self.successors(body, state, ctx)
                idle = body.both(body.eq(body.get(ctx, Ctx.TRANSITIONS), body.load(before)),
                                 body.eq(body.get(ctx, Ctx.STOPPED), 0))
                with body.when(idle, likely=False):
                    body.line(f"call void @hit(ptr {ctx}, i64 {self.records.deadlock}, i64 0)")
                parent = body.or_(here, index)
                with body.upto(found) as i:
                    new = body.at("%scratch", body.mul(i, words))
                    self.canonical(body, new)
                    state_words: list[Value] = [body.get(new, w) for w in range(words)]
                    whole = table.hashed(body, state_words)
                    number = body.and_(whole, PARTITIONS - 1)
                    n: Value = body.get(filled, number)
                    at = body.mul(body.add(body.mul(number, capacity), n), stride)
                    to = body.at(buffers, at)
                    for w, word in enumerate(state_words):
                        body.put(word, to, w)
                    upper = body.and_(whole, -(1 << 32))
                    body.put(body.or_(upper, parent), to, words)
                    n = body.add(n, 1)
                    body.put(n, filled, number)
                    over = body.not_(body.compare("ult", n, room))
                    body.store(body.or_(body.load(late), body.number(over)), late)
                body.store(body.add(j, 1), done)
            body.put(body.load(done), block, Block.DONE)
            self.finish(body, block, ctx)
        return body.text()

    def looks(self) -> str:
        body = Body("looks", "ptr %round", attrs="nounwind")
        ctx = body.array(Ctx.SIZE)
        with self.blocks(body) as (block, part, first):
            self.start(body, block, ctx)
            states = body.pointer(part, Part.STATES)
            with body.upto(body.get(block, Block.COUNT)) as j:
                body.put(body.add(j, 1), ctx, Ctx.STATE)
                state = table.state_address(body, states, body.add(first, j), self.plan.words)
                body.line(f"call void @look(ptr {state}, ptr {ctx})")
            self.finish(body, block, ctx)
        return body.text()

    def begin(self) -> str:
        body = Body("begin", "ptr %round", attrs="nounwind")
        shift, full = body.get("%round", Round.SHIFT), body.get("%round", Round.FULL)
        with self.blocks(body) as (block, part, first):
            states, alive = body.pointer(part, Part.STATES), body.pointer(part, Part.ALIVE)
            with body.upto(body.get(block, Block.COUNT)) as j:
                index = body.add(first, j)
                state = table.state_address(body, states, index, self.plan.words)
                got = body.fresh(f"call i64 @goals(ptr {state})")
                got = body.fresh(f"lshr i64 {got}, {shift}")
                got = body.fresh(f"and i64 {got}, {full}")
                body.store(got, body.at(alive, index, "i8"), "i8")
        return body.text()

    def sweep(self) -> str:
        """A state from which a step leads to one with a goal in reach has it in reach, and one in
        which an instance ends in a fault counts as having all."""
        body = Body("sweep", "ptr %round, ptr %scratch", attrs="nounwind")
        ctx = body.array(Ctx.SIZE)
        body.line(f"store ptr %scratch, ptr {body.at(ctx, Ctx.SCRATCH)}")
        parts = body.pointer("%round", Round.PARTS)
        full = body.get("%round", Round.FULL)
        down = body.compare("ne", body.get("%round", Round.DOWN), 0)
        with self.blocks(body) as (block, part, first):
            self.start(body, block, ctx)
            states, alive = body.pointer(part, Part.STATES), body.pointer(part, Part.ALIVE)
            count = body.get(block, Block.COUNT)
            changed = body.variable(0)
            body.store(0, changed)
            with body.upto(count) as i:
                j = body.select(down, body.sub(body.sub(count, 1), i), i)
                index = body.add(first, j)
                mine = body.at(alive, index, "i8")
                old = body.load(mine, "i8")
                with body.when(body.compare("ne", old, full)):
                    state = table.state_address(body, states, index, self.plan.words)
                    found = self.successors(body, state, ctx)
                    know = body.variable()
                    stopped = body.compare("ne", body.get(ctx, Ctx.STOPPED), 0)
                    body.store(body.select(stopped, full, old), know)
                    self._reach(body, parts, know, full, found, ctx)
                    now = body.load(know)
                    with body.when(body.compare("ne", now, old)):
                        body.store(now, mine, "i8")
                        body.bump(changed)
            body.put(body.load(changed), block, Block.CHANGED)
            self.finish(body, block, ctx)
        return body.text()

    def _reach(self, body: Body, parts: str, know: str, full: Value, found: Value,
               ctx: str) -> None:
        """Add to `know` what the successors have in reach."""
        at = body.variable()
        body.store(0, at)
        with body.loop() as (_, leave):
            i = body.load(at)
            body.exit_if(body.not_(body.compare("ult", i, found)), leave)
            body.exit_if(body.eq(body.load(know), full), leave)
            new = body.at("%scratch", body.mul(i, self.plan.words))
            self.canonical(body, new)
            number: Value = body.fresh(f"call i64 @find(ptr {parts}, ptr {new})")
            lost = body.eq(number, -1)
            with body.when(lost, likely=False):
                body.put(1, ctx, Ctx.WRONG)
            number = body.select(lost, 0, number)
            part = body.at(parts, body.mul(body.lshr(number, INDEX_BITS), Part.SIZE))
            index = body.and_(number, (1 << INDEX_BITS) - 1)
            there = body.load(body.at(body.pointer(part, Part.ALIVE), index, "i8"), "i8")
            body.store(body.or_(body.load(know), there), know)
            body.store(body.add(i, 1), at)

    def normal(self) -> str:
        body = Body("normal", "ptr %s, ptr %to", attrs="nounwind")
        for i in range(self.plan.words):
            body.put(body.get("%s", i), "%to", i)
        self.canonical(body, "%to")
        body.ret()
        return body.text()

    def hash(self) -> str:
        body = Body("hash", "ptr %s", "i64", attrs="nounwind")
        body.ret(table.hashed(body, [body.get("%s", i) for i in range(self.plan.words)]))
        return body.text()


def _instances(plan: Plan) -> Iterator[int]:
    """How many instances each action has."""
    for action in plan.layout.system.actions:
        count = 1
        for param in action.params:
            count *= len(plan.layout.values(param.sort))
        yield count
