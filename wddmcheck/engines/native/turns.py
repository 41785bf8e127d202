"""Entering states with several threads, as LLVM code.

All threads expand chunks of states, and drop the successors that the table has already (`sift`), or
keep them with their numbers, if edges are kept. What is left of a chunk waits until all chunks
before it have been entered (`drain`); so states are numbered, and found from where one thread alone
finds them, and nobody waits for anybody as long as there is room for what waits. A thread has what
waits in its buffer, chunk after chunk: an entry that says which chunk it is, how many entries
follow, and which states they come from, then those.
"""

from __future__ import annotations

from collections.abc import Callable

from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.frame import BATCH, Ctx, Round, Run
from wddmcheck.engines.native.table import KNOWN, Edges, Entry, Table, load, whole_state

PATIENCE = 1_000
"""How often a thread looks whether it is its turn, before it lets others run."""


def sift(words: int, edges: Edges, compact: bool) -> str:
    """`sift(run, c)`: of the successors that wait and were not looked up, keep those that are not
    in the table; if edges are kept, all. Other threads enter states meanwhile."""
    entry = Entry(words)
    body = Body("sift", "ptr noalias %run, ptr noalias %c")
    table = Table(body, words, compact)
    first = body.get("%c", Ctx.SIFTED)
    total = body.sub(body.get("%c", Ctx.BUFFERED), first)
    entries = body.at(body.pointer("%c", Ctx.BUFFER), body.mul(first, entry.size))
    left = body.variable()
    table.prefetch(entries, total, shared=True)
    with body.upto(total) as k:
        own = body.at(entries, body.mul(k, entry.size))
        new, whole = load(body, own, words), body.get(own, entry.hash)
        origin, tag = body.get(own, entry.origin), body.lshr(whole, 32)

        def keep(place: Value) -> None:
            """Keep this one."""
            to = body.at(entries, body.mul(body.load(left), entry.size))
            for i, word in enumerate([*new, whole, origin, place]):
                body.put(word, to, i)
            body.bump(left)

        with table.probe(body.get(own, entry.place), shared=True) as probe:
            with body.when(body.eq(probe.got, 0)):
                keep(probe.at)
                body.go(probe.leave)
            with body.when(table.alike(probe.got, tag)):
                number = table.named(probe.got)
                with body.when(table.same(number, new, whole)):
                    if edges is not Edges.NONE:
                        keep(body.add(number, KNOWN))
                    body.go(probe.leave)
    end = body.add(first, body.load(left))
    body.put(end, "%c", Ctx.BUFFERED)
    body.put(end, "%c", Ctx.SIFTED)
    body.ret()
    return body.text()


def drain(words: int, edges: Edges) -> str:
    """`drain(run, round, c, patience)`: enter the chunks that wait, each in its turn, which is
    waited for so many times; whether none is left."""
    entry = Entry(words)
    body = Body("drain", "ptr %run, ptr %round, ptr %c, i64 %patience", "i64")
    buffer, patience = body.pointer("%c", Ctx.BUFFER), body.variable()
    turn_at, states_at = body.at("%round", Round.TURN), body.at("%round", Round.STATES)
    edges_at = body.at("%round", Round.EDGES)
    body.store("%patience", patience)
    with body.loop() as (again, leave):
        head = body.get("%c", Ctx.HEAD)
        body.exit_if(body.eq(head, body.get("%c", Ctx.BUFFERED)), leave)
        own = body.at(buffer, body.mul(head, entry.size))
        turn = body.shared(turn_at, "i64")
        with body.when(body.compare("ne", turn, body.get(own, 0))):
            body.exit_if(body.eq(body.load(patience), 0), leave)
            body.bump(patience, -1)
            body.go(again)
        entries, total = body.at(own, entry.size), body.get(own, 1)
        count, before = body.shared(states_at, "i64"), body.shared(edges_at, "i64")
        if edges is not Edges.NONE:
            starts = body.pointer("%run", Run.STARTS)
            with body.upto(body.get(own, 3), body.get(own, 2)) as n:
                body.bump(body.at(starts, body.add(n, 1)), before)
        after = body.fresh(f"call i64 @insert(ptr %run, ptr {entries}, i64 {total}, i64 {count}, "
                           f"ptr {edges_at})")
        body.publish(after, states_at)
        body.publish(body.add(turn, 1), turn_at)
        body.put(body.add(head, body.add(total, 1)), "%c", Ctx.HEAD)
    done = body.eq(body.get("%c", Ctx.HEAD), body.get("%c", Ctx.BUFFERED))
    with body.when(done):
        body.put(0, "%c", Ctx.HEAD)
        body.put(0, "%c", Ctx.BUFFERED)
    body.ret(body.number(done))
    return body.text()


def gather(words: int, edges: Edges, successors: Callable[[Body, Value, str], None]) -> str:
    """`gather(run, round, c)`: expand chunks of states, and enter each in its turn; whether nothing
    is left to do. `successors` writes what puts the successors of a state among those that wait."""
    body = Body("gather", "ptr noalias %run, ptr %round, ptr noalias %c", "i64", exported=True)
    size, end = body.get("%round", Round.SIZE), body.get("%round", Round.END)
    entry, ended = Entry(words), body.variable(0)

    def drained(patience: Value) -> Value:
        return body.fresh(f"call i64 @drain(ptr %run, ptr %round, ptr %c, i64 {patience})")

    with body.loop() as (_, leave):
        full = body.not_(body.compare("ult", body.get("%c", Ctx.BUFFERED),
                                      body.get("%c", Ctx.BRINK)))
        none = body.eq(drained(body.select(full, PATIENCE, 0)), 1)
        body.exit_if(body.both(full, body.not_(none)), leave)
        body.store(1, ended)
        for many, limit in ((Round.STATES, Round.LIMIT), (Round.EDGES, Round.EDGE_LIMIT)):
            now = body.shared(body.at("%round", many), "i64")
            body.exit_if(body.not_(body.compare("ult", now, body.get("%round", limit))), leave)
        chunk = body.fresh("atomicrmw add ptr %round, i64 1 seq_cst")
        body.exit_if(body.not_(body.compare("ult", chunk, body.get("%round", Round.COUNT))), leave)
        body.store(0, ended)
        head = body.get("%c", Ctx.BUFFERED)
        begin = body.add(head, 1)
        body.put(begin, "%c", Ctx.BUFFERED)
        body.put(begin, "%c", Ctx.SIFTED)
        first = body.add(body.get("%round", Round.FIRST), body.mul(chunk, size))
        last = body.add(first, size)
        last = body.select(body.compare("ult", last, end), last, end)
        with body.upto(last, first) as n:
            successors(body, n, whole_state(body, n, words))
            buffered = body.get("%c", Ctx.BUFFERED)
            if edges is not Edges.NONE:      # (counted from the first of the chunk, for now)
                body.put(body.sub(buffered, begin), body.pointer("%run", Run.STARTS),
                         body.add(n, 1))
            waiting = body.sub(buffered, body.get("%c", Ctx.SIFTED))
            with body.when(body.not_(body.compare("ult", waiting, BATCH))):
                body.line("call void @sift(ptr %run, ptr %c)")
        body.line("call void @sift(ptr %run, ptr %c)")
        own = body.at(body.pointer("%c", Ctx.BUFFER), body.mul(head, entry.size))
        total = body.sub(body.get("%c", Ctx.BUFFERED), begin)
        for i, value in enumerate((chunk, total, first, last)):
            body.put(value, own, i)
    body.ret(body.and_(body.load(ended), drained(PATIENCE)))
    return body.text()
